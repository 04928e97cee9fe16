"""What is said to one caller: the sentence that fits dialect and gender, with its values filled in.

A sentence that holds values is put together from pieces, each of which is rendered once for all calls.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.items import (
    AudioItem,
    BloodPressureItem,
    DateItem,
    DigitsItem,
    DurationItem,
    FreeTextItem,
    GroupItem,
    IdentityItem,
    InfoItem,
    Item,
    MultiChoiceItem,
    OptionsItem,
    PhoneItem,
    QuestionItem,
    TimeItem,
)
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.speaking import is_enumerable, number_pieces, option_text, pieces_for

__all__ = [
    "Sentence",
    "Speaker",
    "fill",
    "fixed_pieces",
    "has_range",
    "keypad_template",
    "placeholders_in",
    "text_of_value",
]

Pieces = tuple[str, ...]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_EDGES = " \t\n.،؛:؟!"  # marks that a piece neither begins nor, but for the voice's sake, ends with


class Sentence(Struct, frozen=True):
    """One sentence, and the pieces that it is put together from; () where it is one piece."""

    text: str
    parts: Pieces = ()


def placeholders_in(template: str) -> list[str]:
    """What a sentence is to be filled with."""
    return _PLACEHOLDER.findall(template)


def fill(template: str, pieces_of: Callable[[str], Pieces]) -> Sentence:
    """Put values into a sentence."""
    fragments = _PLACEHOLDER.split(template)  # fixed and named ones in turn
    if len(fragments) == 1:
        return Sentence(template)
    parts: list[str] = []
    text = ""
    for at, fragment in enumerate(fragments):
        if at % 2:
            pieces = pieces_of(fragment)
            parts += pieces
            text += " ".join(pieces)
        else:
            text += fragment
            parts += fixed_pieces(fragment)
    return Sentence(text, tuple(parts))


def fixed_pieces(fragment: str) -> Pieces:
    """The piece that stands between two values, unless nothing of it would be heard."""
    piece = fragment.strip().lstrip(_EDGES)
    return (piece,) if any(character.isalpha() for character in piece) else ()


def text_of_value(questionnaire: Questionnaire, item: QuestionItem, value: Value) -> str:
    """Say a value in words."""
    return " ".join(pieces_for(questionnaire, item, value))


def has_range(item: Item) -> bool:
    """Whether an answer can be too small or too great by itself."""
    return hasattr(item, "minimum") and not isinstance(item, DurationItem)


def keypad_template(questionnaire: Questionnaire, item: QuestionItem) -> str:
    """Which common sentence says the keys of `item`."""
    prompts = questionnaire.prompts
    by_class = {
        BloodPressureItem: prompts.keypad_pressure,
        DigitsItem: prompts.keypad_digits,
        DateItem: prompts.keypad_date,
        TimeItem: prompts.keypad_time,
        DurationItem: prompts.keypad_duration,
        PhoneItem: prompts.keypad_phone,
        FreeTextItem: prompts.keypad_text,
        AudioItem: prompts.keypad_text,
    }
    if type(item) in by_class:
        return by_class[type(item)]
    if isinstance(item, IdentityItem) and item.factor != "name":
        return prompts.keypad_digits
    if has_range(item):
        return prompts.keypad_decimal if getattr(item, "decimals", 0) else prompts.keypad_number
    return prompts.keypad_yes_no


class Speaker:
    """Finds the words for one kind of caller; the best variant first."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        variants: tuple[str, ...] = (),
        value_of: Callable[[str], Value] = lambda _: None,
    ) -> None:
        self._questionnaire = questionnaire
        self._variants = variants
        self._value_of = value_of

    def prompt(self, name: str, count: int = 1) -> Sentence:
        """A common sentence; of several, the one for this count."""
        return self.say(self.template("prompts", name, count) or "")

    def closing(self, disposition: Disposition) -> Sentence | None:
        """The last sentence; None where nothing is said."""
        template = self.template("closing", disposition)
        return None if template is None else self.say(template)

    def template(self, block: str, name: str, count: int = 1) -> str | None:
        """A common sentence with its placeholders, from `prompts` or `closing`."""
        for variant in self._variants:
            texts = self._questionnaire.variants.get(variant)
            own: dict[str, str | Pieces] = getattr(texts, block, {})
            if name in own:
                return _at(own[name], count)
        common: str | Pieces | None = getattr(getattr(self._questionnaire, block), name, None)
        return None if common is None else _at(common, count)

    def ask(self, item: QuestionItem, count: int) -> Sentence:
        """The question, as it is put for the first, second or third time."""
        return self.say(self.own(item, "ask", count) or "")

    def tell(self, item: InfoItem | GroupItem) -> Sentence:
        """What is said and not asked."""
        return self.say(self.told(item))

    def told(self, item: InfoItem | GroupItem) -> str:
        """The same with its placeholders."""
        if isinstance(item, GroupItem):
            return item.say or ""
        fitting = (item.variants[name].say for name in self._variants if name in item.variants)
        return next(fitting, item.say)

    def no_match(self, item: QuestionItem, count: int) -> Sentence:
        """The answer was not understood."""
        own = self.own(item, "no_match", count)
        return self.say(own) if own else self.prompt("no_match", count)

    def no_input(self, item: QuestionItem, count: int) -> Sentence:
        """Nothing was heard."""
        own = self.own(item, "no_input", count)
        return self.say(own) if own else self.prompt("no_input", count)

    def out_of_range(self, item: QuestionItem) -> Sentence:
        """The answer is not possible; the range is said of numbers only."""
        own = self.own(item, "out_of_range", 1)
        if own is None and not has_range(item):
            return self.prompt("not_possible")
        return self._with_range(item, own or self._common("out_of_range"))

    def keypad(self, item: QuestionItem) -> Sentence:
        """Which keys answer."""
        own = self.own(item, "keypad", 1)
        if own is not None:
            return self.say(own)
        if isinstance(item, OptionsItem):
            return self._option_keys(item)
        return self._with_range(item, keypad_template(self._questionnaire, item))

    def readback(self, item: QuestionItem, status: AnswerStatus, value: Value) -> Sentence:
        """Ask whether this is what was said."""
        words = self._questionnaire.words
        if status is AnswerStatus.DONT_KNOW:
            return self._whole(self._common("readback"), {"value": (words.dont_know.say,)})
        if status is AnswerStatus.REFUSED:
            return self._whole(self._common("readback"), {"value": (words.refuse.say,)})
        template = self.own(item, "readback", 1) or self._common("readback")
        pieces = {"value": pieces_for(self._questionnaire, item, value, self._variants)}
        if is_enumerable(self._questionnaire, item) and placeholders_in(template) == ["value"]:
            return self._whole(template, pieces)
        return fill(template, lambda name: pieces.get(name) or self._piped(name))

    def say(self, template: str) -> Sentence:
        """Any sentence, with the values that are piped into it."""
        return fill(template, self._piped)

    def _piped(self, name: str) -> Pieces:
        item = self._questionnaire.item(name)
        asked = None if isinstance(item, InfoItem | GroupItem) else item
        return pieces_for(self._questionnaire, asked, self._value_of(name), self._variants)

    def own(self, item: QuestionItem, field: str, count: int) -> str | None:
        """An item's own sentence with its placeholders; None where the common one serves."""
        fitting = (getattr(item.variants[name], field) for name in self._variants if name in item.variants)
        found: str | Pieces | None = next((text for text in fitting if text is not None), None)
        texts = found if found is not None else getattr(item, field)
        return None if texts is None else _at(texts, count)

    def _common(self, name: str) -> str:
        return self.template("prompts", name) or ""

    def _whole(self, template: str, pieces: Mapping[str, Pieces]) -> Sentence:
        """One piece: so few can be said that each is rendered as it is."""
        return Sentence(fill(template, lambda name: pieces.get(name, ())).text)

    def _with_range(self, item: QuestionItem, template: str) -> Sentence:
        words = self._questionnaire.words
        ends = {name: number_pieces(words, getattr(item, name, 0)) for name in ("minimum", "maximum")}
        return self._whole(template, ends)

    def _option_keys(self, item: OptionsItem) -> Sentence:
        template, numbers = self._common("keypad_option"), self._questionnaire.words.numbers
        listed = "، ".join(
            template.replace("{option}", option_text(option, self._variants)).replace(
                "{key}", numbers[int(option.key)]
            )
            for option in item.options
        )
        more = f". {self._common('keypad_options')}" if isinstance(item, MultiChoiceItem) else ""
        return Sentence(listed + more)


def _at(texts: str | Pieces, count: int) -> str:
    """The text for this count; the last one serves for all further ones."""
    return texts if isinstance(texts, str) else texts[min(max(count, 1), len(texts)) - 1]
