"""Cloned voices over XTTS's real code: computed once, kept encrypted, and spoken by whoever asks for them."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from xtts_samples import RATE, recording

from bridge.config import load_settings
from bridge.speech.engines import VoiceBench
from bridge.speech.xtts.synthesizer import XttsWorker
from bridge.speech.xtts.voice import unpack_latents
from bridge.voices import cloned
from bridge.voices.card import Consent, Recording, VoiceCard
from bridge.voices.checking import wav_of
from bridge.voices.shelf import VoiceShelf, shelf_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEXT = "السلام عليكم"


def add(shelf: VoiceShelf, name: str, hertz: float) -> None:
    pcm, statement = recording(hertz), b"I agree that my voice is cloned."
    told = Recording("wav", "pcm_s16le", RATE, 1, 3.0, -20.0, 40.0, hashlib.sha256(pcm).hexdigest())
    consent = Consent("text", hashlib.sha256(statement).hexdigest(), len(statement), NOW, "root")
    files = {"reference.wav": wav_of(pcm, RATE), "consent": statement}
    shelf.add(VoiceCard(name, "ar", told, consent, NOW), files)


@pytest.fixture
def config(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(
        f"xtts: {{model: {checkpoint}, accept_cpml: true, device: cpu}}\nvoices: {{key: {'k' * 32}}}\n"
    )
    monkeypatch.setattr(cloned, "XttsWorker", partial(XttsWorker, module="tiny_worker"))
    shelf = shelf_of(load_settings(file, environ={}).voices)
    add(shelf, "nurse", 200)
    add(shelf, "doctor", 120)
    return file


@asynccontextmanager
async def bench_of(config: Path) -> AsyncIterator[VoiceBench]:
    bench = VoiceBench(load_settings(config, environ={}))
    yield bench
    await bench.stop()


async def test_cloned_voices_speak_by_name(config: Path) -> None:
    """Each is itself; its latents are kept, and the next process speaks with the same."""
    shelf = shelf_of(load_settings(config, environ={}).voices)
    async with bench_of(config) as bench:
        nurse, doctor = await bench.start("xtts/nurse"), await bench.start("xtts/doctor")
        said, other = await nurse.synthesise(TEXT), await doctor.synthesise(TEXT)
        identities = nurse.identity, doctor.identity
    assert said.rate == 24_000
    assert said.pcm != other.pcm
    assert identities[0] != identities[1]

    checkpoint = XttsWorker(load_settings(config, environ={}).xtts).checkpoint
    kept = shelf.latents("nurse", checkpoint)
    assert kept is not None
    unpack_latents(kept)
    sealed = [path for path in (shelf.folder / "nurse").iterdir() if path.name.startswith("latents-")]
    written = sealed[0].stat().st_mtime_ns
    async with bench_of(config) as bench:
        assert bench.voice("xtts/nurse").identity == identities[0]
        assert (await (await bench.start("xtts/nurse")).synthesise(TEXT)).pcm == said.pcm
    assert sealed[0].stat().st_mtime_ns == written
