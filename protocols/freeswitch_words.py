"""What FreeSWITCH's two audio modules have in common: metadata as they come, L16, and a script's words.

Neither module ends or hands over a call, and neither of the free ones plays what it is sent: a script on the
event socket does (docs/freeswitch.md). It speaks the words of docs/generic-protocol.md: `dtmf`, `mark` and
`stop` to us, `mark`, `clear`, `transfer` and `hangup` to it.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import get_args

import msgspec
from msgspec import Raw, Struct

from protocols.audio import AudioFormat, Encoding
from protocols.base import Capabilities
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallStarted,
    Event,
)
from protocols.wire import MessageDecoder, read_custom, read_direction
from protocols.worded import State, Word, WordedProtocol
from protocols.words import PlayedMark

__all__ = ["ScriptedProtocol", "details_of"]

FILE_SECONDS = 10  # at most, in one message: how large one may be is not documented

# What operators call it, in the order of preference; FreeSWITCH's own names of channel variables among them.
_CALL_ID = ("call_id", "uuid", "callId", "call_uuid")
_CALLER = ("from", "caller_number", "caller_id_number", "caller")
_CALLEE = ("to", "callee_number", "destination_number", "callee")


class _Tagged(Struct, frozen=True):
    type: str = ""


class ModuleMark(Struct, tag_field="type", tag="mark", frozen=True):
    """A mark that comes back: a script's, flat, or a module's, with `data`."""

    class Data(Struct, frozen=True):
        """What the module says of it."""

        name: str
        event: str = "playout"

    data: Data

    @property
    def flat(self) -> PlayedMark:
        """The same in our words."""
        return PlayedMark(name=self.data.name, played=self.data.event == "playout")


_DECODER: MessageDecoder[Word] = MessageDecoder(Word)
_TAGS = frozenset(word.__struct_config__.tag for word in get_args(Word))


class ScriptedProtocol(WordedProtocol):
    """One call of a module that sends audio and of a script that does the rest."""

    def __init__(self, capabilities: Capabilities, sample_rate: int) -> None:
        super().__init__(capabilities)
        self._audio = AudioFormat(Encoding.LINEAR, sample_rate)

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.is_over:
            return ()
        if isinstance(message, bytes):
            return (*self.begin_without_setup(), *self._hear(message))  # audio first: no metadata is coming
        word = _word(message)
        if word is not None:
            return (*self.begin_without_setup(), *self._obey(word))
        return self._start(details_of(message)) if self.state is State.WAITING else ()

    def begin_without_setup(self) -> Sequence[Event]:
        return self._start(CallDetails()) if self.state is State.WAITING else ()

    def _say(self, command: Command) -> Sequence[str | bytes]:
        match command:
            case AcceptCall():
                return ()  # whoever started the module has
            case PlayAudio(payload=payload):
                return self._play(payload)
            case _:
                return self._tell(command)

    @abstractmethod
    def _play(self, payload: bytes) -> Sequence[str | bytes]:
        """Audio as this module wants it."""

    @abstractmethod
    def _tell(self, command: SendMark | ClearAudio | TransferCall | HangUp) -> Sequence[str | bytes]:
        """Everything else in this module's wrapping."""

    def _hear(self, payload: bytes) -> Sequence[Event]:
        return (AudioReceived(payload),) if payload else ()

    def _start(self, details: CallDetails) -> Sequence[Event]:
        self.state = State.STARTED
        return (CallStarted(details, heard=self._audio, spoken=self._audio),)

    def _pieces(self, payload: bytes) -> Sequence[bytes]:
        """Audio in as few files as can be."""
        size = FILE_SECONDS * self._audio.bytes_per_second
        return [payload[at : at + size] for at in range(0, len(payload), size)]


def _word(text: str) -> Word | None:
    """One of our words; None for whatever else an operator sends.

    Raises:
        RemoteProtocolError: it says that it is one of ours, and is malformed.

    """
    try:
        tag = msgspec.json.decode(text, type=_Tagged).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if tag not in _TAGS:
        return None
    try:
        return msgspec.json.decode(text, type=ModuleMark).flat
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _DECODER.decode(text)


def details_of(metadata: str) -> CallDetails:
    """What an operator wrote of the call: an object in JSON, best; any other text is kept as it is."""
    try:
        fields = msgspec.json.decode(metadata, type=dict[str, Raw])
        nested = msgspec.json.decode(fields.pop("custom", b"{}"), type=dict[str, Raw])
        texts = read_custom({**fields, **nested})
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return CallDetails(custom={"metadata": metadata})
    return CallDetails(
        provider_call_id=_first(texts, _CALL_ID),
        caller_number=_first(texts, _CALLER),
        callee_number=_first(texts, _CALLEE),
        direction=read_direction(texts.pop("direction", None)),
        custom=texts,
    )


def _first(texts: dict[str, str], names: Sequence[str]) -> str | None:
    """Take the first of these that says something."""
    found = [texts.pop(name) for name in names if name in texts]
    return next((text for text in found if text), None)
