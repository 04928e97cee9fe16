"""Asterisk's AudioSocket: messages of a type, a length and a payload on a TCP connection that it opens.

Sources: Asterisk 23.4's `res_audiosocket.c`, `app_audiosocket.c` and `chan_audiosocket.c`, the README of
github.com/CyCoreSystems/audiosocket, and recordings of Asterisk 23.4.1 (tests/captures/asterisk).

- `type(1) length(2, big-endian) payload`. TCP cuts it anywhere, so what is received is the next bytes.
- First comes the UUID that the dialplan has chosen, once. It is all that is known of the call, and no secret.
- The type of the audio says its rate (0x10: 8 kHz), both ways; samples are signed, 16 bits, little-endian. It
  is known with the first audio. A caller who sends none is begun without, at the configured rate.
- Asterisk drops the call on any message of ours but 0x00 (hang up) and audio that is not empty.
- It passes each message on as it comes: nothing is buffered, so there is no clear, no mark, and no more than
  60 ms may be sent ahead.
- The application gives up after 2 s in which neither side has sent audio: silence keeps it.
- 0x00 and closing are the same: the application goes on in the dialplan, the channel hangs up. What goes on
  there cannot tell a hang-up from a transfer, so there is none.
- Asterisk itself just closes. 0x00 and 0xff (an error) from others who speak it are understood.
"""

import uuid
from collections.abc import Iterator, Sequence
from enum import IntEnum, StrEnum
from typing import Annotated, assert_never

from msgspec import Meta

from protocols.audio import AudioFormat, Encoding
from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    Complained,
    DtmfReceived,
    Event,
)
from protocols.provider import Door, Options, Provider
from protocols.wire import read_key

__all__ = ["PROVIDER", "AudioSocketOptions", "AudioSocketProtocol"]

AUDIOSOCKET = Capabilities(
    name="audiosocket",
    pauses_audio=True,
    acknowledges_playback=False,
    can_clear=False,
    hang_up=Ending.IN_BAND,
    setup_grace_seconds=0.5,  # Asterisk sends audio with the UUID, unless the caller sends none
    lead_seconds=0.06,
    keep_alive_seconds=1.0,
)

HEADER_BYTES = 3


class Kind(IntEnum):
    """What a message is, apart from audio."""

    HANG_UP = 0x00
    UUID = 0x01
    DTMF = 0x03
    ERROR = 0xFF


_RATES = {  # hertz, by the type of the audio
    0x10: 8_000,
    0x11: 12_000,
    0x12: 16_000,
    0x13: 24_000,
    0x14: 32_000,
    0x15: 44_100,
    0x16: 48_000,
    0x17: 96_000,
    0x18: 192_000,
}
_KINDS = {rate: kind for kind, rate in _RATES.items()}


class AudioSocketOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    listen: Annotated[
        str | None,
        Meta(
            description="the address and port to listen on, as in 127.0.0.1:9092, or several with commas "
            "between, with a questionnaire as in 127.0.0.1:9092, 127.0.0.1:9093/phq2; null: none"
        ),
    ] = None
    peers: Annotated[
        str | None,
        Meta(description="addresses or networks of Asterisk, with commas between; null: this machine only"),
    ] = None
    sample_rate: Annotated[
        int, Meta(description="hertz where a caller is silent at first: 8000, of c(slin16) 16000")
    ] = 8_000


class State(StrEnum):
    """How far one call has come."""

    WAITING = "waiting for its UUID"
    NAMED = "waiting for audio"
    STARTED = "started"
    RELEASED = "hung up"  # by us
    ENDED = "over"  # by the far end


_OVER = (State.RELEASED, State.ENDED)


class AudioSocketProtocol(MediaProtocol):
    """One call on the wire."""

    def __init__(self, sample_rate: int = 8_000) -> None:
        self.state = State.WAITING
        self._assumed_rate = sample_rate
        self._unread = b""  # less than one message
        self._call_id = ""
        self._kind = 0  # of the audio
        self._early: list[Event] = []  # keys from before the first audio

    @property
    def capabilities(self) -> Capabilities:
        return AUDIOSOCKET

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if isinstance(message, str):
            raise RemoteProtocolError("a text where only bytes are spoken")
        if self.state in _OVER:
            return ()
        events: list[Event] = []
        for kind, payload in self._whole_messages(message):
            events += self._message(kind, payload)
        return events

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no UUID has arrived", close_code=CLOSE_POLICY)
        return self._start(_KINDS.get(self._assumed_rate, 0x10)) if self.state is State.NAMED else ()

    def send(self, command: Command) -> Sequence[bytes]:
        is_over = self.state is State.RELEASED and not isinstance(command, HangUp)
        if self.state in (State.WAITING, State.NAMED) or is_over:
            raise LocalProtocolError(f"{type(command).__name__} when the call is {self.state}")
        match command:
            case PlayAudio():
                return () if self.state is State.ENDED else tuple(self._messages(command.payload))
            case HangUp():
                return self._hang_up()
            case AcceptCall() | SendMark() | ClearAudio():
                return ()  # the wire has no word for them, and needs none
            case TransferCall():
                raise LocalProtocolError(
                    "AudioSocket cannot transfer: the dialplan cannot tell it from the end"
                )
            case _:
                assert_never(command)

    # In

    def _whole_messages(self, more: bytes) -> Iterator[tuple[int, bytes]]:
        self._unread += more
        while len(self._unread) >= HEADER_BYTES:
            end = HEADER_BYTES + int.from_bytes(self._unread[1:HEADER_BYTES], "big")
            if len(self._unread) < end:
                return
            kind, payload, self._unread = self._unread[0], self._unread[HEADER_BYTES:end], self._unread[end:]
            yield kind, payload

    def _message(self, kind: int, payload: bytes) -> Sequence[Event]:
        if self.state in _OVER:
            return ()
        if (kind == Kind.UUID) != (self.state is State.WAITING):
            raise RemoteProtocolError("Expected the UUID first, and once", close_code=CLOSE_POLICY)
        match kind:
            case Kind.UUID:
                self._call_id = _read_uuid(payload)
                self.state = State.NAMED
            case Kind.DTMF:
                return self._after_start(DtmfReceived(_read_digit(payload)))
            case Kind.ERROR:
                return self._after_start(Complained("error"))
            case Kind.HANG_UP:
                self.state = State.ENDED
                return (CallEnded(),)
            case _ if kind in _RATES:
                return self._hear(kind, payload)
        return ()  # 0x02, silence, and whatever is new

    def _hear(self, kind: int, payload: bytes) -> Sequence[Event]:
        started = self._start(kind) if self.state is State.NAMED else ()
        if kind != self._kind:
            raise RemoteProtocolError(
                "audio at another rate: set providers.audiosocket.sample_rate to the caller's"
            )
        return (*started, AudioReceived(payload)) if payload else started

    def _after_start(self, event: Event) -> Sequence[Event]:
        if self.state is State.STARTED:
            return (event,)
        self._early.append(event)
        return ()

    def _start(self, kind: int) -> Sequence[Event]:
        self._kind = kind
        self.state = State.STARTED
        spoken = AudioFormat(Encoding.LINEAR, _RATES[kind])
        details = CallDetails(provider_call_id=self._call_id)
        early, self._early = self._early, []
        return (CallStarted(details, heard=spoken, spoken=spoken), *early)

    # Out

    def _messages(self, audio: bytes) -> Iterator[bytes]:
        """20 ms each: a receiver's buffer is made for that."""
        frame_bytes = AudioFormat(Encoding.LINEAR, _RATES[self._kind]).frame_bytes
        pieces = (audio[at : at + frame_bytes] for at in range(0, len(audio), frame_bytes))
        return (bytes([self._kind]) + len(piece).to_bytes(2, "big") + piece for piece in pieces)

    def _hang_up(self) -> Sequence[bytes]:
        if self.state in _OVER:
            return ()
        self.state = State.RELEASED
        return (bytes([Kind.HANG_UP, 0, 0]),)


def _read_uuid(payload: bytes) -> str:
    try:
        return str(uuid.UUID(bytes=payload))
    except ValueError:
        raise RemoteProtocolError("UUID: Expected 16 bytes") from None


def _read_digit(payload: bytes) -> str:
    return read_key(payload.decode("ascii", errors="replace"), message="DTMF")


PROVIDER = Provider(
    capabilities=AUDIOSOCKET,
    title="Asterisk AudioSocket",
    options=AudioSocketOptions,
    door=Door.TOKEN,  # not that a token could be shown: bridge.audiosocket lets in whom `peers` names
    media=lambda options, _grant: AudioSocketProtocol(options.sample_rate),
)
