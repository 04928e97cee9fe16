"""The speech that the model learns from and is tested on: who said what, and how it sounds.

Recordings lie as WORD/SPEAKER_NO_ROUND.{ulaw,wav}, in a folder or in archives, as the Arabic Speech Commands
dataset has them. A speaker belongs to training or to validation, never to both.
"""

import audioop
import io
import tarfile
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from msgspec import Struct
from numpy.typing import NDArray

from bridge.errors import BridgeError
from training.features import SAMPLE_RATE

__all__ = ["DATASET_WORDS", "VALIDATION_SPEAKERS", "Clip", "Corpus", "read_noise", "read_recordings"]

Samples = NDArray[np.int16]

# The dataset's own split. Its six test speakers are nobody's here.
TRAINING_SPEAKERS = frozenset(
    f"{number:08}" for number in (1, 5, 6, 9, 11, 13, 15, 16, 17, 18, 19, 20, 22, 23, 24, 27, 29, 30)
)
VALIDATION_SPEAKERS = frozenset(f"{number:08}" for number in (2, 7, 8, 12, 21, 25))

DATASET_WORDS = {
    "zero": "صفر", "one": "واحد", "two": "اثنان", "three": "ثلاثة", "four": "أربعة", "five": "خمسة",
    "six": "ستة", "seven": "سبعة", "eight": "ثمانية", "nine": "تسعة", "right": "يمين", "left": "يسار",
    "up": "أعلى", "down": "أسفل", "forward": "أمام", "backward": "خلف", "yes": "نعم", "no": "لا",
    "start": "ابدأ", "stop": "توقف", "enable": "تفعيل", "disable": "تعطيل", "ok": "موافق",
    "cancel": "إلغاء", "open": "فتح", "close": "إغلاق", "zoom in": "تكبير", "zoom out": "تصغير",
    "previous": "السابق", "next": "التالي", "send": "إرسال", "receive": "استقبال", "move": "تحريك",
    "rotate": "تدوير", "record": "تسجيل", "enter": "إدخال", "digit": "رقم", "direction": "اتجاه",
    "options": "خيارات", "undo": "تراجع",
}  # fmt: skip

_ROUND_MARK = "_NO_"
FRAME = SAMPLE_RATE // 100


class Clip(Struct, frozen=True):
    """One saying. Without pronunciations, any of the lexicon's will do."""

    words: tuple[str, ...]
    speaker: str
    samples: Samples
    speech: tuple[int, int]  # where it begins and ends, in samples
    pronunciations: tuple[tuple[str, ...], ...] | None = None


class Corpus(Struct, frozen=True):
    """Recordings, apart by who may be learned from."""

    training: tuple[Clip, ...]
    validation: tuple[Clip, ...]


def read_recordings(source: Path) -> Corpus:
    """Read every recording under a folder, or in the archives that lie there.

    Raises:
        BridgeError: nothing is there, or a recording cannot be read.

    """
    training: list[Clip] = []
    validation: list[Clip] = []
    for name, content in _files(source):
        word, speaker = DATASET_WORDS.get(name.parent.name), name.name.partition(_ROUND_MARK)[0]
        if word is None or _ROUND_MARK not in name.name:
            continue
        if speaker in TRAINING_SPEAKERS:
            training.append(_recording(word, speaker, _samples(name, content)))
        elif speaker in VALIDATION_SPEAKERS:
            validation.append(_recording(word, speaker, _samples(name, content)))
    if not training:
        raise BridgeError(
            f"{source} holds no recordings WORD/SPEAKER_NO_ROUND.wav of the Arabic Speech Commands dataset"
        )
    return Corpus(tuple(training), tuple(validation))


def _recording(word: str, speaker: str, samples: Samples) -> Clip:
    """A clip whose speech is where it is louder than a third of the way, in decibels, from quiet to loud."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    level = np.convolve(10 * np.log10((frames**2).mean(axis=1) + 1), np.ones(3) / 3, "same")
    quiet, loud = np.percentile(level, 10), level.max()
    heard = np.flatnonzero(level > quiet + 0.3 * (loud - quiet))
    return Clip((word,), speaker, samples, (int(heard[0]) * FRAME, int(heard[-1] + 1) * FRAME))


def read_noise(source: Path) -> list[Samples]:
    """The dataset's background noise: whatever lies in no word's folder."""
    return [
        _samples(name, content)
        for name, content in _files(source)
        if name.parent.name not in DATASET_WORDS and _ROUND_MARK not in name.name
    ]


def _files(source: Path) -> Iterator[tuple[Path, bytes]]:
    if not source.is_dir():
        raise BridgeError(f"{source} is no folder")
    for archive in sorted(source.glob("*.tar*")):
        with tarfile.open(archive) as members:
            for member in members:
                content = members.extractfile(member) if member.isfile() else None
                if content is not None and Path(member.name).suffix in {".ulaw", ".wav"}:
                    yield Path(member.name), content.read()
    for file in sorted(source.rglob("*")):
        if file.suffix in {".ulaw", ".wav"}:
            yield file.relative_to(source), file.read_bytes()


def _samples(name: Path, content: bytes) -> Samples:
    """Mono, 8 kHz."""
    if name.suffix == ".ulaw":
        return np.frombuffer(audioop.ulaw2lin(content, 2), "<i2")
    try:
        with wave.open(io.BytesIO(content)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            pcm = audioop.lin2lin(file.readframes(file.getnframes()), width, 2)
    except (wave.Error, EOFError, audioop.error) as error:
        raise BridgeError(f"{name} is no WAV file that can be read ({error})") from error
    mono = np.frombuffer(pcm, "<i2").reshape(-1, channels).astype(np.float32).mean(axis=1)
    return np.clip(soxr.resample(mono, rate, SAMPLE_RATE), -32768, 32767).astype(np.int16)
