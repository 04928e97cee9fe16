"""questions: what a text means where an author's own options were asked for."""

import pytest

from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questions import meaning_of, question_for
from bridge.understanding import Command, Meaning


def read(name: str, item_id: str, said: str) -> Meaning:
    questionnaire = load(CONTENT / "questionnaires" / f"{name}.yaml")
    return meaning_of(said, question_for(next(one for one in questionnaire.questions if one.id == item_id)))


@pytest.mark.parametrize(
    ("name", "item_id", "said", "command"),
    [
        ("phq9", "difficulty", "مرة ثانية", Command.REPEAT),
        ("phq9", "difficulty", "على مهلك شوي", Command.SLOWER),
        ("patient_satisfaction", "welcome", "شوي شوي", Command.SLOWER),
        ("medication_adherence", "burden", "شوي شوي", Command.SLOWER),
        ("post_discharge", "sleep", "بعد شوي", Command.CALLBACK),
        ("pre_op_screening", "illnesses", "ما في حدا بهالاسم", Command.WRONG_PERSON),
    ],
)
def test_a_wish_wins_over_a_synonym_of_an_option(
    name: str, item_id: str, said: str, command: Command
) -> None:
    """What asks for once more is no "a little", and "nobody of that name here" no illness."""
    meaning = read(name, item_id, said)
    assert (meaning.command, meaning.value) == (command, None)


@pytest.mark.parametrize(
    ("name", "item_id", "said", "value"),
    [
        ("diabetes_check", "strips", "شوي شوي", "few"),
        ("pre_op_screening", "illnesses", "سكر", ("diabetes",)),
    ],
)
def test_the_authors_own_words_that_are_a_wish_too_are_read_back(
    name: str, item_id: str, said: str, value: object
) -> None:
    """As "a little, a little", which is "slowly" in the same words."""
    meaning = read(name, item_id, said)
    assert (meaning.value, meaning.doubtful) == (value, True)


@pytest.mark.parametrize("said", ["شوي", "قليل", "شوية بس", "كثير والله"])
def test_other_answers_stay_sure(said: str) -> None:
    """Most words are no wish."""
    meaning = read("diabetes_check", "strips", said)
    assert (meaning.value in ("few", "many"), meaning.doubtful) == (True, False)
