"""Scores: sums over answers, with a rule for those that are missing, and names for ranges. Never spoken."""

import math
from collections.abc import Sequence

from msgspec import Struct

from bridge.dialogue.answer import Value
from bridge.dialogue.items import OptionsItem, QuestionItem
from bridge.dialogue.questionnaire import Score

__all__ = ["ScoreResult", "ordinal_of", "score_of"]

Number = int | float


class ScoreResult(Struct, frozen=True):
    """A score; no value where too much is missing."""

    value: Number | None
    band: str | None
    missing: int


def ordinal_of(item: QuestionItem, value: Value) -> Number | None:
    """What an answer counts: an option's ordinal, one for a yes, a number itself; None for no answer."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    option = item.option(value) if isinstance(item, OptionsItem) else None
    return option.ordinal if option else None


def score_of(score: Score, ordinals: Sequence[Number | None]) -> ScoreResult:
    """Add up what is there, by the score's rule for what is not.

    Prorating puts the mean of the answered items in the place of the missing ones and rounds to a whole
    number, halves up, as the manual of the PHQ does.
    """
    present = [ordinal for ordinal in ordinals if ordinal is not None]
    missing = len(ordinals) - len(present)
    if missing > score.missing.maximum or not present:
        return ScoreResult(None, None, missing)
    total: Number = sum(present)
    if missing and score.missing.method == "prorate":
        total = math.floor(total * len(ordinals) / len(present) + 0.5)
    total *= score.factor
    return ScoreResult(total, _band(score, total), missing)


def _band(score: Score, total: Number) -> str | None:
    reached = [band.name for band in score.bands if total >= band.minimum]
    return reached[-1] if reached else None
