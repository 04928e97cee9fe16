"""Reports for programs: one JSON document, to a file or to standard output."""

import sys
from pathlib import Path

import msgspec

from bridge.errors import BridgeError

__all__ = ["STDOUT", "ReportError", "write_report"]

STDOUT = Path("-")


class ReportError(BridgeError):
    """A report cannot be written where it was asked for."""

    code = "report"


def write_report(report: object, target: Path) -> None:
    """Write `report` as indented JSON; Arabic stays readable.

    Raises:
        ReportError: the file cannot be written.

    """
    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    if target == STDOUT:
        sys.stdout.write(text)
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"the report cannot be written to {target}: {error.strerror}") from None
