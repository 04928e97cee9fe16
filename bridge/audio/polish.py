"""How speech of any engine is made to sound on a telephone: 8 kHz, in the telephone's band, at one loudness.

In this order: band-limited by soxr; a high-pass at 150 Hz; silence at the ends taken away, with fades; a gain
towards the target; gentle compression; the rest of the gain; a limiter. The whole is measured as the far end
hears it, after mu-law. A stream goes the same way with gains that are guessed from what is known so far.
"""

import math

import numpy as np
import soxr

from bridge.audio.dynamics import Compressor, Limiter, hop_levels
from bridge.audio.edges import Edges
from bridge.audio.filters import FirStream, Samples, high_pass
from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.loudness import SILENT, LoudnessMeter, loudness, loudness_of_samples
from bridge.audio.resample import resampled

__all__ = ["POLISH_VERSION", "RATES", "TARGET_LUFS", "Polisher", "VoiceLevel", "polish"]

POLISH_VERSION = 1  # whatever changes the sound changes this number: rendered prompts are addressed by it
RATES = range(8_000, 48_001)  # hertz, of engines

# Some -19 dBFS of speech: what networks are built for is quieter (ITU-T P.56 speaks of -26), but callers hold
# a handset in a noisy room, and 17 dB are left to the peaks, which speech seldom needs after compression.
TARGET_LUFS = -19.0
CEILING_DBFS = -2.0  # of true peaks: a mu-law code may lie 0.3 dB above its sample, and carriers transcode
# Below it a handset gives nothing back; what engines and recordings hum and thump there only takes level from
# the voice. A deep voice's fundamental goes with it: on a telephone it is heard by its harmonics.
HIGH_PASS_HERTZ = 150.0
MAX_GAIN_DB = 36.0  # what would need more is noise
SILENCE_BELOW_LOUDEST_DB = (
    48.0  # a hop that far under the loudest is silence; weak consonants lie 10 dB above
)
FAINTEST_DBFS = -70.0  # and nothing below this is a sound: four steps of 16 bits

ASSUMED_LUFS = -22.0  # of an engine's speech, before anything of it is known
ASSUMED_MAKE_UP_DB = 3.5  # what compression takes off, as measured on espeak-ng
LOUDEST_OVER_LOUDNESS_DB = 9.0  # the loudest hop of speech over its loudness
LOOK_AHEAD_SECONDS = 0.2  # of speech, before a stream of an unknown voice comes out
GAIN_DB_PER_SECOND = 6.0  # how fast a stream's gain may move once it sounds
REMEMBERED_SECONDS = 3.0  # how much speech of its own a voice's memory counts for in a new stream

_PCM = np.dtype("<i2")
_LOWEST, _HIGHEST = -32_768, 32_767
_SETTLED_LU = 0.1  # nobody hears it, and few prompts are limited twice
_MAX_ROUNDS = 6


class VoiceLevel:
    """What is remembered of a voice: how loud it speaks, and how much compression takes off it."""

    def __init__(self) -> None:
        self.loudness: float | None = None  # LUFS, as the engine gives it; None: nothing was heard of it yet
        self.make_up_db = ASSUMED_MAKE_UP_DB

    def learn(self, loudness: float, make_up_db: float) -> None:
        """Another piece of its speech; the newest tenth counts."""
        known = loudness if self.loudness is None else self.loudness
        self.loudness = known + 0.1 * (loudness - known)
        self.make_up_db += 0.1 * (make_up_db - self.make_up_db)


def polish(pcm: bytes, rate: int, level: VoiceLevel | None = None) -> bytes:
    """Whole speech (signed 16-bit little-endian, mono) ready for mu-law at 8 kHz; b"" where nothing sounds.

    `level` learns from it. A byte too much is left out; ValueError for a rate outside `RATES`.
    """
    _require(rate)
    speech = _trimmed(_in_band(_samples_of(pcm), rate))
    found = loudness_of_samples(speech)
    if found == SILENT:
        return b""
    gain = min(TARGET_LUFS - found, MAX_GAIN_DB)
    polished, make_up = _at_target(_compressed(speech * _factor(gain)), MAX_GAIN_DB - gain)
    if level is not None:
        level.learn(found, make_up)
    return polished


class Polisher:
    """The same for a stream.

    It is at most 18 ms late beside what soxr holds back (80 ms from 22.05 or 24 kHz, 160 ms at the worst); of
    a voice that nothing is remembered of, 200 ms are looked at first. A pause is held until speech goes on.
    """

    def __init__(self, rate: int, level: VoiceLevel | None = None) -> None:
        _require(rate)
        self._level = level or VoiceLevel()
        self._odd = b""
        self._offset: float | None = None  # the first sample: a stream that begins with a step does not click
        self._narrow = (
            soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32") if rate != SAMPLE_RATE else None
        )
        self._high_pass = FirStream(high_pass(HIGH_PASS_HERTZ))
        self._edges = Edges(self._silence())
        self._gain = _RunningGain(self._level.loudness)
        self._compressor = Compressor()
        self._make_up = _factor(self._level.make_up_db)
        self._limiter = Limiter(CEILING_DBFS)

    def process(self, pcm: bytes) -> bytes:
        """More of the stream (signed 16-bit little-endian, any byte count); what can be said of it so far."""
        joined = self._odd + pcm
        whole = len(joined) - len(joined) % _PCM.itemsize
        self._odd = joined[whole:]
        samples = _samples_of(joined[:whole])
        if self._offset is None and samples.size:
            self._offset = float(samples[0])
        return _to_pcm(self._limiter.process(self._levelled(self._banded(samples, is_last=False))))

    def flush(self) -> bytes:
        """The rest. The stream has ended."""
        rest = self._levelled(self._banded(_samples_of(b""), is_last=True))
        end = self._edges.flush()
        levelled = self._compressor.process(self._gain.process(end, is_last=True)), self._compressor.flush()
        last = self._limiter.process(np.concatenate((rest, *(part * self._make_up for part in levelled))))
        return _to_pcm(np.concatenate((last, self._limiter.flush())))

    def _banded(self, samples: Samples, *, is_last: bool) -> Samples:
        samples = samples - (self._offset or 0.0)
        if self._narrow is not None:
            narrow = self._narrow.resample_chunk(samples.astype(np.float32), last=is_last)
            samples = narrow.astype(np.float64)
        return self._high_pass.process(samples)

    def _levelled(self, samples: Samples) -> Samples:
        sounding = self._edges.process(samples)
        return np.asarray(self._compressor.process(self._gain.process(sounding)) * self._make_up)

    def _silence(self) -> float:
        known = ASSUMED_LUFS if self._level.loudness is None else self._level.loudness
        return max(known + LOUDEST_OVER_LOUDNESS_DB - SILENCE_BELOW_LOUDEST_DB, FAINTEST_DBFS)


class _RunningGain:
    """A stream's gain: at first by what the voice is remembered as, then more and more by what it is."""

    def __init__(self, remembered: float | None) -> None:
        self._expected = ASSUMED_LUFS if remembered is None else remembered
        self._trust = 0.0 if remembered is None else REMEMBERED_SECONDS
        self._meter = LoudnessMeter()
        self._seconds = 0.0
        self._held = np.zeros(0)
        self._must_wait = remembered is None
        self._gain: float | None = None  # dB, at the end of what came out

    def process(self, samples: Samples, *, is_last: bool = False) -> Samples:
        """More of the stream, brought towards the target."""
        self._meter.push(samples)
        self._seconds += len(samples) / SAMPLE_RATE
        if self._must_wait and not is_last and self._seconds < LOOK_AHEAD_SECONDS:
            self._held = np.concatenate((self._held, samples))
            return samples[:0]
        samples = np.concatenate((self._held, samples))
        self._held, self._must_wait = samples[:0], False
        return self._raised(samples) if samples.size else samples

    def _raised(self, samples: Samples) -> Samples:
        wanted = self._wanted()
        before = wanted if self._gain is None else self._gain
        most = GAIN_DB_PER_SECOND * len(samples) / SAMPLE_RATE
        self._gain = before + min(max(wanted - before, -most), most)
        return np.asarray(samples * 10 ** (np.linspace(before, self._gain, len(samples)) / 20))

    def _wanted(self) -> float:
        heard = self._meter.loudness
        if heard == SILENT:
            heard = self._expected
        weight = self._seconds / (self._seconds + self._trust)
        return min(TARGET_LUFS - (weight * heard + (1 - weight) * self._expected), MAX_GAIN_DB)


def _at_target(speech: Samples, most_db: float) -> tuple[bytes, float]:
    """The speech so loud that its mu-law is at the target, and the gain in dB that it took."""
    gain = min(TARGET_LUFS - loudness_of_samples(speech), most_db)
    for _ in range(_MAX_ROUNDS):
        polished = _limited(speech * _factor(gain))
        wrong = TARGET_LUFS - loudness(decode_ulaw(encode_ulaw(polished)))
        if abs(wrong) <= _SETTLED_LU or gain + wrong > most_db:
            break
        gain += wrong
    return polished, gain


def _in_band(samples: Samples, rate: int) -> Samples:
    if not samples.size:
        return samples
    narrow = resampled((samples - samples[0]).astype(np.float32), rate, SAMPLE_RATE)
    return FirStream(high_pass(HIGH_PASS_HERTZ)).process(narrow.astype(np.float64))


def _trimmed(samples: Samples) -> Samples:
    loudest = float(hop_levels(samples).max(initial=-math.inf))
    edges = Edges(max(loudest - SILENCE_BELOW_LOUDEST_DB, FAINTEST_DBFS))
    return np.concatenate((edges.process(samples), edges.flush()))


def _compressed(samples: Samples) -> Samples:
    compressor = Compressor()
    return np.concatenate((compressor.process(samples), compressor.flush()))


def _limited(samples: Samples) -> bytes:
    limiter = Limiter(CEILING_DBFS)
    return _to_pcm(np.concatenate((limiter.process(samples), limiter.flush())))


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _samples_of(pcm: bytes) -> Samples:
    whole = len(pcm) - len(pcm) % _PCM.itemsize
    return np.frombuffer(pcm[:whole], dtype=_PCM).astype(np.float64)


def _to_pcm(samples: Samples) -> bytes:
    return np.rint(samples).clip(_LOWEST, _HIGHEST).astype(_PCM).tobytes()


def _require(rate: int) -> None:
    if rate not in RATES:
        raise ValueError(f"speech must have a rate of {RATES[0]} to {RATES[-1]} Hz, not {rate}")
