"""How a manner of speaking is said to espeak-ng: words a minute, its pitch of 0 to 99, its own phonemes."""

import math
import re
from collections.abc import Iterator, Mapping

__all__ = ["PITCH", "WORDS_PER_MINUTE", "arabic_phonemes", "pace", "pitch_setting"]

WORDS_PER_MINUTE = range(80, 451)  # espeak-ng's own limits; outside them it speaks at a speed of its own
PITCH = range(101)

# Of the tone 65 % moves with the setting, by an octave for every 50, and the rest stays where it is: right to
# 0.4 semitones from 0 to 99, by the median of the fundamental frequency over a sentence, of espeak-ng 1.52's
# ar, ar+Denis, ar+Alicia and en.
_MOVING, _FIXED = 0.65, 0.35
_SETTINGS_PER_OCTAVE = 50
_MIDDLE = 50
_SEMITONES_PER_OCTAVE = 12


def pace(words_per_minute: int, rate: float) -> int:
    """Words a minute at `rate` times the usual ones, as near as espeak-ng can."""
    return _within(WORDS_PER_MINUTE, round(words_per_minute * rate))


def pitch_setting(setting: int, semitones: float) -> int:
    """The setting that sounds so much higher than `setting`; from 50 espeak-ng gets 8.5 up and 6.8 down."""
    wanted = _tone(setting) * 2 ** (semitones / _SEMITONES_PER_OCTAVE)
    moving = (wanted - _FIXED) / _MOVING
    if moving <= 0:
        return PITCH[0]
    return _within(PITCH, round(_MIDDLE + _SETTINGS_PER_OCTAVE * math.log2(moving)))


def arabic_phonemes(ipa: str) -> str | None:
    """espeak-ng's names for a pronunciation, in its Arabic voices; None when a sound in it has none there.

    Its stress marks stand before the vowel, not the syllable. A sound twice is a long one.
    """
    found: list[str] = []
    stress = ""
    for symbol in _symbols(ipa):
        if symbol is None:
            return None
        if symbol in _STRESS:
            stress = _STRESS[symbol]
        elif symbol in _VOWELS:
            found.append(stress + _VOWELS[symbol])
            stress = ""
        else:
            found.append(_CONSONANTS.get(symbol, _BETWEEN.get(symbol, "")))
    return " ".join("".join(found).split()) or None


def _symbols(ipa: str) -> Iterator[str | None]:
    """The longest symbols that there are, one after the other; None for what is no symbol."""
    position, ipa = 0, _TIES.sub("", ipa)
    while position < len(ipa):
        found = _SYMBOL.match(ipa, position)
        yield found and found[0]
        position = found.end() if found else position + 1


def _tone(setting: int) -> float:
    """How high a setting sounds, where 50 is 1."""
    return _MOVING * 2 ** ((setting - _MIDDLE) / _SETTINGS_PER_OCTAVE) + _FIXED


def _within(limits: range, value: int) -> int:
    return min(max(value, limits[0]), limits[-1])


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in pairs.split())


_TIES = re.compile("[\u0361\u035c]")
_STRESS: Mapping[str, str] = {"ˈ": "'", "ˌ": ","}
_BETWEEN: Mapping[str, str] = {" ": " ", "|": " ", "‖": " ", ".": "", "‿": "", "-": ""}

# Read off espeak-ng itself, which writes a text in its own names and in IPA; and how others write the sounds.
_SHORT_VOWELS = _table("a=a i=i u=u e=e o=o ə=@ æ=a ɑ=a. ɪ=i ʊ=u ɛ=e ɔ=o")
_VOWELS: Mapping[str, str] = _SHORT_VOWELS | {
    f"{sound}ː": name if name == "@" else f"{name}:" for sound, name in _SHORT_VOWELS.items()
}
_SHORT_CONSONANTS = {sound: sound for sound in "bdfghjklmnpqrstvwz"} | _table(
    "ɡ=g ɾ=r ɫ=l x=X χ=X ɣ=Q ʁ=Q ħ=H ʕ=A ʔ=? θ=T ð=D ʃ=S ʒ=dZ dʒ=dZ tʃ=tS "
    "sˤ=s[ s̪=s[ tˤ=t[ t̪=t[ dˤ=dH ðˤ=Z zˤ=Z"
)
_CONSONANTS: Mapping[str, str] = _SHORT_CONSONANTS | {
    f"{sound}ː": name * 2 for sound, name in _SHORT_CONSONANTS.items()
}
_SYMBOL = re.compile(
    "|".join(
        re.escape(symbol)
        for symbol in sorted((*_VOWELS, *_CONSONANTS, *_STRESS, *_BETWEEN), key=len, reverse=True)
    )
)
