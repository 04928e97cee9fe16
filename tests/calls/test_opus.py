"""A page's call in Opus, through the real daemon and its media worker, which dies in the middle of it."""

import asyncio
import os
import shutil
import signal
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.content import CONTENT
from bridge.identity.streams import StreamTokens

pytestmark = pytest.mark.call

HERTZ = 440
WORKER = "bridge.speech.media.worker"
PACKET_SECONDS = 0.02
AGREES = 375  # packets: the question has been heard to its end
QUESTIONNAIRE = """\
format: 1
id: recorded
version: "1"
title: تسجيل
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: rec, type: consent, purpose: call_recording, ask: "هَلْ نُسَجِّل؟"}
  - {id: nights, type: integer, minimum: 0, maximum: 9, ask: "كَمْ يَوْمًا؟"}
prompts: {opening: "مَرْحَبًا."}
"""
START = '{"type":"start","audio":{"encoding":"opus","sample_rate":16000}}'


def packets(seconds: float) -> list[bytes]:
    """A tone, as a page's encoder would send it."""
    import av  # noqa: PLC0415

    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "mono", "s16", 24_000
    tone = 8192 * np.sin(2 * np.pi * HERTZ * np.arange(int(seconds * 48_000)) / 48_000)
    frame = av.AudioFrame.from_ndarray(tone.astype("<i2")[None], format="s16", layout="mono")
    frame.sample_rate = 48_000
    return [bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None))]


def has_loaded_pyav(pid: int) -> bool:
    return "/av/" in Path(f"/proc/{pid}/maps").read_text()


def caller_of(folder: Path) -> NDArray[np.float64]:
    """What the daemon heard in its only call, 8 kHz."""
    (recording,) = folder.rglob("*.wav")
    with wave.open(str(recording), "rb") as reader:
        assert reader.getnchannels() == 2
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0].astype(np.float64)


def seconds_of_tone(heard: NDArray[np.float64]) -> float:
    """How long the tone is in it, by tenths of a second."""
    size = 800
    blocks = heard[: len(heard) // size * size].reshape(-1, size)
    spectra = np.abs(np.fft.rfft(blocks * np.hanning(size)))
    is_tone = (spectra.argmax(axis=1) == HERTZ // 10) & (blocks.std(axis=1) > 1000)
    return float(is_tone.sum()) / 10


async def test_a_call_in_opus_outlives_the_media_worker(
    start_daemon: Callable[..., Any], tmp_path: Path
) -> None:
    """It is heard before and after; what was lost is silence; PyAV is in that process, not in the daemon."""
    content = tmp_path / "questionnaires"
    shutil.copytree(CONTENT / "questionnaires" / "common", content / "common")
    (content / "recorded.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    daemon = start_daemon(
        HATIF_QUESTIONNAIRES__FOLDER=str(content),
        HATIF_QUESTIONNAIRES__DEFAULT="recorded",
        HATIF_PROVIDERS__BROWSER__ENABLED="true",
        HATIF_PROVIDERS__BROWSER__OPUS="true",
        HATIF_RECORDING__ENABLED="true",
        HATIF_RECORDING__FOLDER=str(tmp_path),
        HATIF_CLOCK__SPEED="1",
    )
    first = daemon.children()[WORKER]
    assert has_loaded_pyav(first)
    assert not has_loaded_pyav(daemon.process.pid)

    token = StreamTokens(daemon.tokens_secret).issue(provider="browser")
    async with aiohttp.ClientSession() as http:
        url = daemon.url(f"/ws/browser/{token}")
        async with http.ws_connect(url, protocols=("hatif.opus", "hatif.pcm")) as socket:
            assert socket.protocol == "hatif.opus"
            await socket.send_str(START)
            for number, packet in enumerate(packets(14.0)):
                if number == 100:
                    os.kill(first, signal.SIGKILL)
                if number == AGREES:
                    assert not list(tmp_path.rglob("*.wav"))  # noqa: ASYNC240 - nothing is on disk before
                # A key that comes before the question was heard agrees to nothing, and it is asked again.
                if number >= AGREES and not number % 75 and not list(tmp_path.rglob("*.wav")):  # noqa: ASYNC240
                    await socket.send_str('{"type":"dtmf","key":"1"}')
                await socket.send_bytes(packet)
                await asyncio.sleep(PACKET_SECONDS)
    async with asyncio.timeout(20):
        while daemon.active_calls():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)

    heard = caller_of(tmp_path)
    assert seconds_of_tone(heard[:16_000]) > 1
    assert seconds_of_tone(heard[-8_000:]) > 0.5
    assert daemon.children()[WORKER] != first
    assert "opus_not_heard" not in daemon.log
    assert "Traceback" not in daemon.log
