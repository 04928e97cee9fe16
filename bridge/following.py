"""Who follows the transcripts of running calls. None can slow a call: who lags behind is dropped."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.storage.utterances import StoredUtterance

__all__ = ["Follower", "LiveTranscripts"]

MOST_BEHIND = 100  # utterances: minutes of talk
MOST_FOLLOWERS = 20  # of one call


class Follower:
    """One who follows a call, from now on."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[StoredUtterance | None] = asyncio.Queue(MOST_BEHIND + 1)
        self.is_dropped = False

    async def next(self) -> StoredUtterance | None:
        """The next utterance; None when the call is over or the follower has lagged too far behind."""
        return await self._waiting.get()

    def tell(self, said: StoredUtterance) -> bool:
        """Hand one over; False: there were too many already, and nothing follows them."""
        if self._waiting.qsize() >= MOST_BEHIND:
            self.is_dropped = True
            self.end()
            return False
        self._waiting.put_nowait(said)
        return True

    def end(self) -> None:
        """Nothing more comes. There is always room to say so."""
        self._waiting.put_nowait(None)


class LiveTranscripts:
    """Which calls are listened to now, and who follows each."""

    def __init__(self) -> None:
        self._followers: dict[str, set[Follower]] = {}

    @contextmanager
    def of_call(self, call_id: str) -> Iterator[None]:
        """While this is open, the call can be followed."""
        self._followers[call_id] = set()
        try:
            yield
        finally:
            for follower in self._followers.pop(call_id):
                follower.end()

    def is_live(self, call_id: str) -> bool:
        """Whether more may come."""
        return call_id in self._followers

    def is_full(self, call_id: str) -> bool:
        """Whether nobody more can follow."""
        return len(self._followers.get(call_id, ())) >= MOST_FOLLOWERS

    def publish(self, call_id: str, said: StoredUtterance) -> None:
        """Tell all who follow the call; never waits."""
        following = self._followers.get(call_id, set())
        following -= {follower for follower in following if not follower.tell(said)}

    @contextmanager
    def follow(self, call_id: str) -> Iterator[Follower]:
        """Follow a call; of one that is over nothing comes."""
        follower = Follower()
        following = self._followers.get(call_id)
        if following is None:
            follower.end()
            yield follower
            return
        following.add(follower)
        try:
            yield follower
        finally:
            following.discard(follower)
