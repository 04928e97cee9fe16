"""AudioCodes VoiceAI Connect and Live Hub: the Bot API in streaming mode, JSON texts tagged by `type`.

Sources, all public: techdocs.audiocodes.com/voice-ai-connect, Content/Bot-API/ac-bot-api-streaming.htm (its
beginning was at hand, not its tables) and Content/VAIG_Combined/ call-initiation.htm, call-transfer.htm,
hangup.htm, changing-call-setting.htm, controlling_events_to_bot.htm; github.com/audiocodes/ac-bot-api, the
vendor's SDK; rasa's channel `audiocodes_stream` with its tests; others' notes of a live call.

- `session.initiate` offers formats, `session.accepted` takes one for the caller's audio; ours names its own.
  Who calls, and what a dialler attached, comes in the activity `start` afterwards: that begins the call.
- Live Hub tests a connection with `connection.validate`: answered, and no call.
- The phone call is answered when we begin to play, not before.
- `userStream.start` and `.stop` bracket the caller's audio and are acknowledged. Other participants than the
  caller are not heard.
- Each phrase is one `playStream`; `playFinished` tells of its end if it was asked for, which is done with the
  activity `config`. Doubts: whether streams queue, whether it always has a `streamId` (without, the oldest
  stream is meant), and whether it comes for what was aborted (it then proves nothing).
- A clear is the activity `abortPrompts`. Doubt: the SDK lists it, no page that was at hand describes it.
- Doubt: L16 is taken to have its low byte first. It is asked for only where mu-law is not offered.
- Closing the socket ends nothing: VoiceAI Connect comes again with `session.resume`. That is refused, as a
  call here lives no longer than its socket. `hangup` and `transfer` end the call, and `session.end` follows.
"""

import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, assert_never

from msgspec import Meta, Raw

from protocols.audio import LINEAR_8K, MULAW_8K, AudioFormat, Encoding
from protocols.audiocodes_messages import (
    DECODER,
    Activities,
    Activity,
    End,
    Incoming,
    Initiate,
    Resume,
    UserChunk,
    UserStart,
    UserStop,
    Validate,
    activity,
    details_of,
    reply,
    text,
    transfer,
)
from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDescribed,
    CallEnded,
    CallStarted,
    DtmfReceived,
    Event,
    MarkReturned,
)
from protocols.http import HttpRequest
from protocols.provider import SECRET, Door, Options, Provider, SignatureError, Verified
from protocols.wire import read_custom, read_key

__all__ = ["PROVIDER", "AudioCodesOptions", "AudioCodesProtocol"]

AUDIOCODES = Capabilities(
    name="audiocodes",
    hang_up=Ending.IN_BAND,
    transfer=Ending.IN_BAND,
    setup_grace_seconds=2.0,  # for `start`; longer than a round trip, shorter than anybody's patience
    chunk_seconds=0.1,
    farewell_seconds=5.0,
)
_FORMATS = {  # what we take, best first
    "raw/mulaw": MULAW_8K,
    "raw/lpcm16_8": LINEAR_8K,
    "raw/lpcm16": AudioFormat(Encoding.LINEAR, 16000),
    "raw/lpcm16_24": AudioFormat(Encoding.LINEAR, 24000),
}
_UNSAID = "raw/lpcm16"  # what the vendor's SDK takes without asking


class State(StrEnum):
    """How far one conversation has come."""

    WAITING = "waiting for its initiation"
    INITIATED = "waiting for its start"
    STARTED = "started"
    RELEASED = "handed back"  # by us
    ENDED = "ended"


class AudioCodesProtocol(MediaProtocol):
    """One conversation."""

    def __init__(self) -> None:
        self.state = State.WAITING
        self._initiated = Initiate()
        self._format = _UNSAID
        self._is_accepted = False
        self._streams = 0
        self._open: str | None = None  # the stream that is being sent
        self._finishing: dict[str, list[str]] = {}  # marks by the stream that they end, in order
        self._void: set[str] = set()  # streams that were aborted

    @property
    def capabilities(self) -> Capabilities:
        return AUDIOCODES

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.state is State.ENDED:
            return ()
        incoming = DECODER.decode(message)
        if incoming is None:
            return ()
        self._require_same(incoming)
        return self._events(incoming)

    def _events(self, incoming: Incoming) -> Sequence[Event]:
        match incoming:
            case Initiate():
                return self._initiate(incoming)
            case Resume():
                return self._resume()
            case Validate():
                return (reply("connection.validated", success=True),)
            case End():
                self.state = State.ENDED
                return (CallEnded(),)
            case _:
                return self._in_call(incoming)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no session.initiate has arrived", close_code=CLOSE_POLICY)
        return self._start({}) if self.state is State.INITIATED else ()

    def send(self, command: Command) -> Sequence[str]:
        if self.state is State.ENDED:
            return ()  # said to nobody: their end and our words may cross
        if self.state is State.RELEASED and isinstance(command, HangUp):
            return ()
        if self.state is not State.STARTED:
            raise LocalProtocolError(f"{type(command).__name__} when the conversation is {self.state}")
        return self._say(command)

    def _say(self, command: Command) -> Sequence[str]:
        match command:
            case AcceptCall():
                return self._accept()
            case PlayAudio():
                return self._play(command.payload)
            case SendMark():
                return self._mark(command.name)
            case ClearAudio():
                return self._abort()
            case TransferCall():
                return self._release(transfer(command.to))
            case HangUp():
                return self._release(activity("hangup"))
            case _:
                assert_never(command)

    # In

    def _require_same(self, incoming: Incoming) -> None:
        known = self._initiated.conversation_id
        if known is not None and incoming.conversation_id not in (None, known):
            kind = incoming.__struct_config__.tag
            raise RemoteProtocolError(f"{kind} of another conversation", close_code=CLOSE_POLICY)

    def _initiate(self, initiate: Initiate) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise RemoteProtocolError("session.initiate after session.initiate", close_code=CLOSE_POLICY)
        if not initiate.expect_audio_messages:
            raise RemoteProtocolError("session.initiate: expectAudioMessages: Expected voice streaming")
        self._format = _taken(initiate.supported_media_formats)
        self._initiated = initiate
        self.state = State.INITIATED
        return (reply("session.accepted", mediaFormat=self._format),)

    def _resume(self) -> Sequence[Event]:
        """On its own socket a conversation goes on; on a new one it is not known."""
        if self.state is not State.WAITING:
            return (reply("session.accepted", mediaFormat=self._format),)
        self.state = State.ENDED
        return (reply("session.error", reason="the conversation is not known here"), CallEnded())

    def _start(self, parameters: dict[str, Raw]) -> Sequence[Event]:
        details = details_of(self._initiated, parameters)
        if self.state is State.STARTED:
            return (CallDescribed(details),)
        self.state = State.STARTED
        spoken = _FORMATS[self._format]
        return (CallStarted(details, spoken, spoken),)

    def _in_call(self, incoming: UserStart | UserChunk | UserStop | Activities) -> Sequence[Event]:
        if self.state is State.WAITING:
            kind = incoming.__struct_config__.tag
            raise RemoteProtocolError(f"{kind} before session.initiate", close_code=CLOSE_POLICY)
        match incoming:
            case UserStart():
                return (reply("userStream.started"),)
            case UserStop():
                return (reply("userStream.stopped"),)
            case UserChunk():
                is_heard = self.state is State.STARTED and incoming.participant == "caller"
                return (AudioReceived(incoming.audio_chunk),) if is_heard else ()
            case Activities():
                return [event for each in incoming.activities for event in self._happened(each)]
            case _:
                assert_never(incoming)

    def _happened(self, told: Activity) -> Sequence[Event]:
        name = told.name.lower()
        if self.state is State.RELEASED:
            return ()
        if name == "start":
            return self._start(told.parameters or {})
        if self.state is not State.STARTED:
            return ()
        if name == "dtmf":
            return [
                DtmfReceived(read_key(key, message="dtmf"))
                for key in read_custom({"value": told.value}).get("value", "")
            ]
        return self._finished(told.stream_id) if name == "playfinished" else ()

    def _finished(self, stream_id: int | str | None) -> Sequence[Event]:
        stream = next(iter(self._finishing), "") if stream_id is None else str(stream_id)
        was_played = stream not in self._void
        self._void.discard(stream)
        return [MarkReturned(name, played=was_played) for name in self._finishing.pop(stream, [])]

    # Out

    def _accept(self) -> Sequence[str]:
        """The session was accepted when it was initiated; what is asked for here is `playFinished`."""
        if self._is_accepted:
            return ()
        self._is_accepted = True
        return (activity("config", sessionParams={"sendEventsToBot": ["playFinished"]}),)

    def _play(self, payload: bytes) -> Sequence[str]:
        if not payload:
            return ()
        opening = [] if self._open else [self._begin()]
        return [*opening, text("playStream.chunk", streamId=self._open, audioChunk=payload)]

    def _begin(self) -> str:
        self._streams += 1
        self._open = f"play-{self._streams}"
        return text("playStream.start", streamId=self._open, mediaFormat=self._format)

    def _stop(self) -> Sequence[str]:
        stream, self._open = self._open, None
        if stream is None:
            return ()
        self._finishing[stream] = []
        return (text("playStream.stop", streamId=stream),)

    def _mark(self, name: str) -> Sequence[str]:
        """The stream's end is the mark. With nothing on its way there is nothing to hear, and no answer."""
        if any(name in names for names in self._finishing.values()):
            raise LocalProtocolError("a mark of that name has not come back yet")
        said = self._stop()
        if self._finishing:
            self._finishing[next(reversed(self._finishing))].append(name)
        return said

    def _abort(self) -> Sequence[str]:
        said = self._stop()
        self._void |= self._finishing.keys()
        return (*said, activity("abortPrompts"))

    def _release(self, last_word: str) -> Sequence[str]:
        said = self._stop()
        self.state = State.RELEASED
        return (*said, last_word)


def _taken(offered: tuple[str, ...]) -> str:
    if not offered:
        return _UNSAID
    for name in _FORMATS:
        if name in offered:
            return name
    raise RemoteProtocolError(
        f"session.initiate: supportedMediaFormats: Expected one of {', '.join(_FORMATS)}"
    )


# The credential: a shared token on the upgrade


class AudioCodesOptions(Options, frozen=True, kw_only=True):
    """What a site configures. The second token is good as well, so that tokens can be changed."""

    token: Annotated[
        str | None, Meta(description="the token that VoiceAI Connect sends, in quotes", extra=SECRET)
    ] = None
    second_token: Annotated[
        str | None, Meta(description="another token that is good as well, in quotes", extra=SECRET)
    ] = None


def _admit(options: AudioCodesOptions, request: HttpRequest, _now: float) -> Verified:
    scheme, _, offered = request.headers.get("authorization", "").strip().partition(" ")
    good = [token for token in (options.token, options.second_token) if token is not None]
    is_good = any(hmac.compare_digest(offered.strip().encode(), token.encode()) for token in good)
    if scheme.lower() != "bearer" or not is_good:
        raise SignatureError("the Authorization header does not carry the configured token")
    return Verified()


PROVIDER = Provider(
    capabilities=AUDIOCODES,
    title="AudioCodes VoiceAI Connect",
    options=AudioCodesOptions,
    door=Door.CREDENTIAL,
    media=lambda _options, _grant: AudioCodesProtocol(),
    admit=_admit,
    is_guarded=lambda options: options.token is not None or options.second_token is not None,
)
