"""Looking at a questionnaire as a compiler would: faults, warnings, facts."""
