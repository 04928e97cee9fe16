"""A machine whose other end speaks our own words: what the generic protocol and FreeSWITCH's share."""

from abc import abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from protocols.base import Capabilities, MediaProtocol
from protocols.commands import ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import LocalProtocolError
from protocols.events import CallEnded, DtmfReceived, Event, MarkReturned
from protocols.marks import PendingMarks
from protocols.wire import read_key
from protocols.words import Dtmf, PlayedMark, Stop

__all__ = ["State", "Word", "WordedProtocol"]

Word = Dtmf | PlayedMark | Stop


class State(StrEnum):
    """How far one call has come."""

    WAITING = "waiting for its start"
    STARTED = "started"
    RELEASED = "handed back"  # by us
    STOPPED = "stopped"  # by the other side


class WordedProtocol(MediaProtocol):
    """One call, its marks, and what may be said when."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.state = State.WAITING
        self._capabilities = capabilities
        self._marks = PendingMarks()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def is_over(self) -> bool:
        """Whether what still comes is ignored."""
        return self.state in (State.RELEASED, State.STOPPED)

    def send(self, command: Command) -> Sequence[str | bytes]:
        if self.state is State.WAITING:
            raise LocalProtocolError(f"{type(command).__name__} before the call has started")
        if self.state is State.STOPPED or (self.state is State.RELEASED and isinstance(command, HangUp)):
            return ()  # said to nobody: their stop and our words may cross
        if self.state is State.RELEASED:
            raise LocalProtocolError(f"{type(command).__name__} after the call was handed back")
        match command:
            case PlayAudio(payload=b""):
                return ()
            case TransferCall() if not self._capabilities.can_transfer:
                raise LocalProtocolError("nobody can be put through on this wire")
            case SendMark(name=name):
                self._marks.send(name)
            case ClearAudio():
                self._marks.clear()
            case TransferCall() | HangUp():
                self.state = State.RELEASED
            case _:
                pass
        return self._say(command)

    @abstractmethod
    def _say(self, command: Command) -> Sequence[str | bytes]:
        """The command as this wire has it."""

    def _obey(self, word: Word) -> Sequence[Event]:
        match word:
            case Dtmf():
                return (DtmfReceived(read_key(word.key, message="dtmf")),)
            case PlayedMark():
                returned = self._marks.receive(word.name)
                return tuple(MarkReturned(each.name, each.played and word.played) for each in returned)
            case Stop():
                self.state = State.STOPPED
                return (CallEnded(),)
            case _:
                assert_never(word)
