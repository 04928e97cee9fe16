"""What a questionnaire decides beside its questions: escalations, scores, sources, limits and trust."""

from typing import Annotated, Literal

from pydantic import Field

from bridge.dialogue.wording import Code, Identifier, Model, Text

__all__ = [
    "Band",
    "Escalation",
    "HearingPolicy",
    "Limits",
    "Missing",
    "ResumePolicy",
    "Score",
    "Source",
    "Validation",
]


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

    sure_above: float = Field(ge=0, le=1)  # an answer heard with less confidence is read back
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
