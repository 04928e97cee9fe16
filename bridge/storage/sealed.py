"""Backups that are encrypted: AES-256-GCM (NIST SP 800-38D) in pieces of 1 MiB, for files of any size.

After Hoang, Reyhanitabar, Rogaway and Vizár's STREAM (eprint.iacr.org/2015/189): a piece's nonce is its
number and whether it is the last, so that pieces cannot be dropped, swapped or cut off unnoticed. Each file
has a key of its own, made from the configured one and a random salt: the numbers are safe as nonces.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bridge.errors import StorageError

__all__ = ["SEALED_SUFFIX", "is_sealed", "opened", "seal"]

SEALED_SUFFIX = ".sealed"

_MAGIC = b"HATIFDB1"
_SALT_BYTES = 16
_KEY_BYTES = 32
_PIECE_BYTES = 2**20
_TAG_BYTES = 16
_NUMBER_BYTES = 11  # and one more says whether the piece is the last: 12, as AES-GCM's nonces are


def is_sealed(file: Path) -> bool:
    """Whether a file is such a backup."""
    with file.open("rb") as content:
        return content.read(len(_MAGIC)) == _MAGIC


def seal(plain: BinaryIO, sealed: BinaryIO, key: str) -> None:
    """Write what `plain` holds to `sealed`, encrypted."""
    salt = os.urandom(_SALT_BYTES)
    header = _MAGIC + salt
    cipher = AESGCM(_derived(key, salt))
    sealed.write(header)
    pieces = _numbered(plain, _PIECE_BYTES)
    sealed.writelines(cipher.encrypt(nonce, piece, header) for nonce, piece in pieces)


def opened(file: Path, key: str | None) -> Iterator[bytes]:
    """What a sealed file holds, piece by piece. Nothing of it is to be trusted before the last has come.

    Raises:
        StorageError: there is no key, or another one; or the file is damaged.

    """
    if key is None:
        raise StorageError(
            f"{file} is encrypted; storage.backup_key must be the key that it was encrypted with: where that "
            "is the credential backup_key of the service, run this as root"
        )
    with file.open("rb") as sealed:
        header = sealed.read(len(_MAGIC) + _SALT_BYTES)
        cipher = AESGCM(_derived(key, header[len(_MAGIC) :]))
        try:
            for nonce, piece in _numbered(sealed, _PIECE_BYTES + _TAG_BYTES):
                yield cipher.decrypt(nonce, piece, header)
        except InvalidTag:
            raise StorageError(
                f"{file} cannot be decrypted: it was encrypted with another storage.backup_key, or is damaged"
            ) from None


def _numbered(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Each piece with its nonce. There is at least one, which may be empty."""
    number, piece = 0, source.read(size)
    while True:
        following = source.read(size)
        last = not following
        yield number.to_bytes(_NUMBER_BYTES, "big") + bytes([last]), piece
        if last:
            return
        number, piece = number + 1, following


def _derived(key: str, salt: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=salt, info=b"hatif backup 1").derive(key.encode())
