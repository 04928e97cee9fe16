"""Adding a voice: a recording that is fit to be cloned from, and the consent of whoever speaks in it."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from bridge.errors import WorkerError
from bridge.speech.media.decoding import MAX_FILE_BYTES, DecodedSound
from bridge.voices.card import (
    MAX_DESCRIPTION_CHARACTERS,
    Consent,
    Gender,
    Recording,
    VoiceCard,
    require_language,
)
from bridge.voices.checking import MAX_SECONDS, REFERENCE_RATE, Reference, checked, level_dbfs, wav_of
from bridge.voices.errors import VoiceError
from bridge.voices.shelf import CONSENT, REFERENCE, VoiceShelf

__all__ = ["Decode", "NewVoice", "add_voice"]

MAX_CONSENT_BYTES = 1024 * 1024
MIN_CONSENT_LETTERS = 20  # "I agree that ..." has more
CONSENT_SECONDS = 300.0  # a spoken statement is not listened to for longer
MIN_CONSENT_SECONDS = 2.0
SILENT_DBFS = -60.0

Decode = Callable[[bytes, float], Awaitable[DecodedSound]]  # a file's content, and how many seconds of it


class NewVoice(Struct, frozen=True):
    """What is wanted."""

    name: str
    sample: Path
    consent: Path
    added_by: str
    language: str = "ar"
    dialect: str = ""
    gender: Gender | None = None
    description: str = ""


async def add_voice(shelf: VoiceShelf, wanted: NewVoice, decode: Decode, now: datetime) -> VoiceCard:
    """Check recording and consent, and put the voice on the shelf; nothing is there unless all is well.

    Raises:
        VoiceError: the name, the recording or the consent cannot be used; one sentence for each.

    """
    shelf.require_room(wanted.name)
    require_language(wanted.language)
    if len(wanted.description) > MAX_DESCRIPTION_CHARACTERS:
        raise VoiceError(f"the description is longer than {MAX_DESCRIPTION_CHARACTERS} characters")
    statement = _content(wanted.consent, MAX_CONSENT_BYTES, "the consent")
    kind = await _kind_of_consent(wanted.consent, statement, decode)
    sample = _content(wanted.sample, MAX_FILE_BYTES, "a recording")
    sound, reference = await _examined(wanted.sample, sample, decode)
    consent = Consent(kind, _digest(statement), len(statement), now, wanted.added_by)
    card = VoiceCard(
        name=wanted.name,
        language=wanted.language,
        recording=_told(sample, sound, reference),
        consent=consent,
        added_at=now,
        dialect=wanted.dialect,
        gender=wanted.gender,
        description=wanted.description,
    )
    shelf.add(card, {REFERENCE: wav_of(reference.pcm, REFERENCE_RATE), CONSENT: statement})
    return card


async def _examined(path: Path, content: bytes, decode: Decode) -> tuple[DecodedSound, Reference]:
    try:
        sound = await decode(content, MAX_SECONDS + 1)  # what codecs add, and a little
        return sound, checked(sound.pcm, sound.rate, is_longer=sound.is_longer)
    except (WorkerError, VoiceError) as error:
        raise VoiceError(f"{path} {error}") from None


def _told(content: bytes, sound: DecodedSound, reference: Reference) -> Recording:
    return Recording(
        container=sound.container,
        codec=sound.codec,
        rate=sound.rate,
        channels=sound.channels,
        seconds=round(reference.seconds, 2),
        level_dbfs=round(reference.level_dbfs, 1),
        snr_db=round(reference.snr_db, 1),
        sha256=_digest(content),
    )


async def _kind_of_consent(path: Path, statement: bytes, decode: Decode) -> Literal["text", "pdf", "audio"]:
    """What the statement is, by its content; VoiceError when it says nothing."""
    if not statement.strip(b" \t\r\n\0"):
        raise VoiceError(f"{path} is empty; it must hold the speaker's consent, as text, PDF or a recording")
    if statement.startswith(b"%PDF-"):
        return "pdf"
    text = _text(statement)
    if text is not None:
        if sum(map(str.isalpha, text)) < MIN_CONSENT_LETTERS:
            raise VoiceError(f"{path} is too short to be a consent; it must say who agrees, and to what")
        return "text"
    await _require_speech(path, statement, decode)
    return "audio"


async def _require_speech(path: Path, statement: bytes, decode: Decode) -> None:
    try:
        sound = await decode(statement, CONSENT_SECONDS)
    except WorkerError as error:
        raise VoiceError(
            f"{path} {error}; the consent must be text (UTF-8), a PDF or a recording of the statement"
        ) from None
    if sound.seconds < MIN_CONSENT_SECONDS or level_dbfs(sound.pcm, sound.rate) < SILENT_DBFS:
        raise VoiceError(
            f"{path} is a recording in which nothing is said; it must hold the speaker's consent"
        )


def _text(content: bytes) -> str | None:
    """The content as text; None when it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _content(path: Path, limit: int, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise VoiceError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise VoiceError(f"{path} is larger than {limit // 2**20} MiB, the limit of {what}")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
