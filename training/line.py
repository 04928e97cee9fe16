"""What a telephone does to speech, at random: room, microphone, codec, line, lost packets, other sounds.

Everything here takes and gives samples at 8 kHz in the scale of 16 bits, float32.
"""

import audioop
import io
from collections.abc import Callable, Sequence

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve, firwin2

from training.features import SAMPLE_RATE

__all__ = ["Line", "change_speed"]

Floats = NDArray[np.float32]
Generator = np.random.Generator

FULL = 32767.0
FRAME = SAMPLE_RATE // 50  # 20 ms, what a packet carries
NOISE_SECONDS = 60


class Line:
    """Telephone lines and their noises, drawn once and used for many calls.

    Args:
        random: the source of every draw.
        background: recordings of real noise.
        voices: speech of others, for babble, television and the echo of our own prompt.

    """

    def __init__(
        self, random: Generator, background: Sequence[Floats], voices: Callable[[int], Floats]
    ) -> None:
        self._random = random
        self._background = [_levelled(noise) for noise in background]
        self._voices = voices
        self._filters = [_filter(random) for _ in range(400)]
        self._rooms = [_room(random) for _ in range(200)]
        self._drawn = [_levelled(_coloured(random, NOISE_SECONDS * SAMPLE_RATE)) for _ in range(12)]

    def carry(self, samples: Floats, speech: Floats, *, clean: bool = False) -> Floats:
        """Send `samples`, silence around included, over some line; `speech` sets the level of the noise."""
        draw = self._random.random
        if not clean:
            if draw() < 0.35:
                samples = fftconvolve(samples, self._any(self._rooms))[: len(samples)]
            if draw() < 0.7:
                samples = fftconvolve(samples, self._any(self._filters), mode="same")
        level = np.sqrt(np.mean(speech**2)) + 1.0
        samples = samples / level  # speech of level 1
        if not clean and draw() < 0.85:
            samples = samples + self._noise(len(samples)) * 10 ** (-self._random.uniform(3, 35) / 20)
        if not clean and draw() < 0.12:
            samples = samples + self._babble(len(samples)) * 10 ** (-self._random.uniform(8, 30) / 20)
        if not clean and draw() < 0.08:
            samples = samples + self._clicks(len(samples))
        samples = samples * 10 ** (self._random.uniform(-46, -9) / 20) * FULL
        if not clean and draw() < 0.06:
            samples = samples * self._random.uniform(2, 10)  # too loud for the microphone
        hiss = self._random.normal(0, self._random.uniform(0.3, 8), len(samples))
        samples = np.clip(samples + hiss, -FULL, FULL).astype(np.float32)
        if not clean and draw() < 0.12:
            samples = _mobile(samples)
        if not clean and draw() < 0.1:
            samples = self._lose_packets(samples)
        return _companded(samples, alaw=draw() < 0.25)

    def quiet(self, count: int) -> Floats:
        """A line on which nobody speaks."""
        noise = self._noise(count) * 10 ** (self._random.uniform(-75, -22) / 20) * FULL
        if self._random.random() < 0.3:
            noise = noise + self._clicks(count) * 10 ** (self._random.uniform(-45, -20) / 20) * FULL
        return _companded(np.clip(noise, -FULL, FULL).astype(np.float32), alaw=False)

    def _noise(self, count: int) -> Floats:
        pool = self._background if self._background and self._random.random() < 0.35 else self._drawn
        noise = self._any(pool)
        start = int(self._random.integers(0, max(1, len(noise) - count)))
        return np.resize(noise[start : start + count], count)

    def _babble(self, count: int) -> Floats:
        """One to four others, far away, or our own prompt coming back."""
        return _levelled(
            sum(
                (self._voices(count) for _ in range(self._random.integers(1, 5))), np.zeros(count, np.float32)
            )
        )

    def _clicks(self, count: int) -> Floats:
        """Short bursts: keys, a cup, a cough's beginning."""
        burst = np.zeros(count, np.float32)
        for _ in range(self._random.integers(1, 4)):
            length = int(self._random.integers(20, 1200))
            start = int(self._random.integers(0, max(1, count - length)))
            length = min(length, count - start)
            shape = np.exp(-np.arange(length) / self._random.uniform(10, 300))
            burst[start : start + length] += (
                self._random.normal(0, self._random.uniform(0.2, 3), length) * shape
            )
        return burst

    def _lose_packets(self, samples: Floats) -> Floats:
        """Gaps of 20 ms: silent, or filled with the packet before."""
        samples = samples.copy()
        rate, repeats = self._random.uniform(0.01, 0.08), self._random.random() < 0.5
        for start in range(FRAME, len(samples) - FRAME, FRAME):
            if self._random.random() < rate:
                before = samples[start - FRAME : start] * 0.7
                samples[start : start + FRAME] = before if repeats else 0
        return samples

    def _any(self, pool: Sequence[Floats]) -> Floats:
        return pool[int(self._random.integers(len(pool)))]


def change_speed(samples: Floats, factor: float) -> Floats:
    """Faster and higher for a factor above one, as a tape would be."""
    return soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, "QQ")


def _levelled(samples: Floats) -> Floats:
    """The same with level one."""
    return (samples / (np.sqrt(np.mean(samples**2)) + 1e-9)).astype(np.float32)


def _coloured(random: Generator, count: int) -> Floats:
    """White noise under some spectrum, its strength rising and falling, sometimes with the mains' hum."""
    points = np.sort(random.uniform(0, 1, 6))
    tilt = random.uniform(-30, 3)
    decibels = tilt * np.concatenate([[0], points, [1]]) + random.normal(0, 4, 8)
    grid = np.concatenate([[0], points, [1]])
    noise = fftconvolve(random.normal(0, 1, count), firwin2(65, grid, 10 ** (decibels / 20)), mode="same")
    if random.random() < 0.5:
        knots = random.lognormal(0, 0.5, max(2, count // SAMPLE_RATE * 3))
        noise = noise * np.interp(np.arange(count), np.linspace(0, count, len(knots)), knots)
    if random.random() < 0.3:
        mains = random.choice([50, 60]) * random.integers(1, 4)
        noise = _levelled(noise) + random.uniform(0.2, 2) * np.sin(
            2 * np.pi * mains * np.arange(count) / SAMPLE_RATE
        )
    return noise.astype(np.float32)


def _filter(random: Generator) -> Floats:
    """A microphone and a line: about 300 to 3400 Hz, with a slope and some bumps between."""
    low, high = random.uniform(60, 380), random.uniform(3000, 3900)
    inner = np.sort(random.uniform(low + 50, high - 50, 5))
    hertz = np.concatenate([[0, low * 0.5, low], inner, [high, min(high * 1.08, 3980), 4000]])
    slope = random.uniform(-8, 8)
    decibels = slope * (hertz / 4000 - 0.5) + np.concatenate(
        [[-40, -18, -3], random.normal(0, 3, 5), [-3, -20, -30]]
    )
    response = firwin2(129, hertz / 4000, 10 ** (decibels / 20))
    return response.astype(np.float32)


def _room(random: Generator) -> Floats:
    """A small room: the direct sound, some reflections, a decaying tail."""
    seconds = random.uniform(0.08, 0.45)
    count = int(seconds * SAMPLE_RATE)
    tail = random.normal(0, 1, count) * np.exp(-6.9 * np.arange(count) / count)
    tail[: int(0.002 * SAMPLE_RATE)] = 0
    tail *= random.uniform(0.05, 0.6) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    tail[0] = 1.0
    for _ in range(random.integers(0, 5)):
        tail[random.integers(10, max(11, count // 3))] += random.uniform(-0.4, 0.4)
    return tail.astype(np.float32)


def _mobile(samples: Floats) -> Floats:
    """Through the codec of the first mobile phones, GSM 06.10."""
    content = io.BytesIO()
    soundfile.write(content, samples / FULL, SAMPLE_RATE, format="WAV", subtype="GSM610")
    content.seek(0)
    decoded, _ = soundfile.read(content, dtype="float32")
    heard: Floats = np.resize(decoded, len(samples)) * np.float32(FULL)
    return heard


def _companded(samples: Floats, *, alaw: bool) -> Floats:
    """Through G.711 and back."""
    pcm = samples.astype("<i2").tobytes()
    if alaw:
        back = audioop.alaw2lin(audioop.lin2alaw(pcm, 2), 2)
    else:
        back = audioop.ulaw2lin(audioop.lin2ulaw(pcm, 2), 2)
    return np.frombuffer(back, "<i2").astype(np.float32)
