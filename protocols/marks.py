"""Which marks are on their way, and what their return means.

A mark that comes back proves that the audio before it was played, unless we asked to drop that audio: on
a clear Twilio returns pending marks at once, and Maqsam does not say what it does. So a clear voids every
mark sent before it, and the return of a void mark is never taken for played audio, even if it was: asking
twice beats not heard.
"""

from protocols.errors import LocalProtocolError
from protocols.events import MarkReturned

__all__ = ["PendingMarks"]


class PendingMarks:
    """The marks of one call that have been sent and not come back."""

    __slots__ = ("_live", "_void")

    def __init__(self) -> None:
        self._live: set[str] = set()
        self._void: set[str] = set()  # may never come back; as small as the number of prompts in a call

    def send(self, name: str) -> None:
        """Count on `name` to return.

        Raises:
            LocalProtocolError: it is still on its way, so its return would be ambiguous.

        """
        if name in self._live or name in self._void:
            raise LocalProtocolError("a mark of that name has not come back yet")
        self._live.add(name)

    def clear(self) -> None:
        """The audio before every pending mark is dropped."""
        self._void |= self._live
        self._live.clear()

    def receive(self, name: str) -> tuple[MarkReturned, ...]:
        """What the return of `name` means: nothing at all, if it was never sent or has come back before."""
        if name in self._live:
            self._live.remove(name)
            return (MarkReturned(name, played=True),)
        if name in self._void:
            self._void.remove(name)
            return (MarkReturned(name, played=False),)
        return ()
