"""What a carrier was sent and its caller has not yet heard: audio in order, with marks between. No clock."""

from collections import deque

from bridge.audio.frames import FRAME_BYTES, SAMPLE_RATE
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY

__all__ = ["PlaybackBuffer"]

MAX_QUEUED_BYTES = 600 * SAMPLE_RATE  # ten minutes: more than any prompt, little enough memory for many calls
MAX_QUEUED_MARKS = 1_000  # a mark for every word of a long prompt


class PlaybackBuffer:
    """Plays 20 ms at a time; a mark is due once all audio queued before it has been heard."""

    def __init__(self) -> None:
        self._audio = bytearray()
        self._played_bytes = 0
        self._marks: deque[tuple[int, str]] = deque()  # by position in all audio ever queued

    def queue(self, payload: bytes) -> None:
        """Play `payload` after everything before.

        Raises:
            RemoteProtocolError: far more is queued than anyone will listen to.

        """
        if len(self._audio) + len(payload) > MAX_QUEUED_BYTES:
            raise RemoteProtocolError("more audio than the carrier buffers", close_code=CLOSE_POLICY)
        self._audio += payload

    def mark(self, name: str) -> None:
        """Put a mark after everything queued so far.

        Raises:
            RemoteProtocolError: far more marks are queued than make sense.

        """
        if len(self._marks) >= MAX_QUEUED_MARKS:
            raise RemoteProtocolError("more marks than the carrier keeps", close_code=CLOSE_POLICY)
        self._marks.append((self._played_bytes + len(self._audio), name))

    def clear(self) -> tuple[str, ...]:
        """Drop everything; the marks that were pending."""
        dropped = tuple(name for _, name in self._marks)
        self._marks.clear()
        self._audio.clear()
        return dropped

    def due_marks(self) -> tuple[str, ...]:
        """The marks whose audio has all been played, once each."""
        due = []
        while self._marks and self._marks[0][0] <= self._played_bytes:
            due.append(self._marks.popleft()[1])
        return tuple(due)

    def play(self) -> bytes:
        """The next 20 ms of audio; shorter, or empty, where the queue has run dry."""
        frame = bytes(self._audio[:FRAME_BYTES])
        del self._audio[:FRAME_BYTES]
        self._played_bytes += len(frame)
        return frame
