"""Scores."""

import pytest

from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.form import Form
from bridge.dialogue.questionnaire import Band, Missing, Questionnaire, Score
from bridge.dialogue.scoring import score_of
from bridge.dialogue.state import DialogueState

PHQ9 = Score(
    items=tuple(f"q{number}" for number in range(1, 10)),
    missing=Missing(maximum=2, method="prorate"),
    bands=(Band(**{"from": 0, "name": "minimal"}), Band(**{"from": 10, "name": "moderate"})),
)


@pytest.mark.parametrize(
    ("ordinals", "value", "band"),
    [
        ([1] * 9, 9, "minimal"),
        ([3] * 9, 27, "moderate"),
        ([1] * 8 + [2], 10, "moderate"),
        ([1] * 8 + [None], 9, "minimal"),
        ([2, 1, 1, 1, 1, 1, 1, None, None], 10, "moderate"),  # 8 * 9 / 7 = 10.29
        ([1, 1, 1, 1, 1, 1, 1, 0, None], 8, "minimal"),  # 7 * 9 / 8 = 7.875
        ([3] * 6 + [None] * 3, None, None),
        ([None] * 9, None, None),
    ],
)
def test_missing_answers_are_prorated_up_to_a_limit(
    ordinals: list[int | None], value: int | None, band: str | None
) -> None:
    """Beyond it there is no score."""
    result = score_of(PHQ9, ordinals)
    assert (result.value, result.band, result.missing) == (value, band, ordinals.count(None))


def test_nothing_is_made_up_without_prorating() -> None:
    """The sum of what is there, where so much may be missing."""
    score = Score(items=("a", "b"), missing=Missing(maximum=1), factor=4)
    assert score_of(score, [3, None]).value == 12


def answer(item: str, value: Value, status: AnswerStatus = AnswerStatus.ANSWERED) -> Answer:
    return Answer(item, status, value, Via.DTMF, tries=1, confirmed=False)


def test_a_score_waits_for_its_items(every_item: Questionnaire) -> None:
    """Half a score would set off rules that the whole does not."""
    begun = DialogueState(answers=(answer("interest", "nearly_every_day"),))
    assert Form(every_item, begun).score("phq2").value is None
    assert Form(every_item, begun).score("phq2", is_final=True).value == 6
    whole = DialogueState(
        answers=(*begun.answers, answer("low", None, AnswerStatus.REFUSED)),
    )
    result = Form(every_item, whole).score("phq2")
    assert (result.value, result.band, result.missing) == (6, "high", 1)


def test_computed_values_are_known_to_guards(every_item: Questionnaire) -> None:
    """One may be computed from another."""
    state = DialogueState(answers=(answer("fever", value=True), answer("temp", 38.5)))
    facts = Form(every_item, state).facts()
    assert (facts.value("warm"), facts.value("tired")) == (True, True)
    assert Form(every_item, DialogueState()).facts().value("warm") is None
