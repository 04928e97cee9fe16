"""The voice of a simulated caller: synthetic, or recordings of real people, on a telephone line that hisses.

Makes mu-law of words ahead of the call. Knows nothing of when to speak or of what the words mean.
"""

import lzma
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from msgspec import Struct

from bridge.audio.frames import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.levels import scale_to_peak
from bridge.audio.resample import resample
from bridge.errors import BridgeError
from bridge.speech.base import Synthesizer
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

__all__ = [
    "DEFAULT_VOICE",
    "UNTRAINED_VOICES",
    "CallerVoice",
    "LineNoise",
    "RecordedVoice",
    "RecordingError",
    "SyntheticVoice",
    "Wording",
    "synthetic_voice",
]

# espeak-ng variants that the embedded model was not trained on: recognising them is no recitation.
UNTRAINED_VOICES = ("ar+Denis", "ar+Alex", "ar+Andrea", "ar+Nguyen", "ar+Reed")
DEFAULT_VOICE = UNTRAINED_VOICES[0]

SPEECH_PEAK_DBFS = -12.0  # an ordinary talker on a telephone network
NOISE_LEVEL_DBFS = -57.0  # 30 dB below such speech, whose level (RMS) lies some 15 dB below its peak
FULL_SCALE = 32_768.0

_RECORDING_SUFFIX = ".ulaw"
_ARCHIVE_SUFFIXES = (".tar.xz", ".tar.gz", ".tar")
MAX_RECORDING_BYTES = 30 * SAMPLE_RATE  # recordings are one second long; half a minute is surely no word


class RecordingError(BridgeError):
    """Recordings of a caller are missing or unusable."""

    code = "recording"


class Wording(Struct, frozen=True):
    """One thing to say, for either kind of voice."""

    say: str  # vowelled text, for a synthetic voice
    word: str = ""  # the name of the recorded word, for a recorded one


class CallerVoice(Protocol):
    """Turns words into what the telephone line carries."""

    async def speak(self, wording: Wording) -> bytes:
        """The mu-law, 8 kHz audio of `wording`."""
        ...


class LineNoise:
    """The faint hiss of a line. A caller's line is never digitally silent."""

    def __init__(self, rng: np.random.Generator, *, level_dbfs: float = NOISE_LEVEL_DBFS) -> None:
        self._rng = rng
        self._deviation = FULL_SCALE * 10 ** (level_dbfs / 20)

    def samples(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """`count` samples of white noise."""
        return self._rng.normal(0.0, self._deviation, count)

    def ulaw(self, count: int) -> bytes:
        """`count` samples of it as mu-law."""
        return encode_ulaw(_pcm(self.samples(count)))

    def frame(self) -> bytes:
        """20 ms of it, as mu-law."""
        return self.ulaw(FRAME_SAMPLES)

    def under(self, pcm: bytes) -> bytes:
        """`pcm` with the noise beneath it."""
        speech = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        return _pcm(speech + self.samples(len(speech)))


class SyntheticVoice:
    """A synthesiser heard through a telephone. Give it vowelled text: unvowelled Arabic is mispronounced."""

    def __init__(self, synthesizer: Synthesizer, noise: LineNoise) -> None:
        self._synthesizer = synthesizer
        self._noise = noise

    async def speak(self, wording: Wording) -> bytes:
        """Say `wording.say` as this voice."""
        speech = await self._synthesizer.synthesise(wording.say)
        narrow = resample(speech.pcm, speech.rate, SAMPLE_RATE)
        return encode_ulaw(self._noise.under(scale_to_peak(narrow, SPEECH_PEAK_DBFS)))


@asynccontextmanager
async def synthetic_voice(noise: LineNoise, name: str = DEFAULT_VOICE) -> AsyncIterator[SyntheticVoice]:
    """One of espeak-ng's, for as long as it is wanted; WorkerError when it cannot speak."""
    synthesizer = EspeakSynthesizer(voice=name)
    try:
        await synthesizer.start()
        yield SyntheticVoice(synthesizer, noise)
    finally:
        await synthesizer.stop()


class RecordedVoice:
    """One real speaker's recordings, `WORD/SPEAKER_NO_ROUND.ulaw` in a folder or a tar archive.

    Nothing is done to them but to lay the line's noise beneath: a line that fell silent whenever its caller
    spoke would teach the far end a noise floor that is not there.
    """

    def __init__(self, source: Path, speaker: str, take: str = "01", *, noise: LineNoise) -> None:
        if not source.exists():
            raise RecordingError(f"{source}: no such folder or archive of recordings")
        self._source = source
        self._noise = noise
        self._name = f"{speaker}_NO_{take}{_RECORDING_SUFFIX}"
        self._words = dict(self._from_archive() if source.is_file() else self._from_folder())
        if not self._words:
            raise RecordingError(f"{source}: holds no WORD/{self._name}; is the speaker {speaker} right?")

    @property
    def words(self) -> frozenset[str]:
        """Every word that this speaker recorded."""
        return frozenset(self._words)

    async def speak(self, wording: Wording) -> bytes:
        """Play the recording of `wording.word`."""
        if not wording.word:
            raise RecordingError(f'"{wording.say}" names no recording; give it a word, such as word: yes')
        if wording.word not in self._words:
            raise RecordingError(f"{self._source / wording.word / self._name}: no such recording")
        return encode_ulaw(self._noise.under(decode_ulaw(self._words[wording.word])))

    def _from_folder(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self._source.glob(f"*/{self._name}")):
            yield path.parent.name, self._checked(path.read_bytes(), str(path))

    def _from_archive(self) -> Iterator[tuple[str, bytes]]:
        if not self._source.name.endswith(_ARCHIVE_SUFFIXES):
            raise RecordingError(f"{self._source}: neither a folder nor a .tar.xz archive of recordings")
        try:
            with tarfile.open(self._source) as archive:
                for member in archive:
                    path = Path(member.name)
                    if path.name == self._name and (content := archive.extractfile(member)) is not None:
                        audio = content.read(MAX_RECORDING_BYTES + 1)
                        yield path.parent.name, self._checked(audio, f"{self._source}: {member.name}")
        except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
            raise RecordingError(f"{self._source}: cannot be read as an archive ({error})") from error

    @staticmethod
    def _checked(audio: bytes, where: str) -> bytes:
        if not FRAME_BYTES <= len(audio) <= MAX_RECORDING_BYTES:
            raise RecordingError(f"{where}: not a word of mu-law audio (20 ms to 30 s are expected)")
        return audio


def _pcm(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    return np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
