"""A script performed: passages by their voices, pauses, sounds and marks, as one stream at one rate.

Sound leaves as it is made. What engines cannot do, or would each do in their own way, is done here to what
they made: loudness, silence, the seams between passages.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import assert_never

from msgspec.structs import replace

from bridge.audio.g711 import SAMPLE_WIDTH, amplify
from bridge.audio.resample import Resampler
from bridge.errors import BridgeError
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.script import Clip, Mark, Passage, Pause, Script, says_something
from bridge.speech.seams import Seam

__all__ = ["FindClip", "FindVoice", "PerformanceError", "Read", "perform"]

SILENT_RATE = 8_000  # hertz, of a script that has no sound in it
_ENDS_OF_SENTENCES = (".", "!", "?", "؟", "…", "؛")

Read = Callable[[str, str], str]  # text and language to the words that an engine is given
FindVoice = Callable[[str], Synthesizer]
FindClip = Callable[[str], Awaitable[Speech | None]]  # a sound by its name; None where there is none
OnMark = Callable[[str, float], None]  # a mark's name, and its seconds from the beginning
_Part = Passage | Pause | Mark | Clip


class PerformanceError(BridgeError):
    """A script asks for a voice or a sound that there is not."""

    code = "performance"


async def perform(
    script: Script,
    voice: Synthesizer,
    *,
    read: Read,
    voice_named: FindVoice | None = None,
    clip: FindClip | None = None,
    on_mark: OnMark | None = None,
    rate: int | None = None,
) -> AsyncGenerator[Speech]:
    """Speak a script in pieces, all at `rate`, or else at that of the first sound in it.

    A mark is told before the sound that follows it is given out. Close the stream (`aclosing`), and the
    engine's work ends at once.

    Raises:
        PerformanceError: a voice that is named, or a sound without anything in its place, does not exist.
        BridgeError: as engines, and what finds voices and sounds, raise them.

    """
    cast, stage = _Cast(voice, read, voice_named, clip), _Stage(rate, on_mark)
    async with aclosing(cast.sounds(script)) as parts:
        async for part in parts:
            for piece in stage.take(part):
                yield piece
    for piece in stage.end():
        yield piece


class _Cast:
    """Who makes the sounds of a script."""

    def __init__(
        self, voice: Synthesizer, read: Read, voice_named: FindVoice | None, clip: FindClip | None
    ) -> None:
        self._voice = voice
        self._read = read
        self._voice_named = voice_named
        self._clip = clip

    async def sounds(self, script: Script) -> AsyncGenerator[Speech | Pause | Mark]:
        """The script with sound in the place of words."""
        for before, part, after in _with_neighbours(script):
            match part:
                case Pause() | Mark():
                    yield part
                    continue
                case Passage():
                    ends = before is not None, _is_met(part, after)
                    pieces = self._passage(part, *ends)
                case Clip():
                    pieces = self._sound(part)
                case _:
                    assert_never(part)
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece

    async def _passage(
        self, passage: Passage, trims_begin: bool, trims_end: bool
    ) -> AsyncGenerator[Speech | Pause | Mark]:
        words = self._read(passage.text, passage.language)
        if not says_something(words):
            return
        gain = 10 ** (passage.manner.volume_db / 20)
        seam, rate = None, 0
        async with aclosing(self._voice_of(passage).stream(replace(passage, text=words))) as pieces:
            async for piece in pieces:
                if seam is None:
                    seam = Seam(piece.rate, trims_begin=trims_begin, trims_end=trims_end)
                    rate = piece.rate
                yield Speech(amplify(seam.process(piece.pcm), gain), rate)
        if seam is not None:
            yield Speech(amplify(seam.flush(), gain), rate)

    async def _sound(self, wanted: Clip) -> AsyncGenerator[Speech | Pause | Mark]:
        found = None if self._clip is None else await self._clip(wanted.name)
        if found is not None:
            yield found
            return
        if not wanted.fallback:
            raise PerformanceError(
                f"there is no sound {wanted.name!r} in the cache, and nothing in <audio> to say in its place"
            )
        async with aclosing(self.sounds(wanted.fallback)) as pieces:
            async for piece in pieces:
                yield piece

    def _voice_of(self, passage: Passage) -> Synthesizer:
        if passage.voice is None:
            return self._voice
        if self._voice_named is None:
            raise PerformanceError(f"the voice {passage.voice!r} is named where one voice alone may speak")
        return self._voice_named(passage.voice)


class _Stage:
    """Where sounds become one stream, and its time is counted in samples."""

    def __init__(self, rate: int | None, on_mark: OnMark | None) -> None:
        self._rate = rate
        self._on_mark = on_mark
        self._silence_due = 0.0  # seconds, before any sound, while no rate is known
        self._samples = 0  # given out so far
        self._source_rate = 0
        self._resampler: Resampler | None = None

    def take(self, part: Speech | Pause | Mark) -> Iterator[Speech]:
        """What can be given out now."""
        match part:
            case Speech():
                yield from self._sound(part)
            case Pause(seconds=seconds):
                yield from self._settled()
                yield from self._silence(seconds)
            case Mark(name=name):
                yield from self._settled()
                if self._on_mark is not None:
                    self._on_mark(name, self._seconds)
            case _:
                assert_never(part)

    def end(self) -> Iterator[Speech]:
        """The rest."""
        yield from self._settled()
        if self._silence_due:
            yield from self._opened(SILENT_RATE)

    @property
    def _seconds(self) -> float:
        return self._silence_due + (self._samples / self._rate if self._rate else 0.0)

    def _sound(self, speech: Speech) -> Iterator[Speech]:
        if not speech.pcm:
            return
        yield from self._opened(speech.rate)
        if speech.rate != self._source_rate:
            yield from self._settled()
            self._source_rate = speech.rate
            is_other = speech.rate != self._rate
            self._resampler = Resampler(speech.rate, self._rate or 0) if is_other else None
        yield from self._out(self._resampler.process(speech.pcm) if self._resampler else speech.pcm)

    def _settled(self) -> Iterator[Speech]:
        """What the resampler still holds of the sound so far."""
        if self._resampler is not None:
            yield from self._out(self._resampler.flush())

    def _silence(self, seconds: float) -> Iterator[Speech]:
        if self._rate is None:
            self._silence_due += seconds
        else:
            yield from self._out(bytes(SAMPLE_WIDTH * round(seconds * self._rate)))

    def _opened(self, rate: int) -> Iterator[Speech]:
        """Settle the rate, and give out the silence that waited for it."""
        if self._rate is None:
            self._rate = rate
            seconds, self._silence_due = self._silence_due, 0.0
            yield from self._silence(seconds)

    def _out(self, pcm: bytes) -> Iterator[Speech]:
        if pcm and self._rate is not None:
            self._samples += len(pcm) // SAMPLE_WIDTH
            yield Speech(pcm, self._rate)


def _with_neighbours(script: Script) -> Iterator[tuple[_Part | None, _Part, _Part | None]]:
    """Every part between the two that are heard before and after it."""
    for index, part in enumerate(script):
        before = (other for other in reversed(script[:index]) if not isinstance(other, Mark))
        after = (other for other in script[index + 1 :] if not isinstance(other, Mark))
        yield next(before, None), part, next(after, None)


def _is_met(passage: Passage, after: _Part | None) -> bool:
    """Whether the silence that an engine leaves after a passage is too much for what follows."""
    if isinstance(after, Passage):
        return not passage.text.rstrip().endswith(_ENDS_OF_SENTENCES)
    return after is not None
