"""What Genesys Cloud's two audio sockets have in common: envelope and session (protocol version 2).

Sources: github.com/purecloudlabs/audiohook-reference-implementation (commit 2871b01) and
github.com/GenesysCloudBlueprints/audioconnector-server-reference-implementation (commit 3d7236e). The
specification itself was not at hand; where the two samples differ, both are read.

- `open` offers formats, and we take one: PCMU at 8 kHz, with the channels that the product can use best
  (`GenesysSession.wanted`). `opened` repeats that offer as it was written, within 5 s, and nothing is said
  before it. Two channels come sample by sample in turns, in the order in which the offer names them.
- `paused` comes before a silence on the wire (hold, or a pause that the contact centre wants), `resumed`
  after it; the latter and `discarded` say how much of the call was not sent.
- `seq` counts each side's texts from 1 without a gap; `serverseq` and `clientseq` repeat the last that was
  seen. A gap ends the call; `serverseq` proves nothing and is not checked.
- A session whose conversation or participant is the nil UUID is a test of the connection: it is opened,
  answered and closed, and is no call.
- The side that ends says `disconnect` (we) or `close` (they); `closed` is our last word in either case, and
  the socket is theirs to close (`Capabilities.farewell_seconds`).
- The caller's number is the participant's `ani`. What it is on an outbound call is not known here: an input
  variable `direction` says so, and `dnis` is then the person asked.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

import msgspec
from msgspec import Raw, Struct

from protocols.base import MediaProtocol
from protocols.commands import AcceptCall, Command, HangUp
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    Channel,
    Complained,
    Event,
    ReplyDue,
)
from protocols.provider import Grant
from protocols.wire import MessageDecoder, read_custom, read_direction

__all__ = [
    "BOTH_CHANNELS",
    "CLOSING_SECONDS",
    "EXTERNAL_ALONE",
    "INTERNAL_ALONE",
    "MAX_BINARY_BYTES",
    "Discarded",
    "Dtmf",
    "GenesysSession",
    "InCall",
    "Paused",
    "PlaybackCompleted",
    "PlaybackStarted",
    "Resumed",
    "State",
    "session_id",
]

CLOSING_SECONDS = 5.0  # theirs for `close` after our `disconnect`
MAX_BINARY_BYTES = 64_000  # of one message
NIL = "00000000-0000-0000-0000-000000000000"
CHANNELS = {"external": Channel.CALLER, "internal": Channel.AGENT}
EXTERNAL_ALONE, INTERNAL_ALONE = frozenset({"external"}), frozenset({"internal"})
BOTH_CHANNELS = EXTERNAL_ALONE | INTERNAL_ALONE


class State(StrEnum):
    """How far one session has come."""

    WAITING = "waiting for its open"
    PROBED = "a test of the connection"
    INTRODUCED = "introduced"
    OPENED = "opened"
    RELEASED = "handed back"  # by us
    CLOSED = "closed"


class Message(Struct, tag_field="type", frozen=True, kw_only=True):
    version: str
    id: str
    seq: int
    serverseq: int | None = None


class Numbered(Struct, frozen=True):
    """What every message has, of whatever type."""

    id: str
    seq: int


class Participant(Struct, frozen=True):
    id: str | None = None
    ani: str | None = None
    dnis: str | None = None


class Offer(Struct, frozen=True):
    format: str
    rate: int
    channels: tuple[str, ...]

    def rank(self, wanted: Sequence[frozenset[str]]) -> int | None:
        """How far behind the best it is; None where we would misread it."""
        is_ours = (self.format, self.rate) == ("PCMU", 8000) and len(set(self.channels)) == len(self.channels)
        return wanted.index(frozenset(self.channels)) if is_ours and set(self.channels) in wanted else None


class OpenParameters(Struct, rename="camel", frozen=True):
    media: tuple[Raw, ...]
    conversation_id: str | None = None
    participant: Participant = Participant()
    custom_config: dict[str, Raw] | None = None
    input_variables: dict[str, Raw] | None = None

    @property
    def is_probe(self) -> bool:
        return NIL in (self.conversation_id, self.participant.id)


class Open(Message, tag="open", frozen=True, kw_only=True):
    parameters: OpenParameters


class Ping(Message, tag="ping", frozen=True, kw_only=True):
    pass


class Update(Message, tag="update", frozen=True, kw_only=True):
    pass


class Close(Message, tag="close", frozen=True, kw_only=True):
    pass


class ErrorParameters(Struct, frozen=True):
    code: int | str = ""


class Error(Message, tag="error", frozen=True, kw_only=True):
    parameters: ErrorParameters = ErrorParameters()


class Digit(Struct, frozen=True):
    digit: int | str


class Dtmf(Message, tag="dtmf", frozen=True, kw_only=True):
    parameters: Digit


class PlaybackStarted(Message, tag="playback_started", frozen=True, kw_only=True):
    pass


class PlaybackCompleted(Message, tag="playback_completed", frozen=True, kw_only=True):
    pass


class Paused(Message, tag="paused", frozen=True, kw_only=True):
    pass


class Unsent(Struct, frozen=True):
    discarded: timedelta = timedelta()

    @property
    def seconds(self) -> float:
        return max(0.0, self.discarded.total_seconds())


class Resumed(Message, tag="resumed", frozen=True, kw_only=True):
    parameters: Unsent = Unsent()


class Discarded(Message, tag="discarded", frozen=True, kw_only=True):
    parameters: Unsent = Unsent()


InCall = Dtmf | PlaybackStarted | PlaybackCompleted | Paused | Resumed | Discarded
Incoming = Open | Ping | Update | Close | Error | InCall
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


class GenesysSession(MediaProtocol):
    """One session. What is peculiar to one of the two products is in its subclass."""

    wanted: ClassVar[Sequence[frozenset[str]]]  # channels of an offer, the best first

    def __init__(self, session_id: str | None = None) -> None:
        """`session_id`: of the upgrade's header; without one the first message's is taken."""
        self.state = State.WAITING
        self.seq = 0  # of our last message
        self._id = session_id
        self._client_seq = 0
        self._media = Raw(b"null")  # the offer that was taken, as it was written
        self._channels: tuple[str, ...] = ()  # of the offer

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.state is State.CLOSED:
            return ()
        if isinstance(message, bytes):
            return self._audio(message)
        incoming = _DECODER.decode(message)
        self._count(incoming or _numbered(message))
        return () if incoming is None else self._events(incoming)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no open has arrived", close_code=CLOSE_POLICY)
        return ()

    def send(self, command: Command) -> Sequence[str | bytes]:
        match command:
            case _ if self.state is State.CLOSED:
                return ()  # said to nobody: their close and our words may cross
            case HangUp() if self.state is State.RELEASED:
                return ()
            case _ if self.state not in (State.INTRODUCED, State.OPENED):
                raise LocalProtocolError(f"{type(command).__name__} when the session is {self.state}")
            case AcceptCall():
                return self._accept()
            case _:
                return self._say(command)

    def _events(self, incoming: Incoming) -> Sequence[Event]:
        match incoming:
            case Open():
                return self._open(incoming.parameters)
            case Ping():
                return (self._reply("pong", {}),)
            case Update():
                return (self._reply("updated", {}),)
            case Close():
                return self._close()
            case Error():
                return (Complained(str(incoming.parameters.code)),)
            case _:
                return self._in_call(incoming) if self.state is State.OPENED else ()

    def _say(self, command: Command) -> Sequence[str | bytes]:
        """What a session that was introduced is told."""
        raise NotImplementedError

    def _in_call(self, incoming: InCall) -> Sequence[Event]:  # noqa: ARG002
        """What is told of an open session, as far as it matters to the product."""
        return ()

    def _compose(self, kind: str, parameters: dict[str, Any]) -> str:
        self.seq += 1
        message = {
            "version": "2",
            "id": self._id,
            "type": kind,
            "seq": self.seq,
            "clientseq": self._client_seq,
            "parameters": parameters,
        }
        return msgspec.json.encode(message).decode()

    def _reply(self, kind: str, parameters: dict[str, Any]) -> ReplyDue:
        return ReplyDue(self._compose(kind, parameters))

    def _disconnect(self, variables: dict[str, str] | None = None) -> Sequence[str]:
        self.state = State.RELEASED
        parameters: dict[str, Any] = {"reason": "completed"}
        return (
            self._compose("disconnect", parameters | ({"outputVariables": variables} if variables else {})),
        )

    def _accept(self) -> Sequence[str]:
        if self.state is State.OPENED:
            return ()
        self.state = State.OPENED
        return (self._compose("opened", {"media": [self._media], "startPaused": False}),)

    def _count(self, message: Message | Numbered) -> None:
        """Every text counts, of whatever type."""
        if self._id is None:
            self._id = message.id
        if message.id != self._id:
            raise RemoteProtocolError("message: id: Not this session", close_code=CLOSE_POLICY)
        if message.seq != self._client_seq + 1:
            raise RemoteProtocolError("message: seq: Expected the next number", close_code=CLOSE_POLICY)
        self._client_seq = message.seq

    def _open(self, parameters: OpenParameters) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise RemoteProtocolError("open after open", close_code=CLOSE_POLICY)
        self._media, self._channels = _taken(parameters.media, self.wanted)
        if parameters.is_probe:
            self.state = State.PROBED
            return (self._reply("opened", {"media": [self._media], "startPaused": False}),)
        self.state = State.INTRODUCED
        channels = tuple(CHANNELS[name] for name in self._channels)
        return (CallStarted(_details(parameters, self._id), channels=channels),)

    def _audio(self, payload: bytes) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("audio before open", close_code=CLOSE_POLICY)
        if self.state in (State.PROBED, State.RELEASED):
            return ()
        pieces = [(payload[at :: len(self._channels)], name) for at, name in enumerate(self._channels)]
        return [AudioReceived(piece, channel=CHANNELS[name]) for piece, name in pieces if piece]

    def _close(self) -> Sequence[Event]:
        self.state = State.CLOSED
        return (self._reply("closed", {}), CallEnded())


def _numbered(message: str) -> Numbered:
    try:
        return msgspec.json.decode(message, type=Numbered)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RemoteProtocolError("message: Expected an id and a seq") from None


def _taken(offers: tuple[Raw, ...], wanted: Sequence[frozenset[str]]) -> tuple[Raw, tuple[str, ...]]:
    """The best offer as it was written, and its channels in their order."""
    read = [(raw, offer) for raw in offers if (offer := _offer(raw)) is not None]
    ranked = [(rank, raw, offer) for raw, offer in read if (rank := offer.rank(wanted)) is not None]
    if not ranked:
        sides = " or ".join(" and ".join(sorted(each)) for each in wanted)
        raise RemoteProtocolError(f"open: media: Expected an offer of PCMU at 8000 hertz, {sides}")
    _, raw, offer = min(ranked, key=lambda each: each[0])
    return raw.copy(), offer.channels


def _offer(raw: Raw) -> Offer | None:
    try:
        return msgspec.json.decode(raw, type=Offer)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None  # a kind of media that is not ours to understand


def _details(parameters: OpenParameters, session_id: str | None) -> CallDetails:
    custom = read_custom({**(parameters.custom_config or {}), **(parameters.input_variables or {})})
    return CallDetails(
        provider_call_id=parameters.conversation_id,
        stream_id=session_id,
        caller_number=_number(parameters.participant.ani),
        callee_number=_number(parameters.participant.dnis),
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


def _number(address: str | None) -> str | None:
    """A number without its scheme and the hyphens of its presentation."""
    return (address or "").removeprefix("tel:").replace("-", "").replace(" ", "") or None


def session_id(grant: Grant) -> str | None:
    """The session that the upgrade announced."""
    return grant.request.headers.get("audiohook-session-id")
