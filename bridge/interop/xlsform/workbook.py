"""An XLSForm workbook as pyxform reads it: survey, choices and settings as one tree."""

import zipfile
from pathlib import Path
from typing import Any

from bridge.interop.losses import InteropError

__all__ = ["Node", "read_workbook", "text_in_arabic", "texts_of"]

Node = dict[str, Any]
MAX_BYTES = 16 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024  # a workbook is a zip file, and a small one may hold a great deal
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"  # a compound file, as Excel wrote them until 2003
_ARABIC_NAMES = ("(ar", "arab", "عرب")


def read_workbook(path: Path) -> Node:
    """Read a form.

    Raises:
        InteropError: it is no workbook, or no XLSForm, or pyxform is not installed.

    """
    try:
        from pyxform.errors import PyXFormError  # noqa: PLC0415 - an extra
        from pyxform.xls2json import parse_file_to_json  # noqa: PLC0415
    except ImportError:
        text = "reading XLSForms needs pyxform, which is not installed: pip install 'hatif[xlsform]'"
        raise InteropError(text) from None
    _refuse_other_files(path)
    try:
        form = parse_file_to_json(str(path))
    except PyXFormError as error:
        raise InteropError(f"{path.name} is no sound XLSForm: {_first_sentence(error)}") from None
    except Exception as error:  # noqa: BLE001 - openpyxl and xlrd raise whatever a broken file leads them to
        cause = _first_sentence(error) or type(error).__name__
        raise InteropError(f"{path.name} cannot be read as an XLSForm: {cause}") from None
    if not isinstance(form, dict) or not form.get("children"):
        raise InteropError(f"{path.name} has no questions: an XLSForm lists them in a sheet named 'survey'")
    return form


def _refuse_other_files(path: Path) -> None:
    try:
        size = path.stat().st_size
        is_zip = zipfile.is_zipfile(path)
        with path.open("rb") as file:
            is_old = file.read(len(_OLD_EXCEL)) == _OLD_EXCEL
    except OSError as error:
        raise InteropError(f"{path} cannot be read: {error.strerror}") from None
    if size > MAX_BYTES:
        raise InteropError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB: no form is")
    if is_old and path.suffix.lower() == ".xls":
        return
    if not is_zip:
        raise InteropError(f"{path.name} is no Excel workbook, whatever its name says; save it as .xlsx")
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
            raise InteropError(f"{path.name} unpacks to more than {MAX_UNPACKED // 2**20} MiB: no form does")


def _first_sentence(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else ""


def texts_of(label: object) -> list[tuple[str, str]]:
    """A label's texts by language; "" is the language of a label without one."""
    if isinstance(label, dict):
        return [(str(language), str(text)) for language, text in label.items() if text]
    return [("", str(label))] if label else []


def text_in_arabic(label: object) -> str | None:
    """A label in the language that is named Arabic, or else in Arabic letters, or else the first."""
    texts = texts_of(label)
    named = [text for language, text in texts if any(name in language.lower() for name in _ARABIC_NAMES)]
    lettered = [text for _, text in texts if any("\u0621" <= letter <= "\u064a" for letter in text)]
    found = [*named, *lettered, *(text for _, text in texts)]
    return " ".join(found[0].split()) if found else None
