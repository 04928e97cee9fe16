"""From one key to another: every file of every cloned voice is written anew under the configured key."""

from pathlib import Path

from bridge.config import Settings
from bridge.voices.errors import VoiceError
from bridge.voices.sealing import Seal
from bridge.voices.shelf import shelf_of

__all__ = ["rekey"]

MAX_KEY_BYTES = 16 * 1024


def rekey(settings: Settings, old_key: Path | None) -> tuple[int, int]:
    """How many voices there are, and how many files were written. Without an `old_key` file there was no key.

    Raises:
        VoiceError: the old key cannot be read, or opens a file as little as the new one does.

    """
    shelf, old = shelf_of(settings.voices), Seal(_key(old_key) if old_key is not None else None)
    names = shelf.names()
    return len(names), sum(shelf.rekey(name, old) for name in names)


def _key(path: Path) -> str:
    try:
        with path.open("rb") as file:
            key = file.read(MAX_KEY_BYTES + 1).decode().strip()
    except (OSError, ValueError) as error:
        raise VoiceError(f"{path} cannot be read as text; it must hold the old voices.key alone") from error
    if not key or len(key) > MAX_KEY_BYTES:
        raise VoiceError(f"{path} holds no key; it must hold the old voices.key alone")
    return key
