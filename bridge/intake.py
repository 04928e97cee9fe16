"""The caller's audio on its way in: as fast as life passes at once, faster waits, and much faster is lost.

A network that stalled for some seconds delivers them all at once, and none is lost. A carrier that goes on
faster than anybody speaks fills a queue of two seconds, of which the oldest goes first; one that has lost
five seconds so is behind for good. What came while we ourselves stood still is not the carrier's haste,
however long that was. Pure: told the time, in seconds of call time.
"""

from collections import deque

__all__ = ["Intake"]

AHEAD_SECONDS = 2.0  # of what life gives: a burst at the beginning
STALL_SECONDS = 10.0  # what may come at once after as long a stall
OURS_SECONDS = 1.0  # somebody asks every 20 ms what is due; when nobody did for so long, we stood still
CATCH_UP = 1.25  # times as fast as life is what waits let through, so that a delay does not stay
QUEUE_SECONDS = 2.0
LOST_SECONDS = 5.0


class Intake:
    """One call's."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._queue: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._ahead_seconds = 0.0
        self._most_behind = STALL_SECONDS  # what may come at once, counted from what life gives
        self._at: float | None = None
        self._lost_seconds = 0.0  # since nothing waited last

    @property
    def waiting_seconds(self) -> float:
        """How much audio waits."""
        return self._waiting_bytes / self._rate

    @property
    def is_waiting(self) -> bool:
        """Whether any audio waits."""
        return bool(self._queue)

    @property
    def is_behind(self) -> bool:
        """Whether so much was lost that the call is not the caller's any more."""
        return self._lost_seconds >= LOST_SECONDS

    def begin(self, now: float) -> None:
        """The call begins: audio may come from now on."""
        self._let_pass(now)

    def admits(self, audio: bytes, now: float) -> bool:
        """Whether this may be heard at once, as nearly everything may; else it is to be `put`."""
        self._let_pass(now)
        if self._queue or self._ahead_seconds >= AHEAD_SECONDS:
            return False
        self._ahead_seconds += len(audio) / self._rate
        return True

    def put(self, audio: bytes, now: float) -> float:
        """More has come; how many seconds were lost for it."""
        self._let_pass(now)
        self._queue.append(audio)
        self._waiting_bytes += len(audio)
        lost_bytes = 0
        while self.waiting_seconds - self._room_seconds > QUEUE_SECONDS and len(self._queue) > 1:
            lost_bytes += len(self._queue[0])
            self._waiting_bytes -= len(self._queue.popleft())
        self._lost_seconds += lost_bytes / self._rate
        return lost_bytes / self._rate

    def due(self, now: float) -> list[bytes]:
        """What may be heard now, in order."""
        self._let_pass(now)
        heard: list[bytes] = []
        while self._queue and self._room_seconds > 0:
            audio = self._queue.popleft()
            self._waiting_bytes -= len(audio)
            self._ahead_seconds += len(audio) / self._rate
            heard.append(audio)
        if not self._queue:
            self._lost_seconds = 0.0
        return heard

    @property
    def _room_seconds(self) -> float:
        return max(0.0, AHEAD_SECONDS - self._ahead_seconds)

    def _let_pass(self, now: float) -> None:
        if self._at is None:
            self._at = now
            return
        passed, self._at = now - self._at, now
        if self._ahead_seconds > -STALL_SECONDS:  # what we owed for a stall of ours has come
            self._most_behind = STALL_SECONDS
        if passed >= OURS_SECONDS:
            self._most_behind += passed
        self._ahead_seconds = max(self._ahead_seconds - passed * CATCH_UP, -self._most_behind)
