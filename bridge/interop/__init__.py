"""Questionnaires and answers in other people's formats: FHIR R4, XLSForm, CSV, XLSX, JSONL and Flow Results."""
