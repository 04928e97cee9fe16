"""Where a dialogue stands."""

import msgspec
import pytest

from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, Candidate, DialogueState, Tally, current_item


def answer(item: str, value: Value) -> Answer:
    return Answer(item, AnswerStatus.ANSWERED, value, Via.SPEECH, tries=1, confirmed=False)


def test_the_item_asked_is_the_first_without_an_answer(short: Questionnaire) -> None:
    """Whatever the order in which answers came."""
    item = current_item(
        short, DialogueState(answers=(answer("pain", value=True), answer("consent", value=True)))
    )
    assert item is not None
    assert item.id == "level"


@pytest.mark.parametrize("value", [True, False, 0, 1, "good", None])
def test_a_state_survives_json(value: Value) -> None:
    """Every field comes back as it was, and a truth value is no number."""
    candidate = Candidate(AnswerStatus.ANSWERED, value, "نعم", "", 0.5)
    state = DialogueState(
        1, (answer("a", value),), Asked.READBACK, candidate, Tally(tries=2), 1, 9, Disposition.STOPPED
    )
    back = msgspec.json.decode(msgspec.json.encode(state), type=DialogueState)
    assert back == state
    assert type(back.answers[0].value) is type(value)
