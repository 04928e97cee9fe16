"""The one place that encrypts: AES-256-GCM (NIST SP 800-38D) under keys derived by HKDF (RFC 5869).

What is sealed is a nonce of its own and the ciphertext. What it belongs to is authenticated with it: moved to
another place, it does not open. Nonces are random, so that a key is good for 2^32 values.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["NONCE_BYTES", "TAG_BYTES", "BrokenSealError", "Cipher"]

NONCE_BYTES = 12
TAG_BYTES = 16
_KEY_BYTES = 32


class BrokenSealError(ValueError):
    """Another key, another place, or damaged."""


class Cipher:
    """Seals and opens with the key that is derived from a secret for one purpose."""

    def __init__(self, secret: bytes, purpose: bytes) -> None:
        self._aead = AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(secret))

    def seal(self, content: bytes, bound: bytes) -> bytes:
        """Nonce and ciphertext; `bound` is what the content belongs to."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, content, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        """What was sealed.

        Raises:
            BrokenSealError: it was sealed with another key, belongs elsewhere, or is damaged.

        """
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):  # ValueError: cut short in the nonce
            raise BrokenSealError from None
