"""What is begun for calls, and ended when its stack is taken down."""

import asyncio
from contextlib import AsyncExitStack

from structlog.testing import capture_logs

from bridge.clock import Clock
from bridge.equipment import begin_ticker, beside


async def test_work_beside_ends_with_its_stack() -> None:
    """It is cancelled, and has ended when the stack is down."""
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # as whoever has something to tidy
            ended.set()

    async with asyncio.timeout(20), AsyncExitStack() as stack:
        beside(stack, work(), "work")
        await asyncio.sleep(0)
        assert not ended.is_set()
    assert ended.is_set()


async def test_a_call_whose_audio_cannot_be_sent_harms_no_other() -> None:
    """What failed is in the log, and the ticker goes on for the others."""
    sent = asyncio.Event()

    def fail(_now: float) -> None:
        raise RuntimeError("this call is broken")

    with capture_logs() as lines:
        async with asyncio.timeout(20), AsyncExitStack() as stack:
            ticker = begin_ticker(Clock(16), stack)
            ticker.add(fail)
            ticker.add(lambda _now: sent.set())
            await sent.wait()
    assert [line["event"] for line in lines] == ["playout_failed"]
    assert str(lines[0]["exc_info"]) == "this call is broken"
