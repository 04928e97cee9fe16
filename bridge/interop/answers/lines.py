"""Answers as lines of JSON: one call a line, in our own shape or as FHIR resources."""

from datetime import datetime
from typing import TextIO

import msgspec

from bridge.interop.answers.records import exported
from bridge.interop.answers.writers import Wanted
from bridge.interop.fhir.responses import export_response
from bridge.interop.interviews import Interview

__all__ = ["FhirLines", "JsonLines"]


class JsonLines:
    """One `ExportedCall` a line."""

    def __init__(self, stream: TextIO, wanted: Wanted) -> None:
        self._stream = stream
        self._wanted = wanted

    def add(self, interview: Interview) -> None:
        """Write one call."""
        call = exported(
            interview, every_revision=self._wanted.every_revision, with_heard=self._wanted.with_heard
        )
        self._stream.write(msgspec.json.encode(call).decode() + "\n")

    def close(self) -> None:
        """Nothing comes last."""


class FhirLines:
    """One QuestionnaireResponse a line, as FHIR's bulk data has them; indented where it is the only one."""

    def __init__(
        self, stream: TextIO, *, now: datetime, canonical: str | None = None, is_single: bool = False
    ) -> None:
        self._stream = stream
        self._now = now
        self._canonical = canonical
        self._indent = 2 if is_single else 0

    def add(self, interview: Interview) -> None:
        """Write one call."""
        resource = export_response(interview, now=self._now, canonical=self._canonical)
        written = msgspec.json.encode(resource)
        if self._indent:
            written = msgspec.json.format(written, indent=self._indent)
        self._stream.write(written.decode() + "\n")

    def close(self) -> None:
        """Nothing comes last."""
