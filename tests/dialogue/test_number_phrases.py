"""Numbers as they are listened for: every one can be said, and is read back as itself."""

from itertools import pairwise, product

import pytest

from bridge.dialogue.dialects import Dialect
from bridge.dialogue.number_phrases import number_phrases
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import Finding, read_number
from training.numbers import spoken


def phrases(questionnaire: Questionnaire, minimum: int, maximum: int, *dialects: Dialect) -> tuple[str, ...]:
    return number_phrases(questionnaire.words.number_words, dialects, minimum, maximum)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("maximum", [10, 59, 100, 999])
def test_every_number_of_the_range_can_be_said(
    shipped: Questionnaire, dialect: Dialect, maximum: int
) -> None:
    """As one phrase up to a hundred, and as hundreds and a rest above."""
    listed = phrases(shipped, 0, maximum, dialect)
    hundreds = [one for one in listed if read_number(one, 100, 999).finding is Finding.VALUE]
    rests = set(listed) - set(hundreds) - set(phrases(shipped, 0, 99, dialect))
    said = [*listed, *map(" ".join, product(hundreds, rests))]
    values = [read_number(one, 0, 999) for one in said]
    assert {one.value for one in values if one.value is not None} >= set(range(maximum + 1))
    assert not any(one.doubtful for one in values)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_the_model_is_taught_the_numbers_that_are_listened_for(
    shipped: Questionnaire, dialect: Dialect
) -> None:
    """Each way of saying a number that the recipe knows is a path through the grammar, and is understood."""
    listed = set(phrases(shipped, 0, 999, dialect))
    for number in range(1000):
        for said in spoken(number, dialect):
            hundred, _, rest = said.partition(" ") if number > 100 else (said, "", "")
            assert {hundred, rest or hundred} <= listed, said
            assert read_number(said, 0, 999).value == number, said


def test_nothing_else_can_be_said(shipped: Questionnaire) -> None:
    """Other numbers are not listened for; the grammar of a small range stays small."""
    listed = phrases(shipped, 1, 12, *Dialect)
    assert {read_number(one, 0, 999).value for one in listed} == set(range(1, 13))
    assert len(listed) < 30
    assert not [one for one in phrases(shipped, 30, 49) if read_number(one, 30, 49).value is None]


def test_parts_of_one_number_are_of_one_dialect(shipped: Questionnaire) -> None:
    """Nobody says the unit as in Egypt and the ten as in the books."""
    words = {word for phrase in phrases(shipped, 0, 99, Dialect.EGY) for word in pairwise(phrase.split())}
    assert ("تلاتة", "وتلاتين") in words
    assert ("ثلاثة", "وثلاثون") in words
    assert ("ثلاثة", "وتلاتين") not in words


def test_a_hundred_is_followed_by_no_more_than_the_range_allows(shipped: Questionnaire) -> None:
    """Up to 120, "and twenty" is listened for, and "and thirty" is not."""
    listed = phrases(shipped, 0, 120)
    assert "وعشرين" in listed
    assert "وثلاثين" not in listed
    assert "مئتان" not in listed
