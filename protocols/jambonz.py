"""jambonz's audio socket (`listen`, `stream`): L16, low byte first, in binary messages; JSON in texts.

Sources: jambonz-feature-server (lib/tasks/listen.js, commit 389c65e), jambonz/schema (docs/verbs/listen.md,
commit b2efaa4), jambonz/freeswitch-modules (mod_audio_fork/lws_glue.cpp, commit 30f2189).

- The first text describes the call and has neither `type` nor `event`; it is known by its `callSid`. The
  verb's metadata lies beside the call's own fields and wins over them, whatever it is called.
- How long a binary message is depends on the network; one of no bytes says that no more audio comes, and
  the socket stays open.
- Of ours, the module holds back the first 160 ms, and later whatever is less than 80 ms, until more comes:
  audio leaves in multiples of 160 ms, the last filled with silence, so that no tail is left unsaid.
- A mark stands before the next binary message, or comes when the buffer runs dry, which is the same place.
  Of more than 30 on their way the newest are dropped without a word, so they are not sent.
- `killAudio` empties the buffer and returns every mark as `cleared`. Whether `clearMarks` does is told in two
  ways; it is not used.
- Marks and binary audio work only with `bidirectionalAudio.streaming`, which our own answer asks for. Its
  metadata has the rate of our audio (`spoken_rate`); without that it is taken to be that of the caller's.
- `disconnect` ends the verb. The call ends with it if nothing follows (`protocols.jambonz_calls`); otherwise
  the site's own application goes on.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never, get_args

import msgspec
from msgspec import Raw, Struct, field

from protocols.audio import AudioFormat, Encoding
from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import AudioReceived, CallDetails, CallStarted, DtmfReceived, Event, MarkReturned
from protocols.http import json_document
from protocols.jambonz_application import APPLICATION
from protocols.jambonz_calls import (
    SPOKEN_RATE,
    JambonzControl,
    JambonzOptions,
    JambonzWebhooks,
    transfer_verbs,
)
from protocols.marks import PendingMarks
from protocols.provider import Door, Provider
from protocols.wire import MessageDecoder, encode, read_custom, read_direction, read_key

__all__ = ["PROVIDER", "JambonzProtocol"]

JAMBONZ = Capabilities(
    name="jambonz",
    hang_up=Ending.IN_BAND,
    transfer=Ending.REST,
    chunk_seconds=0.16,
    transfer_seconds=10.0,
    subprotocols=("audio.jambonz.org", "audio.drachtio.org"),
)
MOST_MARKS = 30
_RATES = range(8000, 64001, 8000)


class State(StrEnum):
    """How far one socket has come."""

    WAITING = "waiting for the call's description"
    STARTED = "started"
    RELEASED = "handed back"


_ANYTHING = frozenset[type[Command]](get_args(Command))
_SENDABLE: dict[State, frozenset[type[Command]]] = {
    State.WAITING: frozenset(),
    State.STARTED: _ANYTHING,
    State.RELEASED: frozenset({HangUp}),
}


class CallInfo(Struct, rename="camel", frozen=True, kw_only=True):
    call_sid: str
    from_: str | None = field(name="from", default=None)
    to: str | None = None
    direction: str | None = None
    sample_rate: int | str = 8000
    mix_type: str = "mono"
    customer_data: dict[str, Raw] | None = None  # the tag of the request that dialled


# Of the call itself; what else lies beside them was attached by whoever wrote the verb.
_FACTS = frozenset(
    {
        "accountSid",
        "apiBaseUrl",
        "applicationSid",
        "callId",
        "callSid",
        "callStatus",
        "callTerminationBy",
        "callerId",
        "callerName",
        "customerData",
        "direction",
        "duration",
        "from",
        "fsPublicIp",
        "fsSipAddress",
        "localSipAddress",
        "mixType",
        "originatingSipIp",
        "originatingSipTrunkName",
        "parentCallSid",
        "publicIp",
        "sampleRate",
        "sbcCallid",
        "serviceProviderSid",
        "sipReason",
        "sipStatus",
        "to",
        "traceId",
    }
)


class Dtmf(Struct, tag_field="event", tag="dtmf", frozen=True):
    dtmf: int | str


class MarkData(Struct, frozen=True):
    name: str
    event: str = "playout"


class MarkBack(Struct, tag_field="type", tag="mark", frozen=True):
    data: MarkData


class MarkName(Struct, frozen=True):
    name: str


class Mark(Struct, tag_field="type", tag="mark", frozen=True):
    data: MarkName


class KillAudio(Struct, tag_field="type", tag="killAudio", frozen=True):
    pass


class Disconnect(Struct, tag_field="type", tag="disconnect", frozen=True):
    pass


_FIELDS: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_INFO: MessageDecoder[CallInfo] = MessageDecoder(CallInfo)
_KEYS: MessageDecoder[Dtmf] = MessageDecoder(Dtmf)
_MARKS: MessageDecoder[MarkBack] = MessageDecoder(MarkBack)


class JambonzProtocol(MediaProtocol):
    """One audio socket."""

    def __init__(self) -> None:
        self.state = State.WAITING
        self._marks = PendingMarks()
        self._on_their_way: set[str] = set()

    @property
    def capabilities(self) -> Capabilities:
        return JAMBONZ

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.state is State.RELEASED:
            return ()
        if isinstance(message, bytes):
            return self._audio(message)
        fields = _fields(message)
        if self.state is State.WAITING:
            return self._start(message, fields)
        return self._in_call(message, fields)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no description of the call has arrived", close_code=CLOSE_POLICY)
        return ()

    def send(self, command: Command) -> Sequence[str | bytes]:
        if type(command) not in _SENDABLE[self.state]:
            raise LocalProtocolError(f"{type(command).__name__} when the socket is {self.state}")
        match command:
            case AcceptCall():
                return ()  # the verb answered it
            case PlayAudio():
                return (command.payload,) if command.payload else ()
            case SendMark():
                return self._mark(command.name)
            case ClearAudio():
                self._marks.clear()
                self._on_their_way.clear()
                return (encode(KillAudio()),)
            case HangUp():
                return self._release()
            case TransferCall():
                raise LocalProtocolError("jambonz transfers by REST, not on the audio socket")
            case _:
                assert_never(command)

    def _mark(self, name: str) -> Sequence[str]:
        self._marks.send(name)
        if len(self._on_their_way) >= MOST_MARKS:
            return ()
        self._on_their_way.add(name)
        return (encode(Mark(MarkName(name))),)

    def _release(self) -> Sequence[str]:
        if self.state is State.RELEASED:
            return ()
        self.state = State.RELEASED
        return (encode(Disconnect()),)

    def _audio(self, payload: bytes) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("audio before the call's description", close_code=CLOSE_POLICY)
        return (AudioReceived(payload),) if payload else ()

    def _start(self, message: str, fields: dict[str, Raw]) -> Sequence[Event]:
        info = _INFO.decode(message)
        if info is None or info.mix_type != "mono":
            raise RemoteProtocolError("call: mixType: Expected mono, the caller alone")
        custom = read_custom(
            {
                **(info.customer_data or {}),
                **{name: value for name, value in fields.items() if name not in _FACTS},
            }
        )
        heard = _rate(str(info.sample_rate), "sampleRate")
        spoken = _rate(custom.pop(SPOKEN_RATE, str(heard)), SPOKEN_RATE)
        self.state = State.STARTED
        details = CallDetails(
            provider_call_id=info.call_sid,
            caller_number=info.from_,
            callee_number=info.to,
            direction=read_direction(info.direction),
            custom=custom,
        )
        return (CallStarted(details, _linear(heard), _linear(spoken)),)

    def _in_call(self, message: str, fields: dict[str, Raw]) -> Sequence[Event]:
        if "event" in fields and (pressed := _KEYS.decode(message)) is not None:
            return (DtmfReceived(read_key(pressed.dtmf, message="dtmf")),)
        if "type" in fields and (mark := _MARKS.decode(message)) is not None:
            return self._marked(mark.data)
        return ()

    def _marked(self, mark: MarkData) -> Sequence[Event]:
        self._on_their_way.discard(mark.name)
        was_played = mark.event == "playout"
        return [
            MarkReturned(each.name, played=each.played and was_played)
            for each in self._marks.receive(mark.name)
        ]


def _fields(message: str) -> dict[str, Raw]:
    try:
        return _FIELDS.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RemoteProtocolError("message: Expected an object as JSON") from None


def _rate(written: str, name: str) -> int:
    if not any(written == str(rate) for rate in _RATES):
        raise RemoteProtocolError(f"call: {name}: Expected 8000 hertz or a multiple, up to 64000")
    return int(written)


def _linear(rate: int) -> AudioFormat:
    return AudioFormat(Encoding.LINEAR, rate)


PROVIDER = Provider(
    capabilities=JAMBONZ,
    title="jambonz",
    options=JambonzOptions,
    door=Door.TOKEN,
    media=lambda _options, _grant: JambonzProtocol(),
    webhooks=JambonzWebhooks,
    application=APPLICATION,
    control=JambonzControl,
    dial=lambda to: json_document(transfer_verbs(to)),
)
