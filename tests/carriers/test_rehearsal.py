"""The same calls for every provider, whole and in virtual time: how they go, and how they go wrong.

Every provider plays every scene, and of each scene's faults or moments every third one: its neighbours play
the others. `--exhaustive` has every provider play them all.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bridge.carriers.faults import Fault
from bridge.carriers.leg import EndedBy
from bridge.carriers.lines import HangUpLine, PauseLine, PressLine
from bridge.carriers.registry import is_applicable
from bridge.dialogue.actions import Disposition
from protocols import PROVIDERS
from protocols.base import Ending

Rehearse = Callable[..., list[Any]]

CONVERSING = sorted(name for name, each in PROVIDERS.items() if each.capabilities.plays)
every_provider = pytest.mark.parametrize("provider", CONVERSING)
ANSWERING = (PressLine("1"), PressLine("2"), PressLine("12#"), PauseLine(60))
ANSWERS = {"pain": True, "fever": False, "nights": 12}
OURS = {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED}
LONGEST_SECONDS = 240  # then the session ends a call, with an apology
# What a call survives without its answers suffering.
HARMLESS = [
    (Fault.LOSE, Fault.DELAY),
    (Fault.ODD_FRAMES,),
    (Fault.LATE_MARKS,),
    (Fault.NO_MARKS,),
    (Fault.STALL,),
    (Fault.ALAW, Fault.ODD_FRAMES),
]
# What ends a call, or may: ours ends in time, and no other call notices.
HARMFUL = [
    (Fault.CORRUPT, Fault.DUP, Fault.REORDER),
    (Fault.FLOOD,),
    (Fault.NEVER_READS,),
    (Fault.HALF_OPEN,),
]
# When a caller hangs up: after so many answers, so many seconds later.
MOMENTS = [(answers, seconds) for answers in (0, 1, 2) for seconds in (0.4, 2.5)]
Share = Callable[[str, Sequence[Any]], list[Any]]


def every_third(provider: str, cases: Sequence[Any]) -> list[Any]:
    """What a provider plays of the cases: those that its two neighbours do not."""
    return list(cases[CONVERSING.index(provider) % 3 :: 3])


@pytest.fixture
def share(pytestconfig: pytest.Config) -> Share:
    """What a provider plays of a scene's cases in this run."""
    return (lambda _, cases: list(cases)) if pytestconfig.getoption("exhaustive") else every_third


def harmless_for(provider: str) -> list[tuple[Fault, ...]]:
    """The harmless faults that its wire can have."""
    return [faults for faults in HARMLESS if all(is_applicable(fault, provider) for fault in faults)]


CASES = {"harmless": harmless_for, "harmful": lambda _: HARMFUL, "moments": lambda _: MOMENTS}


@pytest.mark.parametrize("cases_for", CASES.values(), ids=CASES)
def test_no_case_and_no_provider_is_left_out(cases_for: Callable[[str], Sequence[Any]]) -> None:
    """Of the providers that can play a case, about every third one does, also in the usual run."""
    can = Counter(case for provider in CONVERSING for case in cases_for(provider))
    do = Counter(case for provider in CONVERSING for case in every_third(provider, cases_for(provider)))
    assert {case for case in can if do[case] < can[case] // 3} == set()
    assert all(every_third(provider, cases_for(provider)) for provider in CONVERSING)


@every_provider
def test_three_answers_by_key(rehearse: Rehearse, share: Share, provider: str) -> None:
    """From the greeting to our goodbye, whatever the line is like: every answer as it was keyed."""
    harmless = [(), *share(provider, harmless_for(provider))]
    calls = rehearse(*((provider, ANSWERING, faults) for faults in harmless))

    for call, faults in zip(calls, harmless, strict=True):
        assert call.answers == ANSWERS, faults
        assert call.hatif.disposition is Disposition.COMPLETED, faults
        assert call.carrier.ended_by in OURS, faults
        assert call.carrier.frames_heard > 0, faults


@every_provider
def test_callers_do_as_they_like(rehearse: Rehearse, provider: str) -> None:
    """One keys into the question, one says nothing at all, one wants a person: all at the same time."""
    hasty = (PressLine("1"), PauseLine(1.2), PressLine("2"), PressLine("12#"), PauseLine(60))
    capabilities = PROVIDERS[provider].capabilities
    interrupting, silent, wanting = rehearse(
        (provider, hasty, ()),
        (provider, (PauseLine(500),), ()),
        (provider, (PressLine("0"), PauseLine(90)), ()),
    )

    assert interrupting.answers == ANSWERS
    assert interrupting.carrier.cleared > 0 or not capabilities.can_clear
    assert silent.answers == {}
    assert silent.carrier.ended_by in OURS
    assert silent.seconds < LONGEST_SECONDS
    assert wanting.seconds < LONGEST_SECONDS
    if capabilities.transfer is Ending.IN_BAND:
        assert wanting.carrier.ended_by is EndedBy.HATIF_TRANSFERRED
        assert wanting.hatif.disposition is Disposition.TRANSFERRED


@every_provider
def test_a_caller_may_hang_up_at_any_moment(rehearse: Rehearse, share: Share, provider: str) -> None:
    """In the greeting, in a question, behind it: what was answered before is kept."""
    moments = share(provider, MOMENTS)
    calls = rehearse(
        *((provider, (*ANSWERING[:count], PauseLine(pause), HangUpLine()), ()) for count, pause in moments)
    )

    for call, (count, pause) in zip(calls, moments, strict=True):
        assert call.answers == dict(list(ANSWERS.items())[:count]), (count, pause)
        assert call.carrier.ended_by is EndedBy.CALLER, (count, pause)
        assert call.hatif.disposition in {Disposition.PARTIAL, Disposition.HUNG_UP}, (count, pause)


@every_provider
def test_what_others_do_wrong_a_good_call_does_not_notice(
    rehearse: Rehearse, share: Share, provider: str
) -> None:
    """Calls that go wrong in every way beside one that is as ever; each of them ends."""
    harmful = share(provider, HARMFUL)
    good, *bad = rehearse((provider, ANSWERING, ()), *((provider, ANSWERING, faults) for faults in harmful))

    assert (good.answers, good.hatif.disposition) == (ANSWERS, Disposition.COMPLETED)
    for call, faults in zip(bad, harmful, strict=True):
        assert set(call.answers.items()) <= set(ANSWERS.items()), faults
        assert call.seconds < LONGEST_SECONDS + 60, faults
