"""resample: another rate, the same sound."""

import numpy as np
import pytest

from bridge.audio.resample import Resampler, resample


def tone(rate: int, seconds: float = 0.5, hertz: int = 440) -> bytes:
    time = np.arange(round(rate * seconds)) / rate
    return (10_000 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(float)


@pytest.mark.parametrize(
    ("source", "target"), [(8_000, 16_000), (22_050, 8_000), (24_000, 8_000), (8_000, 48_000)]
)
def test_a_tone_is_the_same_tone_at_another_rate(source: int, target: int) -> None:
    """Resampling a sine gives the sine of the new rate, within a hundredth."""
    result = samples(resample(tone(source), source, target))
    expected = samples(tone(target))
    assert len(result) == len(expected)
    middle = slice(len(expected) // 4, -len(expected) // 4)
    assert np.abs(result[middle] - expected[middle]).max() < 100


def test_the_same_rate_changes_nothing() -> None:
    """Audio of the right rate is handed back as it is."""
    pcm = tone(8_000)
    assert resample(pcm, 8_000, 8_000) is pcm


@pytest.mark.parametrize("size", [1, 160, 321, 4_000])
def test_a_stream_equals_the_whole(size: int) -> None:
    """Chunks of any byte count come out as the one piece would, without seams."""
    pcm = tone(22_050)
    stream = Resampler(22_050, 8_000)
    chunks = [stream.process(pcm[start : start + size]) for start in range(0, len(pcm), size)]
    assert b"".join([*chunks, stream.flush()]) == resample(pcm, 22_050, 8_000)


def test_a_flushed_stream_may_be_used_again() -> None:
    """After a flush nothing of the old stream is heard in the new."""
    stream = Resampler(16_000, 8_000)
    first = stream.process(tone(16_000)) + stream.flush()
    assert stream.process(tone(16_000)) + stream.flush() == first


def test_nothing_gives_nothing() -> None:
    """An empty chunk and half a sample are no output."""
    stream = Resampler(16_000, 8_000)
    assert stream.process(b"") == b""
    assert stream.process(b"\x01") == b""
