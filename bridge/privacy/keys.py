"""The keys of `privacy.key`: each has a name, `2026-11:BASE64`; the first seals, all of them open."""

import base64
import binascii
import os
import re
from typing import Self

from msgspec import Struct

__all__ = ["PLAIN", "Key", "KeyRing", "new_key"]

PLAIN = "plain"  # the name of having no key
KEY_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_BETWEEN = re.compile(r"[\s,]+")


class Key(Struct, frozen=True, kw_only=True):
    """A secret, and the name by which every value says which one sealed it."""

    name: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.name})"


class KeyRing(Struct, frozen=True):
    """The current key, and those before it."""

    current: Key
    previous: tuple[Key, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """All of them, the current one first."""
        return (self.current, *self.previous)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME:BASE64`, several apart by spaces, commas or lines.

        Raises:
            ValueError: it is none, a name is there twice, or a secret is too short. No secret is in the text.

        """
        keys = [_key(word) for word in _BETWEEN.split(text.strip())]
        if len({key.name for key in keys}) < len(keys):
            raise ValueError("two keys have the same name")
        return cls(keys[0], tuple(keys[1:]))


def new_key(name: str) -> str:
    """A new key as it is configured.

    Raises:
        ValueError: the name is no key's name.

    """
    word = f"{name}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"
    _key(word)
    return word


def _key(word: str) -> Key:
    name, _, encoded = word.partition(":")
    if not _NAME.fullmatch(name) or name == PLAIN:
        raise ValueError("a key's name is of small letters, digits and hyphens, and not plain")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("a key's secret is base64") from None
    if len(secret) < KEY_BYTES:
        raise ValueError("a key's secret is 32 bytes or more")
    return Key(name=name, secret=secret)
