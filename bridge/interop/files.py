"""Files of other formats read by what they are, and drafts written where nothing is lost by it."""

from pathlib import Path

import msgspec

from bridge.interop.drafts import Draft
from bridge.interop.fhir.importing import import_questionnaire
from bridge.interop.fhir.reading import read_questionnaire
from bridge.interop.fhir.terms import Json
from bridge.interop.losses import InteropError
from bridge.reports import write_report

__all__ = ["read_foreign", "write_json"]

STDOUT = Path("-")
_WORKBOOKS = (".xlsx", ".xls")


def read_foreign(path: Path, questionnaire_id: str | None) -> Draft:
    """Read a FHIR Questionnaire or an XLSForm, by the ending of the file's name.

    Raises:
        InteropError: it is neither, or not sound.

    """
    if not path.is_file():
        raise InteropError(f"there is no file {path}")
    if path.suffix.lower() in _WORKBOOKS:
        from bridge.interop.xlsform.importing import import_xlsform  # noqa: PLC0415 - its reader is an extra

        return import_xlsform(path, questionnaire_id)
    if path.suffix.lower() != ".json":
        raise InteropError(f"{path.name}: a FHIR Questionnaire ends in .json, an XLSForm in .xlsx or .xls")
    return import_questionnaire(read_questionnaire(path), questionnaire_id)


def write_json(resource: Json, target: Path) -> None:
    """Write a resource as indented JSON; Arabic stays readable."""
    write_report(msgspec.to_builtins(resource), target)
