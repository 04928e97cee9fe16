"""What is known of a cloned voice, beside its sound: voice.json."""

import re
from datetime import datetime
from typing import Literal

from msgspec import Struct

from bridge.voices.errors import VoiceError

__all__ = [
    "MAX_DESCRIPTION_CHARACTERS",
    "Consent",
    "Gender",
    "Recording",
    "VoiceCard",
    "require_language",
    "require_name",
]

MAX_DESCRIPTION_CHARACTERS = 200
Gender = Literal["female", "male"]

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class Recording(Struct, frozen=True):
    """What the reference recording was, and is."""

    container: str  # of the file that was given; FFmpeg's names
    codec: str
    rate: int  # hertz, of that file
    channels: int
    seconds: float
    level_dbfs: float  # of the speech in it, RMS
    snr_db: float  # roughly: its speech against its pauses
    sha256: str  # of that file


class Consent(Struct, frozen=True):
    """The speaker's statement, which is kept beside the voice as long as there is one."""

    kind: Literal["text", "pdf", "audio"]
    sha256: str
    bytes: int
    added_at: datetime  # UTC
    added_by: str  # the account at this machine that added it


class VoiceCard(Struct, frozen=True, forbid_unknown_fields=True):
    """One cloned voice."""

    name: str
    language: str  # BCP 47
    recording: Recording
    consent: Consent
    added_at: datetime  # UTC
    dialect: str = ""  # msa, glf, egy or lev; '' where nobody said
    gender: Gender | None = None
    description: str = ""
    engine: Literal["xtts"] = "xtts"
    format: Literal[1] = 1


def require_language(language: str) -> None:
    """VoiceError, unless it is a language that a voice may have."""
    if _LANGUAGE.fullmatch(language) is None:
        raise VoiceError(f"{language!r} is no language; it must be a BCP 47 tag such as ar, ar-JO or en-GB")


def require_name(name: str) -> None:
    """Make sure that a name is one: it is a folder's, and part of "xtts/NAME".

    Raises:
        VoiceError: it is none.

    """
    if _NAME.fullmatch(name) is None:
        raise VoiceError(
            f"{name!r} is no name for a voice; it must be 1 to 40 letters (a to z), digits, - and _, "
            "such as nurse-1, and begin with a letter or digit"
        )
