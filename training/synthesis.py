"""Synthetic speakers: espeak-ng in many voices, each word said as one of its pronunciations.

espeak-ng gets phones, not letters, so a word sounds as `words.tsv` says and no vowel sign can be missing. Its
voices are one synthesiser with other formants: they teach which phones a word has, not how people sound.
"""

import ctypes
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random

import numpy as np
import soxr
from msgspec import Struct
from numpy.typing import NDArray

from training.features import SAMPLE_RATE
from training.lexicon import VOWELS

__all__ = ["HELD_OUT_VOICES", "VOICES", "Saying", "say", "say_all", "shuffled_manner"]

# Never trained on: the voices on which synthetic speech is tested.
HELD_OUT_VOICES = ("Alex", "Andrea", "Denis", "Nguyen", "Reed")
VOICES = (
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "klatt", "klatt2"),
    *("klatt4", "klatt5", "Andy", "Annie", "Alicia", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky"),
    *("Lee", "Marco", "Mario", "Michael", "Mike", "adam", "anika", "antonio", "aunty", "belinda", "benjamin"),
    *("boris", "caleb", "david", "ed", "edward", "edward2", "grandma", "grandpa", "ian", "iven", "iven2"),
    *("john", "linda", "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy"),
    *("rob", "robert", "sandro", "shelby", "steph", "steph2", "travis", "victor", "zac", "announcer"),
)

# Our phones as espeak-ng's Arabic voice calls them, where the names differ.
_NAMES = {
    "Q": "?", "th": "T", "j": "dZ", "x": "X", "dh": "D", "r": "R", "sh": "S", "S": "s[", "D": "dH",
    "T": "t[", "E": "A", "gh": "Q", "y": "j", "aa": "a:", "ii": "i:", "uu": "u:", "ee": "e:", "oo": "o:",
}  # fmt: skip
_SILENT_BELOW = 200  # of 32767: what is cut from the ends
_KEPT_BEFORE, _KEPT_AFTER = 0.03, 0.06  # seconds of the cut that stay

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_UTF8, _PHONEMES, _ENDPAUSE = 1, 0x100, 0x1000
_RATE, _PITCH, _RANGE = 1, 3, 4
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Saying(Struct, frozen=True):
    """What one voice says, and how: phones word by word; espeak-ng's own numbers for the rest."""

    words: tuple[str, ...]
    pronunciations: tuple[tuple[str, ...], ...]
    voice: str
    rate: int  # words a minute
    pitch: int  # 0 to 99
    range: int  # of the pitch, 0 to 99


def shuffled_manner(random: Random, voices: Sequence[str] = VOICES) -> tuple[str, int, int, int]:
    """Any voice, rate, pitch and range."""
    return random.choice(voices), random.randint(105, 240), random.randint(15, 85), random.randint(15, 85)


def say_all(sayings: Sequence[Saying]) -> Iterator[NDArray[np.int16]]:
    """All of them in order, 8 kHz, on every core."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(say, sayings, chunksize=200)


def say(saying: Saying) -> NDArray[np.int16]:
    """One saying at 8 kHz without the silence around it."""
    phonemes = " ".join(f"[[{_phonemes(phones)}]]" for phones in saying.pronunciations)
    samples, rate = _espeak().speak(phonemes, saying)
    narrow = soxr.resample(samples.astype(np.float32), rate, SAMPLE_RATE, "HQ")
    loud = np.flatnonzero(np.abs(narrow) > _SILENT_BELOW)
    if not len(loud):
        return np.zeros(0, np.int16)
    first = max(0, loud[0] - int(_KEPT_BEFORE * SAMPLE_RATE))
    last = loud[-1] + int(_KEPT_AFTER * SAMPLE_RATE)
    return np.clip(narrow[first:last], -32768, 32767).astype(np.int16)


def _phonemes(phones: Sequence[str]) -> str:
    """Phones with the stress on the last long vowel, or on the last vowel but one."""
    vowels = [index for index, phone in enumerate(phones) if phone in VOWELS]
    long = [index for index in vowels if len(phones[index]) > 1]
    stressed = long[-1] if long else vowels[-2] if len(vowels) > 1 else vowels[0] if vowels else -1
    named = (
        (("'" if index == stressed else ""), _NAMES.get(phone, phone)) for index, phone in enumerate(phones)
    )
    return "".join(chain.from_iterable(named))


class _Espeak:
    def __init__(self) -> None:
        import espeakng_loader  # noqa: PLC0415 - only in the processes that speak

        data = Path(espeakng_loader.get_data_path())
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
            *(ctypes.c_void_p, ctypes.c_void_p),
        ]
        # espeak-ng cuts the path of its data at 160 bytes: go there and call it ".".
        os.chdir(data.parent)
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 60, b".", _DONT_EXIT)
        if self._rate <= 0:
            raise OSError("espeak-ng cannot be loaded")
        self._pcm = bytearray()
        self._callback = _Callback(self._collect)  # kept: C holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, manner: Saying) -> tuple[NDArray[np.int16], int]:
        self._pcm.clear()
        self._library.espeak_SetVoiceByName(f"ar+{manner.voice}".encode())
        self._library.espeak_SetParameter(_RATE, manner.rate, 0)
        self._library.espeak_SetParameter(_PITCH, manner.pitch, 0)
        self._library.espeak_SetParameter(_RANGE, manner.range, 0)
        content = text.encode() + b"\0"
        flags = _UTF8 | _PHONEMES | _ENDPAUSE
        self._library.espeak_Synth(content, len(content), 0, 1, 0, flags, None, None)
        return np.frombuffer(bytes(self._pcm), np.int16), self._rate

    def _collect(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, count * 2)
        return 0


@cache
def _espeak() -> _Espeak:
    """One library in every process."""
    return _Espeak()
