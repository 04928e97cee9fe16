"""What `hatif say` does: a text or SSML performed by any voice, polished for the telephone, and measured."""

import asyncio
import struct
import time
import wave
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, encode_ulaw
from bridge.audio.polish import Polisher, polish
from bridge.config import Settings
from bridge.errors import BridgeError
from bridge.speech.base import Speech, whole
from bridge.speech.clips import Clips
from bridge.speech.engines import ENGINES, VoiceBench, VoiceName
from bridge.speech.performing import perform
from bridge.speech.reading.building import build_reader
from bridge.speech.reading.reader import Reader
from bridge.speech.script import Clip, Passage, Pause, Script
from bridge.speech.ssml import script_of

__all__ = ["MarkTime", "Report", "SayError", "Wish", "say_aloud", "say_to_file"]

_ALIASES = {"espeak": "espeak-ng"}
_ALWAYS_THERE = VoiceName("espeak-ng", "ar")
_FORMATS = (".wav", ".au", ".ulaw")
_AU = struct.Struct(">4s5I")  # magic, offset of the audio, its length, encoding, rate, channels
_AU_ULAW = 1


class SayError(BridgeError):
    """What was asked to be said, or where to, cannot be."""

    code = "say"


class Wish(Struct, frozen=True):
    """What is to be said, by whom."""

    text: str
    engine: str | None = None
    voice: str | None = None
    language: str = "ar"


class MarkTime(Struct, frozen=True):
    """When a mark was passed."""

    name: str
    seconds: float


class Report(Struct, frozen=True):
    """How it went. Seconds of the clock on the wall, save `audio_seconds`."""

    voice: str
    identity: str
    audio_seconds: float
    start_seconds: float  # until the engine was ready
    first_sound_seconds: float  # from then on, until the engine gave sound, or a stream had it for the line
    elapsed_seconds: float  # and until all was
    real_time_factor: float  # elapsed for each second of sound
    marks: tuple[MarkTime, ...]
    file: str | None


def _require_format(path: Path) -> None:
    """SayError, unless a file of that name can be written."""
    if path.suffix.lower() not in _FORMATS:
        raise SayError(f"{path}: the name must end in {', '.join(_FORMATS)}, which says how it is written")


async def say_to_file(wish: Wish, settings: Settings, path: Path) -> Report:
    """Say it into a file of 8 kHz.

    Raises:
        BridgeError: the SSML, the voice, the engine or the file will not do.

    """
    _require_format(path)
    async with _Turn.taken(wish, settings) as turn:
        speech = await whole(turn.pieces(notes_sound=True))
        pcm = turn.before + polish(speech.pcm, speech.rate) + turn.after if speech.rate else turn.before
        if not pcm:
            raise SayError("nothing came of it that can be heard")
        try:
            _write(path, pcm)
        except OSError as error:
            raise SayError(f"{path} cannot be written: {error.strerror}") from None
        return turn.report(len(pcm), str(path))


async def say_aloud(wish: Wish, settings: Settings, sink: BinaryIO) -> Report:
    """Say it as raw mu-law into a pipe, while it is being made.

    Raises:
        BridgeError: the SSML, the voice or the engine will not do.
        BrokenPipeError: nobody listens any more.

    """
    async with _Turn.taken(wish, settings) as turn:
        written = 0
        async with aclosing(_polished(turn)) as pieces:
            async for pcm in pieces:
                if any(pcm):
                    turn.sounds()
                await asyncio.to_thread(_send, sink, encode_ulaw(pcm))  # whoever plays it takes its time
                written += len(pcm)
        return turn.report(written, None)


def _send(sink: BinaryIO, ulaw: bytes) -> None:
    sink.write(ulaw)
    sink.flush()


class _Turn:
    """One thing to be said, by engines that run, and what is measured on the way."""

    def __init__(
        self, script: Script, voice: VoiceName, bench: VoiceBench, reader: Reader, clips: Clips
    ) -> None:
        self.before, self._script, self.after = _without_outer_silence(script)
        self._name = voice
        self._bench = bench
        self._reader = reader
        self._clips = clips
        self._marks: list[MarkTime] = []
        self._asked = self._begun = time.perf_counter()
        self._first: float | None = None

    @classmethod
    @asynccontextmanager
    async def taken(cls, wish: Wish, settings: Settings) -> AsyncGenerator["_Turn"]:
        """A turn, with every engine that the script asks for started, and stopped afterwards."""
        script = script_of(wish.text, language=wish.language)
        bench = VoiceBench(settings)
        today = date.today()  # noqa: DTZ011 - the author's day is the machine's
        reader, clips = build_reader(settings.voice, today), Clips(settings.prompts.folder)
        turn = cls(script, _voice_name(wish, bench), bench, reader, clips)
        try:
            for name in (str(turn._name), *_voices_in(script)):
                await bench.start(name)
            turn._begun = time.perf_counter()
            yield turn
        finally:
            await bench.stop()

    async def pieces(self, *, notes_sound: bool = False) -> AsyncGenerator[Speech]:
        performance = perform(
            self._script,
            self._bench.voice(self._name),
            read=self._reader.read,
            voice_named=self._bench.voice,
            clip=self._clips.find,
            on_mark=self._mark,
        )
        async with aclosing(performance) as pieces:
            async for piece in pieces:
                if notes_sound and any(piece.pcm):
                    self.sounds()
                yield piece

    def sounds(self) -> None:
        """Note the first sound."""
        self._first = self._first or time.perf_counter()

    def report(self, pcm_bytes: int, file: str | None) -> Report:
        now = time.perf_counter()
        seconds = pcm_bytes / SAMPLE_WIDTH / SAMPLE_RATE
        return Report(
            voice=str(self._name),
            identity=self._bench.voice(self._name).identity,
            audio_seconds=round(seconds, 3),
            start_seconds=round(self._begun - self._asked, 4),
            first_sound_seconds=round((self._first or now) - self._begun, 4),
            elapsed_seconds=round(now - self._begun, 4),
            real_time_factor=round((now - self._begun) / seconds, 4) if seconds else 0.0,
            marks=tuple(self._marks),
            file=file,
        )

    def _mark(self, name: str, seconds: float) -> None:
        before = len(self.before) / SAMPLE_WIDTH / SAMPLE_RATE
        self._marks.append(MarkTime(name, round(before + seconds, 3)))


async def _polished(turn: _Turn) -> AsyncGenerator[bytes]:
    """The turn's sound as 8 kHz linear, as it comes."""
    polisher: Polisher | None = None
    yield turn.before
    async with aclosing(turn.pieces()) as pieces:
        async for piece in pieces:
            polisher = polisher or Polisher(piece.rate)
            yield polisher.process(piece.pcm)
    if polisher is not None:
        yield polisher.flush()
    yield turn.after


def _voice_name(wish: Wish, bench: VoiceBench) -> VoiceName:
    """Who speaks: the configured voice, another one of its engine, or one of another engine."""
    usual = bench.default_name
    if wish.voice is not None and wish.engine is None and wish.voice.partition("/")[0] in ENGINES:
        return VoiceName.parse(wish.voice)
    engine = _ALIASES.get(wish.engine or "", wish.engine or usual.engine)
    if engine not in ENGINES:
        raise SayError(f"there is no engine {engine!r}; there are: {', '.join(ENGINES)}")
    if wish.voice is not None:
        return VoiceName(engine, wish.voice)
    if engine == usual.engine:
        return usual
    if engine == _ALWAYS_THERE.engine:
        return _ALWAYS_THERE
    raise SayError(f"name a voice of {engine} with --voice")


def _voices_in(script: Script) -> Iterator[str]:
    for part in script:
        if isinstance(part, Passage) and part.voice is not None:
            yield part.voice
        elif isinstance(part, Clip):
            yield from _voices_in(part.fallback)


def _without_outer_silence(script: Script) -> tuple[bytes, Script, bytes]:
    """Silence that is written at either end stays beside the sound, where polishing does not take it away."""
    before = _first_pauses(script)
    after = _first_pauses(script[len(before) :][::-1])
    inner = script[len(before) : len(script) - len(after)]
    return _silence(before), inner, _silence(after)


def _first_pauses(script: Script) -> list[Pause]:
    return [
        part for part in takewhile(lambda part: isinstance(part, Pause), script) if isinstance(part, Pause)
    ]


def _write(path: Path, pcm: bytes) -> None:
    """A file of 8 kHz: 16-bit linear (.wav), or mu-law with a header (.au) or without (.ulaw)."""
    match path.suffix.lower():
        case ".wav":
            with path.open("wb") as file, wave.open(file, "wb") as wav:
                wav.setnchannels(1)
                wav.setsampwidth(SAMPLE_WIDTH)
                wav.setframerate(SAMPLE_RATE)
                wav.writeframes(pcm)
        case ".au":
            audio = encode_ulaw(pcm)
            path.write_bytes(_AU.pack(b".snd", _AU.size, len(audio), _AU_ULAW, SAMPLE_RATE, 1) + audio)
        case _:
            path.write_bytes(encode_ulaw(pcm))


def _silence(pauses: Sequence[Pause]) -> bytes:
    return b"".join(bytes(SAMPLE_WIDTH * round(pause.seconds * SAMPLE_RATE)) for pause in pauses)
