"""Phones as the network scores them: a state each, one score for its first frame, one for the others."""

from training.lexicon import PHONES

__all__ = ["PAUSE", "SILENCE", "STAY", "UNKNOWN_PHONE", "first_score", "further_score", "outputs"]

SILENCE = 0  # its score; a phone p has 1 + 2p for its first frame and 2 + 2p for the others
STAY = 0.5  # in every state, and as likely to leave it: the topology that `export` writes
PAUSE = 0.5  # probability of silence where it may stand
UNKNOWN_PHONE = len(PHONES)  # the phone of "something else was said"


def first_score(phone: int) -> int:
    return 1 + 2 * phone


def further_score(phone: int) -> int:
    return 2 + 2 * phone


def outputs(phones: int) -> int:
    """How many scores the network gives for an inventory of phones, the unknown word's own included."""
    return 1 + 2 * phones
