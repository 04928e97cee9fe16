"""turn_ends: what was said so far in, how long a silence ends it out."""

from typing import Any

import pytest

from bridge.dialogue import engine
from bridge.dialogue.actions import Listen
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.inputs import Digits, Utterance
from bridge.dialogue.turn_ends import end_silence_seconds, is_nothing


def needed(questionnaire: Any, *said: str | Digits, so_far: Utterance | str) -> float:
    """How long a silence ends `so_far`, after a conversation."""
    turn = engine.begin(questionnaire)
    for one in said:
        heard = one if isinstance(one, Digits) else agreed(one)
        turn = engine.advance(questionnaire, turn.state, heard)
    listen = next(action for action in turn.actions if isinstance(action, Listen))
    utterance = agreed(so_far) if isinstance(so_far, str) else so_far
    return end_silence_seconds(questionnaire, turn.state, listen, utterance)


def agreed(text: str) -> Utterance:
    return Utterance((text,), (text,), 0.9)


@pytest.mark.parametrize("word", ["نعم", "لا"])
def test_a_yes_or_no_is_over_soon(short: Any, word: str) -> None:
    """Where the readings agree; a doubtful one is given its time."""
    assert needed(short, "نعم", so_far=word) == 0.2
    assert needed(short, "نعم", so_far=Utterance((word,), ("تعب",), 0.9)) == 0.4
    assert needed(short, "نعم", so_far="") == 0.4


def test_a_consent_is_given_time_to_become_none(short: Any) -> None:
    """What is agreed to is recorded, and what is refused ends the call."""
    assert needed(short, so_far="نعم") == 0.4
    assert needed(short, so_far="لا") == 0.4


def test_an_open_number_waits(short: Any) -> None:
    """Seven may be the beginning of seventy."""
    assert needed(short, "نعم", "لا", so_far="سبعة") == 0.5


@pytest.mark.parametrize("text", ["ثلاثة و", "سبعة فاصلة", "مئة و"])
def test_a_number_that_goes_on_is_waited_for_longer(short: Any, text: str) -> None:
    """Nobody ends with "and"."""
    assert needed(short, "نعم", "لا", so_far=text) == 1.2


def test_one_of_a_few_is_over_soon(short: Any) -> None:
    """Unless a longer one begins like it."""
    asked = ("نعم", "لا", Digits("3"))
    assert needed(short, *asked, so_far="تعب") == 0.2
    sleep = short.items[3]
    longer = sleep.options[1].model_copy(update={"accept": {Dialect.MSA: ("تعب", "تعب شديد")}})
    sleep = sleep.model_copy(update={"options": (sleep.options[0], longer)})
    short = short.model_copy(update={"items": (*short.items[:3], sleep, short.items[4])})
    assert needed(short, *asked, so_far="تعب") == 0.6
    assert needed(short, *asked, so_far="جيد") == 0.2


def test_after_a_no_to_a_readback_the_right_value_may_follow(short: Any) -> None:
    """A yes is the end of it."""
    doubted = Utterance(("سبعة",), ("تسعة",), 0.9)
    turn = engine.begin(short)
    for heard in (agreed("نعم"), agreed("لا"), doubted):
        turn = engine.advance(short, turn.state, heard)
    listen = next(action for action in turn.actions if isinstance(action, Listen))
    assert end_silence_seconds(short, turn.state, listen, agreed("نعم")) == 0.2
    assert end_silence_seconds(short, turn.state, listen, agreed("لا")) == 0.4


def test_a_wish_waits(short: Any) -> None:
    """Only answers are known to be complete."""
    assert needed(short, "نعم", so_far="أعد") == 0.4
    assert needed(short, "نعم", so_far="لا أعرف") == 0.4


def test_what_cannot_be_taken_back_waits(short: Any) -> None:
    """The last answer hangs up."""
    last = short.model_copy(update={"items": short.items[:2]})
    assert needed(last, "نعم", so_far="نعم") == 0.4


@pytest.mark.parametrize(
    ("closed", "open_", "nothing"),
    [
        (("[unk]", "[unk]"), ("", "كتاب"), True),
        (("", ""), ("", ""), True),
        (("[unk]", "نعم"), ("", ""), False),
        (("", "", ""), ("آه", "آه", ""), True),  # a noise, in which some hear a short yes
        (("", "", ""), ("آه", "آه", "آه"), False),
        (("لا", "", ""), ("آه", "صار", "صار"), True),
        (("لا", "لا", "[unk]"), ("آه", "آه", "صار"), False),
        (("[unk]", "[unk]"), ("طبعا", "طبعا"), False),  # no word of the question, and understood
        (("نعم",), ("كتاب",), False),
        ((), ("",), False),  # without a grammar nobody can tell
    ],
)
def test_no_word_is_nothing(
    short: Any, closed: tuple[str, ...], open_: tuple[str, ...], *, nothing: bool
) -> None:
    """Neither a word that is listened for nor one that is understood."""
    state = engine.advance(short, engine.begin(short).state, agreed("نعم")).state
    assert is_nothing(short, state, Utterance(closed, open_, 0.9)) is nothing
