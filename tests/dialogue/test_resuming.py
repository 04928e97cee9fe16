"""A call that broke off is taken up again."""

from typing import Any

import msgspec
import pytest
from shipped import shipped

from bridge.dialogue import engine
from bridge.dialogue.actions import Disposition, PromptRole
from bridge.dialogue.context import CallContext
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import may_resume

Talk = Any  # conftest.Talk, which a test module cannot import
BEGINNING = ["2", "1", "1980", "1", "1"]
TO_THE_SCALE = [*BEGINNING, "2", "1", "3"]


@pytest.fixture
def talk(every_item: Questionnaire, context: CallContext, start_talk: Any) -> Talk:
    return start_talk(every_item, context)


def again(talk: Talk, hours: float = 1, **changed: Any) -> Talk:
    context = msgspec.structs.replace(talk.state.context, attempt=2, **changed)
    return type(talk)(talk.questionnaire, turn=engine.resume(talk.questionnaire, talk.state, context, hours))


def test_a_resumed_call_asks_who_is_there_and_goes_on(talk: Talk) -> None:
    """Nothing is told before the identity is known; then a recap, and the first item without an answer."""
    second = again(talk.press(*TO_THE_SCALE, "1").hang_up())
    assert (second.roles, second.asked) == ([PromptRole.OPENING, PromptRole.ASK], "who")
    assert second.press("1").asked == "born"
    second.press("1980")
    assert second.says[0].text == second.questionnaire.prompts.recap
    assert second.asked == "low"
    assert "سلمى" not in second.text  # what was told stays told
    assert second.says[1].text == "خِلَالَ الْأُسْبُوعَيْنِ الْمَاضِيَيْنِ."  # but for what a scale needs


def test_another_person_at_the_second_call_hears_nothing(talk: Talk) -> None:
    """The answers of the first stay what they are."""
    second = again(talk.press(*TO_THE_SCALE).hang_up()).press("2")
    assert second.disposition is Disposition.WRONG_PERSON
    assert any(answer.item == "fever" for answer in second.state.answers)


def test_an_old_scale_is_begun_anew(talk: Talk) -> None:
    """After twelve hours its two weeks are others; a whole scale stays as it is."""
    talk.press(*TO_THE_SCALE, "1").hang_up()
    assert again(talk, hours=13).press("1", "1980").asked == "interest"
    assert again(talk, hours=11).press("1", "1980").asked == "low"
    whole = type(talk)(talk.questionnaire, talk.state.context).press(*TO_THE_SCALE, "1", "1", "1").hang_up()
    assert again(whole, hours=20).press("1", "1980").asked == "pain"


def test_the_open_question_is_asked_afresh(talk: Talk) -> None:
    """A candidate that was not confirmed is gone, and so are the tries."""
    talk.press(*BEGINNING).mumble("نعم", "لا").hang_up()
    second = again(talk).press("1", "1980")
    assert (second.asked, second.state.candidate, second.state.tally.tries) == ("fever", None, 1)


@pytest.mark.parametrize(
    ("hours", "changed", "expected"),
    [
        (1, {}, True),
        (1, {"outcome": None}, True),
        (1, {"outcome": Disposition.CALL_BACK, "resumptions": 1}, True),
        (25, {}, False),
        (1, {"resumptions": 2}, False),
        (1, {"outcome": Disposition.COMPLETED}, False),
        (1, {"outcome": Disposition.DO_NOT_CALL}, False),
        (1, {"outcome": Disposition.ESCALATED}, False),
        (1, {"questionnaire": "another"}, False),
    ],
)
def test_not_every_call_may_be_resumed(
    talk: Talk, hours: float, changed: dict[str, Any], *, expected: bool
) -> None:
    """Too old, too often, ended for good, or another version of the questionnaire."""
    state = msgspec.structs.replace(talk.hang_up().state, **changed)
    assert may_resume(talk.questionnaire, state, hours) is expected
    if not expected:
        with pytest.raises(ValueError, match="cannot be resumed"):
            engine.resume(talk.questionnaire, state, talk.state.context, hours)


def test_the_version_is_pinned(talk: Talk) -> None:
    """By the hash of the questionnaire and of the common content."""
    assert talk.press(*BEGINNING).state.questionnaire == talk.questionnaire.hash


def test_danger_before_who_is_there_is_known_tells_nothing_of_the_call(start_talk: Any) -> None:
    """What is said then is about no question that was answered in the earlier call."""
    maryam = CallContext(patient={"first_name": "مَرْيَم", "birth_year": 1980}, site={"crisis_number": "937"})
    first = start_talk(shipped("phq9"), maryam).press("1", "1980", "1").hang_up()
    second = (
        again(first, can_transfer=False).hear(Utterance(("آه",), ("أؤذي نفسي",), 0.5)).press("1").press("1")
    )
    assert second.state.escalated is not None
    assert {say.item for say in second.says} == {"who"}
