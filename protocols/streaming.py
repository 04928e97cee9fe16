"""What all wires of one stream have in common: a start, media both ways, a stop, and the states between them.

A provider's machine says how its messages look; when which of them may come or go is decided here.
"""

from abc import abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never, get_args

from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import Event
from protocols.marks import PendingMarks

__all__ = ["State", "StreamProtocol", "cut", "misplaced"]


class State(StrEnum):
    """How far one stream has come."""

    WAITING = "waiting for its start"
    STARTED = "started"
    RELEASED = "handed back"  # by us
    STOPPED = "stopped"  # by the provider


# By the name of their class it takes Python 3.11 a call to find them.
_RELEASED, _STOPPED = State.RELEASED, State.STOPPED
_ANYTHING = frozenset[type[Command]](get_args(Command))
_SENDABLE: dict[State, frozenset[type[Command]]] = {
    State.WAITING: frozenset(),
    State.STARTED: _ANYTHING,
    State.RELEASED: frozenset({HangUp}),
    State.STOPPED: _ANYTHING,  # said to nobody: the provider's stop and our words may cross
}


class StreamProtocol(MediaProtocol):
    """One stream. Hanging up is closing the socket, or a request of its own: no message says it."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.state = State.WAITING
        self._capabilities = capabilities
        self._marks = PendingMarks()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def receive(self, message: str | bytes) -> Sequence[Event]:
        state = self.state
        return () if state is _RELEASED or state is _STOPPED else self._understand(message)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no start has arrived", close_code=CLOSE_POLICY)
        return ()

    def send(self, command: Command) -> Sequence[str | bytes]:
        if type(command) not in _SENDABLE[self.state]:
            raise LocalProtocolError(f"{type(command).__name__} when the stream is {self.state}")
        return () if self.state is State.STOPPED else self._say(command)

    def _say(self, command: Command) -> Sequence[str | bytes]:
        match command:
            case AcceptCall():
                return ()  # the webhook accepted it
            case PlayAudio():
                return self._media(command.payload) if command.payload else ()
            case SendMark():
                return self._ask(command.name)
            case ClearAudio():
                self._marks.clear()
                return (self._clear(),) if self._capabilities.can_clear else ()
            case HangUp():
                self.state = State.RELEASED
                return ()  # closing the socket is the word
            case TransferCall():
                return self._transfer()
            case _:
                assert_never(command)

    def _ask(self, name: str) -> Sequence[str | bytes]:
        if not self._capabilities.acknowledges_playback:
            return ()
        self._marks.send(name)
        return (self._mark(name),)

    def _transfer(self) -> Sequence[str]:
        if self._capabilities.transfer is not Ending.CLOSE:
            raise LocalProtocolError("this provider transfers by a request of its own, not on the stream")
        self.state = State.RELEASED
        return ()

    @abstractmethod
    def _understand(self, message: str | bytes) -> Sequence[Event]:
        """Translate a message of a stream that is not over."""
        ...

    @abstractmethod
    def _media(self, payload: bytes) -> Sequence[str | bytes]:
        """Some of our audio, at least one sample of it."""
        ...

    def _clear(self) -> str:
        """Drop what was not played; never asked of a wire without a clear."""
        raise NotImplementedError

    def _mark(self, name: str) -> str:
        """Give this back when everything before it was played; never asked of a wire without marks."""
        raise NotImplementedError(name)


def misplaced(kind: str | int | None, where: str) -> RemoteProtocolError:
    """What is said of a message that comes when it may not: its kind, and in words where it came."""
    return RemoteProtocolError(f"{kind} {where}", close_code=CLOSE_POLICY)


def cut(payload: bytes, *, most: int, least: int = 1, unit: int = 1, silence: bytes) -> Sequence[bytes]:
    """Audio in pieces of at most `most` bytes, all of whole units; the last is filled up with silence."""
    whole = most - most % unit
    *full, last = [payload[at : at + whole] for at in range(0, len(payload), whole)]
    wanted = max(least, -(-len(last) // unit) * unit)
    return [*full, last + silence * ((wanted - len(last)) // len(silence))]
