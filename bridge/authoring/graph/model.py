"""What is drawn of a questionnaire: cards for what is said and asked, sections, ways out, notes. Pure.

The parts stand in the order in which they are asked, each with its guard; `graph_edges` tells how they hang
together.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

__all__ = [
    "Card",
    "Chart",
    "Choice",
    "Kind",
    "Note",
    "Outcome",
    "Panel",
    "Part",
    "Section",
    "WayOut",
    "cards_of",
]


class Kind(StrEnum):
    """What a card stands for."""

    START = "start"
    QUESTION = "question"
    TOLD = "told"  # said and not asked
    DECISION = "decision"  # a guard
    END = "end"


class Outcome(StrEnum):
    """Where a way out of the flow leads; each has a colour and a word of its own."""

    ESCALATION = "escalation"
    NOTICE = "notice"  # somebody is told, and the call goes on
    ENDING = "ending"
    PERSON = "person"


class Choice(Struct, frozen=True):
    """One answer that a question offers."""

    key: str
    label: str
    counts: str = ""  # its ordinal


class WayOut(Struct, frozen=True):
    """What an answer leads to beside the next question."""

    condition: str
    outcome: Outcome
    target: str = ""  # the escalation, or the disposition
    is_code: bool = False  # the condition is an expression, and no sentence of ours


class Card(Struct, frozen=True):
    """One item."""

    id: str
    kind: Kind
    type: str
    text: str  # in Arabic, without vowel signs
    choices: tuple[Choice, ...] = ()
    facts: tuple[str, ...] = ()  # ranges, replies that count, read-back
    ways_out: tuple[WayOut, ...] = ()
    guard: str | None = None
    is_safety: bool = False


class Section(Struct, frozen=True):
    """Items that belong together."""

    id: str
    title: str
    parts: "tuple[Part, ...]"
    opening: Card | None = None  # what is said before its first question, once
    guard: str | None = None
    repeat: str | None = None
    is_continued: bool = False  # its beginning stands in the column before


Part = Card | Section


class Note(Struct, frozen=True):
    """One line of a panel."""

    text: str
    is_arabic: bool = False
    is_code: bool = False
    way_out: WayOut | None = None  # drawn beside it


class Panel(Struct, frozen=True):
    """What belongs to the whole and not to one place: rules, scores, an escalation, endings."""

    id: str
    title: str
    outcome: Outcome | None
    notes: tuple[Note, ...]


class Chart(Struct, frozen=True):
    """All of it."""

    id: str
    title: str
    subtitle: str
    summary: str  # for those who cannot see it
    parts: tuple[Part, ...]
    panels: tuple[Panel, ...]


def cards_of(parts: Iterable[Part]) -> list[Card]:
    """All cards in order, those of sections included."""
    found: list[Card] = []
    for part in parts:
        if isinstance(part, Card):
            found.append(part)
        else:
            found += [*([part.opening] if part.opening else []), *cards_of(part.parts)]
    return found
