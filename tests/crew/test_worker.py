"""What a worker asks of the main process for its calls."""

from collections.abc import Callable

import pytest
from two_ends import Ends

from bridge.clock import Clock
from bridge.crew.messages import Claim, Granted, ListCalls, Release
from bridge.crew.worker import _Holders
from bridge.reconnection import CallKey

KEY = CallKey("generic", "G1")


def give_way() -> None:
    """Nobody asks for it here."""


async def test_a_phone_call_is_had_for_as_long_as_it_is_wanted(ends: Ends) -> None:
    """Meanwhile it is known how the call gives way; the main process is told when it is left."""
    ends.answer = lambda _: Granted(is_so=True)
    ways: dict[str, Callable[[], None]] = {}
    async with _Holders(ends.here, "1", ways).only(KEY, give_way, Clock()):
        assert ways == {"1": give_way}
        assert ends.heard == [Claim("1", KEY)]
    assert not ways
    await ends.here.ask(ListCalls())  # which comes after what was told before
    assert ends.heard[1:] == [Release("1"), ListCalls()]


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_call_that_is_refused_its_phone_call_leaves_nothing(ends: Ends, *, is_gone: bool) -> None:
    """Nobody asks it to give way any more, whether the main process says no or is gone."""
    ends.answer = lambda _: Granted(is_so=False)
    if is_gone:
        await ends.close()
    ways: dict[str, Callable[[], None]] = {}
    with pytest.raises(TimeoutError):
        async with _Holders(ends.here, "1", ways).only(KEY, give_way, Clock()):
            pytest.fail("it was not granted")
    assert not ways
