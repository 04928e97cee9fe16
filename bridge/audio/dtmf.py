"""Telephone keys as tones in the audio (ITU-T Q.23, Q.24): found, cut out, and made.

A tone is looked for every 5 ms in a window of 20 ms. It is a key's when two frequencies, one of each group
and each within 2.5 % of its nominal value, make up nearly all of the energy, and when that is so five times
in a row: every tone of 40 ms is long enough, and none of 23 ms. Speech has more in it than two frequencies.

In 2.7 hours of recorded Arabic words (9,600 recordings of 24 people) and household noise nothing was
taken for a key; with `PURITY` at 0.85 one vowel was.
"""

from collections import deque

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bridge.audio.frames import FRAME_BYTES, SAMPLE_RATE, Framer
from bridge.audio.g711 import ULAW_SILENCE, decode_ulaw

__all__ = ["KEYS", "HeardKeys", "KeyDetector", "KeyFilter", "key_tone"]

LOW_HZ = (697.0, 770.0, 852.0, 941.0)  # Q.23: rows
HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)  # columns
KEYS = ("123A", "456B", "789C", "*0#D")

TOLERANCE = 0.025  # of a frequency: 0.015 must be taken, 0.035 must not
MIN_AMPLITUDE = 130.0  # -48 dBFS: about -45 dBm0, where -25 must be taken and -55 must not
MOST_HIGH_DB = 6.0  # how much stronger the high tone may be: 4 dB must be taken
MOST_LOW_DB = 10.0  # and the low one: 8 dB must be taken
PURITY = 0.9  # of the energy that the two tones are: at 15 dB over noise they are 0.97

WINDOW_SAMPLES = 160  # 20 ms
STEP_SAMPLES = 40  # 5 ms
STEPS_TO_PRESS = 5  # a tone of 23 ms fills three windows well enough, one of 35 ms always five
STEPS_TO_RELEASE = 7  # a dropout of 10 ms costs five, a pause of 40 ms ten

FFT_SAMPLES = 1024  # zero-padded, so that a parabola through three bins finds a frequency to 1 Hz
_BIN_HZ = SAMPLE_RATE / FFT_SAMPLES
_LOW_BINS = slice(round(LOW_HZ[0] * 0.95 / _BIN_HZ), round(LOW_HZ[-1] * 1.05 / _BIN_HZ) + 1)
_HIGH_BINS = slice(round(HIGH_HZ[0] * 0.95 / _BIN_HZ), round(HIGH_HZ[-1] * 1.05 / _BIN_HZ) + 1)
_MOST_HIGH, _MOST_LOW = 10 ** (MOST_HIGH_DB / 20), 10 ** (MOST_LOW_DB / 20)
_WEIGHTS = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
_WEIGHT_SUM = float(_WEIGHTS.sum())
_WEIGHT_ENERGY = float((_WEIGHTS**2).sum())

HELD_FRAMES = 2  # 40 ms: as long as it takes to know that a tone is a key
_SILENT_FRAME = bytes((ULAW_SILENCE,)) * FRAME_BYTES

Samples = NDArray[np.float32]
Spectrum = NDArray[np.floating]


class KeyDetector:
    """Finds keys in one stream of PCM."""

    __slots__ = ("_candidate", "_down", "_misses", "_run", "_samples")

    def __init__(self) -> None:
        self._samples: Samples = np.zeros(0, np.float32)
        self._candidate = ""  # what the last window held
        self._run = 0  # of windows that held it
        self._down = ""  # the key that is pressed
        self._misses = 0  # windows without that key since it was last heard

    @property
    def is_down(self) -> bool:
        """Whether a key is pressed."""
        return bool(self._down)

    def process(self, pcm: bytes) -> str:
        """The keys that become certain in this much more of the stream, usually none.

        `pcm`: whole samples, signed 16-bit little-endian, 8 kHz, any number.
        """
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        self._samples = np.concatenate((self._samples, samples))
        if len(self._samples) < WINDOW_SAMPLES:
            return ""
        windows = _windows(self._samples)
        self._samples = self._samples[len(windows) * STEP_SAMPLES :]
        return "".join(self._take(key) for key in keys_in(windows))

    def _take(self, key: str) -> str:
        """Count one window; the key if it is certain now."""
        self._run = self._run + 1 if key == self._candidate else 1
        self._candidate = key
        if key == self._down:
            self._misses = 0
            return ""
        self._misses += 1
        if key and self._run == STEPS_TO_PRESS:  # another key needs no pause
            self._down, self._misses = key, 0
            return key
        if self._misses == STEPS_TO_RELEASE:
            self._down = ""
        return ""


def _windows(samples: Samples) -> Samples:
    """Those of 20 ms that begin every 5 ms, a row each; a view, made without NumPy's own, slower checks."""
    count = (len(samples) - WINDOW_SAMPLES) // STEP_SAMPLES + 1
    (step,) = samples.strides
    return np.ndarray((count, WINDOW_SAMPLES), np.float32, samples, strides=(STEP_SAMPLES * step, step))


def keys_in(windows: Samples) -> list[str]:
    """For each window of 20 ms, the key whose tones it holds, or nothing."""
    nothing = [""] * len(windows)
    if np.abs(windows).max() < MIN_AMPLITUDE:
        return nothing
    weighted = windows * _WEIGHTS
    spectrum = np.abs(np.fft.rfft(weighted, FFT_SAMPLES))
    low_at, low = _strongest(spectrum, _LOW_BINS)
    high_at, high = _strongest(spectrum, _HIGH_BINS)
    is_pure = (low**2 + high**2) / 2 * _WEIGHT_ENERGY >= PURITY * (weighted**2).sum(axis=1)
    is_loud = np.minimum(low, high) >= MIN_AMPLITUDE
    is_even = (high <= low * _MOST_HIGH) & (low <= high * _MOST_LOW)
    found = is_pure & is_loud & is_even
    if not found.any():  # as in nearly all speech: the rest is spared
        return nothing
    rows, columns = _nearest(spectrum, low_at, LOW_HZ), _nearest(spectrum, high_at, HIGH_HZ)
    return [
        KEYS[row][column] if each and row >= 0 and column >= 0 else ""
        for each, row, column in zip(found, rows, columns, strict=True)
    ]


def _strongest(spectrum: Spectrum, bins: slice) -> tuple[NDArray[np.intp], Spectrum]:
    """The strongest bin among these, window by window, and the amplitude of a tone there."""
    at = bins.start + spectrum[:, bins].argmax(axis=1)
    return at, 2 * spectrum[np.arange(len(spectrum)), at] / _WEIGHT_SUM


def _nearest(spectrum: Spectrum, at: NDArray[np.intp], nominal_hz: tuple[float, ...]) -> list[int]:
    """Which nominal frequency is meant, by a parabola through the logarithms; -1 where none is near."""
    lines = np.arange(len(spectrum))
    before, peak, after = (np.log(np.maximum(spectrum[lines, at + by], 1e-3)) for by in (-1, 0, 1))
    curve = np.minimum(before - 2 * peak + after, -1e-9)
    hertz = (at + ((before - after) / (2 * curve)).clip(-1, 1)) * _BIN_HZ
    off = np.abs(hertz[:, None] / np.asarray(nominal_hz) - 1)
    index = off.argmin(axis=1)
    return [int(each) if off[line, each] <= TOLERANCE else -1 for line, each in enumerate(index)]


class HeardKeys(Struct, frozen=True):
    """What a piece of the line held."""

    keys: str  # pressed
    audio: bytes  # mu-law, 40 ms late, silent where keys were


class KeyFilter:
    """Takes the keys out of a caller's mu-law, so that nobody takes a tone for a word."""

    __slots__ = ("_detector", "_framer", "_held")

    def __init__(self) -> None:
        self._framer = Framer()
        self._detector = KeyDetector()
        self._held: deque[bytes] = deque()

    def process(self, payload: bytes) -> HeardKeys:
        """More of the line, any length."""
        keys, audio = "", b""
        for frame in self._framer.push(payload):
            pressed = self._detector.process(decode_ulaw(frame))
            if pressed:  # its tone began in what is held
                self._held = deque([_SILENT_FRAME] * len(self._held))
            keys += pressed
            self._held.append(_SILENT_FRAME if self._detector.is_down else frame)
            if len(self._held) > HELD_FRAMES:
                audio += self._held.popleft()
        return HeardKeys(keys, audio)


def key_tone(key: str, seconds: float, level_dbfs: float = -13.0) -> bytes:
    """The two tones of a key as PCM, each with its amplitude at `level_dbfs`.

    Raises:
        ValueError: it is no key.

    """
    row, column = _position(key)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = np.sin(2 * np.pi * LOW_HZ[row] * time) + np.sin(2 * np.pi * HIGH_HZ[column] * time)
    return np.rint(wave * 32_767 * 10 ** (level_dbfs / 20)).clip(-32_768, 32_767).astype("<i2").tobytes()


def _position(key: str) -> tuple[int, int]:
    for row, keys in enumerate(KEYS):
        if len(key) == 1 and key in keys:
            return row, keys.index(key)
    raise ValueError("a key is one of 0-9, *, # and A-D")
