"""What is to be spoken, once it has been read: passages, pauses, marks and sounds, in order.

Plain text is one passage; SSML becomes many. An engine is given one passage at a time, in words alone:
figures and abbreviations have been read out, and all else is done with what the engine made.
"""

import unicodedata

from msgspec import Struct

__all__ = ["ARABIC", "Clip", "Manner", "Mark", "Passage", "Pause", "Script", "plain", "says_something"]

ARABIC = "ar"


class Manner(Struct, frozen=True):
    """How a passage is spoken, beside the voice's own way."""

    rate: float = 1.0  # twice as fast is 2
    pitch: float = 0.0  # in semitones
    volume_db: float = 0.0  # done to the sound, never asked of an engine


class Passage(Struct, frozen=True, tag=True):
    """A stretch of text in one language, voice and manner."""

    text: str
    language: str = ARABIC  # BCP 47
    voice: str | None = None  # as configured ("xtts/nurse"); None: whoever speaks
    manner: Manner = Manner()
    ipa: str = ""  # how it is pronounced, for engines that take phonemes


class Pause(Struct, frozen=True, tag=True):
    """Silence."""

    seconds: float


class Mark(Struct, frozen=True, tag=True):
    """A place whose time is told."""

    name: str


class Clip(Struct, frozen=True, tag=True):
    """A sound that has been rendered before, by its name in the cache of prompts."""

    name: str
    fallback: "Script" = ()  # performed where there is no such sound


Script = tuple[Passage | Pause | Mark | Clip, ...]


def plain(text: str, language: str = ARABIC) -> Script:
    """The script of a text without any markup."""
    return (Passage(text, language),)


def says_something(text: str) -> bool:
    """Whether there is a letter, a figure or a sign with a name in it; a full stop alone is no speech."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)
