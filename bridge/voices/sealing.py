"""Encryption at rest of cloned voices, under a key that is made of `voices.key`.

A sealed file is a magic number and what `bridge.privacy.cipher` makes of the content. The voice's name and
what the file is for are authenticated with it: a file that is moved to another voice, or takes the place of
another, does not open.
"""

from msgspec import Struct

from bridge.privacy.cipher import BrokenSealError, Cipher
from bridge.voices.errors import VoiceError

__all__ = ["Label", "Seal"]

_MAGIC = b"HATIFVX1"  # no text, WAV or PDF begins so
_PURPOSE = b"hatif voices 1"


class Label(Struct, frozen=True):
    """Which file of which voice."""

    voice: str
    purpose: str  # card, reference, consent, latents ...

    def __str__(self) -> str:
        return f"the {self.purpose} of the voice {self.voice}"

    @property
    def authenticated(self) -> bytes:
        """What is bound to the content; no name has a zero byte in it."""
        return f"hatif\0{self.voice}\0{self.purpose}".encode()


class Seal:
    """Closes and opens files with the configured key; without one, leaves them as they are."""

    def __init__(self, key: str | None) -> None:
        self._cipher = Cipher(key.encode(), _PURPOSE) if key is not None else None

    @property
    def encrypts(self) -> bool:
        """Whether there is a key."""
        return self._cipher is not None

    def close(self, content: bytes, label: Label) -> bytes:
        """As it is written."""
        if self._cipher is None:
            return content
        return _MAGIC + self._cipher.seal(content, label.authenticated)

    def open(self, written: bytes, label: Label) -> bytes:
        """What was written.

        Raises:
            VoiceError: it is encrypted and there is no key, or the wrong one; or it is not, and should be.

        """
        is_sealed = written.startswith(_MAGIC)
        if self._cipher is None:
            if is_sealed:
                raise VoiceError(
                    f"{label} is encrypted; voices.key must be the key that it was encrypted with"
                )
            return written
        if not is_sealed:
            raise VoiceError(
                f"{label} is not encrypted, but voices.key is configured; `hatif voices rekey` encrypts it"
            )
        try:
            return self._cipher.open(written[len(_MAGIC) :], label.authenticated)
        except BrokenSealError:
            raise VoiceError(
                f"{label} cannot be decrypted: it was encrypted with another voices.key, or is damaged"
            ) from None
