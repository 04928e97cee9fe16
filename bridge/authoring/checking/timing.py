"""How long a call takes: what is said, measured where it is rendered, and how long people take to answer.

A prompt that is not rendered yet is reckoned by its letters and stops; on prompts of the shipped
questionnaires that is right to 6 % on average. How long an answer takes is assumed: nobody has measured it.
"""

import re
from collections.abc import Callable

from bridge.authoring.checking.costs import Cost, Span
from bridge.dialogue.asked import Confirm
from bridge.dialogue.items import (
    AudioItem,
    BloodPressureItem,
    DateItem,
    DigitsItem,
    DurationItem,
    FreeTextItem,
    GroupItem,
    InfoItem,
    Item,
    MultiChoiceItem,
    OptionsItem,
    PhoneItem,
    QuestionItem,
    TimeItem,
)
from bridge.dialogue.listening import listen_for_item, listen_for_yes_no
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.sentences import Speaker, fixed_pieces, placeholders_in
from bridge.understanding import bare

__all__ = ["Timing", "reckoned_seconds"]

# Fitted to 49 prompts that espeak-ng spoke at 140 words a minute, half a second of which a stop takes.
SECONDS_PER_LETTER = 0.137
SECONDS_PER_STOP = 0.51
WORDS_PER_MINUTE = 140
VALUE_SECONDS = 1.0  # a value that is piped into a sentence
THINKING_SECONDS = 0.8
REPLY_SECONDS = 0.7  # "yes"
KEYING_SECONDS = 6.0  # the telephone is taken from the ear, and keys are looked for
_SPEAKING_SECONDS: dict[type, float] = {
    DateItem: 3.0,
    TimeItem: 2.0,
    DurationItem: 1.5,
    DigitsItem: 5.0,
    PhoneItem: 6.0,
    BloodPressureItem: 3.0,
    MultiChoiceItem: 2.5,
    FreeTextItem: 15.0,
    AudioItem: 15.0,
}
_IN_PARTS = (BloodPressureItem, DateItem, TimeItem, DurationItem, DigitsItem, PhoneItem)
_STOP = re.compile(r"[.،؛:؟!]")

MeasuredSeconds = Callable[[str], float | None]


def reckoned_seconds(text: str, words_per_minute: int = WORDS_PER_MINUTE) -> float:
    """How long a text is spoken, by its letters and stops."""
    letters = sum(character.isalpha() for character in bare(text))
    slowness = WORDS_PER_MINUTE / words_per_minute
    return (SECONDS_PER_LETTER * letters + SECONDS_PER_STOP * len(_STOP.findall(text))) * slowness


class Timing:
    """What the items of one questionnaire cost, in seconds and turns."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        measured: MeasuredSeconds,
        words_per_minute: int = WORDS_PER_MINUTE,
    ) -> None:
        self._questionnaire = questionnaire
        self._speaker = Speaker(questionnaire)
        self._measured = measured
        self._words_per_minute = words_per_minute

    def of(self, item: Item) -> Span:
        """An item, understood at the first try; at most it is read back, and that is right."""
        if isinstance(item, InfoItem | GroupItem):
            told = Cost(seconds=self.spoken(item.say) if item.say else 0.0)
            return Span(told, told)
        once = Cost(1, 1, self.spoken(item.ask[0]) + self._answering(item))
        confirmed = once + self._confirming(item)
        is_always = item.confirm is Confirm.ALWAYS or isinstance(item, _IN_PARTS)
        is_never = item.confirm is Confirm.NEVER or item.safety is not None
        return Span(confirmed if is_always and not is_never else once, once if is_never else confirmed)

    def around(self) -> Cost:
        """The first sentence and the last."""
        return Cost(
            seconds=self.spoken(self._speaker.template("prompts", "opening") or "")
            + self.spoken(self._questionnaire.closing.completed)
        )

    def spoken(self, template: str) -> float:
        """How long a sentence is, in seconds, with what is piped into it."""
        names = placeholders_in(template)
        pieces = [template]
        if names:
            pieces = []
            for name in names:
                before, _, template = template.partition(f"{{{name}}}")
                pieces += fixed_pieces(before)
            pieces += fixed_pieces(template)
        return VALUE_SECONDS * len(names) + sum(map(self._piece, pieces))

    def _piece(self, text: str) -> float:
        measured = self._measured(text)
        return reckoned_seconds(text, self._words_per_minute) if measured is None else measured

    def _answering(self, item: QuestionItem) -> float:
        if not self._questionnaire.is_spoken(item):
            return self._piece(self._speaker.keypad(item).text) + KEYING_SECONDS
        listen = listen_for_item(self._questionnaire, item, by_keypad=False)
        speaking = _SPEAKING_SECONDS.get(type(item), 1.2 if isinstance(item, OptionsItem) else REPLY_SECONDS)
        return THINKING_SECONDS + speaking + listen.end_silence_seconds

    def _confirming(self, item: QuestionItem) -> Cost:
        template = self._speaker.own(item, "readback", 1) or self._questionnaire.prompts.readback
        listen = listen_for_yes_no(self._questionnaire, is_readback=True)
        reply = THINKING_SECONDS + REPLY_SECONDS + listen.end_silence_seconds
        return Cost(turns=1, seconds=self.spoken(template) + reply)
