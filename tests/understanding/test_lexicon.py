"""The lexicon's own order."""

from itertools import combinations

from bridge.understanding import lexicon
from bridge.understanding.normalisation import normalise

COMMANDS = ("REPEAT", "SLOWER", "WAIT", "STOP", "PERSON", "DONT_KNOW", "REFUSE")


def words(*names: str) -> set[str]:
    return {normalise(phrase) for name in names for phrase in getattr(lexicon, name)}


def test_no_phrase_is_empty() -> None:
    """A stray comma would make the empty text mean something."""
    assert "" not in words(*lexicon.__all__)


def test_yes_and_no_share_no_phrase() -> None:
    """One phrase in both lists would flip an answer."""
    yes = words("YES", "YES_CONFIRMATION", "YES_OR_WHAT", "YES_EXISTENCE", "YES_STILL", "YES_IDIOMS")
    assert not yes & words("NO", "NO_EXISTENCE", "NO_CONFIRMATION", "NO_PERMISSION")


def test_commands_share_no_phrase() -> None:
    """Each command phrase asks for one thing."""
    for one, other in combinations(COMMANDS, 2):
        assert not words(one) & words(other), (one, other)
