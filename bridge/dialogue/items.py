"""The kinds of item that a questionnaire is made of, field by field; its manual shows each of them."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bridge.dialogue.asked import (
    AllowedReply,
    Confirm,
    Constraint,
    OnExhausted,
    Question,
    QuestionLimits,
    QuestionTexts,
    Rule,
    Seconds,
)
from bridge.dialogue.dialects import Dialect, Phrase, Phrases, phrases_in
from bridge.dialogue.remark_kinds import AcceptedWarnings
from bridge.dialogue.wording import Code, Expression, Identifier, Model, Text, Variant
from bridge.understanding import YesNoKind, bare

__all__ = [
    "AllowedReply",
    "AudioItem",
    "BloodPressureItem",
    "ChoiceItem",
    "Confirm",
    "ConsentItem",
    "Constraint",
    "DateItem",
    "DigitsItem",
    "DurationItem",
    "FreeTextItem",
    "GlucoseItem",
    "GroupItem",
    "IdentityItem",
    "InfoItem",
    "IntegerItem",
    "Item",
    "LanguageItem",
    "MultiChoiceItem",
    "NumberItem",
    "OnExhausted",
    "Option",
    "OptionsItem",
    "PhoneItem",
    "Question",
    "QuestionItem",
    "QuestionLimits",
    "QuestionTexts",
    "Repeat",
    "Rule",
    "ScaleItem",
    "TemperatureItem",
    "TimeItem",
    "WeightItem",
    "YesNoItem",
]

MAX_KEYED_NUMBER = 999_999  # six keys
MAX_REPEATS = 20  # a patient with more pills than this is called by a person

Range = tuple[int, int]


class ConsentItem(Question):
    """May we ask? Anything but a yes ends the call politely; to the other purposes, it goes on without.

    `recording`: may answers be kept as sound? `call_recording`: may the whole call be recorded?
    """

    type: Literal["consent"]
    purpose: Literal["questions", "recording", "call_recording"] = "questions"
    allow: tuple[Literal[AllowedReply.REFUSE], ...] = (AllowedReply.REFUSE,)
    # "Yes?" right after pick-up is a greeting: consent counts only after the whole question was heard.
    barge_in: Literal[False] = False

    @property
    def kind(self) -> YesNoKind:
        return YesNoKind.PERMISSION


class IdentityItem(Question):
    """Are we speaking to the right person? By name, or by a secret that both sides know."""

    type: Literal["identity"]
    factor: Literal["name", "birth_year", "code"] = "name"  # compared with patient.birth_year, patient.code
    barge_in: Literal[False] = False

    @property
    def kind(self) -> YesNoKind:
        return YesNoKind.FACT


class YesNoItem(Question):
    """Yes or no; the kind decides what an idiom means."""

    type: Literal["yes_no"]
    kind: YesNoKind


class NumberItem(Question):
    """A number, whole or with up to two decimals."""

    type: Literal["number"]
    minimum: int = Field(ge=0, le=MAX_KEYED_NUMBER)
    maximum: int = Field(ge=0, le=MAX_KEYED_NUMBER)
    decimals: int = Field(default=0, ge=0, le=2)
    unit: str | None = None  # as UCUM writes it, for export


class IntegerItem(Question):
    """A whole number."""

    type: Literal["integer"]
    minimum: int = Field(ge=0, le=MAX_KEYED_NUMBER)
    maximum: int = Field(ge=0, le=MAX_KEYED_NUMBER)
    unit: str | None = None
    decimals: Literal[0] = 0


class DigitsItem(Question):
    """A row of digits that is no quantity: a file number."""

    type: Literal["digits"]
    min_length: int = Field(ge=1, le=20)
    max_length: int = Field(ge=1, le=20)


class TemperatureItem(Question):
    """A body temperature in degrees Celsius, to a tenth."""

    type: Literal["temperature"]
    minimum: int = Field(default=34, ge=25, le=45)
    maximum: int = Field(default=43, ge=25, le=45)
    unit: Literal["Cel"] = "Cel"
    decimals: Literal[1] = 1


class BloodPressureItem(Question):
    """Systolic over diastolic, in mmHg."""

    type: Literal["blood_pressure"]
    systolic: Range = (50, 300)
    diastolic: Range = (30, 180)
    unit: Literal["mm[Hg]"] = "mm[Hg]"


class GlucoseItem(Question):
    """A blood glucose."""

    type: Literal["glucose"]
    unit: Literal["mg/dL", "mmol/L"] = "mg/dL"
    minimum: int = Field(default=20, ge=0, le=999)
    maximum: int = Field(default=600, ge=1, le=999)
    fasting: bool | None = None

    @property
    def decimals(self) -> int:
        return 1 if self.unit == "mmol/L" else 0


class WeightItem(Question):
    """A body weight in kilograms."""

    type: Literal["weight"]
    minimum: int = Field(default=2, ge=0, le=400)
    maximum: int = Field(default=300, ge=1, le=400)
    unit: Literal["kg"] = "kg"
    decimals: int = Field(default=1, ge=0, le=1)


class DateItem(Question):
    """A day."""

    type: Literal["date"]
    period: Literal["past", "future", "any"] = "any"


class TimeItem(Question):
    """A time of the day."""

    type: Literal["time"]


class DurationItem(Question):
    """How long; keyed as a number of `unit`."""

    type: Literal["duration"]
    unit: Literal["minutes", "hours", "days", "weeks", "months"] = "days"
    minimum: int = Field(default=0, ge=0, le=9999)  # in `unit`
    maximum: int = Field(default=999, ge=1, le=9999)


class PhoneItem(Question):
    """A telephone number."""

    type: Literal["phone"]
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] = "SA"


class FreeTextItem(Question):
    """In the caller's own words; kept as text only where the recogniser knows all words."""

    type: Literal["free_text"]
    max_speech_seconds: Seconds = 60.0
    keep_audio: bool = False


class AudioItem(Question):
    """In the caller's own words, kept as sound."""

    type: Literal["audio"]
    max_speech_seconds: Seconds = 60.0

    @property
    def keep_audio(self) -> bool:
        return True


class OptionTexts(Model):
    """What an option is called to some callers."""

    say: Phrase


class Option(Model):
    """One of the answers of a choice."""

    value: Identifier
    say: Phrase
    accept: Phrases = Field(default_factory=dict)
    key: Annotated[str, StringConstraints(pattern="^[1-9]$")]  # 0 is a person, * repeats, # ends the entry
    ordinal: int | float | None = None  # what it counts in scores and comparisons
    codes: tuple[Code, ...] = ()
    variants: dict[Variant, OptionTexts] = Field(default_factory=dict)

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every way of naming it in any dialect, spelled as a recogniser spells."""
        return self.phrases_in(Dialect)

    def phrases_in(self, dialects: Iterable[Dialect]) -> tuple[str, ...]:
        """The ways of naming it in these dialects."""
        said = (self.say, *(variant.say for variant in self.variants.values()))
        return tuple(dict.fromkeys(map(bare, (*said, *phrases_in(self.accept, dialects)))))


class OptionsItem(Question):
    """What all items with options have in common."""

    options: tuple[Option, ...] = Field(min_length=2, max_length=9)

    def option(self, value: object) -> Option | None:
        """The option of that value."""
        return next((option for option in self.options if option.value == value), None)


class ChoiceItem(OptionsItem):
    """One of a few options."""

    type: Literal["choice"]


class MultiChoiceItem(OptionsItem):
    """Some of a few options, or none of them."""

    type: Literal["multi_choice"]
    none_of: Identifier | None = None  # the option that excludes all others


class ScaleItem(OptionsItem):
    """A built-in scale, whose words are understood in every dialect; its options are common content."""

    type: Literal["scale"]
    scale: Identifier


class LanguageItem(OptionsItem):
    """Which dialect the caller prefers to hear; each option's value is a dialect."""

    type: Literal["language"]


class InfoItem(Model):
    """Something that is said and not asked."""

    type: Literal["info"]
    id: Identifier
    say: Text
    variants: dict[Variant, "InfoTexts"] = Field(default_factory=dict)
    when: Expression | None = None
    barge_in: bool = True
    codes: tuple[Code, ...] = ()
    accept_warnings: AcceptedWarnings = Field(default_factory=dict)  # by kind: why it stays as it is


class InfoTexts(Model):
    """What is said differently to some callers."""

    say: Text


class Repeat(Model):
    """How often a group is gone through: a number of times, or for as long as something holds."""

    count: Expression | None = None  # a number, or a number's expression: "pills"
    again: Expression | None = None  # judged after each round: "another_pill"
    maximum: int = Field(ge=1, le=MAX_REPEATS)


class GroupItem(Model):
    """Items that belong together: a section, a scale, or what is asked once for each of several things."""

    type: Literal["group"]
    id: Identifier
    title: Text | None = None  # for readers; never spoken
    say: Text | None = None  # spoken before the group's first question
    items: tuple[Annotated["Item", Field(discriminator="type")], ...] = Field(min_length=1)
    when: Expression | None = None
    repeat: Repeat | None = None
    restart_after_hours: int | None = Field(default=None, ge=0)  # on resumption, asked from its beginning
    codes: tuple[Code, ...] = ()
    accept_warnings: AcceptedWarnings = Field(default_factory=dict)  # by kind: why it stays as it is


QuestionItem = (
    ConsentItem
    | IdentityItem
    | LanguageItem
    | YesNoItem
    | ChoiceItem
    | MultiChoiceItem
    | ScaleItem
    | NumberItem
    | IntegerItem
    | DigitsItem
    | TemperatureItem
    | BloodPressureItem
    | GlucoseItem
    | WeightItem
    | DateItem
    | TimeItem
    | DurationItem
    | PhoneItem
    | FreeTextItem
    | AudioItem
)
Item = QuestionItem | InfoItem | GroupItem

InfoItem.model_rebuild()
GroupItem.model_rebuild()
