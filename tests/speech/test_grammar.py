"""Readings under a grammar, cut into its whole phrases."""

import pytest

from bridge.speech.vosk.grammar import whole_phrases

PHRASES = ("نعم", "لا", "لا خالص", "صدري يوجعني", "خمسة", "وعشرين", "[unk]")


@pytest.mark.parametrize(
    ("heard", "whole"),
    [
        ("نعم", "نعم"),
        ("لا خالص", "لا خالص"),
        ("خالص", "[unk]"),
        ("يوجعني صدري", "[unk] [unk]"),
        ("نعم صدري يوجعني", "نعم صدري يوجعني"),
        ("نعم يوجعني", "نعم [unk]"),
        ("خمسة وعشرين", "خمسة وعشرين"),
        ("[unk] لا", "[unk] لا"),
        ("", ""),
    ],
)
def test_pieces_of_phrases_are_unknown(heard: str, whole: str) -> None:
    """A word counts only as part of a phrase that was listened for, and that was said whole."""
    assert whole_phrases(heard, PHRASES) == whole


def test_no_phrases_know_nothing() -> None:
    """Nothing was listened for, so nothing of it was heard."""
    assert whole_phrases("نعم لا", ()) == "[unk] [unk]"
