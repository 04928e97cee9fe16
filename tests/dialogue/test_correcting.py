"""A read-back that is answered with another value."""

from typing import Any

import pytest

from bridge.dialogue.actions import PromptRole
from bridge.dialogue.correcting import without_denial
from bridge.dialogue.questionnaire import Questionnaire

Talk = Any  # conftest.Talk, which a test module cannot import


@pytest.fixture
def read_back(talk: Talk) -> Talk:
    """The caller is asked whether it was six."""
    talk.say("نعم", "لا").mumble("ستة", "قدم")
    assert (talk.roles, "سِتَّة" in talk.text) == ([PromptRole.READBACK], True)
    return talk


@pytest.mark.parametrize("said", ["لا سبعة", "سبعة", "غلط سبعة", "لا لا سبعة", "لا والله سبعة"])
def test_the_new_value_is_read_back_in_its_turn(read_back: Talk, said: str) -> None:
    """And stored when the caller says yes; the stale one never is."""
    read_back.say(said)
    assert (read_back.roles, "سَبْعَة" in read_back.text) == ([PromptRole.READBACK], True)
    assert "level" not in read_back.values
    assert read_back.say("نعم").values["level"] == 7
    assert read_back.stored[-1].confirmed


def test_a_correction_may_be_corrected(read_back: Talk) -> None:
    """Only what was confirmed last is stored."""
    assert read_back.say("لا سبعة", "لا ثمانية", "نعم").values["level"] == 8


def test_a_correction_that_one_reading_heard_is_only_a_candidate(read_back: Talk) -> None:
    """It is read back like any other."""
    assert read_back.mumble("لا سبعة", "لا").roles == [PromptRole.READBACK]
    assert "level" not in read_back.say("لا").values


def test_the_same_value_again_is_a_yes(read_back: Talk) -> None:
    """Where all readings heard it."""
    assert read_back.say("ستة").values["level"] == 6


def test_a_no_with_the_same_value_is_unclear(read_back: Talk) -> None:
    """Nobody knows which of the two is meant."""
    assert "level" not in read_back.say("لا ستة").values
    assert read_back.roles == [PromptRole.REPROMPT, PromptRole.READBACK]


def test_a_caller_who_never_agrees_is_given_the_keys(read_back: Talk) -> None:
    """Corrections are bounded like all else."""
    read_back.say("لا سبعة", "لا ثمانية", "لا تسعة")
    assert read_back.roles[-1] is PromptRole.KEYPAD
    assert read_back.press("9").values["level"] == 9


@pytest.mark.parametrize(
    ("text", "rest"), [("لا سبعة", "سبعة"), ("غلط لا سبعة", "سبعة"), ("سبعة", "سبعة"), ("لا", "لا"), ("", "")]
)
def test_a_denial_is_taken_from_the_front_only(short: Questionnaire, text: str, rest: str) -> None:
    """A text that is nothing else stays what it is."""
    assert without_denial(short, text) == rest
