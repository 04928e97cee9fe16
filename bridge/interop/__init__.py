"""Questionnaires and answers in others' formats: FHIR R4, XLSForm, CSV, XLSX, JSONL and Flow Results."""
