"""One value in one cell of a table: as text that no spreadsheet takes for a formula."""

import re
from datetime import datetime

import msgspec

from bridge.dialogue.answer import Value

__all__ = ["guarded", "moment", "text_of", "unguarded"]

# A cell that begins so is run by a spreadsheet as a formula (owasp.org/www-community/attacks/CSV_Injection);
# an apostrophe before it makes it a text. The same apostrophe is put before a text that would lose its own.
_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
SEPARATOR = "; "


def guarded(text: str) -> str:
    """A text that a spreadsheet leaves alone."""
    return f"'{text}" if _RISKY.match(text) else text


def unguarded(cell: str) -> str:
    """The text that was guarded."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell


def text_of(value: Value) -> str:
    """A value as text: true, 7, 38.5, cough; headache. Without a value, nothing."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return SEPARATOR.join(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def moment(at: datetime | None) -> str:
    """A moment as ISO 8601 writes it, in UTC, to the millisecond."""
    return "" if at is None else at.isoformat(timespec="milliseconds")
