"""Where a dialogue stands."""

import msgspec
import pytest

from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.context import CallContext
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.form import Form
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, Candidate, DialogueState, Escalated, Tally


def answer(item: str, value: Value) -> Answer:
    return Answer(item, AnswerStatus.ANSWERED, value, Via.SPEECH, tries=1, confirmed=False)


def test_the_item_asked_is_the_first_without_an_answer(short: Questionnaire) -> None:
    """Whatever the order in which answers came."""
    state = DialogueState(answers=(answer("pain", value=True), answer("consent", value=True)))
    step = Form(short, state).current()
    assert step is not None
    assert step.id == "level"


@pytest.mark.parametrize("value", [True, False, 0, 1, 37.5, "good", ("cough", "fever"), (), None])
def test_a_state_survives_json(value: Value) -> None:
    """Every field comes back as it was, and a truth value is no number."""
    candidate = Candidate(AnswerStatus.ANSWERED, value, "نعم", "", 0.5)
    state = DialogueState(
        questionnaire="hash",
        context=CallContext(today="2026-11-21", patient={"age": 40, "gender": "f"}, dialect=Dialect.EGY),
        answers=(answer("a", value),),
        told=("welcome",),
        asked=Asked.READBACK,
        candidate=candidate,
        tally=Tally(tries=2),
        escalated=Escalated("crisis", "answer"),
        turns=9,
        outcome=Disposition.STOPPED,
    )
    back = msgspec.json.decode(msgspec.json.encode(state), type=DialogueState)
    assert back == state
    assert type(back.answers[0].value) is type(value)
