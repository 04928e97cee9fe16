"""The process that PyAV lives in: every kind of file, every kind of lie about one, and its death."""

import asyncio
import io
import os
import signal
import struct
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from bridge.errors import ConfigError, WorkerError
from bridge.speech.media import decoding as media
from bridge.speech.media.decoding import MAX_FILE_BYTES, MediaWorker, has_media

ROOT = Path(__file__).parents[2]
HERTZ = 440


def tone(seconds: float, rate: int = 48_000) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (8192 * np.sin(2 * np.pi * HERTZ * np.arange(int(seconds * rate)) / rate)).astype("<i2")


def wav(pcm: bytes, rate: int = 24_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def encoded(
    container: str, codec: str, *, rate: int = 48_000, seconds: float = 4.0, stereo: bool = False
) -> bytes:
    """A tone in a real file."""
    import av  # noqa: PLC0415

    file = io.BytesIO()
    layout = "stereo" if stereo else "mono"
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        plane = tone(seconds, rate)
        samples = np.repeat(plane, 2)[None] if stereo else plane[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.rate = rate
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def film(*, width: int = 64) -> bytes:
    """Moving pictures without sound."""
    import av  # noqa: PLC0415

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = width
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame(width, width, "yuv420p")))
        out.mux(stream.encode(None))
    return file.getvalue()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[MediaWorker]:
    """One that no test may kill."""
    worker = MediaWorker()
    await worker.start()
    yield worker
    await worker.stop()


KINDS = [
    ("wav", "pcm_s16le", 8_000, False),
    ("wav", "pcm_f32le", 44_100, True),
    ("flac", "flac", 96_000, False),
    ("ogg", "libopus", 48_000, False),
    ("mp3", "libmp3lame", 44_100, True),
    ("mp4", "aac", 44_100, False),
    ("webm", "libopus", 48_000, True),
    ("aiff", "pcm_s16be", 22_050, False),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("container", "codec", "rate", "stereo"), KINDS)
async def test_a_tone_is_the_tone_in_any_file(
    worker: MediaWorker, container: str, codec: str, rate: int, *, stereo: bool
) -> None:
    """Nobody says what kind it is; pitch, loudness, length, rate and channels are the file's."""
    sound = await worker.decode(encoded(container, codec, rate=rate, stereo=stereo), max_seconds=30)
    heard = np.frombuffer(sound.pcm, "<i2").astype(float)[rate : 3 * rate]

    assert (sound.rate, sound.channels, sound.is_longer) == (rate, 1 + stereo, False)
    assert container in sound.container.split(",") or container in {"webm", "mp4"}
    assert sound.seconds == pytest.approx(4.0, abs=0.1)
    assert np.argmax(np.abs(np.fft.rfft(heard))) / 2 == HERTZ
    assert heard.std() == pytest.approx(8192 / np.sqrt(2), rel=0.1)


@pytest.mark.asyncio(loop_scope="module")
async def test_decoding_stops_where_it_is_told(worker: MediaWorker) -> None:
    """An hour of silence in a hundred kilobytes is read for thirty seconds, and no further."""
    bomb = encoded("flac", "flac", rate=8_000, seconds=1) + b""
    silence = io.BytesIO()
    import av  # noqa: PLC0415

    with av.open(silence, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=8_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8_000 * 3600), "<i2"), format="s16", layout="mono")
        frame.rate = 8_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert len(silence.getvalue()) < 1_000_000
    sound = await worker.decode(silence.getvalue(), max_seconds=30)
    assert (len(sound.pcm), sound.is_longer) == (30 * 8_000 * 2, True)
    assert not (await worker.decode(bomb, max_seconds=30)).is_longer


def claims(seconds: int, real: bytes) -> bytes:
    """A WAV file whose header says that it is far longer than it is."""
    claimed = seconds * 24_000 * 2
    return b"RIFF" + struct.pack("<I", claimed + 36) + real[8:40] + struct.pack("<I", claimed) + real[44:]


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "text called a WAV": (lambda: "كتاب ".encode() * 500, "is no sound file"),
    "nothing": (lambda: b"", "is no sound file"),
    "noise": (lambda: bytes(range(256)) * 40, "is no sound file"),
    "header alone": (lambda: encoded("wav", "pcm_s16le")[:44], "sound"),
    "half a header": (lambda: encoded("flac", "flac")[:20], ""),
    "pictures": (film, "holds no sound"),
    "half a film": (lambda: encoded("mp4", "aac")[:3000], ""),
    "one sample a second": (lambda: wav(bytes(4000), rate=1), "has 1 samples a second; 8000 to 192000"),
    "a playlist": (
        lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "is no sound file",
    ),
    "a list of other files": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "is no sound file"),
    "a session description": (
        lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "is no sound file",
    ),
    "too large": (lambda: bytes(MAX_FILE_BYTES + 1), "is larger than 10 MiB"),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_recording_is_refused_in_a_sentence(worker: MediaWorker, name: str) -> None:
    """And nothing that a file names is opened: no other file, no socket. The process goes on."""
    made, reason = HOSTILE[name]
    with pytest.raises(WorkerError) as caught:
        await worker.decode(made(), max_seconds=30)
    assert reason in str(caught.value)
    assert "died" not in str(caught.value)
    assert (await worker.decode(wav(tone(1, 24_000).tobytes()), max_seconds=30)).seconds == 1
    assert worker.restarts == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_a_header_that_lies_counts_for_nothing(worker: MediaWorker) -> None:
    """100 MB are claimed, one second is there."""
    sound = await worker.decode(claims(2000, wav(tone(1, 24_000).tobytes())), max_seconds=30)
    assert (sound.seconds, sound.is_longer) == (1, False)


@pytest.mark.asyncio(loop_scope="module")
async def test_random_damage_ends_in_sound_or_a_sentence(worker: MediaWorker) -> None:
    """Bytes turned over anywhere in any file."""
    random = np.random.default_rng(5)
    for container, codec, rate, stereo in KINDS:
        file = bytearray(encoded(container, codec, rate=rate, seconds=1, stereo=stereo))
        for _ in range(5):
            for at in random.integers(0, len(file), 20):
                file[at] ^= int(random.integers(1, 256))
            with suppress(WorkerError):
                assert (await worker.decode(bytes(file), max_seconds=30)).seconds <= 30
    assert worker.restarts == 0


async def test_a_process_that_dies_costs_its_file_only() -> None:
    """Killed in mid-file: a sentence, and the next process reads the next file."""
    worker = MediaWorker()
    await worker.start()
    try:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)
        reading = asyncio.create_task(worker.decode(wav(bytes(48_000)), max_seconds=30))
        await asyncio.sleep(0.1)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="the process that read it died"):
            await reading
        while worker.is_up:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0)
        await worker.up(20)
        assert (await worker.decode(wav(bytes(48_000)), max_seconds=30)).seconds == 1
    finally:
        await worker.stop()


async def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that hangs over it is replaced."""
    monkeypatch.setattr(media, "FILE_SECONDS", 0.3)
    worker = MediaWorker()
    await worker.start()
    try:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)
        with pytest.raises(WorkerError, match="the process that read it died, or took too long"):
            await worker.decode(wav(bytes(48_000)), max_seconds=30)
        monkeypatch.undo()
        await worker.up(20)
        assert (await worker.decode(wav(bytes(48_000)), max_seconds=30)).seconds == 1
    finally:
        await worker.stop()


LOCKED_UP = """
import os, socket
from bridge.speech.media import worker as media_worker
read, write = os.pipe()
media_worker._lock_up()
failed = []
for attempt in (
    lambda: open("/etc/passwd"),
    lambda: open("written", "w"),
    lambda: socket.socket(),
    lambda: os.pipe(),
    lambda: bytearray(2 << 30),
):
    try:
        attempt()
    except (OSError, MemoryError) as error:
        failed.append(type(error).__name__)
os.write(write, b"an answer")
print(failed, os.read(read, 9))
"""


def test_the_process_can_open_nothing() -> None:
    """No file, no socket, no more memory than it may have; the pipes that it has go on."""
    run = subprocess.run(
        [sys.executable, "-c", LOCKED_UP], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert run.stdout.strip() == str([*["OSError"] * 4, "MemoryError"]) + " b'an answer'"


async def test_without_the_extra_the_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any process is started."""
    monkeypatch.setitem(sys.modules, "av", None)
    assert not has_media()
    with pytest.raises(ConfigError, match=r"pip install 'hatif\[media\]'"):
        await MediaWorker().start()


def test_the_daemon_never_loads_it() -> None:
    """Neither the daemon's modules nor the command line's nor the worker's parent import PyAV."""
    modules = "bridge.app, bridge.cli, bridge.speech.media.decoding, bridge.opus"
    code = f"import sys, {modules}; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
