"""One of a few options."""

import pytest

from bridge.understanding.choices import read_choice, read_multi_choice
from bridge.understanding.meaning import Finding

SLEEP = {"good": ["جيد", "جيد جدا", "زين"], "fair": ["عادي", "طيب"], "poor": ["سيئ"]}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("جيد", "good"),
        ("جَيِّد جِدًّا", "good"),
        ("والله سيئ", "poor"),
        ("سيئ سيئ", "poor"),
        ("طيب", "fair"),
        ("زين", "good"),
    ],
)
def test_an_option_is_known_by_its_phrases(said: str, value: str) -> None:
    """Fillers fall away, unless an option claims the word."""
    assert read_choice(said, SLEEP).value == value


def test_two_options_are_ambiguous() -> None:
    """Naming two of them chooses none."""
    assert read_choice("جيد سيئ", SLEEP).finding is Finding.AMBIGUOUS


@pytest.mark.parametrize("said", ["", "والله", "مو جيد", "جيدا", "سبعة"])
def test_other_words_choose_nothing(said: str) -> None:
    """A negated or unknown word is never mapped to the option beside it."""
    assert read_choice(said, SLEEP).finding is Finding.NOTHING


SYMPTOMS = {"cough": ["سعال"], "headache": ["صداع"], "dizzy": ["دوخة"], "nothing": ["لا شيء"]}


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("صداع ودوخة", ("headache", "dizzy")),
        ("عندي دوخة وسعال", ("cough", "dizzy")),
        ("كحة", ("cough",)),
        ("راسي يوجعني", ("headache",)),
        ("كلهم", ("cough", "headache", "dizzy")),
        ("كلهم إلا الصداع", ("cough", "dizzy")),
        ("ولا واحد", ("nothing",)),
        ("لا ما عندي شي", ("nothing",)),
        ("ما عندي ولا شي منهم", ("nothing",)),
    ],
)
def test_several_options_are_named(said: str, values: tuple[str, ...]) -> None:
    """In the options' order, all of them, all but one, or none."""
    assert read_multi_choice(said, SYMPTOMS, "nothing").value == values


@pytest.mark.parametrize("said", ["ما عندي صداع", "صداع لا دوخة", "لا شيء وصداع", "زرافة صداع", ""])
def test_a_negated_option_is_not_chosen(said: str) -> None:
    """Nor one behind a word that nobody knows."""
    assert read_multi_choice(said, SYMPTOMS, "nothing").value is None


@pytest.mark.parametrize("said", ["الرقم غلط", "مش أنا", "لاحقا", "مش هلأ", "شوي شوي"])
def test_a_wish_is_not_none_of_them(said: str) -> None:
    """Wrong number, later, slower: a no to the call, and none to the illnesses."""
    assert read_multi_choice(said, SYMPTOMS, "nothing").value is None


def test_an_option_is_known_by_words_that_mean_the_same() -> None:
    """Unless two options share them."""
    assert read_choice("النوم ممتاز", {"great": ["رائع"], "bad": ["سيئ"]}).value == "great"
    assert read_choice("رهيب", {"severe": ["شديد"], "worst": ["فظيع"]}).value is None


def test_an_option_is_known_by_its_place() -> None:
    """And is read back."""
    meaning = read_choice("الثاني", SLEEP)
    assert (meaning.value, meaning.doubtful) == ("fair", True)


def test_a_correction_takes_the_last() -> None:
    meaning = read_choice("جيد قصدي سيئ", SLEEP)
    assert (meaning.value, meaning.doubtful) == ("poor", True)
