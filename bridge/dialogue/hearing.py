"""The hearing rule: a thing is believed at once only when two readings of one utterance mean the same.

The recogniser's own confidence does not tell right from wrong (of real voices' yes and no one in eleven is
reversed, at a confidence of 0.9), so each utterance is decoded twice, under the question's words and under
all words, and both texts are understood.
"""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.inputs import Utterance
from bridge.understanding import Command, Finding, Meaning, understand

__all__ = ["Heard", "Trust", "hear"]


class Trust(StrEnum):
    """How far a meaning may be acted upon."""

    AGREED = "agreed"  # both readings say so
    DOUBT = "doubt"  # one reading says so, or the words have a second sense: ask whether it is right
    NONE = "none"  # nothing to act upon


class Heard(Struct, frozen=True):
    """What an utterance is taken to mean."""

    trust: Trust
    meaning: Meaning


_REPLIES = (Command.DONT_KNOW, Command.REFUSE)


def hear(utterance: Utterance, read: Callable[[str], Meaning]) -> Heard:
    """Understand both readings of `utterance` and weigh them against each other.

    In order: words of danger in either reading are doubted, never dropped. What both say is agreed.
    Otherwise an answer that one reading holds is doubted, the closed reading's first; then the wish for a
    person. Any other command that one reading alone heard is not acted on.
    """
    closed, open_ = understand(utterance.closed, read), understand(utterance.open, read)
    if closed.agrees_with(open_):
        return _agreed(closed, open_)
    both = (closed, open_)
    doubted = _first(both, _is_emergency) or _first(both, _is_answer) or _first(both, _is_person)
    if doubted is not None:
        return Heard(Trust.DOUBT, doubted)
    return Heard(Trust.NONE, _first(both, _is_out_of_range) or closed)


def _agreed(closed: Meaning, open_: Meaning) -> Heard:
    if closed.finding is Finding.OUT_OF_RANGE:
        return Heard(Trust.NONE, closed)
    doubtful = closed.doubtful or open_.doubtful
    return Heard(Trust.DOUBT if doubtful else Trust.AGREED, closed)


def _first(meanings: tuple[Meaning, Meaning], fits: Callable[[Meaning], bool]) -> Meaning | None:
    return next((meaning for meaning in meanings if fits(meaning)), None)


def _is_emergency(meaning: Meaning) -> bool:
    return meaning.command is Command.EMERGENCY


def _is_answer(meaning: Meaning) -> bool:
    return meaning.finding is Finding.VALUE or meaning.command in _REPLIES


def _is_person(meaning: Meaning) -> bool:
    return meaning.command is Command.PERSON


def _is_out_of_range(meaning: Meaning) -> bool:
    return meaning.finding is Finding.OUT_OF_RANGE
