"""Ears made of Vosk, as the calls see them: a `Recognizer` whose engine runs in a worker process.

It spells phrases in the model's own words and back, and says honestly when an utterance was lost with the
process that heard it. It never imports vosk, some of whose calls end the process.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import structlog

from bridge.audio.g711 import decode_ulaw
from bridge.errors import ModelError, WorkerError
from bridge.speech.base import Hearing, Partial, RecognitionStream, Recognizer
from bridge.speech.condition import WorkerCondition
from bridge.speech.messages import (
    MAX_STREAMS,
    MAX_STREAMS_OF_CALL,
    MAX_UTTERANCE_BYTES,
    SAMPLE_RATE,
    CancelStream,
    FeedStream,
    FinishStream,
    Heard,
    LoadModel,
    OpenStream,
    PartlyHeard,
    Probe,
    Probed,
)
from bridge.speech.queueing import listening_for
from bridge.speech.vosk.grammar import whole_phrases
from bridge.speech.vosk.model import UNKNOWN_WORD, ModelSummary, check_model, written
from bridge.speech.waits import Waits
from bridge.speech.worker import RestartPolicy, WorkerProcess

__all__ = ["ModelSummary", "VoskRecognizer", "check_model"]

MAX_PHRASES = 1000  # a grammar is built anew for every utterance; no question has as many answers
# What every model must hear before it may hear callers: نعم, spoken by espeak-ng (ar+Denis), mu-law at 8 kHz.
KNOWN_PHRASE = "نعم"
KNOWN_SOUND = Path(__file__).with_name("yes.ulaw")

# So much is handed over at a time, 0.1 s: a message for each frame would cost both processes as much again.
PIECE_BYTES = SAMPLE_RATE // 10 * 2
QUICK_SECONDS = 0.3  # what waits longer than that for its end has no time to spare

MAX_GRAMMARS = 512  # spelled grammars that are remembered; a questionnaire has a few dozen

log = structlog.get_logger()


class VoskRecognizer(Recognizer):
    """One Vosk worker process, shared by all calls."""

    def __init__(
        self,
        model: Path,
        *,
        threads: int = 2,
        phases: int = 3,
        finish_timeout_seconds: float = 5.0,
        policy: RestartPolicy | None = None,
        on_restart: Callable[[], None] | None = None,
    ) -> None:
        self._path = model
        self._finish_timeout_seconds = finish_timeout_seconds
        self._grammars: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._open_streams: dict[int, _VoskStream] = {}
        self._waits = Waits()
        sound = decode_ulaw(KNOWN_SOUND.read_bytes())
        setup = LoadModel(str(model.absolute()), max(1, threads), max(1, phases), KNOWN_PHRASE, sound)
        self._worker = WorkerProcess(
            "vosk",
            "bridge.speech.vosk.worker",
            setup,
            policy=policy,
            on_restart=on_restart,
            on_partly_heard=self._partly_heard,
        )
        self.unknown_phrases = 0  # phrases that were asked for and that the model cannot hear

    async def start(self) -> None:
        """Check the model, start the process and wait for its self-test; ModelError says what is wrong."""
        await asyncio.to_thread(lambda: self.summary)
        try:
            await self._worker.start()
        except WorkerError as error:
            raise ModelError(f"{self._path} cannot be used as a recognition model: {error}") from error

    async def stop(self) -> None:
        """End the process."""
        await self._worker.stop()

    async def probe(self, timeout_seconds: float) -> float:
        """Ask the decoding threads whether they are getting on; how long the slowest has been at one piece.

        Raises:
            WorkerError: there is no process, or none of its threads answers in time: it is replaced.

        """
        probe = Probe(self._worker.new_id())
        return (await self._worker.request(probe, Probed, timeout_seconds)).longest_seconds

    def replace(self) -> None:
        """Kill the process, which hangs; another takes its place."""
        self._worker.replace()

    def open(
        self, phrases: Sequence[str], on_partial: Callable[[Partial], None] | None = None
    ) -> RecognitionStream:
        """Begin an utterance; phrases that the model has no words for are left out, and counted."""
        if len(self._open_streams) >= MAX_STREAMS:
            return _LostStream("the recogniser has as many utterances under way as it takes")
        owner = listening_for.get()
        of_call = sum(stream.owner == owner for stream in self._open_streams.values())
        if owner[1] and of_call >= MAX_STREAMS_OF_CALL:
            return _LostStream("the call has as many utterances under way as the recogniser takes of one")
        spelled = self._spell(tuple(phrases))
        stream = _VoskStream(
            self._worker,
            spelled,
            self._finish_timeout_seconds,
            lambda over: self._open_streams.pop(over, None),
            waits=self._waits,
            owner=owner,
            on_partial=on_partial,
        )
        self._open_streams[stream.id] = stream
        return stream

    def _partly_heard(self, heard: PartlyHeard) -> None:
        if (stream := self._open_streams.get(heard.id)) is not None:
            stream.partly_heard(heard)

    def knows(self, phrase: str) -> bool:
        """Whether the model can hear this phrase."""
        return self.summary.spell(phrase) is not None

    @cached_property
    def summary(self) -> ModelSummary:
        """What the model directory holds; ModelError when it is no model."""
        return check_model(self._path)

    @property
    def identity(self) -> str:
        """The model's name and a short hash of its files."""
        return self.summary.identity

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word that the model can hear, as people write it."""
        return self.summary.vocabulary

    @cached_property
    def has_open_vocabulary(self) -> bool:
        """Whether the model has words for whatever a caller may tell, and not for answers only."""
        return self.summary.has_open_vocabulary

    @property
    def is_ready(self) -> bool:
        """Whether the process has loaded the model, heard a known phrase, and been reliable lately."""
        return self._worker.is_ready

    def condition(self) -> WorkerCondition:
        """How the process is."""
        return self._worker.condition()

    @property
    def utterances(self) -> int:
        """How many are under way."""
        return len(self._open_streams)

    @property
    def waited_seconds(self) -> float:
        """How long the utterance has waited that has waited longest, now or a moment ago."""
        return self._waits.longest_seconds

    @property
    def is_quick(self) -> bool:
        """False: an utterance has waited for its end for longer than usual, now or a moment ago."""
        return self.waited_seconds < QUICK_SECONDS

    @property
    def is_reliable(self) -> bool:
        """False: its process died, or could not be started, more often lately than is bad luck."""
        return self._worker.is_reliable

    def report(self) -> tuple[bool, str]:
        """Whether calls can be built on it; what is wrong, where something is."""
        if self.is_ready:
            return True, ""
        state = "is up, and has died often lately" if self._worker.is_up else "is down"
        cause = self._worker.condition().last_death
        why = f" ({cause})" if cause else ""
        return False, f"the recogniser {state}{why}; callers are asked for keys"

    @property
    def engine(self) -> str:
        """What the engine calls itself; '' before it has started."""
        return self._worker.version

    @property
    def pid(self) -> int | None:
        """The process that hears now."""
        return self._worker.pid

    @property
    def restarts(self) -> int:
        """How often the process has been replaced."""
        return self._worker.restarts

    def _spell(self, phrases: tuple[str, ...]) -> tuple[str, ...]:
        """The phrases in words of the model; () when nothing is left, or nothing would be used."""
        if phrases not in self._grammars:
            if len(self._grammars) >= MAX_GRAMMARS:
                self._grammars.clear()
            self._grammars[phrases] = self._spell_anew(phrases)
        return self._grammars[phrases]

    def _spell_anew(self, phrases: tuple[str, ...]) -> tuple[str, ...]:
        summary = self.summary
        spelled = [summary.spell(phrase) for phrase in phrases[:MAX_PHRASES]]
        known = list(dict.fromkeys(phrase for phrase in spelled if phrase is not None))
        if unknown := len(phrases) - sum(phrase is not None for phrase in spelled):
            self.unknown_phrases += unknown
            log.warning("grammar_phrases_unknown", count=unknown)
        if not known or not summary.supports_grammar:
            return ()
        return (*known, UNKNOWN_WORD) if UNKNOWN_WORD in summary.words else tuple(known)


class _VoskStream(RecognitionStream):
    """One utterance. Opened while no process is there, it keeps its audio and hands it over when one is."""

    def __init__(
        self,
        worker: WorkerProcess,
        phrases: tuple[str, ...],
        timeout_seconds: float,
        on_over: Callable[[int], object],
        *,
        waits: Waits,
        owner: tuple[str, str],
        on_partial: Callable[[Partial], None] | None,
    ) -> None:
        self._worker = worker
        self._phrases = phrases
        self._timeout_seconds = timeout_seconds
        self._on_over = on_over
        self._waits = waits
        self.owner = owner  # tenant and call
        self._on_partial = on_partial
        self._fed: deque[tuple[int, float]] = deque()  # so much by then, of what nothing was told of yet
        self.id = worker.new_id()
        self._generation: int | None = None  # the process that has our audio
        self._kept = bytearray()  # what has not been handed over yet
        self._bytes = 0
        self._is_over = False
        self._hand_over()

    def feed(self, pcm: bytes) -> None:
        """Hand over more audio; what comes after a minute, or after the end, is dropped."""
        self._bytes += len(pcm)
        if self._is_over or self._bytes > MAX_UTTERANCE_BYTES:
            return
        if self._on_partial is not None:
            self._fed.append((self._bytes, asyncio.get_running_loop().time()))
        if self._is_lost:
            return
        self._kept += pcm
        if self._generation is None or len(self._kept) >= PIECE_BYTES:
            self._hand_over()

    def partly_heard(self, heard: PartlyHeard) -> None:
        """The worker tells what was said so far."""
        if self._on_partial is None:
            return
        now = fed_at = asyncio.get_running_loop().time()
        while self._fed and self._fed[0][0] <= heard.heard_bytes:
            _, fed_at = self._fed.popleft()
        self._on_partial(Partial(written(heard.text), now - fed_at))

    async def finish(self) -> Hearing:
        """Wait for both decoders."""
        if self._is_over:
            raise WorkerError("the utterance is over already")
        try:
            with self._waits.one():
                return await self._finish()
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Forget the utterance; its decoders are freed."""
        if self._is_over:
            return
        self._is_over = True
        self._kept.clear()
        self._on_over(self.id)
        if self._generation is not None and not self._is_lost:
            self._worker.post(CancelStream(self.id))

    @property
    def _is_lost(self) -> bool:
        return self._generation is not None and (
            self._generation != self._worker.generation or not self._worker.is_up
        )

    def _hand_over(self) -> None:
        if not self._worker.is_up:
            return
        if self._generation is None:
            self._generation = self._worker.generation
            tells = self._on_partial is not None
            self._worker.post(OpenStream(self.id, self._phrases, *self.owner, tells=tells))
        if self._kept:
            self._worker.post(FeedStream(self.id, bytes(self._kept)))
            self._kept.clear()

    async def _finish(self) -> Hearing:
        clock = asyncio.get_running_loop()
        began = clock.time()
        if self._generation is None:
            # One that keeps dying is replaced slowly: no caller waits in silence for that.
            await self._worker.up(self._timeout_seconds if self._worker.is_reliable else 0)
        if self._is_lost:
            raise WorkerError("the recogniser died while the caller was speaking")
        self._hand_over()
        remaining_seconds = self._timeout_seconds - (clock.time() - began)
        heard = await self._worker.request(FinishStream(self.id), Heard, remaining_seconds)
        seconds = clock.time() - began
        closed = tuple(written(whole_phrases(text, self._phrases)) for text in heard.closed)
        return Hearing(closed, tuple(map(written, heard.open)), heard.confidence, seconds)


class _LostStream(RecognitionStream):
    """An utterance that could not be taken on."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def feed(self, pcm: bytes) -> None:
        """Drop it."""

    async def finish(self) -> Hearing:
        """Say why nothing was heard."""
        raise WorkerError(self._reason)

    def cancel(self) -> None:
        """Nothing to forget."""
