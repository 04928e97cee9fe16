"""What a questionnaire is: its items, its words, its limits. Made by the loader, never changed after.

Everything that is said or listened for stands here, so that the engine holds no Arabic.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, StringConstraints

from bridge.dialogue.dialects import Dialect, KnownDialect, Phrases
from bridge.dialogue.items import (
    AllowedReply,
    ChoiceItem,
    Confirm,
    ConsentItem,
    GlucoseItem,
    GroupItem,
    InfoItem,
    IntegerItem,
    Item,
    NumberItem,
    Option,
    QuestionItem,
    Rule,
    WeightItem,
    YesNoItem,
)
from bridge.dialogue.wording import Code, Expression, Identifier, Listened, Model, Text, Texts, Variant

__all__ = [
    "NUMBERS_WITH_WORDS",
    "AllowedReply",
    "ChoiceItem",
    "Closing",
    "Confirm",
    "ConsentItem",
    "Dialect",
    "Escalation",
    "HearingPolicy",
    "Item",
    "Limits",
    "NumberItem",
    "Option",
    "Prompts",
    "QuestionItem",
    "Questionnaire",
    "RedFlags",
    "ResumePolicy",
    "Score",
    "Word",
    "Words",
    "YesNoItem",
]

ParameterType = Literal["text", "number", "date", "time", "boolean"]

MAX_ITEMS = 100  # a call of more than half an hour
TURNS_PER_ITEM = 6  # a question, a second try, a read-back, and as many again for a caller who has trouble
SPARE_TURNS = 20
# All others below a thousand are made of these.
NUMBERS_WITH_WORDS = (*range(20), *range(20, 100, 10), *range(100, 1000, 100))


class Word(Model):
    """A word that is spoken and listened for."""

    say: Text
    phrases: Listened


class RedFlags(Model):
    """Words of danger, by kind: in any of them the caller is asked whether help is needed."""

    emergency: Listened
    self_harm: Listened
    chest_pain: Listened
    breathing: Listened
    bleeding: Listened
    unconscious: Listened
    stroke: Listened

    @property
    def by_kind(self) -> dict[str, Phrases]:
        """The phrases of each kind."""
        return {kind: getattr(self, kind) for kind in type(self).model_fields}


class CountedWord(Model):
    """How a counted thing is spoken: one day, two days, three to ten days, eleven and more."""

    one: Text
    two: Text
    few: Text
    many: Text


class SpokenParts(Model):
    """What decimals, pressures, dates, times and durations are put together from."""

    decimal_point: Text
    over: Text  # 130 over 80
    separator: Text  # between several options
    thousands: CountedWord
    months: tuple[Text, ...] = Field(min_length=12, max_length=12)
    hour: Text  # before the hour
    minutes: CountedWord
    hours: CountedWord
    days: CountedWord
    weeks: CountedWord
    months_counted: CountedWord
    morning: Text
    evening: Text
    unknown: Text  # said for a value that is piped into a sentence and is not there


class Words(Model):
    """How values are spoken, and which words the recogniser is told to expect."""

    yes: Word
    no: Word
    permission: Listened  # further ways to say yes to "may I?"
    no_permission: Listened  # and no
    right: Listened  # further ways to say yes to "is this right?"
    wrong: Listened  # and no
    dont_know: Word
    refuse: Word
    repeat: Listened
    slower: Listened
    wait: Listened
    stop: Listened
    person: Listened
    back: Phrases = Field(default_factory=dict)  # the question before once more
    callback: Phrases = Field(default_factory=dict)
    do_not_call: Phrases = Field(default_factory=dict)
    wrong_person: Phrases = Field(default_factory=dict)
    red_flags: RedFlags
    numbers: tuple[Text, ...] = Field(min_length=11)  # spoken forms, from nought on
    hundreds: tuple[Text, ...] = Field(min_length=9, max_length=9)  # spoken forms of 100, 200 … 900
    number_joiner: Text  # said between hundreds and the rest, before the next word
    number_words: dict[int, Listened]  # the recogniser's words, for NUMBERS_WITH_WORDS
    spoken: SpokenParts
    decimal_words: Listened  # listened for beside numbers, in decimals
    pressure_words: Listened
    date_words: Listened
    time_words: Listened
    duration_words: Listened


class Prompts(Model):
    """What is said about every item alike."""

    opening: Text
    no_input: Texts
    no_match: Texts
    out_of_range: Text
    not_possible: Text  # the same, where there is no range to name
    not_heard: Text
    readback: Text
    to_keypad: Text
    keypad_yes_no: Text
    keypad_number: Text
    keypad_decimal: Text
    keypad_digits: Text
    keypad_pressure: Text
    keypad_date: Text
    keypad_time: Text
    keypad_duration: Text
    keypad_phone: Text
    keypad_text: Text
    keypad_option: Text
    keypad_options: Text  # said after the options of a multiple choice
    stop_question: Text
    person_question: Text
    callback_question: Text
    do_not_call_question: Text
    wrong_person_question: Text
    wait: Text
    back: Text
    nothing_before: Text
    emergency_question: Text
    transfer: Text
    recap: Text  # after a dropped call: we go on where we were


class Closing(Model):
    """The last sentence, by how the call ended. None of them says what the call was about."""

    completed: Text
    partial: Text
    refused: Text
    stopped: Text
    ineligible: Text
    wrong_person: Text
    call_back: Text
    do_not_call: Text
    escalated: Text
    no_answer: Text
    failed: Text
    voicemail: Text | None = None  # left out: nothing is left on a machine


class PromptTexts(Model):
    """What is said differently to some callers, of the common sentences; the rest stays."""

    prompts: dict[str, Text | Texts] = Field(default_factory=dict)
    closing: dict[str, Text] = Field(default_factory=dict)


class Escalation(Model):
    """What is done when a caller may be in danger. Never suppressed, never interrupted."""

    say: Text  # fixed and caring, said first
    offer: Text | None = None  # "shall I put you through?"; left out: they are put through at once
    transfer: Text | None = None  # the number, or {site.NAME} from the configuration
    fallback: Text  # said twice where nobody can be put through: where help is, with its number
    notify: tuple[Identifier, ...] = Field(min_length=1)  # who is told, as the configuration names them
    acknowledge_seconds: int = Field(default=120, ge=10, le=86_400)  # somebody must have seen it by then


class Missing(Model):
    """What a score does without an answer."""

    maximum: int = Field(default=0, ge=0)  # more, and there is no score
    method: Literal["none", "prorate"] = "none"  # prorate: the mean of the others stands in


class Band(Model):
    """A score from this value on has this name."""

    minimum: int | float = Field(alias="from")
    name: Identifier


class Score(Model):
    """A sum over items, for export and for guards; it is never spoken."""

    items: tuple[Identifier, ...] = Field(min_length=1)
    missing: Missing = Missing()
    bands: tuple[Band, ...] = ()
    codes: tuple[Code, ...] = ()
    factor: int | float = 1


class Source(Model):
    """Where the questions come from."""

    name: Text
    url: str | None = None
    licence: str
    citation: str | None = None


class Validation(Model):
    """Who has checked this wording, for whom."""

    status: Literal["own_text", "translated", "validated"]
    by: str | None = None
    date: str | None = None
    note: str | None = None


class ResumePolicy(Model):
    """What becomes of a call that broke off."""

    within_hours: int = Field(default=24, ge=0, le=24 * 14)  # 0: it is not resumed
    attempts: int = Field(default=2, ge=0, le=10)
    recap: bool = True


class HearingPolicy(Model):
    """What the recogniser in use cannot be trusted with."""

    always_confirm: tuple[
        Annotated[int, Field(ge=0, le=9)], ...
    ]  # numbers with these digits are always read back
    confirm_above: int = Field(ge=0, le=999)  # greater numbers are always read back, whatever their digits
    spoken_maximum: int = Field(ge=0, le=999)  # numbers that may be greater are asked for by keypad


class Limits(Model):
    """How often before something else is tried. Counted for each item, but for silences and turns."""

    failures: int = Field(ge=1, le=5)  # answers not understood or denied, then the keypad
    out_of_range: int = Field(ge=1, le=5)  # impossible answers, then the keypad
    keypad_failures: int = Field(ge=1, le=5)  # wrong keys, then the item is left
    doubts: int = Field(ge=1, le=5)  # unclear replies to a question of ours, then another way
    repeats: int = Field(ge=0, le=10)  # wishes to hear it again that cost nothing
    not_heard: int = Field(ge=1, le=5)  # failures of our own ears, then the keypad
    silences: int = Field(ge=1, le=6)  # in a row, then the call ends
    corrections: int = Field(ge=0, le=20)  # wishes to go back that are followed, in a call
    turns: int | None = Field(default=None, ge=4, le=2000)  # the longest call; left out: by its questions


class Questionnaire(Model):
    """One questionnaire, whole and checked."""

    format: Literal[1]
    id: Identifier
    version: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    title: Text
    language: Literal["ar"]
    dialects: tuple[KnownDialect, ...] = Field(
        default=(Dialect.MSA,), min_length=1
    )  # which the callers speak
    status: Literal["draft", "validated"]
    note: str | None = None
    source: Source | None = None
    validation: Validation | None = None
    codes: tuple[Code, ...] = ()
    parameters: dict[Identifier, ParameterType] = Field(
        default_factory=dict
    )  # told with each call, as call.NAME
    items: tuple[Annotated[Item, Field(discriminator="type")], ...] = Field(
        min_length=1, max_length=MAX_ITEMS
    )
    computed: dict[Identifier, Expression] = Field(default_factory=dict)
    scores: dict[Identifier, Score] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()  # judged after every answer; each acts once
    escalations: dict[Identifier, Escalation] = Field(default_factory=dict)
    red_flags: dict[Identifier, Identifier] = Field(default_factory=dict)  # words of danger: which escalation
    resume: ResumePolicy = ResumePolicy()
    variants: dict[Variant, PromptTexts] = Field(default_factory=dict)
    prompts: Prompts
    closing: Closing
    words: Words
    hearing: HearingPolicy
    limits: Limits

    _sources: tuple[str, str] = PrivateAttr(default=("", ""))

    def model_post_init(self, context: Any, /) -> None:
        """Take the source texts, which the loader hands over as the context."""
        self._sources = context if isinstance(context, tuple) else ("", "")

    @property
    def sources(self) -> tuple[str, str]:
        """The text of the file, and that of the common content."""
        return self._sources

    @property
    def hash(self) -> str:
        """The SHA-256 of the source text, the common content included."""
        own, common = self._sources
        return hashlib.sha256(f"{own}\0{common}".encode()).hexdigest()

    @property
    def every_item(self) -> tuple[Item, ...]:
        """All items in order, groups before what they hold."""
        return tuple(_walk(self.items))

    @property
    def questions(self) -> tuple[QuestionItem, ...]:
        """All items that are asked, those of groups included, in order."""
        return tuple(item for item in self.every_item if not isinstance(item, InfoItem | GroupItem))

    @property
    def most_questions(self) -> int:
        """How many questions there are when every group is gone through as often as it may be."""
        return _most_questions(self.items)

    @property
    def max_turns(self) -> int:
        """How many turns the longest call may take."""
        return self.limits.turns or SPARE_TURNS + TURNS_PER_ITEM * self.most_questions

    def item(self, item_id: str) -> Item | None:
        """The item of that id."""
        return next((item for item in self.every_item if item.id == item_id), None)

    def is_spoken(self, item: Item) -> bool:
        """Whether the recogniser can be trusted to hear an answer to `item`."""
        if isinstance(item, NumberItem | IntegerItem | WeightItem | GlucoseItem):
            return item.maximum <= self.hearing.spoken_maximum
        return True


def _most_questions(items: Iterable[Item]) -> int:
    counted = 0
    for item in items:
        if isinstance(item, GroupItem):
            counted += _most_questions(item.items) * (item.repeat.maximum if item.repeat else 1)
        elif not isinstance(item, InfoItem):
            counted += 1
    return counted


def _walk(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        if isinstance(item, GroupItem):
            yield from _walk(item.items)
