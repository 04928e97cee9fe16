"""Calls that come whether or not there is room for them, and what each of them lived through.

All of it is seen from outside, as a carrier and its caller see it: until when one was answered or told that
we are busy, heard the first word, and was replied to, and where prompts broke off. Seconds are of call time.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from typing import ClassVar, Protocol
from urllib.parse import urlencode

import aiohttp
from msgspec import Struct

from bridge.audio.frames import FRAME_SECONDS
from bridge.audio.g711 import decode_ulaw, rms
from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    Dialling,
    MarkRequested,
    PlaybackCleared,
)
from bridge.carriers.caller import Caller, CallerFrame
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.leg import CallOutcome, EndedBy
from bridge.carriers.lines import VOICE_RMS
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.registry import far_end
from bridge.clock import Clock
from bridge.identity.streams import StreamTokens

__all__ = ["Door", "Gap", "IssuedWay", "Lived", "Notes", "Turn", "TwilioWay", "UpgradeWay", "Way", "arrive"]

WEBHOOK_SECONDS = 15.0  # Twilio waits no longer for an answer; wall clock
HTTP_BUSY = 503
HTTP_OK = 200
# No end of speech is known sooner: what is heard before is a prompt that was spoken over.
SOONEST_SECONDS = 0.2
_SILENCE = b"\xff\x7f"  # both mu-law codes of a zero sample
_STREAM = re.compile(r'<Stream url="wss?://[^/"]+(/[^"]+)"')


class Turn(Struct, frozen=True):
    """A caller had spoken, or pressed a key, and heard the beginning of the reply."""

    at: float  # the end of what was said, or the key
    seconds: float
    by_key: bool


class Gap(Struct, frozen=True):
    """A prompt broke off amid a phrase: what was sent had been played, and the rest came later."""

    at: float
    seconds: float


class Notes(Struct):
    """What is known of a call so far, written down as it happens."""

    began_at: float  # when it was begun to be placed
    first_word_at: float | None = None
    turns: list[Turn] = []
    gaps: list[Gap] = []

    @property
    def first_word_seconds(self) -> float | None:
        """How long the caller waited for it; None while nothing has been heard."""
        return None if self.first_word_at is None else self.first_word_at - self.began_at


class Lived(Struct, frozen=True, kw_only=True):
    """One call. Moments are of the clock that it was placed by."""

    provider: str
    seconds: float  # until it was over, or refused
    outcome: CallOutcome
    notes: Notes
    is_busy: bool = False  # it was not taken, and told so in its provider's language
    answer: str = ""  # what it was told where it was not taken: a status, or what was wrong

    @property
    def is_taken(self) -> bool:
        """Whether a call came about."""
        return self.outcome.ended_by is not EndedBy.REFUSED


class Door(Struct, frozen=True):
    """Where a call's media socket is to be opened; without an address it is not to be."""

    url: str | None = None
    token: str | None = None
    is_busy: bool = False
    answer: str = ""


class Way(Protocol):
    """How calls of one provider come in."""

    @property
    def provider(self) -> str:
        """Its name."""
        ...

    async def knock(self, call: CarrierCall) -> Door:
        """Ask for the call to be answered, where the provider asks before it opens a socket."""
        ...


class UpgradeWay(Struct, frozen=True):
    """The provider opens its socket unasked, with one credential for all calls, or none: Maqsam."""

    url: str
    token: str | None
    provider: str = "maqsam"

    async def knock(self, call: CarrierCall) -> Door:  # noqa: ARG002 - its upgrade is the question
        """The same for all."""
        return Door(self.url, self.token)


class IssuedWay(Struct, frozen=True):
    """Whoever has the server's secret makes a stream token for each call; any provider is let in by one."""

    url: str
    tokens: StreamTokens
    provider: str
    questionnaire: str | None = None

    async def knock(self, call: CarrierCall) -> Door:  # noqa: ARG002 - a token is good for any call
        """A token of its own."""
        token = self.tokens.issue(provider=self.provider, questionnaire=self.questionnaire)
        return Door(f"{self.url.rstrip('/')}/{token}")


class TwilioWay(Struct, frozen=True):
    """Twilio's: a signed webhook, whose answer names the socket."""

    provider_name: ClassVar[str] = "twilio"

    address: str  # host and port
    auth_token: str
    public_url: str  # that the daemon believes to have, and the signature covers
    provider: str = provider_name
    is_secure: bool = False  # by TLS
    questionnaire: str | None = None  # the server's default

    async def knock(self, call: CarrierCall) -> Door:
        """Ask, and read the answer."""
        path = "/".join(filter(None, (f"/webhooks/{self.provider}/answer", self.questionnaire)))
        fields = {
            "CallSid": call.call_id,
            "From": f"+{call.from_number}",
            "To": f"+{call.to_number}",
            "Direction": call.direction,
        }
        signed = self.public_url + path + "".join(name + fields[name] for name in sorted(fields))
        digest = hmac.digest(self.auth_token.encode(), signed.encode(), "sha1")
        headers = {
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(
                    f"http{'s' * self.is_secure}://{self.address}{path}",
                    data=urlencode(fields).encode(),
                    headers=headers,
                ) as answer,
            ):
                return self._door(answer.status, await answer.text())
        except (aiohttp.ClientError, TimeoutError) as error:
            return Door(answer=f"the webhook was not answered ({type(error).__name__})")

    def _door(self, status: int, document: str) -> Door:
        stream = _STREAM.search(document)
        if status == HTTP_OK and stream is not None:
            return Door(f"ws{'s' * self.is_secure}://{self.address}{stream[1]}")
        is_busy = status == HTTP_OK and '<Reject reason="busy"' in document
        return Door(is_busy=is_busy, answer=f"webhook: {status}")


async def arrive(
    way: Way,
    caller: Caller,
    clock: Clock,
    number: int,
    *,
    notes: Notes | None = None,
    max_seconds: float = 600.0,
) -> Lived:
    """Place one call, the `number`th of a run, and see it to its end, whatever the far end does.

    `notes`, which begin now, are for whoever wants to read them meanwhile.
    """
    notes = notes or Notes(clock.monotonic())
    # Some wires take nothing but a UUID for an id.
    call = CarrierCall(EXAMPLE_CALLER, EXAMPLE_CALLEE, f"00000000-0000-4000-8000-{number:012x}")
    door = await way.knock(call)
    if door.url is None:
        outcome = CallOutcome(ended_by=EndedBy.REFUSED)
        is_busy, answer = door.is_busy, door.answer
    else:
        wire = _Watched(far_end(way.provider), clock, notes)
        carrier = FakeCarrier(wire, _Listener(caller, clock, notes), clock=clock)
        outcome = await carrier.place(door.url, call=call, token=door.token, max_seconds=max_seconds)
        is_busy = outcome.http_status == HTTP_BUSY and outcome.retry_after_seconds is not None
        answer = f"upgrade: {outcome.http_status or outcome.detail}"
    is_refused = outcome.ended_by is EndedBy.REFUSED
    return Lived(
        provider=way.provider,
        seconds=clock.monotonic() - notes.began_at,
        outcome=outcome,
        notes=notes,
        is_busy=is_refused and is_busy,
        answer=answer if is_refused else "",
    )


class _Listener(Caller):
    """Does what another caller does, and notes how long it waits."""

    def __init__(self, caller: Caller, clock: Clock, notes: Notes) -> None:
        self._caller = caller
        self._clock = clock
        self._notes = notes
        self._done_at: float | None = None  # with what is to be replied to
        self._by_key = False

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear, note, and do."""
        now = self._clock.monotonic()
        if heard.translate(None, _SILENCE):
            self._hear(now)
        frame = self._caller.tick(heard)
        if frame.keys:
            self._done_at, self._by_key = now, True
        elif rms(decode_ulaw(frame.audio)) >= VOICE_RMS:
            self._done_at, self._by_key = now + FRAME_SECONDS, False
        return frame

    def _hear(self, now: float) -> None:
        if self._notes.first_word_at is None:
            self._notes.first_word_at = now
        if self._done_at is None:
            return
        waited = now - self._done_at
        if self._by_key or waited >= SOONEST_SECONDS:
            self._notes.turns.append(Turn(self._done_at, waited, self._by_key))
            self._done_at = None


class _Watched(CarrierWire):
    """Another wire, with a note of where our audio came too late for what was sent before to bridge it.

    A phrase ends with a mark, so that silence after one is nobody's fault.
    """

    def __init__(self, wire: CarrierWire, clock: Clock, notes: Notes) -> None:
        self._wire = wire
        self._clock = clock
        self._notes = notes
        self._plays_until = 0.0
        self._is_amid = False  # a phrase, of which more is to come
        self.waits_for_accept = wire.waits_for_accept
        self.returns_marks_on_clear = wire.returns_marks_on_clear
        self.hangs_up_on_close = wire.hangs_up_on_close
        self.caller_audio, self.our_audio = wire.caller_audio, wire.our_audio

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:
        return self._wire.dial(url, call, token)

    def open(self, call: CarrierCall) -> Sequence[str | bytes]:
        return self._wire.open(call)

    def audio(self, payload: bytes) -> Sequence[str | bytes]:
        return self._wire.audio(payload)

    def digit(self, key: str) -> Sequence[str | bytes]:
        return self._wire.digit(key)

    def mark(self, name: str) -> Sequence[str | bytes]:
        return self._wire.mark(name)

    def stop(self) -> Sequence[str | bytes]:
        return self._wire.stop()

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        """Translate one message, and note when it came."""
        events = self._wire.receive(message)
        for event in events:
            self._note(event)
        return events

    def _note(self, event: CarrierEvent) -> None:
        now = self._clock.monotonic()
        match event:
            case AudioToPlay(payload=payload):
                late = now - self._plays_until
                if self._is_amid and late > FRAME_SECONDS:
                    self._notes.gaps.append(Gap(self._plays_until, late))
                begins_at = max(now, self._plays_until)
                self._plays_until = begins_at + len(payload) / self.our_audio.bytes_per_second
                self._is_amid = True
            case MarkRequested():
                self._is_amid = False
            case PlaybackCleared():
                self._plays_until, self._is_amid = now, False
            case _:
                pass
