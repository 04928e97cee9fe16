"""What JSON wires have in common: one text frame becomes one tagged message, or a `RemoteProtocolError`.

Any text or bytes are safe to decode. It knows no provider; a protocol hands it the union of the messages
that it understands. Complaints name the message, the field and the type that was expected, never what was
sent.
"""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar, get_args

import msgspec

from protocols.errors import RemoteProtocolError
from protocols.events import Direction

__all__ = [
    "MessageDecoder",
    "encode",
    "read_custom",
    "read_direction",
    "read_key",
    "read_milliseconds",
    "read_seconds",
]

MessageT = TypeVar("MessageT")

KEYS = frozenset("0123456789*#ABCD")  # the sixteen of RFC 4733 section 3.2
MAX_DIGITS = 18  # of a number sent as text: milliseconds of any call, and a bounded conversion

_COMPLAINT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<field>[^`]*)`)?", re.DOTALL)
_VALUE_FREE = (
    "Expected",
    "Object missing",
    "Object contains",
    "Invalid base64",
    "Integer value out of range",
)


class MessageDecoder(Generic[MessageT]):
    """Decodes text frames into one of a union of tagged structs, all with the same tag field."""

    def __init__(self, messages: object) -> None:
        configs = [message.__struct_config__ for message in get_args(messages) or (messages,)]
        self._tag_field = configs[0].tag_field
        self._tags = frozenset(config.tag for config in configs)
        self._decoder: msgspec.json.Decoder[MessageT] = msgspec.json.Decoder(messages)

    def decode(self, message: str | bytes) -> MessageT | None:
        """The message; None when it is well formed but of a kind that the union does not have.

        Raises:
            RemoteProtocolError: it is binary, not JSON, or a field is missing or of the wrong type.

        """
        if isinstance(message, bytes):
            raise RemoteProtocolError("a binary message where only text is spoken")
        try:
            return self._decoder.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            tag = self._tag_of(message)
            if tag is not None and tag not in self._tags:
                return None
            raise RemoteProtocolError(f"{tag or 'message'}: {_complaint(error)}") from None

    def _tag_of(self, message: str) -> str | None:
        """What kind of message it says that it is, however wrong the rest."""
        try:
            fields = msgspec.json.decode(message, type=dict[str, msgspec.Raw])
            return msgspec.json.decode(fields.get(self._tag_field, b"null"), type=str)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None


def _complaint(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON"
    found = _COMPLAINT.fullmatch(str(error))
    what, field = found.group("what", "field") if found else ("", None)
    if not what.startswith(_VALUE_FREE):
        what = "Not a value that the protocol knows"
    return f"{field}: {what}" if field else what


def encode(message: msgspec.Struct) -> str:
    """One message as a text frame."""
    return msgspec.json.encode(message).decode()


def read_custom(values: Mapping[str, msgspec.Raw]) -> dict[str, str]:
    """Attached values as text: a string as it is, null left out, everything else as it was written."""
    texts = ((name, _text(bytes(value).decode())) for name, value in values.items())
    return {name: text for name, text in texts if text is not None}


def _text(written: str) -> str | None:
    if written == "null":
        return None
    return msgspec.json.decode(written, type=str) if written.startswith('"') else written


def read_key(digit: int | str, *, message: str) -> str:
    """One telephone key, sent as a string or as a number.

    Raises:
        RemoteProtocolError: it is no key, or more than one.

    """
    key = str(digit).upper()
    if key not in KEYS:
        raise RemoteProtocolError(f"{message}: digit: Expected one key of 0-9, *, # or A-D")
    return key


def read_milliseconds(value: int | str | None, *, message: str) -> int | None:
    """A count of milliseconds, sent as a number or as its digits.

    Raises:
        RemoteProtocolError: it is negative, or no whole number.

    """
    if value is None:
        return None
    written = str(value)
    if not (written.isascii() and written.isdecimal() and len(written) <= MAX_DIGITS):
        raise RemoteProtocolError(f"{message}: timestamp: Expected a count of milliseconds")
    return int(written)


def read_direction(value: str | None) -> Direction | None:
    """Who called whom; None where the word is absent or new. outbound-api is outbound."""
    word = (value or "").lower()
    return next((direction for direction in Direction if word.startswith(direction)), None)


def read_seconds(value: str | None) -> float | None:
    """A duration as its digits; None where it is absent or something else."""
    is_number = value is not None and value.replace(".", "", 1).isdecimal() and len(value) <= MAX_DIGITS
    return float(value) if value is not None and is_number else None
