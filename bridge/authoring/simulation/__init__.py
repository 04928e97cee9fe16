"""Playing a questionnaire on a telephone in virtual time, typed or spoken."""
