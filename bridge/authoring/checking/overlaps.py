"""Words that mean two things in one question: another option, a command, danger. Pure.

What is part of something longer is named where the author can choose. Two kinds of words are left alone, for
callers say them whether they are listed or not, and the shipped recogniser tells them apart: a denial that is
accepted beside what it denies ("good", "not good"), and the words of amounts beside a command or danger
("much", "much blood"). `tests/authoring/test_simulating_voice.py` holds that.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from bridge.authoring.checking.remarks import Kind, Remark
from bridge.dialogue.dialects import Phrases, phrases_in
from bridge.dialogue.document import Path
from bridge.dialogue.item_checks import items_with_paths
from bridge.dialogue.items import (
    AllowedReply,
    ChoiceItem,
    LanguageItem,
    MultiChoiceItem,
    Option,
    ScaleItem,
)
from bridge.dialogue.questionnaire import Questionnaire, Words
from bridge.dialogue.questions import meaning_of, question_for
from bridge.understanding import Meaning, bare, normalise
from bridge.understanding.normalisation import words_of
from bridge.understanding.scale_words import SCALES

__all__ = ["COMMANDS", "overlaps"]

OptionsQuestion = ChoiceItem | MultiChoiceItem | ScaleItem | LanguageItem
COMMANDS = ("repeat", "slower", "wait", "stop", "person", "back", "callback", "do_not_call", "wrong_person")
_DENYING = words_of("لا ما لم ليس ليست لست غير مو مش مب موب موش مهوب ماشي بدون")
_AMOUNTS = frozenset(normalise(phrase) for phrases in SCALES["amount"].values() for phrase in phrases)


class _Phrase(Struct, frozen=True):
    text: str
    owner: str  # an option's value, a command's or a danger's name
    at: int = -1  # the option's number
    is_ours: bool = False  # we say it, and callers say it after us

    def is_denied_by(self, other: "_Phrase") -> bool:
        """Whether the other is a denial of this, accepted from callers and never said by us."""
        denying, _, denied = other.text.partition(" ")
        return not other.is_ours and normalise(denying) in _DENYING and denied == self.text

    def is_within(self, other: "_Phrase") -> bool:
        """Whether these are some of the other's words, in one piece."""
        mine, others = self.text.split(), other.text.split()
        starts = range(len(others) - len(mine) + 1)
        return len(mine) < len(others) and any(others[at : at + len(mine)] == mine for at in starts)


def overlaps(questionnaire: Questionnaire) -> Iterator[Remark]:
    """Find phrases of options that are understood as something else, or would be if they were half heard."""
    for path, item in items_with_paths(questionnaire.items):
        if isinstance(item, OptionsQuestion):
            yield from _of_item(path, item, questionnaire)


def _of_item(path: Path, item: OptionsQuestion, questionnaire: Questionnaire) -> Iterator[Remark]:
    dialects = questionnaire.dialects
    mine = [
        _Phrase(text, option.value, at, text in _said(option))
        for at, option in enumerate(item.options)
        for text in option.phrases_in(dialects)
    ]
    others = [_Phrase(text, name) for name, text in _everywhere(questionnaire, item)]
    yield from _misread(path, item, mine)
    yield from _outranked(path, item, others)
    if not isinstance(item, ScaleItem):  # a scale's words are the same everywhere, and were tried
        yield from _half_heard(path, mine, others)


def _said(option: Option) -> set[str]:
    """What we call an option, to anybody."""
    return {bare(option.say), *(bare(texts.say) for texts in option.variants.values())}


def _everywhere(questionnaire: Questionnaire, item: OptionsQuestion) -> Iterator[tuple[str, str]]:
    words, dialects = questionnaire.words, questionnaire.dialects
    for name in COMMANDS:
        yield from ((name, text) for text in phrases_in(getattr(words, name), dialects))
    for name, phrases in words.red_flags.by_kind.items():
        yield from ((name, text) for text in phrases_in(phrases, dialects))
    for reply in item.allow:
        yield from ((reply, text) for text in phrases_in(_reply(words, reply), dialects))


def _reply(words: Words, reply: AllowedReply) -> Phrases:
    return words.dont_know.phrases if reply is AllowedReply.DONT_KNOW else words.refuse.phrases


def _misread(path: Path, item: OptionsQuestion, mine: list[_Phrase]) -> Iterator[Remark]:
    """An option's phrase that the understanding takes for something else, or is not sure of."""
    question = question_for(item)
    for phrase in mine:
        meaning = meaning_of(phrase.text, question)
        if _values(meaning) != (phrase.owner,):
            where = (*path, "options", phrase.at)
            text = f"'{phrase.text}' is listed for '{phrase.owner}' and understood as {_told(meaning)}"
            yield Remark(Kind.OVERLAP, where, f"{text}; choose other words")


def _outranked(path: Path, item: OptionsQuestion, others: Iterable[_Phrase]) -> Iterator[Remark]:
    """A command that this question takes for one of its options."""
    question, known = question_for(item), [option.value for option in item.options]
    for phrase in others:
        taken = [value for value in _values(meaning_of(phrase.text, question)) if value in known]
        if taken:
            at = known.index(str(taken[0]))
            text = f"'{phrase.text}' means '{phrase.owner}' elsewhere, and here it is taken for '{taken[0]}'"
            remedy = f"leave it out of words.{phrase.owner}, or take other words for the option"
            yield Remark(Kind.OVERLAP, (*path, "options", at), f"{text}; {remedy}")


def _half_heard(path: Path, mine: list[_Phrase], others: list[_Phrase]) -> Iterator[Remark]:
    """A phrase that becomes another's when its end or its beginning is lost on the line."""
    pairs: dict[tuple[int, str], list[str]] = {}
    for phrase in mine:
        for other in (*mine, *others):
            if (short := _shared(phrase, other)) is not None:
                long = other if short is phrase else phrase
                pairs.setdefault((phrase.at, other.owner), []).append(f"'{short.text}' in '{long.text}'")
    for (at, owner), shared in pairs.items():
        text = f"shares words with '{owner}': {', '.join(shared)}; half heard it is taken for the other"
        yield Remark(Kind.OVERLAP, (*path, "options", at), f"{text}, so choose other words")


def _shared(phrase: _Phrase, other: _Phrase) -> _Phrase | None:
    """Which of the two is part of the other, where an author should do something about it."""
    if phrase.owner == other.owner:
        return None
    is_option = other.at >= 0
    if phrase.is_within(other):
        is_harmless = phrase.is_denied_by(other) if is_option else normalise(phrase.text) in _AMOUNTS
        return None if is_harmless else phrase
    return other if not is_option and other.is_within(phrase) else None


def _values(meaning: Meaning) -> tuple[object, ...]:
    """The options that were understood; (None,) where none is sure."""
    if meaning.value is None or meaning.doubtful:
        return (None,)
    return meaning.value if isinstance(meaning.value, tuple) else (meaning.value,)


def _told(meaning: Meaning) -> str:
    if meaning.command is not None:
        return f"'{meaning.command}'"
    if meaning.value is None:
        return "nothing certain"
    said = " and ".join(map(str, meaning.value if isinstance(meaning.value, tuple) else (meaning.value,)))
    return f"'{said}', in doubt" if meaning.doubtful else f"'{said}'"
