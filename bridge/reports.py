"""What commands write: JSON for programs, and files that are somebody's to go on with; or standard output."""

import sys
from pathlib import Path

import msgspec

from bridge.errors import BridgeError

__all__ = ["STDOUT", "ReportError", "write_new", "write_report"]

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


def write_new(text: str, target: Path) -> None:
    """Write a new file; one that is there already is somebody's work and stays.

    Raises:
        ReportError: there is one, or it cannot be written.

    """
    if target == STDOUT:
        sys.stdout.write(text)
        return
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ReportError(f"{target} is there already; name another file with --to") from None
    except OSError as error:
        raise ReportError(f"{target} cannot be written: {error.strerror}") from None
