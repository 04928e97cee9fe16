"""What a questionnaire is: its items, its words, its limits. Made by the loader, never changed after.

Everything that is said or listened for stands here, so that the engine holds no Arabic.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints

from bridge.dialogue.dialects import Dialect, KnownDialect, Phrase, Phrases, phrases_in, spoken
from bridge.understanding import YesNoKind, bare

__all__ = [
    "NUMBERS_WITH_WORDS",
    "AllowedReply",
    "ChoiceItem",
    "Confirm",
    "ConsentItem",
    "Dialect",
    "HearingPolicy",
    "Item",
    "Limits",
    "NumberItem",
    "Option",
    "Prompts",
    "Questionnaire",
    "RedFlags",
    "Word",
    "Words",
    "YesNoItem",
]

MAX_PROMPT_CHARACTERS = 600  # about a minute of speech: nobody listens longer
MAX_ITEMS = 100  # a call of more than half an hour
MAX_KEYED_NUMBER = 999_999  # six keys
# All others below a thousand are made of these.
NUMBERS_WITH_WORDS = (*range(20), *range(20, 100, 10), *range(100, 1000, 100))


def _for_everyone_too(phrases: Phrases) -> Phrases:
    if Dialect.MSA not in phrases:
        raise ValueError("has no phrases for msa, which everybody is offered")
    return phrases


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_PROMPT_CHARACTERS), AfterValidator(spoken)
]
Listened = Annotated[Phrases, AfterValidator(_for_everyone_too)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class AllowedReply(StrEnum):
    """What may be said instead of an answer."""

    DONT_KNOW = "dont_know"
    REFUSE = "refuse"


class Confirm(StrEnum):
    """When an answer is read back."""

    IN_DOUBT = "in_doubt"
    ALWAYS = "always"


class _Item(_Model):
    id: Identifier
    ask: tuple[Text, ...] = Field(
        min_length=1, max_length=3
    )  # the first is the bare question, later ones help more
    readback: Text | None = None  # with {value}; the common one serves where this is left out
    keypad: Text | None = None  # which keys to press; spoken after the question
    required: bool = True  # asked by keypad when the voice fails; otherwise passed over
    allow: tuple[AllowedReply, ...] = ()
    confirm: Confirm = Confirm.IN_DOUBT
    barge_in: bool = True


class ConsentItem(_Item):
    """May we ask? Anything but a yes ends the call politely."""

    type: Literal["consent"]
    allow: tuple[Literal[AllowedReply.REFUSE], ...] = (AllowedReply.REFUSE,)
    # "Yes?" right after pick-up is a greeting: consent counts only after the whole question was heard.
    barge_in: Literal[False] = False

    @property
    def kind(self) -> YesNoKind:
        return YesNoKind.PERMISSION


class YesNoItem(_Item):
    """Yes or no; the kind decides what an idiom means."""

    type: Literal["yes_no"]
    kind: YesNoKind


class NumberItem(_Item):
    """A whole number."""

    type: Literal["number"]
    minimum: int = Field(ge=0, le=MAX_KEYED_NUMBER)
    maximum: int = Field(ge=0, le=MAX_KEYED_NUMBER)


class Option(_Model):
    """One of the answers of a choice."""

    value: Identifier
    say: Phrase
    accept: Phrases = Field(default_factory=dict)
    key: Annotated[str, StringConstraints(pattern="^[1-9]$")]  # 0 is a person, * repeats, # ends the entry

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every way of naming it in any dialect, spelled as a recogniser spells."""
        return self.phrases_in(Dialect)

    def phrases_in(self, dialects: Iterable[Dialect]) -> tuple[str, ...]:
        """The ways of naming it in these dialects."""
        return tuple(map(bare, (self.say, *phrases_in(self.accept, dialects))))


class ChoiceItem(_Item):
    """One of a few options."""

    type: Literal["choice"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=9)


Item = ConsentItem | YesNoItem | NumberItem | ChoiceItem


class Word(_Model):
    """A word that is spoken and listened for."""

    say: Text
    phrases: Listened


class RedFlags(_Model):
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


class Words(_Model):
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
    red_flags: RedFlags
    numbers: tuple[Text, ...] = Field(min_length=11)  # spoken forms, from nought on
    hundreds: tuple[Text, ...] = Field(min_length=9, max_length=9)  # spoken forms of 100, 200 … 900
    number_joiner: Text  # said between hundreds and the rest, before the next word
    number_words: dict[int, Listened]  # the recogniser's words, for NUMBERS_WITH_WORDS


class Prompts(_Model):
    """What is said about every item alike."""

    opening: Text
    no_input: tuple[Text, ...] = Field(min_length=1, max_length=3)
    no_match: tuple[Text, ...] = Field(min_length=1, max_length=3)
    out_of_range: Text
    not_heard: Text
    readback: Text
    to_keypad: Text
    keypad_yes_no: Text
    keypad_number: Text
    keypad_option: Text
    stop_question: Text
    person_question: Text
    wait: Text
    emergency_question: Text
    transfer: Text
    completed: Text
    no_consent: Text
    stopped: Text
    no_answer: Text
    failed: Text


class HearingPolicy(_Model):
    """What the recogniser in use cannot be trusted with."""

    always_confirm: tuple[
        Annotated[int, Field(ge=0, le=9)], ...
    ]  # numbers with these digits are always read back
    confirm_above: int = Field(ge=0, le=999)  # greater numbers are always read back, whatever their digits
    spoken_maximum: int = Field(ge=0, le=999)  # numbers that may be greater are asked for by keypad


class Limits(_Model):
    """How often before something else is tried. Counted for each item, but for silences and turns."""

    failures: int = Field(ge=1, le=5)  # answers not understood or denied, then the keypad
    keypad_failures: int = Field(ge=1, le=5)  # wrong keys, then the item is left
    doubts: int = Field(ge=1, le=5)  # unclear replies to a question of ours, then another way
    repeats: int = Field(ge=0, le=10)  # wishes to hear it again that cost nothing
    not_heard: int = Field(ge=1, le=5)  # failures of our own ears, then the keypad
    silences: int = Field(ge=1, le=6)  # in a row, then the call ends
    turns: int = Field(ge=4, le=500)  # the longest call


class Questionnaire(_Model):
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
    items: tuple[Annotated[Item, Field(discriminator="type")], ...] = Field(
        min_length=1, max_length=MAX_ITEMS
    )
    prompts: Prompts
    words: Words
    hearing: HearingPolicy
    limits: Limits

    _hash: str = PrivateAttr(default="")

    def model_post_init(self, context: Any, /) -> None:
        """Take the hash of the source, which the loader hands over as the context."""
        self._hash = context if isinstance(context, str) else ""

    @property
    def hash(self) -> str:
        """The SHA-256 of the source text, the common content included."""
        return self._hash

    def item(self, item_id: str) -> Item | None:
        """The item of that id."""
        return next((item for item in self.items if item.id == item_id), None)

    def is_spoken(self, item: Item) -> bool:
        """Whether the recogniser can be trusted to hear an answer to `item`."""
        return not isinstance(item, NumberItem) or item.maximum <= self.hearing.spoken_maximum
