"""The phone line of one call: what comes in and what goes out, as happenings and commands.

It joins the provider's protocol to the voice gate on the way in and to the playout on the way out. It knows
no question and no answer. Messages are handed to it and leave through a function, so it knows no socket
either. All queues are bounded: a carrier that does not read, one that sends faster than anybody speaks, or a
session that does not listen, loses its own call.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import suppress
from math import ceil, inf

import structlog
from msgspec import Struct

from bridge.audio.dtmf import KeyFilter
from bridge.audio.echo import is_echo
from bridge.audio.frames import FRAME_SECONDS
from bridge.audio.g711 import decode_ulaw
from bridge.audio.gate import GateEvent, VoiceGate
from bridge.audio.playout import PhraseProgress, Playout
from bridge.audio.recording import CallRecorder
from bridge.clock import Clock
from bridge.cuts import Cut, CutShortError
from bridge.intake import Intake
from bridge.opus import OPUS_RATE, OpusEars, OpusStream
from bridge.transcoding import ToMulaw, from_mulaw
from protocols import commands, events
from protocols.audio import MULAW_8K, AudioFormat, Encoding
from protocols.base import MediaProtocol
from protocols.errors import CLOSE_POLICY, RemoteProtocolError

__all__ = [
    "CLOSE_GOING_AWAY",
    "CLOSE_INTERNAL_ERROR",
    "CLOSE_NORMAL",
    "Dismissed",
    "Gone",
    "Happening",
    "KeyPressed",
    "Line",
    "MachineAnswered",
    "Messages",
    "Overheard",
    "PlayoutFinished",
    "Receive",
    "WentDead",
    "each_of",
]

# RFC 6455 section 7.4.1
CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_INTERNAL_ERROR = 1011

# Nobody answers a question of which they have heard less: to recognise a word takes half of it.
UNANSWERABLE_SECONDS = 0.5
ECHO_SECONDS = 2.5  # what leaves ahead of time, the way there and back, and as much of it as is compared
ECHO_TAIL_SECONDS = 1.0  # after the last word has been heard its echo may still come
OUTBOX_MESSAGES = 200  # 4 s of 20 ms frames: a carrier that reads no faster than that has left
DEAD_SECONDS = 4.0  # without audio while the caller is speaking: stalls are shorter, and so is our patience
DEAD_TICKS = 13  # a quarter of a second more: a loop that stood still has read by then what came meanwhile
REST_SECONDS = 0.1  # between two looks at a call in which nothing is due: what a mistake costs at most
PAUSE_SECONDS = 1.0  # without audio is silence, where silence is not sent; a stall of the network is shorter
INBOX_HAPPENINGS = 600  # a minute of speech in 100 ms pieces: nobody is listening any more

_CALLER = events.Channel.CALLER

Receive = Callable[[str | bytes], None]  # takes one message; raises nothing
Messages = Callable[[Receive], Awaitable[None]]  # hands over all that the carrier sends, until it stops

log = structlog.get_logger()


def each_of(messages: AsyncIterable[str | bytes]) -> Messages:
    """Hand over what has to be awaited, one message after the other."""

    async def hand_over(receive: Receive) -> None:
        async for message in messages:
            receive(message)

    return hand_over


class KeyPressed(Struct, frozen=True):
    """The caller pressed one key."""

    key: str


class PlayoutFinished(Struct, frozen=True):
    """Everything that was said has been heard."""


class WentDead(Struct, frozen=True):
    """Nothing came any more while the caller was speaking."""


class Overheard(Struct, frozen=True):
    """Something was decided on one channel of a line that is listened to."""

    channel: events.Channel
    event: GateEvent
    began_seconds: float  # where in the call the utterance begins
    at_seconds: float  # and how far it has come: at its end, without the silence that ended it


class Dismissed(Struct, frozen=True):
    """The daemon must end: what is asked now is not waited for."""


class MachineAnswered(Struct, frozen=True):
    """The provider has found that no person has picked up."""


class Gone(Struct, frozen=True):
    """The carrier has left, or must be treated so. Nothing follows."""


Happening = (
    GateEvent | KeyPressed | PlayoutFinished | WentDead | Overheard | MachineAnswered | Dismissed | Gone
)


class Line:
    """One call's two directions."""

    def __init__(
        self,
        protocol: MediaProtocol,
        *,
        clock: Clock,
        send: Callable[[str | bytes], Awaitable[None]],
        send_seconds: float = 5.0,
        look_back_seconds: float = 0.3,
        recorder: CallRecorder | None = None,
        opus: OpusEars | None = None,
        on_dropped: Callable[[str, int], None] = lambda _direction, _frames: None,
    ) -> None:
        """`opus` decodes what pages send, where the site takes it; `on_dropped` counts frames lost."""
        self.capabilities = protocol.capabilities
        self.gate = VoiceGate(look_back_seconds=look_back_seconds)
        self.introduction: asyncio.Future[events.CallDetails | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.further_details: list[events.CallDetails] = []
        self.close_code = CLOSE_NORMAL
        self.close_reason = ""
        self.cut: Cut | None = None  # why it was we who ended it
        self.is_gone = False
        self.has_failed = False  # what comes now is not heard
        self.has_broken_down = False
        self.is_speaking = False  # we are

        self._protocol = protocol
        self._clock = clock
        self._send = send
        self._send_seconds = send_seconds
        self._on_dropped = on_dropped
        self._on_bug: Callable[[], None] | None = None
        self._recorder = recorder
        self._key_filter = None if protocol.capabilities.sends_keys else KeyFilter()
        self._heard = ToMulaw(MULAW_8K)
        self._intake = Intake(MULAW_8K.bytes_per_second)
        self._opus = opus
        self._packets: OpusStream | None = None  # theirs, where they are Opus
        self._heard_at = 0.0  # the end of the caller's audio, in call time
        self._is_paused = False
        self._dead_ticks = 0
        self._rests_until = 0.0  # nothing is due before
        self._spoken = MULAW_8K
        self._said = ToMulaw(MULAW_8K)  # what we sent, for the recording
        self._playout = self._new_playout()
        self._inbox: asyncio.Queue[tuple[float, Happening]] = asyncio.Queue()
        self._happened_at = 0.0
        self._speaks_since: float | None = None  # None: the prompt has not begun to leave
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue(OUTBOX_MESSAGES)
        self._phrases = 0
        self._played: deque[bytes] = deque()  # lately, as it left: an echo of it is no speech
        self._played_bytes = 0
        self._silent_since = -inf  # we are
        self._on_first_audio: Callable[[float], None] | None = None

    # In

    async def read(self, messages: Messages, *, on_bug: Callable[[], None] | None = None) -> None:
        """Translate all that the carrier sends, until it stops.

        `on_bug` is called while an error of ours is handled; without it that is raised.
        """
        self._on_bug = on_bug
        try:
            await messages(self._received)
        except CutShortError as error:
            self.fail(error.close_code, str(error), error.cut)
        self.leave()

    def _received(self, message: str | bytes) -> None:
        """Translate one message; what is wrong with it, or with us, ends the call and nothing else."""
        if self.has_failed:
            return
        now = self._clock.monotonic()
        try:
            for event in self._protocol.receive(message):
                self._on_event(event, now)
        except RemoteProtocolError as error:
            self.fail(error.close_code, str(error), Cut.PROTOCOL)
        except Exception:
            if self._on_bug is None:
                raise
            self._on_bug()

    async def next(self, seconds: float | None = None) -> Happening | None:
        """The next happening; None when nothing happened for `seconds` of call time."""
        if seconds is None:
            return await self._next()
        with suppress(TimeoutError):
            async with self._clock.timeout(max(0.0, seconds)):
                return await self._next()
        return None

    async def _next(self) -> Happening:
        self._happened_at, happening = await self._inbox.get()
        return happening

    @property
    def is_premature(self) -> bool:
        """Whether the last happening came too early to answer the present prompt.

        What came in while the turn before was still being weighed has waited for its listener, and is.
        """
        if self._speaks_since is None:
            return self.is_speaking
        return self._happened_at - self._speaks_since < UNANSWERABLE_SECONDS

    @property
    def waited_seconds(self) -> float:
        """How long ago the last happening happened; what it was weighed for since."""
        return self._clock.monotonic() - self._happened_at

    def begin_without_setup(self) -> None:
        """The carrier's grace to introduce the call is over: begin, if it has shown its credential."""
        with suppress(RemoteProtocolError):  # it has not; it may still come with the setup
            for event in self._protocol.begin_without_setup():
                self._on_event(event, self._clock.monotonic())

    def _on_event(self, event: events.Event, now: float) -> None:
        match event:
            case events.AudioReceived(payload=payload, channel=channel):
                self._on_audio(payload, channel, now)
            case events.DtmfReceived(key=key):
                self._happened(KeyPressed(key))
            case events.MarkReturned(name=name, played=played):
                self._playout.mark_returned(name, played=played, now=now)
                self._rests_until = 0.0
            case events.CallStarted():
                self._start(event, now)
            case events.CallDescribed(details=details):
                self.further_details.append(details)
            case events.ReplyDue(message=message):
                self._post(message)
            case events.Complained(code=code):
                log.warning("carrier_complained", provider=self.capabilities.name, code=code)
            case events.CallEnded():
                self.leave()

    def _start(self, started: events.CallStarted, now: float) -> None:
        """The formats are known from here on; nothing was heard or said before."""
        if self.introduction.done():
            return
        self._heard, self._said = ToMulaw(self._decoded(started.heard)), ToMulaw(started.spoken)
        self._spoken = started.spoken
        self._playout = self._new_playout()
        self._heard_at = now
        self._intake.begin(now)
        self.introduction.set_result(started.details)

    def _decoded(self, heard: AudioFormat) -> AudioFormat:
        """What we get to hear: of Opus, what its decoder gives."""
        if heard.encoding is not Encoding.OPUS:
            return heard
        if self._opus is None:
            raise RemoteProtocolError("Opus cannot be decoded here; it needs hatif[media]")
        self._packets = self._opus.open(self._take_decoded)
        return AudioFormat(Encoding.LINEAR, OPUS_RATE)

    def _take_decoded(self, pcm: bytes) -> None:
        """The sound of a packet; an error of ours ends the call rather than leave it deaf."""
        try:
            self._take_in(self._heard.process(pcm), self._clock.monotonic())
        except Exception:
            self.break_down()
            raise

    def _new_playout(self) -> Playout:
        return Playout(
            acknowledges=self.capabilities.acknowledges_playback,
            lead_seconds=self.capabilities.lead_seconds,
            chunk_seconds=self.capabilities.chunk_seconds,
            bytes_per_second=self._spoken.bytes_per_second,
            silence=self._spoken.silence,
        )

    def _on_audio(self, payload: bytes, channel: events.Channel, now: float) -> None:
        """Some audio; in a conversation with us only the caller's matters."""
        if channel is _CALLER:
            self._came(now)
            if self._packets is not None:
                self._packets.feed(payload)
            else:
                self._take_in(self._heard.process(payload), now)

    def _take_in(self, ulaw: bytes, now: float) -> None:
        """Some of the caller's audio has come; it is heard at once, if it comes no faster than life."""
        if not ulaw or self.is_gone:
            return
        if self._intake.admits(ulaw, now):
            self._take(ulaw)
            return
        self._rests_until = 0.0
        if lost := self._intake.put(ulaw, now):
            self._on_dropped("in", ceil(lost / FRAME_SECONDS))
        if self._intake.is_behind:
            self.fail(CLOSE_POLICY, "the carrier sends much faster than anybody speaks", Cut.TOO_FAST)
        self._hear_due(now)

    def _hear_due(self, now: float) -> None:
        for audio in self._intake.due(now):
            self._take(audio)

    def _came(self, now: float) -> None:
        """There is audio now: no pause."""
        self._heard_at = now
        self._is_paused = False
        self._dead_ticks = 0

    def _hear_pause(self, now: float) -> None:
        """Make the silence that is not sent: an utterance ends by it, a recording keeps time."""
        missing = now - self._heard_at
        if missing < PAUSE_SECONDS and not self._is_paused:
            return
        self._is_paused = True
        frames = int(missing / FRAME_SECONDS)
        self._heard_at += frames * FRAME_SECONDS
        self._take(MULAW_8K.silence * MULAW_8K.frame_bytes * frames)

    def _hear_nothing(self) -> None:
        """What the caller was saying has no end. That is told once; what comes later is another matter."""
        self._dead_ticks += 1
        if self._dead_ticks == DEAD_TICKS:
            self.gate.forget()
            self._happened(WentDead())

    def _take(self, payload: bytes) -> None:
        """Some of the caller's audio, in mu-law."""
        if self._recorder is not None:
            self._recorder.heard(payload)
        if self._key_filter is not None:
            payload = self._without_keys(payload, self._key_filter)
        for happening in self.gate.process(payload):
            self._happened(happening)

    def _without_keys(self, payload: bytes, key_filter: KeyFilter) -> bytes:
        """The caller's audio where keys are tones in it: they are taken out and told."""
        heard = key_filter.process(payload)
        for key in heard.keys:
            self._happened(KeyPressed(key))
        return heard.audio

    def _happened(self, happening: Happening) -> None:
        if self._inbox.qsize() < INBOX_HAPPENINGS:
            self._inbox.put_nowait((self._clock.monotonic(), happening))
        else:
            self._on_dropped("in", 1)
            self.fail(CLOSE_POLICY, "more came in than could be listened to", Cut.UNHEARD)

    # Out

    def say(self, phrases: Sequence[bytes], *, on_first_audio: Callable[[float], None] | None = None) -> None:
        """Queue mu-law phrases as one prompt. `on_first_audio` is told when its first audio leaves."""
        now = self._clock.monotonic()
        self._playout.reset(now)
        for phrase in phrases:
            self._phrases += 1
            self._playout.queue(f"phrase-{self._phrases}", from_mulaw(phrase, self._spoken), now)
        self._on_first_audio = on_first_audio
        self._speaks_since = None
        self._rests_until = 0.0
        self.is_speaking = bool(phrases)
        self.tick(now)

    def tick(self, now: float) -> None:
        """Send what is due; the shared ticker calls this every 20 ms.

        An error of ours ends the call rather than leave the caller in silence; the ticker reports it.
        """
        if now < self._rests_until:
            return
        try:
            self._send_due(now)
            self._rests_until = self._next_due(now)
        except Exception:
            self.break_down()
            raise

    def _send_due(self, now: float) -> None:
        self._hear_due(now)
        for due in self._playout.due(now):
            if isinstance(due, bytes):
                self._play(due, now)
            else:
                self.command(commands.SendMark(due.name))
        if self.capabilities.keep_alive_seconds is not None and self.introduction.done():
            self._keep_alive(now, self.capabilities.keep_alive_seconds)
        if self.capabilities.pauses_audio and self.introduction.done():
            self._hear_pause(now)
        if self.gate.is_speaking and now - self._heard_at >= DEAD_SECONDS:
            self._hear_nothing()
        if self.is_speaking and self._playout.is_finished(now):
            self.is_speaking = False
            self._silent_since = now
            self._happened(PlayoutFinished())

    def _next_due(self, now: float) -> float:
        """When to look again, if nothing happens before."""
        theirs = self.capabilities
        if theirs.pauses_audio or theirs.keep_alive_seconds is not None:  # time itself is what happens
            return now
        if self.gate.is_speaking or self._intake.is_waiting:
            return now
        if self.is_speaking:
            return min(self._playout.next_due(), now + REST_SECONDS)
        return now + REST_SECONDS

    def _keep_alive(self, now: float, seconds: float) -> None:
        silence = self._playout.idle(now, seconds)
        if silence:
            self.command(commands.PlayAudio(silence))

    def _play(self, audio: bytes, now: float) -> None:
        self.command(commands.PlayAudio(audio))
        self._remember(audio)
        if self._recorder is not None:
            self._recorder.played(self._said.process(audio))
        if self._speaks_since is None:
            self._speaks_since = now
        if self._on_first_audio is not None:
            self._on_first_audio(now)
            self._on_first_audio = None

    def _remember(self, audio: bytes) -> None:
        self._played.append(audio)
        self._played_bytes += len(audio)
        while self._played_bytes - len(self._played[0]) > ECHO_SECONDS * self._spoken.bytes_per_second:
            self._played_bytes -= len(self._played.popleft())

    def is_echo(self, pcm: bytes, onset_seconds: float) -> bool:
        """Whether what came in is what left a moment ago; never where nothing was said so lately.

        Its speech began `onset_seconds` before its end.
        """
        if not self.is_speaking and self._clock.monotonic() - self._silent_since > ECHO_TAIL_SECONDS:
            return False
        played = ToMulaw(self._spoken).process(b"".join(self._played))
        return is_echo(pcm, decode_ulaw(played), onset_seconds)

    def clear(self) -> None:
        """Fall silent: the caller is speaking."""
        self._playout.clear(self._clock.monotonic())
        self._rests_until = 0.0
        self.is_speaking = False
        if self.capabilities.can_clear:
            self.command(commands.ClearAudio())
        if self._recorder is not None:
            self._recorder.cleared()

    def progress(self) -> list[PhraseProgress]:
        """How much of each phrase of the present prompt has been heard."""
        return self._playout.progress(self._clock.monotonic())

    def command(self, command: commands.Command) -> None:
        """Queue one command for the carrier; nothing happens when it has gone."""
        if self.is_gone:
            return
        for message in self._protocol.send(command):
            self._post(message)

    def _post(self, message: str | bytes) -> None:
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            self._on_dropped("out", 1)
            self.fail(CLOSE_POLICY, "the carrier reads too slowly", Cut.UNREAD)

    async def write(self) -> None:
        """Deliver what is queued, for ever; a carrier that does not take it in time has gone."""
        while True:
            message = await self._outbox.get()
            try:
                async with self._clock.timeout(self._send_seconds):
                    await self._send(message)
            except TimeoutError:
                self.fail(CLOSE_POLICY, f"the carrier took nothing for {self._send_seconds:g} s", Cut.UNREAD)
            except ConnectionError:
                self.leave()
            finally:
                self._outbox.task_done()

    async def flush(self) -> None:
        """Wait until everything queued has been delivered, but not for ever."""
        with suppress(TimeoutError):
            async with self._clock.timeout(self._send_seconds):
                await self._outbox.join()

    # Told from outside

    def machine_answered(self) -> None:
        """Tell whoever listens, now or once the call has begun, that no person has picked up."""
        self._inbox.put_nowait((self._clock.monotonic(), MachineAnswered()))

    # The end

    def dismiss(self) -> None:
        """Tell whoever listens that the daemon must end; a call that has not begun yet does not begin."""
        if self.introduction.done():
            self._inbox.put_nowait((self._clock.monotonic(), Dismissed()))
        else:
            self.fail(CLOSE_GOING_AWAY, "the daemon is stopping", Cut.DISMISSED)

    def break_down(self) -> None:
        """An error of ours: the call cannot go on."""
        self.has_broken_down = True
        self.fail(CLOSE_INTERNAL_ERROR, "an internal error", Cut.FAILED)

    def fail(self, close_code: int, reason: str, cut: Cut | None = None) -> None:
        """The call cannot go on: remember why, and how to close, and treat the carrier as gone.

        One that has not begun is refused, and not cut.
        """
        if not self.is_gone:
            self.has_failed = True
            self.close_code, self.close_reason, self.cut = close_code, reason, cut
        self.leave()

    def leave(self) -> None:
        """Nothing more will come, and nothing more can be sent."""
        if self.is_gone:
            return
        self.is_gone = True
        if self._packets is not None:
            self._packets.close()
        self._inbox.put_nowait((self._clock.monotonic(), Gone()))
        if not self.introduction.done():
            self.introduction.set_result(None)
