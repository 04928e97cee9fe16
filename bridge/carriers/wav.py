"""WAV files as a telephone carries them: from any rate and any number of channels to mono mu-law, 8 kHz."""

import wave
from pathlib import Path

import numpy as np

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, encode_ulaw
from bridge.audio.resample import resample
from bridge.errors import BridgeError

__all__ = ["WavError", "read_wav"]

MAX_WAV_SECONDS = 600  # what is said in one go on a telephone; ten minutes is a mistaken file


class WavError(BridgeError):
    """A WAV file is missing or unusable."""

    code = "wav"


def read_wav(path: Path) -> bytes:
    """The mu-law audio of a WAV file.

    Raises:
        WavError: there is no such file, or it is no 16-bit PCM.

    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.readframes(min(file.getnframes(), rate * MAX_WAV_SECONDS))
    except FileNotFoundError:
        raise WavError(f"{path}: no such WAV file") from None
    except EOFError:
        raise WavError(f"{path}: not a WAV file of 16-bit PCM (it ends too early)") from None
    except (wave.Error, OSError) as error:
        raise WavError(f"{path}: not a WAV file of 16-bit PCM ({error})") from error
    if width != SAMPLE_WIDTH:
        raise WavError(f"{path}: {8 * width}-bit audio; convert it to 16-bit PCM")
    if not frames or rate <= 0:
        raise WavError(f"{path}: holds no audio")
    mono = _mixed_down(frames, channels)
    return encode_ulaw(mono if rate == SAMPLE_RATE else resample(mono, rate, SAMPLE_RATE))


def _mixed_down(pcm: bytes, channels: int) -> bytes:
    if channels == 1:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2")
    whole = samples[: len(samples) - len(samples) % channels].reshape(-1, channels)
    return bytes(whole.mean(axis=1).round().astype("<i2").tobytes())
