"""Help for authors: check, list, begin and describe questionnaires."""
