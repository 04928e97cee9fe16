"""FreeSWITCH with mod_audio_stream, community edition: L16 as binary messages, a script's words as text.

Source: README.md, audio_streamer_glue.cpp and mod_audio_stream.h of github.com/amigniter/mod_audio_stream,
commit ec2a781.

- The operator's metadata come first and verbatim, or never: they need not be JSON and need not name the
  call. Audio without them, or a second of nothing, begins the call too.
- Any other text is what somebody had `send_text` say, at any time.
- The module plays nothing. `streamAudio` becomes a file and an event, and a script plays the file
  (docs/freeswitch.md); so a whole phrase is one message, for files of 20 ms would stutter. Binary messages
  to it are ignored; the commercial edition plays them, by a protocol that is not public.
- All else that we say raises the event `mod_audio_stream::json`, with our text as its body.
- It has no acknowledgement, clear, hang-up or transfer: those are the script's.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta, Struct

from protocols.base import Capabilities, Ending
from protocols.commands import ClearAudio, HangUp, SendMark, TransferCall
from protocols.freeswitch_words import ScriptedProtocol
from protocols.generic import is_bearer
from protocols.http import HttpRequest
from protocols.provider import SECRET, Door, Grant, Options, Provider, SignatureError, Verified
from protocols.wire import encode
from protocols.words import Clear, Hangup, Mark, Transfer

__all__ = ["PROVIDER", "FreeSwitchOptions", "FreeSwitchProtocol"]

FREESWITCH = Capabilities(
    name="freeswitch",
    returns_marks_on_clear=True,
    hang_up=Ending.IN_BAND,
    transfer=Ending.IN_BAND,
    setup_grace_seconds=1.0,
    lead_seconds=60.0,  # a phrase is one file; the script drops what a clear finds
)


class FreeSwitchOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    token: Annotated[
        str | None,
        Meta(description="the token in the channel variable STREAM_EXTRA_HEADERS, in quotes", extra=SECRET),
    ] = None
    wideband: Annotated[bool, Meta(description="true where the module is started with 16k, not 8k")] = False
    keys_in_audio: Annotated[
        bool, Meta(description="true where keys are tones in the audio and the script says no dtmf")
    ] = False


class StreamData(Struct, rename="camel", frozen=True):
    audio_data_type: Literal["raw"]
    sample_rate: int
    audio_data: bytes


class StreamAudio(Struct, tag_field="type", tag="streamAudio", frozen=True):
    """The module writes it to a file and tells the script."""

    data: StreamData


class FreeSwitchProtocol(ScriptedProtocol):
    """One call of mod_audio_stream."""

    def _play(self, payload: bytes) -> Sequence[str]:
        rate = self._audio.sample_rate
        return tuple(encode(StreamAudio(StreamData("raw", rate, piece))) for piece in self._pieces(payload))

    def _tell(self, command: SendMark | ClearAudio | TransferCall | HangUp) -> Sequence[str]:
        match command:
            case SendMark(name=name):
                return (encode(Mark(name=name)),)
            case ClearAudio():
                return (encode(Clear()),)
            case TransferCall(to=to):
                return (encode(Transfer(to=to)),)
            case HangUp():
                return (encode(Hangup()),)
            case _:
                assert_never(command)


def _admit(options: FreeSwitchOptions, request: HttpRequest, _now: float) -> Verified:
    if not is_bearer(request, options.token):
        raise SignatureError("the header Authorization is missing: STREAM_EXTRA_HEADERS sets it")
    return Verified()


def _media(options: FreeSwitchOptions, _grant: Grant) -> FreeSwitchProtocol:
    capabilities = (
        msgspec.structs.replace(FREESWITCH, sends_keys=False) if options.keys_in_audio else FREESWITCH
    )
    return FreeSwitchProtocol(capabilities, 16_000 if options.wideband else 8_000)


PROVIDER = Provider(
    capabilities=FREESWITCH,
    title="FreeSWITCH mod_audio_stream",
    options=FreeSwitchOptions,
    door=Door.CREDENTIAL,
    media=_media,
    admit=_admit,
    is_guarded=lambda options: options.token is not None,
)
