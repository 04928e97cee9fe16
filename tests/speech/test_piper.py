"""Piper: the real package, phonemiser and diacritiser included, on a tiny model made here."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio

from bridge.config import Settings
from bridge.errors import ConfigError, WorkerError
from bridge.speech.base import Speech, whole
from bridge.speech.engines import VoiceBench
from bridge.speech.piper import synthesizer as piper
from bridge.speech.piper.synthesizer import (
    MAX_TEXT_CHARACTERS,
    MAX_WAITING,
    PiperEngine,
    PiperSynthesizer,
    PiperWorker,
)
from bridge.speech.script import Manner, Passage

THREE_SENTENCES = "نَعَمْ. لا! كَيْفَ حالُكَ؟"
LONG = "نَعَمْ هذا كَلامٌ طَويلٌ. " * 60

Until = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny: ModuleType) -> Path:
    """Two voices."""
    folder = tmp_path_factory.mktemp("piper")
    tiny.make_voice(folder, "ar_JO-tiny")
    tiny.make_voice(folder, "ar_JO-slow", inference={"noise_scale": 0.5, "length_scale": 2.0})
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[PiperWorker]:
    worker = PiperWorker()
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture
def voice(worker: PiperWorker, folder: Path) -> PiperSynthesizer:
    return PiperSynthesizer(worker, folder / "ar_JO-tiny.onnx")


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def pieces(voice: PiperSynthesizer, passage: Passage) -> list[Speech]:
    return [piece async for piece in voice.stream(passage)]


async def test_a_sentence_is_a_piece(voice: PiperSynthesizer, tiny: ModuleType) -> None:
    """At the model's rate, each with the sound of its own phonemes."""
    spoken = await pieces(voice, Passage(THREE_SENTENCES))

    assert len(spoken) == 3
    assert {piece.rate for piece in spoken} == {tiny.RATE}
    assert all(len(piece.pcm) % (tiny.HOP * 2) == 0 and any(piece.pcm) for piece in spoken)
    assert len({piece.pcm for piece in spoken}) == 3


async def test_the_same_text_is_the_same_sound(voice: PiperSynthesizer, worker: PiperWorker) -> None:
    """Noise and all, whatever was said in between, and in a new process too."""
    first = await voice.synthesise(THREE_SENTENCES)
    await voice.synthesise("لا")
    assert await voice.synthesise(THREE_SENTENCES) == first

    other = PiperWorker()
    await other.start()
    try:
        assert await PiperSynthesizer(other, voice._model).synthesise(THREE_SENTENCES) == first
    finally:
        await other.stop()


async def test_the_pace_is_the_voices_own_times_the_manners(
    voice: PiperSynthesizer, worker: PiperWorker, folder: Path
) -> None:
    """Twice as fast is half as long; a slow voice stays slow; nobody is made incomprehensible."""
    own = len((await voice.synthesise("نَعَمْ")).pcm)
    slow = PiperSynthesizer(worker, folder / "ar_JO-slow.onnx")

    assert len((await pieces(voice, Passage("نَعَمْ", manner=Manner(rate=2.0))))[0].pcm) == own // 2
    assert len((await pieces(voice, Passage("نَعَمْ", manner=Manner(rate=9.0))))[0].pcm) == own // 2
    assert len((await slow.synthesise("نَعَمْ")).pcm) == own * 2


async def test_bare_words_get_vowels_and_vowelled_words_keep_theirs(
    voice: PiperSynthesizer, tiny: ModuleType
) -> None:
    """A bare word is as long as a vowelled one; a false vowel is the author's, and stays."""
    bare = await voice.synthesise("السلام")
    vowelled = await voice.synthesise("السَّلَام")
    wrong = await voice.synthesise("السُّلِيم")
    mixed = await voice.synthesise("السُّلِيم السلام")

    assert abs(len(bare.pcm) - len(vowelled.pcm)) <= 4 * tiny.HOP * 2
    assert wrong.pcm != vowelled.pcm
    assert len(mixed.pcm) > len(wrong.pcm) + len(bare.pcm) * 2 // 3


async def test_shadda_may_stand_before_or_after_its_vowel(voice: PiperSynthesizer) -> None:
    """The order of Unicode makes espeak-ng's phonemiser swallow the vowel."""
    texts = ("الص\u0651\u0650حّ\u064eة", "الص\u0650\u0651حّ\u064eة")
    one, other = [await voice.synthesise(text) for text in texts]

    assert one == other


async def test_phonemes_are_spoken_instead_of_the_text(voice: PiperSynthesizer) -> None:
    """And brackets in a text are none."""
    spoken = await pieces(voice, Passage("أحمد", ipa="ʔaħmad"))

    assert spoken != await pieces(voice, Passage("أحمد"))
    assert spoken == await pieces(voice, Passage("كلمة", ipa="ʔaħmad"))
    assert await voice.synthesise("[[نَعَمْ") == await voice.synthesise("نَعَمْ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing in it"),
        (" ،؟!", "nothing in it"),
        ("ا" * (MAX_TEXT_CHARACTERS + 1), "4001 characters is longer than 4000"),
    ],
)
async def test_what_cannot_be_spoken_is_refused(voice: PiperSynthesizer, text: str, told: str) -> None:
    """And the next text is spoken."""
    with pytest.raises(WorkerError, match=told):
        await voice.synthesise(text)

    assert (await voice.synthesise("نَعَمْ")).pcm


async def test_many_ask_at_once(voice: PiperSynthesizer) -> None:
    """Everybody gets what is theirs, and nothing of another's, while others leave at any moment."""
    words = ["واحِد", "اِثْنان", "ثَلاثَة", "أَرْبَعَة", "خَمْسَة"]
    alone = {word: await voice.synthesise(f"{word}. {word}") for word in words}
    chance = random.Random(6)

    async def leave_early(word: str) -> None:
        """After some pieces, or in the middle of one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, 2)), aclosing(voice.stream(Passage(LONG))) as stream:
                for _ in range(chance.randrange(1, 20)):
                    assert (await anext(stream)).pcm not in alone[word].pcm

    leaving = [asyncio.create_task(leave_early(word)) for word in words * 2]
    asked = [chance.choice(words) for _ in range(50)]
    together = await asyncio.gather(*(voice.synthesise(f"{word}. {word}") for word in asked))
    await asyncio.gather(*leaving)

    assert together == [alone[word] for word in asked]


async def test_who_listens_slowly_keeps_nobody_waiting(voice: PiperSynthesizer) -> None:
    """A stream that is open and not read does not hold the engine."""
    async with aclosing(voice.stream(Passage(THREE_SENTENCES))) as unread:
        await anext(unread)
        async with asyncio.timeout(60):
            assert (await voice.synthesise("لا")).pcm
        assert len([piece async for piece in unread]) == 2


async def test_a_full_queue_refuses(voice: PiperSynthesizer) -> None:
    """At once; and those who wait are served."""
    waiting = [asyncio.create_task(voice.synthesise("لا")) for _ in range(1 + MAX_WAITING)]
    for _ in range(5):
        await asyncio.sleep(0)  # all of them ask now

    with pytest.raises(WorkerError, match="Piper has 64 texts waiting"):
        await voice.synthesise("لا")
    assert len({speech.pcm for speech in await asyncio.gather(*waiting)}) == 1


@pytest_asyncio.fixture(loop_scope="module")
async def mortal(folder: Path) -> AsyncIterator[PiperSynthesizer]:
    """A voice whose process a test may kill."""
    worker = PiperWorker()
    await worker.start()
    yield PiperSynthesizer(worker, folder / "ar_JO-tiny.onnx")
    await worker.stop()


async def test_a_death_in_mid_stream_is_an_error(mortal: PiperSynthesizer, until: Until) -> None:
    """Never a shorter text; a new process speaks again."""
    process = mortal._worker
    assert process.pid is not None
    async with aclosing(mortal.stream(Passage(LONG))) as stream:
        await anext(stream)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="died"):
            await whole(stream)

    await until(lambda: process.is_ready and process.restarts == 1)
    assert (await mortal.synthesise("لا")).pcm


async def test_a_hang_is_an_error(
    mortal: PiperSynthesizer, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time, and the process is replaced."""
    process = mortal._worker
    await mortal.start()
    assert process.pid is not None
    monkeypatch.setattr(piper, "PATIENCE_SECONDS", 0.2)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(WorkerError, match="did not answer in time"):
        await mortal.synthesise("لا")
    monkeypatch.undo()

    await until(lambda: process.is_ready and process.restarts == 1)
    assert (await mortal.synthesise("لا")).pcm


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda _tiny, model: model.with_name(f"{model.name}.json").unlink(),
            r"half of a voice of Piper is missing: .*json",
        ),
        (lambda _tiny, model: model.write_bytes(b"<html>404"), r"broken\.onnx is no ONNX model"),
        (lambda _tiny, model: model.write_bytes(b""), r"broken\.onnx is no ONNX model"),
        (lambda _tiny, model: model.with_name(f"{model.name}.json").write_text("{"), "json is not JSON"),
        (lambda _tiny, model: model.with_name(f"{model.name}.json").write_text("[]"), "it must be an object"),
        (lambda tiny, model: tiny.describe(model, audio={}), r"audio\.sample_rate: it must be there"),
        (lambda tiny, model: tiny.describe(model, audio={"sample_rate": 7}), "from 8000 to 48000"),
        (lambda tiny, model: tiny.describe(model, espeak=None), r"espeak\.voice: it must be there"),
        (
            lambda tiny, model: tiny.describe(model, num_speakers="one"),
            "num_speakers: it must be a whole number",
        ),
        (
            lambda tiny, model: tiny.describe(model, phoneme_type="pinyin"),
            "phoneme_type: it must be espeak or text",
        ),
        (
            lambda tiny, model: tiny.describe(model, phoneme_id_map={"a": [1]}),
            "phoneme_id_map: it must be an object with _",
        ),
    ],
)
async def test_half_a_voice_is_told_before_anything_starts(
    spoil: Callable[[ModuleType, Path], Any], told: str, tmp_path: Path, tiny: ModuleType
) -> None:
    """Which file, and what it must be."""
    spoil(tiny, tiny.make_voice(tmp_path, "broken"))

    with pytest.raises(ConfigError, match=told):
        PiperEngine(tmp_path).voice("broken")


async def test_what_only_the_runtime_sees_is_told_when_the_voice_starts(
    worker: PiperWorker, tmp_path: Path, tiny: ModuleType
) -> None:
    """Of a file that was cut off, and of another kind of model; the process goes on."""
    cut = tiny.make_voice(tmp_path, "cut")
    cut.write_bytes(cut.read_bytes()[:200])
    with pytest.raises(WorkerError, match=r"cut\.onnx is no ONNX model that can be loaded"):
        await PiperSynthesizer(worker, cut).start()
    with pytest.raises(WorkerError, match="takes input, mask, scales"):
        await PiperSynthesizer(worker, tiny.make_stranger(tmp_path, "other")).start()
    mute = tiny.make_voice(
        tmp_path, "mute", phoneme_id_map={"_": [0], "^": [0], "$": [0]}, inference={"noise_scale": 0}
    )
    with pytest.raises(WorkerError, match="nothing in it that Piper can speak"):
        await PiperSynthesizer(worker, mute).start()
    with pytest.raises(WorkerError, match=r"Piper failed over a text \(RuntimeError\)"):
        await PiperSynthesizer(worker, tiny.make_voice(tmp_path, "xx", espeak={"voice": "xx-none"})).start()

    assert worker.restarts == 0


async def test_a_changed_model_is_another_voice(
    worker: PiperWorker, tmp_path: Path, tiny: ModuleType
) -> None:
    """Prompts that the old one spoke are not the new one's."""
    model = tiny.make_voice(tmp_path, "voice")
    before = PiperSynthesizer(worker, model).identity
    assert PiperSynthesizer(worker, model).identity == before
    tiny.describe(model, inference={"length_scale": 1.1})

    assert before.startswith("piper/1.8.0 onnxruntime/")
    assert " voice=voice@" in before
    assert PiperSynthesizer(worker, model).identity != before


async def test_an_unknown_voice_is_told_with_those_that_there_are(folder: Path, tmp_path: Path) -> None:
    """A path is no name."""
    for name in ("nobody", "../ar_JO-tiny", ""):
        with pytest.raises(ConfigError, match=r"holds no voice .*; there are: ar_JO-slow, ar_JO-tiny"):
            PiperEngine(folder).voice(name)
    with pytest.raises(ConfigError, match=r"it has no NAME\.onnx at all"):
        PiperEngine(tmp_path / "nowhere").voice("nobody")


async def test_a_missing_extra_is_told_with_its_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to type."""
    monkeypatch.setattr(piper, "version_of", lambda _package: None)
    with pytest.raises(ConfigError, match=r"run `pip install 'hatif\[piper\]'`"):
        PiperEngine(folder).voice("ar_JO-tiny")


async def test_the_bench_knows_piper(folder: Path) -> None:
    """By its name, with one process for both voices."""
    bench = VoiceBench(Settings.model_validate({"piper": {"folder": folder}}))
    try:
        quick, slow = bench.voice("piper/ar_JO-tiny"), bench.voice("piper/ar_JO-slow")
        assert len((await slow.synthesise("لا")).pcm) == 2 * len((await quick.synthesise("لا")).pcm)
    finally:
        await bench.stop()


async def test_hatif_never_loads_the_package() -> None:
    """It is GPL, and half a second of start."""
    program = (
        "import sys, bridge.app, bridge.speech.piper.synthesizer;"
        "print([m for m in ('piper', 'onnxruntime') if m in sys.modules])"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
