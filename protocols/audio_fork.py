"""FreeSWITCH with mod_audio_fork: drachtio's, which plays files, or jambonz's, which plays a stream.

Sources: modules/mod_audio_fork of github.com/drachtio/drachtio-freeswitch-modules, commit 88e1465, and of
github.com/jambonz/freeswitch-modules, commit 30f2189.

- The subprotocol must be chosen, or the module's library drops the connection.
- Metadata come first and verbatim where they are not empty. Binary messages are what had accumulated: 20 ms,
  or more after a stall. An empty one says that no more audio comes.
- `playAudio` becomes a file and an event; a script plays it (docs/freeswitch.md), so a phrase is one
  message. `killAudio` breaks off what is played. `json`, `transfer` and `disconnect` raise events with their
  `data`: the script acts on them.
- jambonz's fork, started for bidirectional streaming, plays binary messages (`streams: true`). The last 80 ms
  of what it was sent wait there for more, so that much silence follows every phrase. A mark returns with
  `playout`, or `cleared` after `killAudio`; at most 30 may be under way, and a phrase has one.
- Which `data` a fork returns marks with is documented in its source only; a script's flat words are
  understood in both.
"""

import hmac
from collections.abc import Sequence
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta, Struct

from protocols.base import Capabilities, Ending
from protocols.commands import ClearAudio, HangUp, SendMark, TransferCall
from protocols.events import CallEnded, Event
from protocols.freeswitch_words import ScriptedProtocol
from protocols.http import HttpRequest, basic
from protocols.provider import SECRET, Door, Grant, Options, Provider, SignatureError, Verified
from protocols.wire import encode
from protocols.worded import State
from protocols.words import Mark

__all__ = ["PROVIDER", "AudioForkOptions", "AudioForkProtocol"]

AUDIO_FORK = Capabilities(
    name="audio_fork",
    returns_marks_on_clear=True,
    hang_up=Ending.IN_BAND,
    transfer=Ending.IN_BAND,
    setup_grace_seconds=1.0,
    lead_seconds=60.0,  # a phrase is one file
    subprotocols=("audio.drachtio.org", "audio.jambonz.org"),  # MOD_AUDIO_FORK_SUBPROTOCOL_NAME chooses
)
STREAMING = msgspec.structs.replace(AUDIO_FORK, lead_seconds=0.4)
TAIL_SECONDS = 0.08  # that the fork keeps back


class AudioForkOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    username: Annotated[
        str, Meta(description="the channel variable MOD_AUDIO_BASIC_AUTH_USERNAME, in quotes")
    ] = "hatif"
    password: Annotated[
        str | None,
        Meta(description="the channel variable MOD_AUDIO_BASIC_AUTH_PASSWORD, in quotes", extra=SECRET),
    ] = None
    wideband: Annotated[bool, Meta(description="true where the module is started with 16k, not 8k")] = False
    streams: Annotated[
        bool, Meta(description="true for jambonz's fork of the module, started for bidirectional streaming")
    ] = False
    keys_in_audio: Annotated[
        bool, Meta(description="true where keys are tones in the audio and the script says no dtmf")
    ] = False


class _Event(Struct, tag_field="type", frozen=True):
    pass


class PlayData(Struct, rename="camel", frozen=True):
    audio_content_type: Literal["raw"]
    sample_rate: int
    audio_content: bytes
    queue_play: bool = True  # the fork's: after what is playing, not instead of it


class PlayAudioEvent(_Event, tag="playAudio", frozen=True):
    data: PlayData


class KillAudio(_Event, tag="killAudio", frozen=True):
    pass


class MarkData(Struct, frozen=True):
    name: str


class StreamMark(_Event, tag="mark", frozen=True):
    """The fork's own mark."""

    data: MarkData


class Json(_Event, tag="json", frozen=True):
    """Words for the script."""

    data: Mark


class TransferData(Struct, frozen=True, omit_defaults=True):
    to: str | None = None


class TransferEvent(_Event, tag="transfer", frozen=True):
    data: TransferData


class Disconnect(_Event, tag="disconnect", frozen=True):
    data: dict[str, str] = {}


class AudioForkProtocol(ScriptedProtocol):
    """One call of mod_audio_fork."""

    def __init__(self, capabilities: Capabilities, sample_rate: int, *, streams: bool = False) -> None:
        super().__init__(capabilities, sample_rate)
        self._streams = streams

    def _hear(self, payload: bytes) -> Sequence[Event]:
        if payload:
            return super()._hear(payload)
        self.state = State.STOPPED
        return (CallEnded(),)

    def _play(self, payload: bytes) -> Sequence[str | bytes]:
        if self._streams:
            return (payload,)
        rate = self._audio.sample_rate
        return tuple(encode(PlayAudioEvent(PlayData("raw", rate, piece))) for piece in self._pieces(payload))

    def _tell(self, command: SendMark | ClearAudio | TransferCall | HangUp) -> Sequence[str | bytes]:
        match command:
            case SendMark(name=name) if self._streams:
                tail = bytes(round(TAIL_SECONDS * self._audio.bytes_per_second))
                return (tail, encode(StreamMark(MarkData(name))))
            case SendMark(name=name):
                return (encode(Json(Mark(name=name))),)
            case ClearAudio():
                return (encode(KillAudio()),)
            case TransferCall(to=to):
                return (encode(TransferEvent(TransferData(to))),)
            case HangUp():
                return (encode(Disconnect()),)
            case _:
                assert_never(command)


def _admit(options: AudioForkOptions, request: HttpRequest, _now: float) -> Verified:
    offered = request.headers.get("authorization", "")
    expected = basic(options.username, options.password or "")
    if options.password is None or not hmac.compare_digest(offered.encode(), expected.encode()):
        raise SignatureError("the header Authorization is missing or wrong: MOD_AUDIO_BASIC_AUTH_* set it")
    return Verified()


def _media(options: AudioForkOptions, _grant: Grant) -> AudioForkProtocol:
    capabilities = STREAMING if options.streams else AUDIO_FORK
    if options.keys_in_audio:
        capabilities = msgspec.structs.replace(capabilities, sends_keys=False)
    return AudioForkProtocol(capabilities, 16_000 if options.wideband else 8_000, streams=options.streams)


PROVIDER = Provider(
    capabilities=AUDIO_FORK,
    title="FreeSWITCH mod_audio_fork",
    options=AudioForkOptions,
    door=Door.CREDENTIAL,
    media=_media,
    admit=_admit,
    is_guarded=lambda options: options.password is not None,
)
