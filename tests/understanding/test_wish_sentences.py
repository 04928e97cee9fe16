"""Wishes in whole sentences."""

import pytest

from bridge.understanding.meaning import Command
from bridge.understanding.wish_sentences import wish_in_sentence


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("عيدي علي السؤال ما سمعت", Command.REPEAT),
        ("ارجعي للسؤال اللي قبله غلطت فيه", Command.BACK),
        ("أبغى أكلم الدكتور هو يعرف حالتي", Command.PERSON),
        ("اصبري شوي بطلع برا", Command.WAIT),
        ("هدري غير بشوية", Command.SLOWER),
        ("خليها لغدوة", Command.CALLBACK),
    ],
)
def test_a_wish_is_heard_among_other_words(said: str, command: Command) -> None:
    """Whatever explains it."""
    assert wish_in_sentence(said, over_answers=True) is command


@pytest.mark.parametrize(
    "said",
    [
        "نعم أريد أن أكلم الطبيب",
        "لا ما أبغى أكلم أحد",
        "لا تقفلي الخط",
        "ما أبغى أكمل العلاج",
        "أصبر شوي على الوجع",
    ],
)
def test_an_answer_of_the_same_words_is_no_wish(said: str) -> None:
    """A yes, a no, a treatment, a pain."""
    assert wish_in_sentence(said, over_answers=True) is None


def test_a_weak_wish_leaves_answers_alone() -> None:
    """A mother may answer for her child."""
    assert wish_in_sentence("أنا أمه", over_answers=True) is None
    assert wish_in_sentence("أنا أمه", over_answers=False) is Command.WRONG_PERSON
