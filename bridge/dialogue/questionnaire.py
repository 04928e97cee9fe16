"""What a questionnaire is: its items, its words, its limits. Made by the loader, never changed after.

Everything that is said or listened for stands here, so that the engine holds no Arabic.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, StringConstraints

from bridge.dialogue.common_texts import Closing, Prompts, PromptTexts
from bridge.dialogue.dialects import Dialect, KnownDialect
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
from bridge.dialogue.policies import (
    Band,
    Escalation,
    HearingPolicy,
    Limits,
    Missing,
    ResumePolicy,
    Score,
    Source,
    Validation,
)
from bridge.dialogue.remark_kinds import AcceptedWarnings
from bridge.dialogue.voices import SpokenBy, VoiceChoice
from bridge.dialogue.wording import Code, Expression, Identifier, Model, Text, Variant
from bridge.dialogue.words import NUMBERS_WITH_WORDS, CountedWord, RedFlags, SpokenParts, Word, Words

__all__ = [
    "NUMBERS_WITH_WORDS",
    "AllowedReply",
    "Band",
    "ChoiceItem",
    "Closing",
    "Confirm",
    "ConsentItem",
    "CountedWord",
    "Dialect",
    "Escalation",
    "HearingPolicy",
    "Item",
    "Limits",
    "Missing",
    "NumberItem",
    "Option",
    "PromptTexts",
    "Prompts",
    "QuestionItem",
    "Questionnaire",
    "RedFlags",
    "ResumePolicy",
    "Score",
    "Source",
    "SpokenParts",
    "Validation",
    "VoiceChoice",
    "Word",
    "Words",
    "YesNoItem",
]

ParameterType = Literal["text", "number", "date", "time", "boolean"]

MAX_ITEMS = 100  # a call of more than half an hour
TURNS_PER_ITEM = 6  # a question, a second try, a read-back, and as many again for a caller who has trouble
SPARE_TURNS = 20


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
    voice: SpokenBy | None = None  # who speaks, ENGINE/VOICE or a block; else the site's voice
    status: Literal["draft", "validated"]
    note: str | None = None
    source: Source | None = None
    validation: Validation | None = None
    codes: tuple[Code, ...] = ()
    accept_warnings: AcceptedWarnings = Field(default_factory=dict)  # of what stands outside the items
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

    _origin: tuple[str, str, str] = PrivateAttr(default=("", "", ""))

    def model_post_init(self, context: Any, /) -> None:
        """Take the source texts and their digest, which the loader hands over as the context."""
        self._origin = context if isinstance(context, tuple) else ("", "", "")

    @property
    def sources(self) -> tuple[str, str]:
        """The text of the file, and that of the common content."""
        return self._origin[:2]

    @property
    def hash(self) -> str:
        """The SHA-256 of what is written, the common content included: a comment makes no other version."""
        return self._origin[2]

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
