"""One value of one row, sealed: `§1:KEY:BASE64`; bytes as `§1:KEY:` and the ciphertext.

Table, column and the row's primary key are authenticated with it, so that a value cannot be moved to another
row, nor take the place of an older one under another key. Without a key values are kept as they are; one that
begins with § gets `§0:` before it, so that nobody can pretend to be sealed.
"""

import base64
import binascii
from typing import Self

import msgspec
from msgspec import Struct

from bridge.errors import StorageError
from bridge.privacy.cipher import BrokenSealError, Cipher
from bridge.privacy.keys import PLAIN, KeyRing

__all__ = ["BLANK", "FieldCipher", "Place", "Sealed"]

_MARK, _SEALED, _ESCAPED = "§", "§1:", "§0:"
_MARK_BYTES, _SEALED_BYTES, _ESCAPED_BYTES = _MARK.encode(), _SEALED.encode(), _ESCAPED.encode()
_PURPOSE = b"hatif fields 1"
_NAME_BYTES = 33  # of the longest name, and the colon behind it


class Place(Struct, frozen=True):
    """Which value: of which column, in the row with which primary key."""

    table: str
    column: str
    key: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {'/'.join(map(str, self.key))}"

    def bound(self, key_name: str) -> bytes:
        """What is authenticated: JSON, so that no two places read alike; names may be a subclass of str."""
        return msgspec.json.encode([key_name, str(self.table), str(self.column), *self.key])


class Sealed(Struct, frozen=True):
    """A value as the database holds it. Only this can be written to a column that is sealed."""

    stored: str | bytes

    def __repr__(self) -> str:
        return "Sealed(...)"

    @property
    def key_name(self) -> str:
        """Which key sealed it; "plain" where none did."""
        stored = self.stored
        if isinstance(stored, bytes):
            is_sealed, head = stored.startswith(_SEALED_BYTES), stored[: len(_SEALED_BYTES) + _NAME_BYTES]
            words = head.decode("utf-8", "replace")
        else:
            is_sealed, words = stored.startswith(_SEALED), stored
        return words[len(_SEALED) :].partition(":")[0][:_NAME_BYTES] if is_sealed else PLAIN


BLANK = Sealed("§-")  # '' where a text was forgotten and something must stand; the same in every row


class FieldCipher:
    """Seals with the current key, or with none, and opens what the keys of the ring have sealed."""

    def __init__(self, ring: KeyRing | None, *, target: str | None = None, reads_plain: bool = False) -> None:
        """`target` is the key that seals, the current one unless told; `reads_plain` also with a key."""
        keys = ring.keys if ring else ()
        self._ciphers = {key.name: Cipher(key.secret, _PURPOSE) for key in keys}
        self.target = target or (ring.current.name if ring else PLAIN)
        self.readable = frozenset(self._ciphers) | ({PLAIN} if reads_plain or not ring else set())

    @classmethod
    def between(cls, ring: KeyRing | None, *, target: str) -> Self:
        """One that reads whatever may be there, and writes what is wanted."""
        return cls(ring, target=target, reads_plain=True)

    def seal(self, value: str | bytes | None, place: Place) -> Sealed | None:
        """As it is written; nothing stays nothing."""
        if value is None:
            return None
        if self.target == PLAIN:
            return Sealed(_escaped(value))
        content = value.encode() if isinstance(value, str) else value
        ciphertext = self._ciphers[self.target].seal(content, place.bound(self.target))
        if isinstance(value, str):
            return Sealed(f"{_SEALED}{self.target}:{base64.b64encode(ciphertext).decode()}")
        return Sealed(b"%s%s:%s" % (_SEALED_BYTES, self.target.encode(), ciphertext))

    def open(self, sealed: Sealed | None, place: Place) -> str | bytes | None:
        """What was written.

        Raises:
            StorageError: its key is not configured, or it was sealed for another place, or is damaged.

        """
        if sealed is None or sealed == BLANK:
            return None if sealed is None else ""
        name = sealed.key_name
        if name not in self.readable:
            raise StorageError(_unreadable(name, place))
        if name == PLAIN:
            return _unescaped(sealed.stored)
        try:
            content = self._ciphers[name].open(_ciphertext(sealed.stored), place.bound(name))
        except BrokenSealError:
            raise StorageError(
                f"{place} cannot be decrypted: it was changed, moved from another row, or encrypted with "
                f"another key named {name}; restore it from a backup"
            ) from None
        return content.decode() if isinstance(sealed.stored, str) else content


def _unreadable(name: str, place: Place) -> str:
    if name == PLAIN:
        return f"{place} is not encrypted, but privacy.key is configured; `hatif privacy rekey` encrypts it"
    return f"{place} is encrypted with the key {name}; privacy.key must hold it"


def _escaped(value: str | bytes) -> str | bytes:
    if isinstance(value, str):
        return _ESCAPED + value if value.startswith(_MARK) else value
    return _ESCAPED_BYTES + value if value.startswith(_MARK_BYTES) else value


def _unescaped(stored: str | bytes) -> str | bytes:
    return stored.removeprefix(_ESCAPED) if isinstance(stored, str) else stored.removeprefix(_ESCAPED_BYTES)


def _ciphertext(stored: str | bytes) -> bytes:
    try:
        if isinstance(stored, bytes):
            return stored.split(b":", 2)[2]
        return base64.b64decode(stored.split(":", 2)[2], validate=True)
    except (IndexError, binascii.Error):
        raise BrokenSealError from None
