"""The same calls for every provider, whole and in virtual time: how they go, and how they go wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from bridge.carriers.faults import Fault
from bridge.carriers.leg import EndedBy
from bridge.carriers.lines import HangUpLine, PauseLine, PressLine
from bridge.dialogue.actions import Disposition
from protocols import PROVIDERS
from protocols.base import Ending

Rehearse = Callable[..., list[Any]]

CONVERSING = sorted(name for name, each in PROVIDERS.items() if each.capabilities.plays)
every_provider = pytest.mark.parametrize("provider", CONVERSING)
ANSWERING = (PressLine("1"), PressLine("2"), PressLine("12#"), PauseLine(60))
ANSWERS = {"pain": True, "fever": False, "nights": 12}
OURS = {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED}
LONGEST_SECONDS = 600
# What a call survives without its answers suffering.
HARMLESS = [
    (),
    (Fault.LOSE, Fault.DELAY),
    (Fault.ODD_FRAMES,),
    (Fault.LATE_MARKS,),
    (Fault.NO_MARKS,),
    (Fault.STALL,),
]
# What ends a call, or may: ours ends in time, and no other call notices.
HARMFUL = [
    (Fault.CORRUPT, Fault.DUP, Fault.REORDER),
    (Fault.FLOOD,),
    (Fault.NEVER_READS,),
    (Fault.HALF_OPEN,),
]


@every_provider
@pytest.mark.parametrize("faults", HARMLESS, ids=lambda faults: "-".join(faults) or "good")
def test_three_answers_by_key(rehearse: Rehearse, provider: str, faults: tuple[Fault, ...]) -> None:
    """From the greeting to our goodbye: every answer as it was keyed, and then we end the call."""
    (call,) = rehearse((provider, ANSWERING, faults))

    assert call.answers == ANSWERS
    assert call.hatif.disposition is Disposition.COMPLETED
    assert call.carrier.ended_by in OURS
    assert call.carrier.frames_heard > 0


@every_provider
def test_a_key_cuts_a_question_short(rehearse: Rehearse, provider: str) -> None:
    """Who knows the question need not hear it out; where the wire can, what was sent is dropped."""
    lines = (PressLine("1"), PauseLine(1.2), PressLine("2"), PressLine("12#"), PauseLine(60))
    (call,) = rehearse((provider, lines, ()))

    assert call.answers == ANSWERS
    if PROVIDERS[provider].capabilities.can_clear:
        assert call.carrier.cleared > 0


@every_provider
@pytest.mark.parametrize("answers", [0, 1, 2])
@pytest.mark.parametrize("pause_seconds", [0.4, 2.5])
def test_a_caller_may_hang_up_at_any_moment(
    rehearse: Rehearse, provider: str, answers: int, pause_seconds: float
) -> None:
    """In the greeting, in a question, behind it: what was answered before is kept."""
    (call,) = rehearse((provider, (*ANSWERING[:answers], PauseLine(pause_seconds), HangUpLine()), ()))

    assert call.answers == dict(list(ANSWERS.items())[:answers])
    assert call.carrier.ended_by is EndedBy.CALLER
    assert call.hatif.disposition in {Disposition.PARTIAL, Disposition.HUNG_UP}


@every_provider
def test_a_caller_who_wants_a_person_gets_one_or_is_told(rehearse: Rehearse, provider: str) -> None:
    """On the wire, where it can; else somebody is told, and the call has an end."""
    (call,) = rehearse((provider, (PressLine("0"), PauseLine(90)), ()))

    if PROVIDERS[provider].capabilities.transfer is Ending.IN_BAND:
        assert call.carrier.ended_by is EndedBy.HATIF_TRANSFERRED
        assert call.hatif.disposition is Disposition.TRANSFERRED
    assert call.seconds < LONGEST_SECONDS


@every_provider
def test_a_silent_caller_is_not_waited_for_for_ever(rehearse: Rehearse, provider: str) -> None:
    """Asked again, and then let go."""
    (call,) = rehearse((provider, (PauseLine(500),), ()))

    assert call.answers == {}
    assert call.carrier.ended_by in OURS
    assert call.seconds < LONGEST_SECONDS


@every_provider
@pytest.mark.parametrize("faults", HARMFUL, ids="-".join)
def test_what_one_carrier_does_wrong_no_other_call_notices(
    rehearse: Rehearse, provider: str, faults: tuple[Fault, ...]
) -> None:
    """A bad call beside a good one: the good one is as ever, the bad one ends."""
    good, bad = rehearse((provider, ANSWERING, ()), (provider, ANSWERING, faults))

    assert (good.answers, good.hatif.disposition) == (ANSWERS, Disposition.COMPLETED)
    assert set(bad.answers.items()) <= set(ANSWERS.items())
    assert bad.seconds < 2 * LONGEST_SECONDS
