"""What all items have in common that are asked and answered."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bridge.dialogue.remark_kinds import AcceptedWarnings
from bridge.dialogue.wording import Code, Expression, Identifier, Model, Text, Texts, Variant

__all__ = [
    "MAX_SPEECH_SECONDS",
    "AllowedReply",
    "Confirm",
    "Constraint",
    "OnExhausted",
    "Question",
    "QuestionLimits",
    "QuestionTexts",
    "Rule",
    "Seconds",
]

MAX_SPEECH_SECONDS = 120.0

Seconds = Annotated[float, Field(gt=0, le=MAX_SPEECH_SECONDS, strict=False)]


class AllowedReply(StrEnum):
    """What may be said instead of an answer."""

    DONT_KNOW = "dont_know"
    REFUSE = "refuse"


class Confirm(StrEnum):
    """When an answer is read back."""

    NEVER = "never"  # a doubtful answer is asked for again instead
    LOW = "low"  # when it is doubtful, or the recogniser is known to mishear it
    ALWAYS = "always"


class OnExhausted(StrEnum):
    """What happens when an item was asked as often as allowed, in vain."""

    KEYPAD = "keypad"  # once more by key, and then it is left
    SKIP = "skip"
    PERSON = "person"
    END = "end"
    ESCALATE = "escalate"


class Rule(Model):
    """What an answer, or a state of all answers, leads to. `when` sees `value`, the item's own answer."""

    when: Expression
    do: Literal["escalate", "notify", "end"]
    escalation: Identifier | None = None  # which, for `escalate` and `notify`
    disposition: Literal["ineligible", "completed"] | None = None  # for `end`


class Constraint(Model):
    """What must hold of an answer beside its range; otherwise `say` is said and the item asked again."""

    require: Expression
    say: Text


class QuestionTexts(Model):
    """What may be said differently to some callers."""

    ask: Texts | None = None
    readback: Text | None = None
    keypad: Text | None = None
    no_match: Texts | None = None
    no_input: Texts | None = None
    out_of_range: Text | None = None


class QuestionLimits(Model):
    """How often, for one item, before another way is tried; what is left out is as for all items."""

    failures: int | None = Field(default=None, ge=1, le=5)
    out_of_range: int | None = Field(default=None, ge=1, le=5)
    silences: int | None = Field(default=None, ge=1, le=6)


class Question(Model):
    """What all items have in common that are asked and answered."""

    id: Identifier
    ask: Texts  # the first is the bare question, later ones help more
    readback: Text | None = None  # with {value}; the common one serves where this is left out
    keypad: Text | None = None  # which keys to press; spoken after the question
    no_match: Texts | None = None
    no_input: Texts | None = None
    out_of_range: Text | None = None
    variants: dict[Variant, QuestionTexts] = Field(default_factory=dict)
    when: Expression | None = None  # asked only where this holds
    required: bool = True  # asked by keypad when the voice fails; otherwise passed over
    allow: tuple[AllowedReply, ...] = ()
    confirm: Confirm = Confirm.LOW
    on_exhausted: OnExhausted | None = None  # left out: keypad where required, otherwise skip
    barge_in: bool = True
    limits: QuestionLimits = QuestionLimits()
    no_input_seconds: Seconds | None = None
    end_silence_seconds: Seconds | None = None
    constraints: tuple[Constraint, ...] = ()
    on_answer: tuple[Rule, ...] = ()
    safety: Literal["self_harm"] | None = None  # escalates at one or more, refused, or not understood
    escalation: Identifier | None = None  # which, for `safety` and `on_exhausted: escalate`
    codes: tuple[Code, ...] = ()
    accept_warnings: AcceptedWarnings = Field(default_factory=dict)  # by kind: why it stays as it is

    @property
    def exhausted(self) -> OnExhausted:
        """What happens when the item was asked in vain."""
        if self.safety is not None:
            return OnExhausted.ESCALATE
        return self.on_exhausted or (OnExhausted.KEYPAD if self.required else OnExhausted.SKIP)

    @property
    def is_interruptible(self) -> bool:
        """Whether the caller may speak over the question; what concerns safety is heard to its end."""
        return self.barge_in and self.safety is None
