"""What may stand beside a number, what spoils it, and which of two numbers is meant."""

import pytest

from bridge.understand_questions import parse_question
from bridge.understanding import Finding, understand
from bridge.understanding.asides import aside_at
from bridge.understanding.clock_words import in_minutes
from bridge.understanding.companions import is_companion
from bridge.understanding.glucose_grams import mg_of_grams
from bridge.understanding.normalisation import normalise
from bridge.understanding.numerals import Rank

BESIDE = (
    "الله يعين، قالت الممرضة، تحت الباط، ما شاء الله عليهم، الحمد لله على كل حال، قسته على الجهاز، قبل ما آكل"
)
SPOILING = "طاولة، سيارة، مدرس، وردة، أو أكثر، بالكثير، أحسن من، فوق، مو، ما يتجاوز، لو، ليش، ضعف، بدل، إلا"
HEDGING = "تقريبا، ربما، أظن، يمكن، الله أعلم، مو متأكدة، حوالي، المفروض"


@pytest.mark.parametrize("talk", BESIDE.split("، "))
@pytest.mark.parametrize("is_before", [True, False])
def test_harmless_talk_leaves_a_number_as_it_is(talk: str, *, is_before: bool) -> None:
    """Before it and behind it."""
    said = f"{talk} خمسة وثمانين" if is_before else f"خمسة وثمانين {talk}"
    meaning = understand(said, parse_question("number"))
    assert (meaning.value, meaning.doubtful) == (85, False)


@pytest.mark.parametrize("talk", SPOILING.split("، "))
def test_what_may_change_a_number_spoils_it(talk: str) -> None:
    """Unknown words, comparisons, bounds, negations, conditions."""
    meaning = understand(f"{talk} خمسة وثمانين", parse_question("number"))
    assert meaning.finding is not Finding.VALUE


@pytest.mark.parametrize("talk", HEDGING.split("، "))
def test_a_hedge_leaves_a_doubt(talk: str) -> None:
    """On either side."""
    for said in (f"{talk} ستة", f"ستة {talk}"):
        meaning = understand(said, parse_question("number:0-10"))
        assert (meaning.value, meaning.doubtful) == (6, True)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("كنت مية هلأ خمسة وتسعين", 95),
        ("خمسة وتسعين وكنت مية", 95),
        ("مية أمس وتسعين اليوم", 90),
        ("نزلت من مية لتسعين", 90),
        ("مية وهلأ تسعين", 90),
    ],
)
def test_of_then_and_now_the_present_is_read_back(said: str, value: int) -> None:
    """And a hundred with ninety-five is never 195."""
    meaning = understand(said, parse_question("number"))
    assert (meaning.value, meaning.doubtful) == (value, True)


@pytest.mark.parametrize(
    "said", ["كنت تسعين ثمانين", "مية أمس تسعين", "الصبح مية والمسا تسعين", "كنت مية وكنت تسعين"]
)
def test_two_numbers_without_a_clear_present_are_asked_again(said: str) -> None:
    """Nobody said which of them is so now."""
    assert understand(said, parse_question("number")).finding is Finding.AMBIGUOUS


@pytest.mark.parametrize(
    ("said", "value"), [("صفر ما أحس بشي", 0), ("ما أحس بأي ألم", 0), ("خمسة ما في ألم", None)]
)
def test_no_pain_goes_with_nought_only(said: str, value: int | None) -> None:
    """Beside five it contradicts it."""
    assert understand(said, parse_question("number:0-10")).value == value


def test_my_pain_behind_a_no_is_not_no_pain() -> None:
    """The "no" answers something else."""
    assert aside_at(["لا", "حرارتي"], 0) is None
    found = aside_at(["لا", "وجع"], 0)
    assert found is not None
    assert found.rank is Rank.NONE


@pytest.mark.parametrize("word", ["قاسهالي", "كتعطيني", "حرارتو", "بالإبط", "الممرضة", "عندهم", "لقيناه"])
def test_words_of_measuring_are_known_with_what_is_attached_to_them(word: str) -> None:
    """Owners, objects, articles."""
    assert is_companion(normalise(word))


@pytest.mark.parametrize("word", ["طاولة", "مدرس", "خمسمين", "تلاتمين", "شجرة", "وردة", "قطار"])
def test_other_words_and_broken_numbers_are_not_known(word: str) -> None:
    """They would take a part of a number away unseen."""
    assert not is_companion(normalise(word))


@pytest.mark.parametrize(
    ("said", "milligrams"),
    [("غرام وعشرين", 120), ("زوز غرامات", 200), ("غرام ونص", 150), ("غرام وخمسة", None), ("مية غرام", None)],
)
def test_grams_of_glucose(said: str, milligrams: int | None) -> None:
    """Five alone may be fifty."""
    assert mg_of_grams(normalise(said).split()) == milligrams


def test_the_fives_of_the_maghreb() -> None:
    """A qism is five minutes, and so is a derj."""
    assert in_minutes(["الخمسه", "وقسمين"]) == ["الخمسه", "و", "10"]
    assert in_minutes(normalise("السبعة غير درج").split()) == ["السبعه", "الا", "5"]
