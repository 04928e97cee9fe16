"""Recordings, consents and a shelf to put them on."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from bridge.speech.base import Speech
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.media.decoding import DecodedSound, MediaWorker
from bridge.voices.adding import Decode

STORY = (
    "السَّلَامُ عَلَيْكُمْ. أَنَا أَعْمَلُ فِي الْعِيَادَةِ مُنْذُ سَنَوَاتٍ، وَأَتَحَدَّثُ مَعَ الْمَرْضَى كُلَّ يَوْمٍ. "
    "نَسْأَلُ عَنِ الصِّحَّةِ وَعَنِ الدَّوَاءِ، وَنَكْتُبُ مَا نَسْمَعُهُ. شُكْرًا لَكُمْ."
)
CONSENT = "I, Mariam Said, agree that my voice is cloned for the calls of this clinic. 21 November 2026."


@pytest.fixture(scope="session")
def speech() -> Speech:
    """Ten seconds and more of somebody reading, 22.05 kHz."""

    async def read() -> Speech:
        voice = EspeakSynthesizer(voice="ar+Annie", words_per_minute=140)
        await voice.start()
        try:
            return await voice.synthesise(STORY)
        finally:
            await voice.stop()

    return asyncio.run(read())


@pytest.fixture(scope="session")
def samples(speech: Speech) -> NDArray[np.float64]:
    return np.frombuffer(speech.pcm, "<i2").astype(np.float64)


@pytest.fixture(scope="session")
def as_file(speech: Speech) -> Callable[..., bytes]:
    """Samples in a file of some kind."""

    def encode(samples: NDArray[np.float64], container: str = "wav", codec: str = "pcm_s16le") -> bytes:
        import av  # noqa: PLC0415

        file = io.BytesIO()
        rate = 48_000 if codec == "libopus" else speech.rate
        with av.open(file, "w", format=container) as out:
            stream = out.add_stream(codec, rate=rate, layout="mono")
            pcm = np.rint(samples).clip(-32_768, 32_767).astype("<i2")
            frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
            frame.rate = speech.rate
            resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
            for each in (*resampler.resample(frame), *resampler.resample(None)):
                out.mux(stream.encode(each))
            out.mux(stream.encode(None))
        return file.getvalue()

    return encode


@pytest.fixture
def consent(tmp_path: Path) -> Path:
    file = tmp_path / "consent.txt"
    file.write_text(CONSENT, encoding="utf-8")
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decode() -> AsyncIterator[Decode]:
    """The media worker, shared by a module."""
    worker = MediaWorker()
    await worker.start()

    async def one(content: bytes, seconds: float) -> DecodedSound:
        return await worker.decode(content, max_seconds=seconds)

    yield one
    await worker.stop()
