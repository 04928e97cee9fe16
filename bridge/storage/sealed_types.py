"""Columns that hold sealed values only: a plain value is refused on its way in, and none comes out by itself.

So no column is written around the encryption by oversight; `bridge.storage.sealing` seals and opens rows.
"""

from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from bridge.privacy.fields import Sealed

__all__ = ["SealedBytes", "SealedText"]


class SealedText(TypeDecorator[Sealed]):
    """Text that tells of a person."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        stored = _stored(value)
        return stored if stored is None or isinstance(stored, str) else stored.decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sealed | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else Sealed(value)


class SealedBytes(TypeDecorator[Sealed]):
    """Bytes that tell of a person."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (SQLAlchemy's signature)
        stored = _stored(value)
        return stored if stored is None or isinstance(stored, bytes) else stored.encode()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sealed | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else Sealed(bytes(value))


def _stored(value: object) -> str | bytes | None:
    if value is None:
        return None
    if not isinstance(value, Sealed):
        raise TypeError("this column takes sealed values only; seal the row first")
    return value.stored
