"""Asterisk's `chan_websocket`: control in texts, plain or JSON, and audio in binary messages.

Asterisk dials us, or waits for us (`protocols.asterisk_app`): the words on the socket are the same.

Sources: `channels/chan_websocket.c` (releases 20.16 to 23.4), docs.asterisk.org, Channel Drivers, WebSocket,
and recordings of Asterisk 23.4.1 (tests/captures/asterisk).

- Asterisk begins with MEDIA_START. Its first byte says in which of two ways it speaks; we answer likewise.
- Commands above 128 bytes are dropped without a word, so marks travel under short names of our own.
- A message that does not fill its last frame loses the rest: what is left over waits for more, and is filled
  up with silence before a mark. Frames are as long as MEDIA_START says; the caller's are of any length.
- A mark is MARK_MEDIA in JSON. Releases before 20.18, 22.8 and 23.2 know neither JSON nor MARK_MEDIA, so in
  plain text it is the end of a buffering (STOP_MEDIA_BUFFERING), which all of them know.
- FLUSH_MEDIA drops marks too, and says nothing: REPORT_QUEUE_DRAINED, asked for just before, makes it say
  QUEUE_DRAINED. It does not end a pause, so CONTINUE_MEDIA follows.
- Above 900 queued frames comes MEDIA_XOFF. Audio and marks are then held back until MEDIA_XON, or until the
  queue is empty; of more than a minute of them the rest is lost, marks included.
- ANSWER is needed where the dial string has the option `n`. JSON shows the dial string, plain text does not:
  there it is a setting.
- A caller who sends no RTP (mute, silence suppression) is nothing at all on the wire.
- There is no word for the caller's hanging up: the socket closes. HANGUP ends our leg, and so does closing;
  a `Dial` with the option `g` goes on in the dialplan.
- Releases before 20.18, 22.8 and 23.2 hang up on a WebSocket ping, so none is sent unless the site says so.
- Who is calling is in the query, from the dial string's `v(...)`, or (in JSON) in inherited channel
  variables. Asterisk does not encode the query: the plus of a number arrives as a space.
"""

import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, assert_never
from urllib.parse import quote, urlencode

from msgspec import Meta, Raw, Struct, structs

from protocols.audio import ALAW_8K, LINEAR_8K, MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallStarted,
    Complained,
    Direction,
    DtmfReceived,
    Event,
    MarkReturned,
    ReplyDue,
)
from protocols.http import (
    HttpRequest,
    HttpResponse,
    basic,
    json_body,
    json_field,
    require_call,
    require_option,
)
from protocols.marks import PendingMarks
from protocols.provider import (
    SECRET,
    AfterRequest,
    CallOrder,
    Control,
    Door,
    Grant,
    Options,
    Provider,
    SignatureError,
    Verified,
    after_request,
)
from protocols.wire import MAX_DIGITS, MessageDecoder, encode, read_custom, read_direction, read_key

__all__ = ["PROVIDER", "AsteriskControl", "AsteriskOptions", "AsteriskProtocol", "ari_request"]

ASTERISK = Capabilities(
    name="asterisk",
    pauses_audio=True,
    hang_up=Ending.IN_BAND,
    transfer=Ending.REST,
    tolerates_pings=False,
    subprotocols=("media",),
)
_WITH_PINGS = structs.replace(ASTERISK, tolerates_pings=True)

MAX_COMMAND_BYTES = 128  # chan_websocket.c: MAX_TEXT_MESSAGE_LEN
MAX_AUDIO_BYTES = 65_000  # http_websocket.h: 65535 with the frame's header, above which the call is dropped
MOST_HELD_SECONDS = 60  # on top of the 18 s that Asterisk has queued when it says XOFF

_FORMATS = {
    "ulaw": MULAW_8K,
    "alaw": ALAW_8K,
    "slin": LINEAR_8K,
    "slin16": AudioFormat(Encoding.LINEAR, 16_000),
    "slin24": AudioFormat(Encoding.LINEAR, 24_000),
}


class AsteriskOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    username: Annotated[str | None, Meta(description="the username in websocket_client.conf")] = "hatif"
    password: Annotated[
        str | None, Meta(description="the password in websocket_client.conf, in quotes", extra=SECRET)
    ] = None
    pings: Annotated[
        bool, Meta(description="true: Asterisk is 20.18, 21.12, 22.8, 23.2 or newer, and survives pings")
    ] = False
    answer: Annotated[
        bool, Meta(description="true: the dial string has the option n, so that Hatif must answer")
    ] = False
    ari_url: Annotated[str | None, Meta(description="where ARI is: http://127.0.0.1:8088/ari")] = None
    ari_username: Annotated[str | None, Meta(description="the name of the user in ari.conf")] = "hatif"
    ari_password: Annotated[str | None, Meta(description="that user's password, in quotes", extra=SECRET)] = (
        None
    )
    app: Annotated[
        str | None,
        Meta(description="the Stasis application by which Hatif connects to Asterisk: hatif"),
    ] = None
    dial: Annotated[
        str | None,
        Meta(description="the channel that calls a number: PJSIP/{number}@trunk"),
    ] = None
    placed_context: Annotated[
        str | None, Meta(description="the dialplan context in which an answered call begins, at s,1")
    ] = "hatif-placed"


# What Asterisk says


class _Message(Struct, tag_field="event", frozen=True):
    pass


class MediaStart(_Message, tag="MEDIA_START", frozen=True):
    format: str
    optimal_frame_size: int | str = 0  # bytes; 0 where frames cannot be cut, of codecs that we do not take
    channel_id: str | None = None
    channel_variables: dict[str, Raw] | None = None


class DtmfEnd(_Message, tag="DTMF_END", frozen=True):
    digit: int | str


class MarkProcessed(_Message, tag="MEDIA_MARK_PROCESSED", frozen=True):
    correlation_id: str = ""


class BufferingCompleted(_Message, tag="MEDIA_BUFFERING_COMPLETED", frozen=True):
    correlation_id: str = ""


class QueueDrained(_Message, tag="QUEUE_DRAINED", frozen=True):
    pass


class Xoff(_Message, tag="MEDIA_XOFF", frozen=True):
    pass


class Xon(_Message, tag="MEDIA_XON", frozen=True):
    pass


class Failed(_Message, tag="ERROR", frozen=True):
    pass


InCall = DtmfEnd | MarkProcessed | BufferingCompleted | QueueDrained | Xoff | Xon | Failed
_DECODER: MessageDecoder[MediaStart | InCall] = MessageDecoder(MediaStart | InCall)


def _as_json(text: str) -> str:
    """A plain event, `NAME key:value key:value` or `NAME id`, as the same event in JSON."""
    name, *words = text.split(" ")
    pairs = (word.partition(":") for word in words)
    fields = {key if colon else "correlation_id": value if colon else key for key, colon, value in pairs}
    return json.dumps({**fields, "event": name})


# What we say


class _Word(Struct, frozen=True, omit_defaults=True):
    command: str
    correlation_id: str | None = None


class _Held:
    """What Asterisk's queue has no room for: it waits here, in order."""

    def __init__(self) -> None:
        self._is_holding = False
        self._messages: list[str | bytes] = []
        self._bytes = 0
        self._most_bytes = MOST_HELD_SECONDS * MULAW_8K.bytes_per_second

    def limit(self, spoken: AudioFormat) -> None:
        self._most_bytes = MOST_HELD_SECONDS * spoken.bytes_per_second

    def pass_through(self, messages: Sequence[str | bytes]) -> Sequence[str | bytes]:
        """The messages, unless they must wait."""
        if not self._is_holding:
            return messages
        self._bytes += sum(map(len, messages))
        if (
            self._bytes <= self._most_bytes
        ):  # else all that follows is lost: a mark must not outlive its audio
            self._messages += messages
        return ()

    def hold(self) -> None:
        self._is_holding = True

    def release(self) -> Sequence[ReplyDue]:
        """There is room again."""
        self._is_holding = False
        messages = self.drop()
        return tuple(ReplyDue(message) for message in messages)

    def drop(self) -> Sequence[str | bytes]:
        """Nothing of it is wanted any more."""
        messages, self._messages, self._bytes = self._messages, [], 0
        return messages


class _Marks:
    """Our marks, under names that are short enough for Asterisk."""

    def __init__(self) -> None:
        self._pending = PendingMarks()
        self._names: dict[str, str] = {}  # by the name on the wire
        self._void: set[str] = set()  # names on the wire of those that a flush drops
        self._count = 0

    def send(self, name: str) -> str:
        """Its name on the wire."""
        self._pending.send(name)
        self._count += 1
        wire_name = f"m{self._count}"
        self._names[wire_name] = name
        return wire_name

    def clear(self) -> None:
        self._pending.clear()
        self._void |= self._names.keys()

    def receive(self, wire_name: str) -> Sequence[MarkReturned]:
        self._void.discard(wire_name)
        name = self._names.pop(wire_name, None)
        return () if name is None else self._pending.receive(name)

    def flushed(self) -> Sequence[MarkReturned]:
        """The flush has been acknowledged: what it dropped will not come back."""
        return [returned for wire_name in sorted(self._void) for returned in self.receive(wire_name)]


class State(StrEnum):
    """How far one call has come."""

    WAITING = "waiting for its MEDIA_START"
    STARTED = "started"
    RELEASED = "hung up"  # by us


class AsteriskProtocol(MediaProtocol):
    """One call on Asterisk's wire. `facts` are the query's."""

    def __init__(
        self,
        facts: Mapping[str, str] | None = None,
        *,
        capabilities: Capabilities = ASTERISK,
        answer: bool = False,
    ) -> None:
        self.state = State.WAITING
        self._facts = facts or {}
        self._capabilities = capabilities
        self._must_answer = answer
        self._is_json = False
        self._spoken = MULAW_8K
        self._frame_bytes = MULAW_8K.frame_bytes
        self._begun = b""  # a frame that is not full yet
        self._is_buffering = False
        self._marks = _Marks()
        self._held = _Held()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.state is State.RELEASED:
            return ()
        if isinstance(message, bytes):
            return self._hear(message)
        is_json = message.startswith("{")
        incoming = _DECODER.decode(message if is_json else _as_json(message))
        match incoming:
            case None:
                return ()
            case MediaStart():
                return self._start(incoming, is_json=is_json)
            case _ if self.state is State.WAITING:
                raise RemoteProtocolError(
                    f"{incoming.__struct_config__.tag} before MEDIA_START", close_code=CLOSE_POLICY
                )
            case _:
                return self._in_call(incoming)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no MEDIA_START has arrived", close_code=CLOSE_POLICY)
        return ()

    def send(self, command: Command) -> Sequence[str | bytes]:
        is_over = self.state is State.RELEASED and not isinstance(command, HangUp)
        if self.state is State.WAITING or is_over:
            raise LocalProtocolError(f"{type(command).__name__} when the call is {self.state}")
        match command:
            case AcceptCall():
                return self._answer()
            case PlayAudio():
                return self._held.pass_through(self._play(command.payload))
            case SendMark():
                return self._held.pass_through(self._mark(command.name))
            case ClearAudio():
                return self._clear()
            case HangUp():
                return self._hang_up()
            case TransferCall():
                raise LocalProtocolError("Asterisk transfers by ARI, not on the socket")
            case _:
                assert_never(command)

    # In

    def _start(self, start: MediaStart, *, is_json: bool) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise RemoteProtocolError("MEDIA_START a second time", close_code=CLOSE_POLICY)
        spoken = _format(start)
        self._frame_bytes = _frame_bytes(start, spoken)
        self._spoken = spoken
        self._held.limit(spoken)
        self._is_json = is_json
        variables = read_custom(start.channel_variables or {})
        self._must_answer = self._must_answer or _has_option_n(variables.get("DIALEDPEERNUMBER", ""))
        self.state = State.STARTED
        return (CallStarted(_details(start, variables, self._facts), heard=spoken, spoken=spoken),)

    def _hear(self, payload: bytes) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("audio before MEDIA_START", close_code=CLOSE_POLICY)
        return (AudioReceived(payload),) if payload else ()

    def _in_call(self, incoming: InCall) -> Sequence[Event]:
        match incoming:
            case DtmfEnd():
                return (DtmfReceived(read_key(incoming.digit, message="DTMF_END")),)
            case MarkProcessed() | BufferingCompleted():
                return self._marks.receive(incoming.correlation_id)
            case QueueDrained():
                return (*self._marks.flushed(), *self._held.release())
            case Xoff():
                self._held.hold()
                return ()
            case Xon():
                return self._held.release()
            case Failed():
                return (Complained("ERROR"),)
            case _:
                assert_never(incoming)

    # Out

    def _say(self, command: str, name: str | None = None) -> str:
        if self._is_json:
            return encode(_Word(command, name))
        return command if name is None else f"{command} {name}"

    def _answer(self) -> Sequence[str]:
        if not self._must_answer:
            return ()
        self._must_answer = False
        return (self._say("ANSWER"),)

    def _play(self, payload: bytes) -> Sequence[str | bytes]:
        audio = self._begun + payload
        whole = len(audio) - len(audio) % self._frame_bytes
        self._begun = audio[whole:]
        if not whole:
            return ()
        return (*self._begin_buffering(), *self._messages(audio[:whole]))

    def _begin_buffering(self) -> Sequence[str]:
        if self._is_json or self._is_buffering:
            return ()
        self._is_buffering = True
        return (self._say("START_MEDIA_BUFFERING"),)

    def _messages(self, audio: bytes) -> Iterator[bytes]:
        most = MAX_AUDIO_BYTES - MAX_AUDIO_BYTES % self._frame_bytes
        return (audio[at : at + most] for at in range(0, len(audio), most))

    def _mark(self, name: str) -> Sequence[str | bytes]:
        silence = self._spoken.silence
        missing = -len(self._begun) % self._frame_bytes
        last = self._play(silence * (missing // len(silence)))
        wire_name = self._marks.send(name)
        if self._is_json:
            return (*last, self._say("MARK_MEDIA", wire_name))
        beginning = self._begin_buffering()
        self._is_buffering = False
        return (*last, *beginning, self._say("STOP_MEDIA_BUFFERING", wire_name))

    def _clear(self) -> Sequence[str]:
        self._marks.clear()
        self._held.drop()
        self._begun = b""
        self._is_buffering = False
        return tuple(map(self._say, ("REPORT_QUEUE_DRAINED", "FLUSH_MEDIA", "CONTINUE_MEDIA")))

    def _hang_up(self) -> Sequence[str]:
        if self.state is State.RELEASED:
            return ()
        self.state = State.RELEASED
        return (self._say("HANGUP"),)


def _format(start: MediaStart) -> AudioFormat:
    if start.format not in _FORMATS:
        raise RemoteProtocolError(f"MEDIA_START: format: Expected one of {', '.join(_FORMATS)}")
    return _FORMATS[start.format]


def _frame_bytes(start: MediaStart, spoken: AudioFormat) -> int:
    written = str(start.optimal_frame_size)
    is_count = written.isascii() and written.isdecimal() and len(written) <= MAX_DIGITS
    size = int(written) if is_count else -1
    if size not in range(MAX_AUDIO_BYTES) or size % spoken.sample_bytes:
        raise RemoteProtocolError("MEDIA_START: optimal_frame_size: Expected a count of whole samples' bytes")
    return size or spoken.frame_bytes


def _has_option_n(dial_string: str) -> bool:
    """Whether `client/options` has the option n: letters outside of any parentheses."""
    return "n" in re.sub(r"\([^)]*\)", "", dial_string.partition("/")[2])


# Who is calling. Names that a dial string's `v(...)` may use; every other is attached to the call.

_NOT_ATTACHED = ("DIALED", "MEDIA_WEBSOCKET_")  # Asterisk's own variables
_PREFIX = "HATIF_"  # keeps our variables apart from others; not part of the name


def _details(start: MediaStart, variables: Mapping[str, str], query: Mapping[str, str]) -> CallDetails:
    """The query outweighs variables. The identifier that ARI needs is the caller's channel's, not ours."""
    inherited = {
        name.lstrip("_").removeprefix(_PREFIX): value
        for name, value in variables.items()
        if not name.startswith(_NOT_ATTACHED)
    }
    facts = {name: value for name, value in {**inherited, **query}.items() if value}
    return CallDetails(
        provider_call_id=facts.pop("call", start.channel_id),
        stream_id=start.channel_id,
        caller_number=_number(facts.pop("caller", None)),
        callee_number=_number(facts.pop("called", None)),
        direction=read_direction(facts.pop("direction", None)),
        custom=facts,
    )


def _number(value: str | None) -> str | None:
    """A telephone number whose plus may have been taken for a space."""
    return "+" + value.strip() if value is not None and value.startswith(" ") else value


# The credential: HTTP Basic, from `username` and `password` in websocket_client.conf


def _admit(options: AsteriskOptions, request: HttpRequest, _now: float) -> Verified:
    expected = basic(options.username or "", options.password or "")
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise SignatureError("the username or password of websocket_client.conf is missing or wrong")
    return Verified()


# ARI. Source: docs.asterisk.org, Asterisk REST Interface; rest-api/api-docs and res/ari of 23.4.

_NUMBER = re.compile(r"\+?[0-9]{2,20}")
_ALREADY_OVER = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)  # conflict: this order's channel is there already


def ari_request(options: AsteriskOptions, method: str, resource: str, fields: object = None) -> HttpRequest:
    """A request to ARI.

    Raises:
        LocalProtocolError: where ARI is, or who we are there, is not configured.

    """
    url = require_option(options.ari_url, "providers.asterisk.ari_url")
    username = require_option(options.ari_username, "providers.asterisk.ari_username")
    password = require_option(options.ari_password, "providers.asterisk.ari_password")
    headers = {"authorization": basic(username, password)}
    if fields is None:
        return HttpRequest(method, f"{url.rstrip('/')}/{resource}", headers)
    headers["content-type"] = "application/json"
    return HttpRequest(method, f"{url.rstrip('/')}/{resource}", headers, json_body(fields))


class AsteriskControl(Control):
    """Calls placed, ended and handed over by ARI.

    ARI's own `redirect` and `continue` take no channel but those in a Stasis application, where a caller that
    the dialplan has dialled through to us is not. So a transfer leaves its number in the global variable
    HATIF_TO_ and the caller's channel, and the dialplan looks there once our leg has ended.
    """

    def __init__(self, options: AsteriskOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        dial = require_option(self._options.dial, "providers.asterisk.dial")
        parameters = {
            "direction": Direction.OUTBOUND,
            "caller": order.from_,
            "called": order.to,
            **order.stream.parameters,
        }
        written = [f"{name}={quote(value, safe='')}" for name, value in parameters.items()]
        fields = {
            "endpoint": dial.replace("{number}", _dialled(order.to)),
            "context": self._options.placed_context,
            "extension": "s",
            "priority": 1,
            "callerId": order.from_,
            "timeout": order.ring_seconds,
            "channelId": order.order_id,
            "variables": {
                "HATIF_PARAMETERS": ",".join(written),
                "HATIF_DETECT": "1" if order.detect_machine else "",
            },
        }
        return self._request("POST", "channels", fields)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "id")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._request("DELETE", f"channels/{quote(require_call(call.provider_call_id), safe='')}")

    def transfer(
        self,
        call: CallDetails,
        to: str,
        document_url: str | None = None,  # noqa: ARG002
    ) -> HttpRequest:
        variable = f"HATIF_TO_{require_call(call.provider_call_id)}"
        return self._request(
            "POST", f"asterisk/variable?{urlencode({'variable': variable, 'value': _dialled(to)})}"
        )

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=_ALREADY_OVER)

    def _request(self, method: str, resource: str, fields: object = None) -> HttpRequest:
        return ari_request(self._options, method, resource, fields)


def _dialled(number: str) -> str:
    """The number, of which nothing can be taken for another channel or option of a dial string."""
    if not _NUMBER.fullmatch(number):
        raise LocalProtocolError("a number to be dialled: Expected digits, with a plus in front or without")
    return number


def _media(options: AsteriskOptions, grant: Grant) -> AsteriskProtocol:
    return AsteriskProtocol(
        grant.request.query,
        capabilities=_WITH_PINGS if options.pings else ASTERISK,
        answer=options.answer,
    )


PROVIDER = Provider(
    capabilities=ASTERISK,
    title="Asterisk",
    options=AsteriskOptions,
    door=Door.CREDENTIAL,
    media=_media,
    admit=_admit,
    is_guarded=lambda options: options.password is not None,
    control=AsteriskControl,
    fetches=lambda options: options.app is not None,
)
