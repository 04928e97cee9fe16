"""Is this recording good enough to clone a voice from? Each way in which it is not has its own sentence.

A clone repeats what is wrong with its reference: noise, clipping and a room are heard in all that it says.
The limits are rough on purpose: they refuse what is certainly unfit, and leave taste to ears.
"""

import io
import math
import wave
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bridge.audio.frames import PCM_FRAME_BYTES, SAMPLE_RATE
from bridge.audio.resample import resample
from bridge.audio.vad import SpeechDetector
from bridge.voices.errors import VoiceError

__all__ = [
    "MAX_SECONDS",
    "MIN_SECONDS",
    "REFERENCE_RATE",
    "Reference",
    "checked",
    "level_dbfs",
    "pcm_of_wav",
    "wav_of",
]

MIN_SECONDS, MAX_SECONDS = 3.0, 30.0  # of a reference recording
SLACK_SECONDS = 0.5  # codecs pad the beginning and end of thirty seconds
REFERENCE_RATE = 24_000  # hertz, in which XTTS speaks
SILENT_DBFS = -60.0  # peak
QUIET_DBFS = -42.0  # RMS of the speech; good recordings have -30 to -16
CLIPPED_SHARE = 0.002  # of all samples; a clean recording has one or two at its very peak
CLIPPED_RUN = 3  # samples in a row at the peak are a flat top
SPEECH_SHARE = 0.35  # of all frames, as the strictest of detectors judges; fluent reading has 0.6 to 0.9
SNR_DB = 15.0  # below, the noise is part of the voice
LOUD_RATIO = 20.0  # what is more than 26 dB below the loudest frame is no speech to speak of

_PEAK_SHARE = 0.999  # what counts as the peak: 16-bit steps and rounding
_NOISE_PERCENTILE = 5  # of the frames' levels: pauses and the closures of stops
_FRAME_SECONDS = 0.02
_FULL_SCALE = 32_768.0

_Samples = NDArray[np.float64]


class Reference(Struct, frozen=True):
    """A recording that may be cloned from."""

    pcm: bytes  # signed 16-bit little-endian, mono, `REFERENCE_RATE`
    seconds: float
    level_dbfs: float  # of its speech, RMS
    snr_db: float


def checked(pcm: bytes, rate: int, *, is_longer: bool = False) -> Reference:
    """The recording as it is kept. `is_longer`: there was more of it than is here.

    Raises:
        VoiceError: all that is wrong with it; the text is the rest of a sentence that begins with its name.

    """
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    seconds = len(samples) / rate
    problems = list(_length_problems(seconds, is_longer=is_longer)) or list(_silence_problems(samples))
    if problems:  # of what is too long, too short or silent nothing else can be said
        raise VoiceError("; ".join(problems))
    kept = resample(pcm, rate, REFERENCE_RATE)
    levels = _frame_levels(np.frombuffer(kept, "<i2").astype(np.float64), REFERENCE_RATE)
    speech = _is_speech(resample(pcm, rate, SAMPLE_RATE), len(levels))
    problems = list(_sound_problems(samples, levels, speech))
    if problems:
        raise VoiceError("; ".join(problems))
    return Reference(kept, seconds, _mean_dbfs(levels[speech]), _snr_db(levels, speech))


def level_dbfs(pcm: bytes, rate: int) -> float:
    """The RMS level of what is not silence, in dBFS; minus infinity when all of it is."""
    levels = _frame_levels(np.frombuffer(pcm, "<i2").astype(np.float64), rate)
    loudest = levels.max(initial=0.0)
    return _mean_dbfs(levels[levels > loudest / LOUD_RATIO]) if loudest else -math.inf


def wav_of(pcm: bytes, rate: int) -> bytes:
    """A WAV file of it: 16 bits, mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def pcm_of_wav(content: bytes) -> tuple[bytes, int]:
    """The samples of a file that `wav_of` made, and their rate; ValueError when it is none."""
    try:
        with wave.open(io.BytesIO(content), "rb") as reader:
            if (reader.getnchannels(), reader.getsampwidth()) != (1, 2):
                raise ValueError("not 16 bits, mono")
            return reader.readframes(reader.getnframes()), reader.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error)) from error


def _length_problems(seconds: float, *, is_longer: bool) -> Iterator[str]:
    if seconds < MIN_SECONDS:
        yield f"lasts {seconds:.1f} s; a recording must last {MIN_SECONDS:g} to {MAX_SECONDS:g} s"
    elif is_longer or seconds > MAX_SECONDS + SLACK_SECONDS:
        yield f"lasts longer than {MAX_SECONDS:g} s; cut {MIN_SECONDS:g} to {MAX_SECONDS:g} s out of it"


def _silence_problems(samples: _Samples) -> Iterator[str]:
    if _dbfs(float(np.abs(samples).max(initial=0))) < SILENT_DBFS:
        yield "is silent"


def _sound_problems(samples: _Samples, levels: _Samples, speech: NDArray[np.bool_]) -> Iterator[str]:
    clipped = _clipped_share(samples)
    if clipped > CLIPPED_SHARE:
        yield f"is clipped: {clipped:.1%} of it is cut off at the top; record it again at a lower level"
    level = _mean_dbfs(levels[levels > levels.max() / LOUD_RATIO])
    if level < QUIET_DBFS:
        yield f"is too quiet: its speech is at {level:.0f} dBFS, and {QUIET_DBFS:.0f} are needed"
        return  # what follows is judged by what the detector hears
    share = float(speech.mean())
    if share < SPEECH_SHARE:
        yield (
            f"has too little speech in it: {share:.0%} of it, and {SPEECH_SHARE:.0%} are needed; "
            "one person must read fluently, close to the microphone"
        )
    elif (snr := _snr_db(levels, speech)) < SNR_DB:
        yield f"is too noisy: its speech is {snr:.0f} dB above its pauses, and {SNR_DB:.0f} are needed"


def _clipped_share(samples: _Samples) -> float:
    """How much of it lies in flat tops: runs of samples at the very peak, wherever that is."""
    at_peak = np.abs(samples) >= np.abs(samples).max() * _PEAK_SHARE
    edges = np.flatnonzero(np.diff(np.concatenate(([False], at_peak, [False])).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= CLIPPED_RUN].sum() / len(samples))


def _is_speech(pcm_8k: bytes, count: int) -> NDArray[np.bool_]:
    """Of each frame, as many as `count`; the detector has heard the beginning before, to know the noise."""
    detector = SpeechDetector()
    frames = [pcm_8k[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm_8k), PCM_FRAME_BYTES)]
    whole = [frame for frame in frames if len(frame) == PCM_FRAME_BYTES]
    for frame in whole[: round(1 / _FRAME_SECONDS)]:
        detector.is_speech(frame)
    found = np.fromiter(map(detector.is_speech, whole), dtype=np.bool_)
    return np.resize(np.concatenate((found, np.zeros(count, dtype=np.bool_))), count)


def _frame_levels(samples: _Samples, rate: int) -> _Samples:
    """The RMS of each 20 ms."""
    size = round(rate * _FRAME_SECONDS)
    count = len(samples) // size
    frames = samples[: count * size].reshape(count, size)
    rms: _Samples = np.sqrt(np.mean(np.square(frames), axis=1))
    return rms


def _snr_db(levels: _Samples, speech: NDArray[np.bool_]) -> float:
    """At most 99: a pause of zeros has no level."""
    noise = float(np.percentile(levels, _NOISE_PERCENTILE))
    return min(99.0, _mean_dbfs(levels[speech]) - _dbfs(max(noise, 1e-3)))


def _mean_dbfs(levels: _Samples) -> float:
    return _dbfs(math.sqrt(float(np.mean(np.square(levels)))) if len(levels) else 0.0)


def _dbfs(level: float) -> float:
    return 20 * math.log10(level / _FULL_SCALE) if level else -math.inf
