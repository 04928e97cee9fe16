"""The folder of cloned voices: each written whole or not at all, encrypted where a key is configured.

NAME/voice.json      what is known of it
NAME/reference.wav   the recording, 24 kHz
NAME/consent         the speaker's statement, as it was given
NAME/latents-...     what a checkpoint of XTTS computed of the recording, named by that checkpoint
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from bridge.config_speech import Voices
from bridge.durable import give_to_owner, make_folder, sync_folder
from bridge.voices.card import VoiceCard, require_name
from bridge.voices.checking import pcm_of_wav
from bridge.voices.errors import VoiceError
from bridge.voices.sealing import Label, Seal

__all__ = ["CARD", "CONSENT", "REFERENCE", "Removed", "VoiceShelf", "shelf_of"]

CARD, REFERENCE, CONSENT = "voice.json", "reference.wav", "consent"
LATENTS = "latents-"
STALE_SECONDS = 3600.0  # what lies half-made for so long is nobody's: adding a voice takes seconds

_PURPOSES = {CARD: "card", REFERENCE: "recording", CONSENT: "consent"}
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class Removed(Struct, frozen=True):
    """What was removed with a voice."""

    files: tuple[str, ...]
    bytes: int


class VoiceShelf:
    """All cloned voices of this place."""

    def __init__(self, folder: Path, key: str | None = None, *, max_voices: int = 10) -> None:
        self._folder = folder
        self._seal = Seal(key)
        self._max_voices = max_voices

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    @property
    def encrypts(self) -> bool:
        """Whether what is written is encrypted."""
        return self._seal.encrypts

    def names(self) -> list[str]:
        """Which voices there are; what lies half-made is none."""
        with suppress(FileNotFoundError):
            return sorted(path.parent.name for path in self._folder.glob(f"[!.]*/{CARD}"))
        return []

    def require_room(self, name: str) -> None:
        """Make sure that a voice of that name can be added.

        Raises:
            VoiceError: the name is none or taken, or there are as many voices as may be.

        """
        require_name(name)
        names = self.names()
        if name in names:
            raise VoiceError(f"there is a voice {name} already; remove it first, or take another name")
        if len(names) >= self._max_voices:
            raise VoiceError(
                f"there are {len(names)} cloned voices, and voices.max_voices is {self._max_voices}; "
                "remove one first"
            )

    def card(self, name: str) -> VoiceCard:
        """What is known of a voice; VoiceError when there is none, or it cannot be read."""
        try:
            card = msgspec.json.decode(self._read(name, CARD), type=VoiceCard)
        except msgspec.MsgspecError as error:
            raise VoiceError(f"the card of the voice {name} is damaged: {error}") from error
        if card.name != name:
            raise VoiceError(f"the folder of the voice {name} holds the card of the voice {card.name}")
        return card

    def reference(self, name: str) -> tuple[bytes, int]:
        """Its recording: signed 16-bit little-endian, mono, and the rate in hertz; VoiceError as `card`."""
        try:
            return pcm_of_wav(self._read(name, REFERENCE))
        except ValueError:
            raise VoiceError(f"the recording of the voice {name} is damaged; add the voice again") from None

    def consent(self, name: str) -> bytes:
        """The speaker's statement, as it was given; VoiceError as `card`, and where it is another one."""
        statement = self._read(name, CONSENT)
        if hashlib.sha256(statement).hexdigest() != self.card(name).consent.sha256:
            raise VoiceError(f"the consent of the voice {name} is not the one that its card tells of")
        return statement

    def latents(self, name: str, checkpoint: str) -> bytes | None:
        """What that checkpoint computed of the voice; None when it has not; VoiceError as `card`."""
        self.card(name)
        path = self._folder / name / _latents_file(checkpoint)
        return self._read(name, path.name) if path.exists() else None

    def keep_latents(self, name: str, checkpoint: str, latents: bytes) -> None:
        """Keep them beside the voice. VoiceError when there is no such voice, or the disk is full."""
        self.card(name)
        file = _latents_file(checkpoint)
        sealed = self._seal.close(latents, _label(name, file))
        try:
            _replace(self._folder / name / file, sealed)
        except OSError as error:
            raise VoiceError(f"{self._folder / name} cannot be written: {error.strerror}") from error

    def add(self, card: VoiceCard, files: Mapping[str, bytes]) -> None:
        """Put a voice there: all its files or none.

        Raises:
            VoiceError: it cannot be added (`require_room`), or the folder cannot be written.

        """
        self.require_room(card.name)
        contents = {CARD: msgspec.json.format(msgspec.json.encode(card), indent=2), **files}
        try:
            make_folder(self._folder, mode=_FOLDER_MODE)
            self._sweep()
            self._place(card.name, contents)
        except OSError as error:
            raise VoiceError(f"{self._folder} cannot be written: {error.strerror}") from error

    def remove(self, name: str) -> Removed:
        """Take a voice away with all its files. The key is not needed.

        Raises:
            VoiceError: there is no such voice, or its folder cannot be removed.

        """
        folder = self._folder_of(name)
        files = sorted(folder.iterdir())
        size = sum(file.stat().st_size for file in files)
        gone = Path(tempfile.mkdtemp(dir=self._folder, prefix=".", suffix=".gone"))
        try:
            folder.rename(gone)  # from here on there is no such voice, whenever the machine stops
            sync_folder(self._folder)
            shutil.rmtree(gone)
        except OSError as error:
            raise VoiceError(f"{folder} cannot be removed: {error.strerror}") from error
        return Removed(tuple(file.name for file in files), size)

    def rekey(self, name: str, old: Seal) -> int:
        """Write every file of a voice anew under the present key; how many those were.

        A file that opens with the present key already is left, so that an interrupted run is run again.

        Raises:
            VoiceError: a file opens with neither key; those before it have been written anew.

        """
        written = 0
        for path in sorted(self._folder_of(name).glob("[!.]*")):  # the others were left half-written
            label, content = _label(name, path.name), path.read_bytes()
            try:
                self._seal.open(content, label)
            except VoiceError:
                _replace(path, self._seal.close(old.open(content, label), label))
                written += 1
        return written

    def _folder_of(self, name: str) -> Path:
        require_name(name)
        if not (self._folder / name / CARD).is_file():
            known = ", ".join(self.names()) or "none yet"
            raise VoiceError(f"there is no cloned voice {name!r}; there are: {known}")
        return self._folder / name

    def _read(self, name: str, file: str) -> bytes:
        path = self._folder_of(name) / file
        try:
            return self._seal.open(path.read_bytes(), _label(name, file))
        except OSError as error:
            raise VoiceError(f"{path} cannot be read: {error.strerror}; add the voice again") from error

    def _place(self, name: str, contents: Mapping[str, bytes]) -> None:
        unready = Path(tempfile.mkdtemp(dir=self._folder, prefix=".", suffix=".part"))
        give_to_owner(unready, self._folder)
        try:
            for file, content in contents.items():
                _write(unready / file, self._seal.close(content, _label(name, file)))
            sync_folder(unready)
            try:
                unready.rename(self._folder / name)
            except OSError:  # not empty: somebody else was faster
                raise VoiceError(f"there is a voice {name} already") from None
            sync_folder(self._folder)
        finally:
            shutil.rmtree(unready, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what an interrupted command left half-made."""
        oldest = time.time() - STALE_SECONDS
        for path in (*self._folder.glob(".*.part"), *self._folder.glob(".*.gone")):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    shutil.rmtree(path, ignore_errors=True)


def shelf_of(options: Voices) -> VoiceShelf:
    """The configured shelf."""
    key = options.key.get_secret_value() if options.key is not None else None
    return VoiceShelf(options.folder, key, max_voices=options.max_voices)


def _latents_file(checkpoint: str) -> str:
    """Named by a digest: whatever a checkpoint is called, this is a file's name."""
    return LATENTS + hashlib.sha256(checkpoint.encode()).hexdigest()[:16]


def _label(name: str, file: str) -> Label:
    return Label(name, _PURPOSES.get(file, file))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    give_to_owner(descriptor, path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, content: bytes) -> None:
    """All of it or nothing, whenever the machine stops."""
    unready = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unready.unlink(missing_ok=True)
        _write(unready, content)
        unready.replace(path)
        sync_folder(path.parent)
    finally:
        unready.unlink(missing_ok=True)
