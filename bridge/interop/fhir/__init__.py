"""FHIR R4 (4.0.1): questionnaires out and in, and stored calls as QuestionnaireResponses."""
