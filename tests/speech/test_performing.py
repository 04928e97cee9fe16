"""Scripts performed: by a voice whose samples tell who spoke, and by real espeak-ng."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np
import pytest

from bridge.errors import WorkerError
from bridge.speech.base import Speech, Synthesizer, whole
from bridge.speech.espeak.synthesizer import EspeakSynthesizer, EspeakWorker
from bridge.speech.performing import PerformanceError, perform
from bridge.speech.script import Clip, Manner, Mark, Passage, Pause, Script, plain
from bridge.speech.seams import FADE_SECONDS
from bridge.speech.ssml import parse

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = 8000
CHUNK = 400  # samples


class Pretend(Synthesizer):
    """Says every passage as a constant level, one chunk a word; it remembers what it was given."""

    def __init__(self, level: int = 1000, rate: int = RATE) -> None:
        self.level = level
        self.rate = rate
        self.spoken: list[Passage] = []
        self.closed = 0
        self.fails_after: int | None = None

    @property
    def identity(self) -> str:
        return f"pretend {self.level}"

    @property
    def is_ready(self) -> bool:
        return True

    async def start(self) -> None:
        """Nothing to be done."""

    async def stop(self) -> None:
        """Nothing to be done."""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        self.spoken.append(passage)
        try:
            for index, _ in enumerate(passage.text.split()):
                if index == self.fails_after:
                    raise WorkerError("the pretend worker died")
                await asyncio.sleep(0)
                yield Speech(np.full(CHUNK, self.level, "<i2").tobytes(), self.rate)
        finally:
            self.closed += 1


def same(text: str, _language: str) -> str:
    return text


async def performed(script: Script, voice: Synthesizer, **options: object) -> np.ndarray:
    """All samples of a performance."""
    speech = await whole(perform(script, voice, read=same, **options))  # type: ignore[arg-type]
    return np.frombuffer(speech.pcm, dtype="<i2")


def runs(samples: np.ndarray) -> list[tuple[int, int]]:
    """(level, how many) in order, fades left out."""
    found: list[tuple[int, int]] = []
    for level in samples.tolist():
        if found and found[-1][0] == level:
            found[-1] = (level, found[-1][1] + 1)
        else:
            found.append((level, 1))
    return [(level, count) for level, count in found if count > 8]


async def test_a_text_is_spoken_whole() -> None:
    """Nothing is done to it but the fades at its ends."""
    ((level, count),) = runs(await performed(plain("أ ب ج"), Pretend(1000)))

    assert level == 1000
    assert 3 * CHUNK - 2 * FADE_SECONDS * RATE <= count <= 3 * CHUNK


async def test_pauses_are_silence() -> None:
    """To the sample, before, between and after."""
    script = (Pause(0.5), Passage("أ"), Pause(0.25), Passage("ب"), Pause(1.0))
    samples = await performed(script, Pretend())

    assert len(samples) == 2 * CHUNK + 1.75 * RATE
    assert [level for level, _ in runs(samples)] == [0, 1000, 0, 1000, 0]


async def test_silence_alone_has_a_rate() -> None:
    """A script without any sound lasts as long as its pauses."""
    speech = await whole(perform((Pause(0.5), Mark("x"), Pause(0.5)), Pretend(), read=same))

    assert speech == Speech(bytes(16_000), 8000)


async def test_words_are_read_first() -> None:
    """The engine gets what the reader made of the text, with its language; nothing to say is not asked."""
    voice = Pretend()
    asked = []

    def read(text: str, language: str) -> str:
        asked.append((text, language))
        return "" if text == "؟" else f"{text} {text}"

    script = (Passage("أ", "ar-SA"), Passage("؟"))
    await whole(perform(script, voice, read=read))

    assert asked == [("أ", "ar-SA"), ("؟", "ar")]
    assert voice.spoken == [Passage("أ أ", "ar-SA")]


async def test_volume() -> None:
    """In decibels, done to the sound; held at full scale."""
    script = tuple(Passage("أ", manner=Manner(volume_db=db)) for db in (0.0, -6.03, 6.0206, -200.0))

    assert [level for level, _ in runs(await performed(script, Pretend(1000)))] == [1000, 499, 2000, 0]
    assert runs(await performed(script[2:3], Pretend(30_000)))[0][0] == 32_767


async def test_voices_take_turns() -> None:
    """Each passage by the voice that it names, all at the rate of the first."""
    voices = {"low": Pretend(500, 16_000), "high": Pretend(3000)}
    script = (Passage("أ ب", voice="high"), Passage("ج ج", voice="low"), Passage("د"))
    pieces = [
        piece async for piece in perform(script, Pretend(1000), read=same, voice_named=voices.__getitem__)
    ]
    samples = np.frombuffer(b"".join(piece.pcm for piece in pieces), dtype="<i2")

    assert {piece.rate for piece in pieces} == {RATE}
    assert len(samples) == pytest.approx(2 * CHUNK + CHUNK + CHUNK, abs=2)
    assert [level for level, _ in runs(samples) if level] == [3000, 500, 1000]


async def test_all_is_at_the_rate_that_is_asked_for() -> None:
    """Whatever the engines have."""
    speech = await whole(perform((Passage("أ ب"), Pause(0.1)), Pretend(), read=same, rate=24_000))

    assert speech.rate == 24_000
    assert len(speech.pcm) / 2 == 2 * CHUNK * 3 + 2400


async def test_marks_are_told_with_their_time() -> None:
    """In seconds of what was given out, counted in samples; also before any sound."""
    told: list[tuple[str, float]] = []
    script = (
        *(Mark("a"), Pause(0.5), Mark("b"), Passage("أ ب")),
        *(Mark("c"), Passage("ج"), Pause(1.0), Mark("d")),
    )
    await performed(script, Pretend(rate=16_000), rate=8000, on_mark=lambda *mark: told.append(mark))

    assert told == [("a", 0.0), ("b", 0.5), ("c", 0.55), ("d", 1.575)]


async def test_a_mark_is_told_before_the_sound_after_it() -> None:
    """Whoever plays the stream can put the mark where it belongs."""
    order: list[str] = []
    script = (Passage("أ"), Mark("m"), Passage("ب"))
    pieces = perform(script, Pretend(), read=same, on_mark=lambda name, _: order.append(name))
    while await anext(pieces, None):
        order.append("sound")

    assert order[0] == order[-1] == "sound"
    assert "m" in order


async def test_sounds_of_the_cache() -> None:
    """A sound that is there is played; else what is in its place; else it is an error that names it."""

    async def clip(name: str) -> Speech | None:
        return Speech(np.full(800, 77, "<i2").tobytes(), RATE) if name == "chime" else None

    script = (Clip("chime", (Passage("no"),)), Clip("gone", (Pause(0.1), Passage("أ"))))

    assert runs(await performed(script, Pretend(), clip=clip))[:2] == [(77, 800), (0, 801)]
    with pytest.raises(PerformanceError, match="no sound 'gone'"):
        await performed((Clip("gone"),), Pretend(), clip=clip)
    with pytest.raises(PerformanceError, match="no sound 'chime'"):
        await performed((Clip("chime"),), Pretend())


async def test_a_voice_where_none_may_be_named() -> None:
    """Says so, and speaks in no other."""
    voice = Pretend()
    with pytest.raises(PerformanceError, match="'xtts/nurse' is named"):
        await performed((Passage("أ", voice="xtts/nurse"),), voice)

    assert voice.spoken == []


async def test_an_engines_error_passes_through() -> None:
    """After what had come; and the engine's stream is closed."""
    voice = Pretend()
    voice.fails_after = 2
    pieces = perform(plain("أ ب ج"), voice, read=same)

    assert [(await anext(pieces)).rate for _ in range(2)] == [RATE, RATE]
    with pytest.raises(WorkerError, match="pretend worker died"):
        await anext(pieces)
    assert voice.closed == 1


async def test_sound_leaves_while_the_rest_is_made() -> None:
    """The first piece comes when the engine has made one of two hundred, and closing ends the work."""
    voice = Pretend()
    async with aclosing(perform((Pause(0.1), Passage("أ " * 200)), voice, read=same)) as pieces:
        first, second = await anext(pieces), await anext(pieces)
        assert voice.closed == 0

    assert (len(first.pcm), voice.closed) == (1600, 1)
    assert 0 < len(second.pcm) <= 2 * CHUNK


async def test_a_cancelled_performance_ends_the_engines_work() -> None:
    """At once, wherever it waits."""
    voice = Pretend()

    async def listen() -> None:
        async with aclosing(perform(plain("أ " * 10_000), voice, read=same)) as pieces:
            async for _ in pieces:
                pass

    task = asyncio.create_task(listen())
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert (task.cancelled(), voice.closed) == (True, 1)


async def test_no_clicks_at_joins() -> None:
    """Two voices that begin and end in mid-swing meet without a jump."""
    script = (Passage("أ"), Passage("ب", voice="x"), Pause(0.05), Passage("ج"))
    samples = await performed(script, Pretend(8000), voice_named=lambda _: Pretend(-8000))

    assert np.abs(np.diff(samples.astype(int), prepend=0, append=0)).max() <= 8000 / (FADE_SECONDS * RATE) + 1


# Real espeak-ng


async def test_breaks_last_as_long_as_they_say(espeak: EspeakWorker) -> None:
    """espeak-ng's own silence around its words is cut to what is not heard."""
    voice = EspeakSynthesizer(worker=espeak)
    samples = await performed(parse("<speak>نَعَم<break time='1s'/>نَعَم</speak>"), voice, rate=22_050)
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 300)
    longest = np.diff(loud).max() / 22_050

    assert 1.0 <= longest < 1.15


async def test_an_emphasised_word_stands_in_its_sentence(espeak: EspeakWorker) -> None:
    """There is no gap before and after it as between sentences."""
    voice = EspeakSynthesizer(worker=espeak)
    script = parse("<speak>أَنْتَ <emphasis level='strong'>جَيِّدٌ</emphasis> الْيَوْمَ</speak>")
    samples = await performed(script, voice)
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 300)

    assert len(script) == 3
    assert np.diff(loud).max() / 22_050 < 0.2


SCRIPT = parse(
    "<speak><p>مَرْحَباً <prosody pitch='+3st' rate='120%'>بِكَ</prosody></p>"
    "<p>نَعَم <break time='200ms'/> لا</p></speak>"
)
PERFORMANCES = 50


@pytest.fixture
def voices(espeak: EspeakWorker) -> list[Synthesizer]:
    """As many as there are performances, no two alike, all in one process."""
    variants = ("", "+Denis", "+Alex", "+Reed", "+Alicia")
    return [
        EspeakSynthesizer(worker=espeak, voice=f"ar{variant}", pitch=pitch)
        for variant in variants
        for pitch in range(5, 95, 9)
    ]


async def test_no_sample_crosses(voices: list[Synthesizer]) -> None:
    """Fifty at once through one process, half of them cut off somewhere: each is what it is alone."""
    alone = [await performed(SCRIPT, voice) for voice in voices]
    chance = random.Random(6)
    heard = await asyncio.gather(*(_until_cancelled(voice, chance.random()) for voice in voices))

    assert len(voices) == PERFORMANCES == len({samples.tobytes() for samples in alone})
    for (samples, is_whole), expected in zip(heard, alone, strict=True):
        assert np.array_equal(samples, expected[: len(samples)])
        assert not is_whole or len(samples) == len(expected)
    assert 5 < sum(is_whole for _, is_whole in heard) < 45
    assert np.array_equal(await performed(SCRIPT, voices[0]), alone[0])


async def _until_cancelled(voice: Synthesizer, chance: float) -> tuple[np.ndarray, bool]:
    """What was heard of a performance, and whether that was all; half are cancelled or closed on the way."""
    pcm = bytearray()

    async def listen(patience: int | None) -> bool:
        async with aclosing(perform(SCRIPT, voice, read=same)) as pieces:
            async for piece in pieces:
                pcm.extend(piece.pcm)
                await asyncio.sleep(0)
                if patience is not None:
                    patience -= 1
                    if not patience:
                        return False
        return True

    if chance < 0.25:  # hangs up after some pieces
        is_whole = await listen(1 + int(chance * 16))
    elif chance < 0.5:  # is cut off at some moment
        task = asyncio.create_task(listen(None))
        done, _ = await asyncio.wait([task], timeout=(chance - 0.25) * 2)
        task.cancel()
        await asyncio.wait([task])
        is_whole = bool(done)
    else:
        is_whole = await listen(None)
    return np.frombuffer(bytes(pcm), dtype="<i2"), is_whole
