"""Vonage's WebSocket endpoint: L16, little-endian, as binary messages; everything else is JSON in texts.

Source: developer.vonage.com/en/voice/voice-api/guides/websockets; the rest is in `protocols.vonage_account`.
The rules:

- The first message is a text, `websocket:connected`, which names the format; whatever the document attached
  stands beside it. Audio is binary, 20 ms a message: of ours no message may have more or less, so what is
  left over waits for more, or for a mark, which fills it up with silence.
- `notify` comes back when everything before it was played; `clear` drops it, and then it never does. Its
  `websocket:cleared` tells us nothing.
- A key is `digit`, on a sister product `dtmf.digit`.
- What we hear is everybody else in the conversation, not one leg.
- The phone call has an identifier only where the document put it among the headers (`call_uuid`), or where
  the webhook that answered it was ours.
- Closing the socket leaves the call to the next NCCO, so a call is ended and handed over by REST.
"""

import re
from collections.abc import Sequence
from typing import assert_never

import msgspec
from msgspec import Raw, Struct

from protocols.audio import LINEAR_8K, AudioFormat, Encoding
from protocols.base import Capabilities, Ending
from protocols.commands import ClearAudio, Command
from protocols.errors import RemoteProtocolError
from protocols.events import AudioReceived, CallDetails, CallStarted, DtmfReceived, Event
from protocols.provider import Door, Provider
from protocols.streaming import State, StreamProtocol, misplaced
from protocols.vonage_account import (
    OWN_FIELDS,
    VonageControl,
    VonageOptions,
    VonageWebhooks,
    admit,
    authorize,
)
from protocols.wire import MessageDecoder, encode, read_custom, read_direction, read_key

__all__ = ["PROVIDER", "VonageProtocol"]

VONAGE = Capabilities(name="vonage", hang_up=Ending.REST, transfer=Ending.REST)

_CONTENT_TYPE = re.compile(r"audio/l16;\s*rate=(8000|16000|24000)", re.IGNORECASE)


class _Message(Struct, tag_field="event", frozen=True):
    pass


class Connected(_Message, tag="websocket:connected", frozen=True, rename="kebab"):
    content_type: str


class NestedDigit(Struct, frozen=True):
    digit: int | str


class Dtmf(_Message, tag="websocket:dtmf", frozen=True):
    digit: int | str | None = None
    dtmf: NestedDigit | None = None


class Mark(Struct, frozen=True):
    mark: str


class Notified(_Message, tag="websocket:notify", frozen=True):
    payload: Mark


class Cleared(_Message, tag="websocket:cleared", frozen=True):
    pass


class _Action(Struct, tag_field="action", frozen=True):
    pass


class Notify(_Action, tag="notify", frozen=True):
    payload: Mark


class Clear(_Action, tag="clear", frozen=True):
    pass


Incoming = Connected | Dtmf | Notified | Cleared
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


class VonageProtocol(StreamProtocol):
    """One WebSocket endpoint."""

    def __init__(self) -> None:
        super().__init__(VONAGE)
        self._format = LINEAR_8K
        self._rest = b""  # less than a frame

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        if isinstance(message, bytes):
            return self._audio(message)
        match _DECODER.decode(message):
            case Connected() as connected:
                return self._start(connected, message)
            case None:
                return ()
            case incoming if self.state is State.WAITING:
                raise misplaced(incoming.__struct_config__.tag, "before websocket:connected")
            case Dtmf() as incoming:
                return (_key(incoming),)
            case Notified() as incoming:
                return self._marks.receive(incoming.payload.mark)
            case Cleared():
                return ()
            case incoming:
                assert_never(incoming)

    def _audio(self, payload: bytes) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise misplaced("audio", "before websocket:connected")
        if len(payload) % self._format.sample_bytes:
            raise RemoteProtocolError("audio: Expected whole samples")
        return (AudioReceived(payload),) if payload else ()

    def _start(self, connected: Connected, message: str) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise misplaced("websocket:connected", "twice")
        found = _CONTENT_TYPE.fullmatch(connected.content_type)
        if found is None:
            raise RemoteProtocolError(
                "websocket:connected: content-type: Expected audio/l16 of 8000, 16000 or 24000 hertz"
            )
        self._format = AudioFormat(Encoding.LINEAR, int(found.group(1)))
        self.state = State.STARTED
        return (CallStarted(_details(message), self._format, self._format),)

    def _say(self, command: Command) -> Sequence[str | bytes]:
        if isinstance(command, ClearAudio):
            self._rest = b""
        return super()._say(command)

    def _media(self, payload: bytes) -> Sequence[bytes]:
        audio, size = self._rest + payload, self._format.frame_bytes
        whole = len(audio) - len(audio) % size
        self._rest = audio[whole:]
        return [audio[at : at + size] for at in range(0, whole, size)]

    def _ask(self, name: str) -> Sequence[str | bytes]:
        rest, self._rest = self._rest, b""
        filled = (rest.ljust(self._format.frame_bytes, b"\0"),) if rest else ()
        return (*filled, *super()._ask(name))

    def _mark(self, name: str) -> str:
        return encode(Notify(Mark(name)))

    def _clear(self) -> str:
        return encode(Clear())


def _key(incoming: Dtmf) -> DtmfReceived:
    digit = incoming.dtmf.digit if incoming.dtmf else incoming.digit
    return DtmfReceived(read_key("" if digit is None else digit, message="websocket:dtmf"))


def _details(message: str) -> CallDetails:
    """What the document attached, which stands beside the message's own fields."""
    fields = msgspec.json.decode(message, type=dict[str, Raw])
    custom = read_custom({name: value for name, value in fields.items() if name not in OWN_FIELDS})
    return CallDetails(
        provider_call_id=custom.pop("call_uuid", None),
        caller_number=custom.pop("caller_number", None),
        callee_number=custom.pop("callee_number", None),
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


PROVIDER = Provider(
    capabilities=VONAGE,
    title="Vonage",
    options=VonageOptions,
    door=Door.TOKEN,
    media=lambda _options, _grant: VonageProtocol(),
    admit=admit,
    is_guarded=lambda options: options.sign_sockets,
    webhooks=VonageWebhooks,
    control=VonageControl,
    authorize=authorize,
)
