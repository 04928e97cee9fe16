"""What authors of questionnaires work with. It knows the dialogue, and nothing of calls in progress."""
