"""Voices: which there are, those that were cloned from recordings, and which of them speaks."""
