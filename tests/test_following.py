"""Followers of a call: told in order, never waited for."""

import asyncio
from datetime import UTC, datetime

from bridge.following import MOST_BEHIND, MOST_FOLLOWERS, LiveTranscripts, Unfinished
from bridge.storage.utterances import StoredUtterance


def said(index: int) -> StoredUtterance:
    return StoredUtterance(
        index=index,
        channel="caller",
        at=datetime.now(UTC),
        started_seconds=0.0,
        ended_seconds=1.0,
        text="نعم",
        confidence=1.0,
    )


async def test_who_lags_behind_is_dropped_alone() -> None:
    """The others, and the call, do not notice; what they had not read yet they can still read."""
    live = LiveTranscripts()
    with live.follow("c2") as nobody:
        assert await nobody.next() is None
    with live.of_call("c1"), live.follow("c1") as slow, live.follow("c1") as quick:
        for index in range(1, MOST_BEHIND + 3):
            live.publish("c1", said(index))
            assert (await quick.next()).index == index
        read = [(await slow.next()).index for _ in range(MOST_BEHIND)]
        assert read == list(range(1, MOST_BEHIND + 1))
        assert await slow.next() is None
    assert (slow.is_dropped, quick.is_dropped) == (True, False)


async def test_the_end_is_told_also_to_who_has_not_read() -> None:
    """However much is waiting."""
    live = LiveTranscripts()
    with live.of_call("c1"):
        following = live.follow("c1")
        follower = following.__enter__()
        for index in range(1, MOST_BEHIND + 1):
            live.publish("c1", said(index))
        live.publish("c2", said(1))
    assert len([await follower.next() for _ in range(MOST_BEHIND)]) == MOST_BEHIND
    async with asyncio.timeout(1):
        assert await follower.next() is None
    assert not follower.is_dropped
    following.__exit__(None, None, None)


async def test_what_is_being_said_is_told_as_it_is_now() -> None:
    """Of what was not read only the latest of each channel, and nothing that is an utterance by now."""
    live = LiveTranscripts()
    with live.of_call("c1"):
        assert not live.is_followed("c1")
        with live.follow("c1") as follower:
            assert live.is_followed("c1")
            for text in ("نعم", "نعم يا", "نعم يا دكتور"):
                live.hint("c1", Unfinished("caller", 0.0, text))
            live.hint("c1", Unfinished("agent", 0.5, "طيب"))
            assert await follower.next() == Unfinished("caller", 0.0, "نعم يا دكتور")
            live.hint("c1", Unfinished("caller", 0.0, "نعم يا دكتور صباح"))
            live.publish("c1", utterance := said(1))  # the caller's, until 1.0
            live.hint("c1", Unfinished("caller", 1.5, "لا"))
            assert await follower.next() == utterance
            assert await follower.next() == Unfinished("agent", 0.5, "طيب")
            assert await follower.next() == Unfinished("caller", 1.5, "لا")
            live.hint("c1", Unfinished("caller", 1.5, "لا لا"))
            follower.end()
            live.hint("c1", Unfinished("caller", 1.5, "لا لا لا"))
            assert await follower.next() is None


async def test_there_is_room_for_so_many() -> None:
    """Who leaves makes room."""
    live = LiveTranscripts()
    with live.of_call("c1"):
        following = [live.follow("c1") for _ in range(MOST_FOLLOWERS)]
        for each in following:
            assert not live.is_full("c1")
            each.__enter__()
        assert live.is_full("c1")
        following[0].__exit__(None, None, None)
        assert not live.is_full("c1")
