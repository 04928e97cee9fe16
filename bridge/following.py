"""Who follows the transcripts of running calls. None can slow a call: who lags behind is dropped."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from bridge.storage.utterances import StoredUtterance

__all__ = ["Follower", "LiveTranscripts", "Unfinished"]

MOST_BEHIND = 100  # utterances: minutes of talk
MOST_FOLLOWERS = 20  # of one call


class Unfinished(Struct, frozen=True):
    """What somebody has said so far of an utterance that goes on; it is stored nowhere."""

    channel: str  # caller or agent
    started_seconds: float  # of the call
    text: str


class Follower:
    """One who follows a call, from now on."""

    def __init__(self) -> None:
        self._waiting: deque[StoredUtterance] = deque()
        self._unfinished: dict[str, Unfinished] = {}  # the latest of each channel
        self._has_ended = False
        self._changed = asyncio.Event()
        self.is_dropped = False

    async def next(self) -> StoredUtterance | Unfinished | None:
        """The next utterance, or what is being said; None when the call is over or too much was not read."""
        while True:
            if self._waiting:
                return self._waiting.popleft()
            if self._unfinished:
                return self._unfinished.pop(next(iter(self._unfinished)))
            if self._has_ended:
                return None
            self._changed.clear()
            await self._changed.wait()

    def tell(self, said: StoredUtterance) -> bool:
        """Hand one over; False: there were too many already, and nothing follows them."""
        if len(self._waiting) >= MOST_BEHIND:
            self.is_dropped = True
            self.end()
            return False
        self._waiting.append(said)
        before = self._unfinished.get(said.channel)
        if before is not None and before.started_seconds < said.ended_seconds:
            del self._unfinished[said.channel]
        self._changed.set()
        return True

    def hint(self, saying: Unfinished) -> None:
        """Say what is being said, in place of what was said before of the same channel and not read."""
        if not self._has_ended:
            self._unfinished[saying.channel] = saying
            self._changed.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._has_ended = True
        self._unfinished.clear()
        self._changed.set()


class LiveTranscripts:
    """Which calls are listened to now, and who follows each."""

    def __init__(self, on_change: Callable[[str], None] = lambda _: None) -> None:
        """`on_change` is told of which call somebody more follows, or somebody no more."""
        self._followers: dict[str, set[Follower]] = {}
        self._on_change = on_change

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

    def is_followed(self, call_id: str) -> bool:
        """Whether anybody is told what is being said."""
        return bool(self._followers.get(call_id))

    def hint(self, call_id: str, saying: Unfinished) -> None:
        """Tell all who follow the call what is being said; never waits, and may be missed."""
        for follower in self._followers.get(call_id, ()):
            follower.hint(saying)

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
        self._on_change(call_id)
        try:
            yield follower
        finally:
            following.discard(follower)
            self._on_change(call_id)
