"""The hearing rule: a thing is believed at once only when the readings of one utterance mean the same.

The recogniser's own confidence alone does not tell right from wrong (reversed answers have had 0.9), so each
utterance is decoded under the question's words and under all words, either once or several times, and all
the texts are understood. What is believed is what every closed reading says and at least one open reading
says too, unless the confidence is low besides.

A model with an unknown word can also say "none of these". In one reading that is a disagreement like any
other. In every closed reading it is a refusal, and all open readings together are needed to doubt it: an
answer in words that the question does not list, "certainly", is still found, and a television is not.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue.inputs import Utterance
from bridge.understanding import UNKNOWN_WORD, Command, Finding, Meaning
from bridge.understanding.meaning import nothing

__all__ = ["Heard", "Trust", "hear"]


class Trust(StrEnum):
    """How far a meaning may be acted upon."""

    AGREED = "agreed"  # the closed readings and an open one say so
    DOUBT = "doubt"  # one reading says so, or the words have a second sense: ask whether it is right
    NONE = "none"  # nothing to act upon


class Heard(Struct, frozen=True):
    """What an utterance is taken to mean, and how surely."""

    trust: Trust
    meaning: Meaning


_REPLIES = (Command.DONT_KNOW, Command.REFUSE)


def hear(utterance: Utterance, meaning_of: Callable[[str], Meaning], *, sure_above: float = 0.0) -> Heard:
    """Understand all readings of `utterance` and weigh them against each other.

    In order: words of danger in any reading are doubted, never dropped. What the closed readings and an open
    one say is agreed; an answer that recogniser and reader together are less sure of than `sure_above`, 0 to
    1, is doubted all the same. Otherwise an answer that one reading holds is doubted, what most closed
    readings say first; then the wish for a person. Any other command that is not agreed is not acted on.
    """
    closed = _commonest_first([meaning_of(text) for text in utterance.closed])
    open_ = _commonest_first([meaning_of(text) for text in utterance.open])
    every = (*closed, *open_)
    danger = _first(every, _is_emergency)
    if _agree(closed, open_) and danger in (None, closed[0]):
        heard = _agreed(closed, open_)
        surety = utterance.confidence * heard.meaning.confidence
        return _doubted(heard) if _is_answer(heard.meaning) and surety < sure_above else heard
    credible = every if not _is_refused(utterance) else _unanimous(open_)
    doubted = danger or _first(credible, _is_answer) or _first(credible, _is_person)
    if doubted is not None:
        return Heard(Trust.DOUBT, doubted)
    said = _first(credible, _is_out_of_range) or (every[0] if every else nothing("unheard"))
    return Heard(Trust.NONE, said)


def _is_refused(utterance: Utterance) -> bool:
    """Whether the grammar's readings hold the unknown word and nothing else."""
    return set(" ".join(utterance.closed).split()) == {UNKNOWN_WORD}


def _unanimous(meanings: list[Meaning]) -> list[Meaning]:
    return meanings if all(meanings[0].agrees_with(one) for one in meanings) else []


def _agree(closed: list[Meaning], open_: list[Meaning]) -> bool:
    if not closed:
        return False
    said = closed[0]
    return all(said.agrees_with(one) for one in closed) and any(said.agrees_with(one) for one in open_)


def _agreed(closed: list[Meaning], open_: list[Meaning]) -> Heard:
    said = closed[0]
    if said.finding is Finding.OUT_OF_RANGE:
        return Heard(Trust.NONE, said)
    is_doubtful = any(one.doubtful for one in (*closed, *open_) if said.agrees_with(one))
    return Heard(Trust.DOUBT if is_doubtful else Trust.AGREED, said)


def _doubted(heard: Heard) -> Heard:
    return heard if heard.trust is Trust.NONE else replace(heard, trust=Trust.DOUBT)


def _commonest_first(meanings: list[Meaning]) -> list[Meaning]:
    return sorted(meanings, key=lambda one: -sum(one.agrees_with(other) for other in meanings))


def _first(meanings: Sequence[Meaning], fits: Callable[[Meaning], bool]) -> Meaning | None:
    return next((meaning for meaning in meanings if fits(meaning)), None)


def _is_emergency(meaning: Meaning) -> bool:
    return meaning.command is Command.EMERGENCY


def _is_answer(meaning: Meaning) -> bool:
    return meaning.finding is Finding.VALUE or meaning.command in _REPLIES


def _is_person(meaning: Meaning) -> bool:
    return meaning.command is Command.PERSON


def _is_out_of_range(meaning: Meaning) -> bool:
    return meaning.finding is Finding.OUT_OF_RANGE
