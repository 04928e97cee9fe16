"""What the main process and a worker say to each other: in order, answered, and noticed when one is gone."""

import asyncio
import os
import socket

import pytest
from two_ends import Ends

from bridge.crew.messages import EndCall, ListCalls, Listed, Message, NotSeated, Over, Release
from bridge.errors import WorkerLostError
from bridge.speech.pipe import MAX_FRAME_BYTES


def answered(message: Message) -> Message | None:
    """As one end answers, which has a bug."""
    if message == Release("wrong"):
        raise RuntimeError("a bug")
    return Listed([]) if isinstance(message, ListCalls) else None


async def test_what_is_told_comes_in_order_and_what_is_asked_is_answered(ends: Ends) -> None:
    """A bug about one message ends neither the others nor the way."""
    ends.answer = answered
    ends.here.tell(EndCall("1"))
    ends.here.tell(Release("wrong"))
    ends.here.tell(Over("2"))
    assert await ends.here.ask(ListCalls()) == Listed([])
    assert ends.heard == [EndCall("1"), Over("2"), ListCalls()]


async def test_what_is_too_long_is_not_said(ends: Ends) -> None:
    """Whoever says it learns so, and the way stays open for all others."""
    ends.answer = answered
    with pytest.raises(ValueError, match="does not fit into a frame"):
        ends.here.tell(EndCall("1" * MAX_FRAME_BYTES))
    assert await ends.here.ask(ListCalls()) == Listed([])


async def test_who_does_not_answer_or_is_gone_is_not_waited_for(ends: Ends) -> None:
    """Also what is asked afterwards; what is told then is told in vain."""
    with pytest.raises(WorkerLostError, match="did not answer"):
        await ends.here.ask(NotSeated(), 0.05)
    asking = asyncio.create_task(ends.here.ask(NotSeated()))
    await asyncio.sleep(0.05)
    ends.running[1].cancel()
    with pytest.raises(WorkerLostError, match="is gone"):
        await asking
    with pytest.raises(WorkerLostError):
        await ends.here.ask(ListCalls())
    ends.here.tell(Over("1"))
    assert ends.here.is_closed


@pytest.mark.parametrize("is_awaited_first", [True, False])
async def test_a_connection_goes_on_at_the_other_end(ends: Ends, is_awaited_first: bool) -> None:
    """Under its number, whether it or the word of it comes first; our own copy is nobody's any more."""
    ours, callers = socket.socketpair()
    waiting = asyncio.create_task(ends.there.connection(7)) if is_awaited_first else None
    await asyncio.sleep(0.05)
    ends.here.hand_over(7, ours.fileno())
    ours.close()
    await asyncio.sleep(0.05)
    with await (waiting or ends.there.connection(7)) as theirs, callers:
        assert not os.get_inheritable(theirs.fileno())
        theirs.sendall(b"hello")
        assert callers.recv(5) == b"hello"


async def test_a_connection_cannot_be_given_to_who_is_gone(ends: Ends) -> None:
    ends.running[1].cancel()
    await asyncio.sleep(0.05)
    with pytest.raises(OSError, match="descriptor"):
        ends.here.hand_over(1, 0)
