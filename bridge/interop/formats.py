"""The names of the formats, for the command line: it must be quick to say which there are."""

from enum import StrEnum

__all__ = ["AnswersFormat"]


class AnswersFormat(StrEnum):
    """What answers can be exported as."""

    WIDE = "wide"  # CSV, one row a call
    LONG = "long"  # CSV, one row an answer
    XLSX = "xlsx"
    JSONL = "jsonl"
    FLOIP = "floip"  # packages of Flow Results
    FHIR = "fhir"  # QuestionnaireResponses
