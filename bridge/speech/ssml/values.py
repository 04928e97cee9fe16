"""What the values of attributes mean: seconds, factors, semitones, decibels.

ValueError says what would be right.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from bridge.speech.script import Manner

__all__ = [
    "break_seconds",
    "clip_name",
    "composed",
    "emphasis",
    "ipa",
    "language",
    "mark_name",
    "prosody",
    "voice_name",
]

MAX_BREAK_SECONDS = 10.0  # longer, and a caller believes that the line is dead
RATES = (0.2, 4.0)  # beyond, no engine is understood
PITCHES = (-12.0, 12.0)  # semitones
VOLUMES = (-40.0, 12.0)  # decibels
SILENT_DB: Final = -200.0  # below the last bit of 16
MAX_NAME_CHARACTERS = 128

# How long a pause of a strength is; the standard leaves it open.
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.6, "default": 1.0}
_PITCHES = {"x-low": -4.0, "low": -2.0, "medium": 0.0, "high": 2.0, "x-high": 4.0, "default": 0.0}
_VOLUMES = {
    "silent": SILENT_DB,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
    "default": 0.0,
}
_EMPHASES = {
    "strong": Manner(rate=0.85, pitch=2.0, volume_db=4.0),
    "moderate": Manner(rate=0.92, pitch=1.0, volume_db=2.0),
    "none": Manner(),
    "reduced": Manner(rate=1.1, pitch=-1.0, volume_db=-3.0),
}

_NUMBER = r"(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})"
_TIME = re.compile(rf"\+?{_NUMBER}(ms|s)", re.ASCII)
_FACTOR = re.compile(rf"([+-]?){_NUMBER}(%?)", re.ASCII)
_INTERVAL = re.compile(rf"([+-]){_NUMBER}(st|%|Hz)", re.ASCII)
_DECIBELS = re.compile(rf"([+-]){_NUMBER}dB", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}")  # the shape of BCP 47
_CLIP = re.compile(r"cache:(\w[\w.-]*)")


def break_seconds(time: str | None, strength: str | None) -> float:
    """How long a pause is; a time wins over a strength."""
    if strength is not None and strength not in _BREAKS:
        raise ValueError(f"strength must be {_listed(_BREAKS)}")
    if time is None:
        return _BREAKS[strength or "medium"]
    if (found := _TIME.fullmatch(time)) is None:
        raise ValueError('time must be such as "500ms" or "1.5s"')
    seconds = float(Decimal(found[1]) / (1000 if found[2] == "ms" else 1))
    if seconds > MAX_BREAK_SECONDS:
        raise ValueError(f"a break lasts {MAX_BREAK_SECONDS:g} s at most")
    return seconds


def prosody(attributes: Mapping[str, str]) -> Manner:
    """The manner of rate, pitch and volume, of which one at least is written."""
    if not attributes.keys() & {"rate", "pitch", "volume"}:
        raise ValueError("rate, pitch or volume must be written")
    return Manner(
        _rate_factor(attributes.get("rate", "default")),
        _pitch_semitones(attributes.get("pitch", "default")),
        _volume_db(attributes.get("volume", "default")),
    )


def emphasis(level: str | None) -> Manner:
    """The manner of a level of emphasis, moderate by default."""
    if level is not None and level not in _EMPHASES:
        raise ValueError(f"level must be {_listed(_EMPHASES)}")
    return _EMPHASES[level or "moderate"]


def _rate_factor(value: str) -> float:
    """1.25 of "fast", "125%", "+25%" or "1.25"."""
    if value in _RATES:
        return _RATES[value]
    found = _FACTOR.fullmatch(value)
    if found is None or (found[1] and not found[3]):
        raise ValueError(f'rate must be {_listed(_RATES)}, or such as "80%", "-20%" or "0.8"')
    sign, number = found[1], float(found[2]) / (100 if found[3] else 1)
    return {"": number, "+": 1 + number, "-": 1 - number}[sign]


def _pitch_semitones(value: str) -> float:
    """2 of "high", "+2st" or "+12.25%"."""
    if value in _PITCHES:
        return _PITCHES[value]
    found = _INTERVAL.fullmatch(value)
    if value.endswith("Hz"):
        raise ValueError('pitch in Hz is refused, for every voice has its own; write "+2st" or "-10%"')
    if found is None:
        raise ValueError(f'pitch must be {_listed(_PITCHES)}, or such as "+2st" or "-10%", with its sign')
    number = float(found[1] + found[2])
    if found[3] == "st":
        return number
    if number <= -100:  # noqa: PLR2004 - per cent
        raise ValueError("pitch cannot fall by 100% or more")
    return 12 * math.log2(1 + number / 100)


def _volume_db(value: str) -> float:
    """4 of "loud" or "+4dB"."""
    if value in _VOLUMES:
        return _VOLUMES[value]
    if (found := _DECIBELS.fullmatch(value)) is None:
        raise ValueError(f'volume must be {_listed(_VOLUMES)}, or such as "+4dB" or "-6dB", with its sign')
    return float(found[1] + found[2])


def composed(outer: Manner, inner: Manner) -> Manner:
    """One manner in another: rates multiply, semitones and decibels add. ValueError beyond sense."""
    is_silent = SILENT_DB in {outer.volume_db, inner.volume_db}
    volume = SILENT_DB if is_silent else outer.volume_db + inner.volume_db
    manner = Manner(outer.rate * inner.rate, outer.pitch + inner.pitch, volume)
    if not RATES[0] <= manner.rate <= RATES[1]:
        raise ValueError(f"with what is around it, rate must be from {RATES[0]:.0%} to {RATES[1]:.0%}")
    if not PITCHES[0] <= manner.pitch <= PITCHES[1]:
        raise ValueError(f"with what is around it, pitch must be from {PITCHES[0]:g}st to +{PITCHES[1]:g}st")
    if not is_silent and not VOLUMES[0] <= volume <= VOLUMES[1]:
        raise ValueError(f"with what is around it, volume must be from {VOLUMES[0]:g}dB to +{VOLUMES[1]:g}dB")
    return manner


def language(value: str) -> str:
    """A BCP 47 tag as it is."""
    if _LANGUAGE.fullmatch(value) is None:
        raise ValueError('xml:lang must be a language such as "ar", "ar-SA" or "en"')
    return value


def voice_name(value: str) -> str:
    """The name of one voice."""
    if not _is_word(value):
        raise ValueError('name must be one voice, such as "espeak-ng/ar+Denis"')
    return value


def mark_name(value: str) -> str:
    """The name of a mark."""
    if not _is_word(value):
        raise ValueError(f"name must be a word of at most {MAX_NAME_CHARACTERS} characters")
    return value


def clip_name(value: str) -> str:
    """The name of a sound in the cache."""
    found = _CLIP.fullmatch(value)
    if found is None or len(found[1]) > MAX_NAME_CHARACTERS:
        raise ValueError('src must be "cache:NAME", a sound of the prompt cache; nothing is fetched')
    return found[1]


def ipa(value: str, alphabet: str | None) -> str:
    """The pronunciation, in letters of the International Phonetic Alphabet."""
    if alphabet not in {None, "ipa"}:
        raise ValueError('alphabet must be "ipa"')
    written = " ".join(value.split())
    if not written or not all(map(_is_phonetic, written)) or not any(map(str.isalpha, written)):
        raise ValueError('ph must be a pronunciation in IPA, such as "naʕam"')
    return written


def _is_phonetic(character: str) -> bool:
    """Letters (Latin and Greek ones), marks on them, and signs of stress, length, syllables and groups."""
    category = unicodedata.category(character)
    if category.startswith("L"):
        return unicodedata.name(character, "").startswith(("LATIN", "GREEK", "MODIFIER"))
    return category in {"Mn", "Sk"} or character in " .|‖‿-↗↘"


def _is_word(value: str) -> bool:
    return 0 < len(value) <= MAX_NAME_CHARACTERS and value.isprintable() and not any(map(str.isspace, value))


def _listed(table: Iterable[str]) -> str:
    return ", ".join(table)
