"""Numbers from 0 to 100, in words and digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.understanding.meaning import Finding
from bridge.understanding.numbers import read_number

UNITS = ["صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"]
TENS = ["عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون"]
TEENS = [
    "أحد عشر",
    "اثنا عشر",
    "ثلاثة عشر",
    "أربعة عشر",
    "خمسة عشر",
    "ستة عشر",
    "سبعة عشر",
    "ثمانية عشر",
    "تسعة عشر",
]


def spelled(number: int) -> str:
    if number <= 10:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 11]
    if number == 100:
        return "مئة"
    tens, unit = TENS[number // 10 - 2], number % 10
    return f"{UNITS[unit]} و{tens}" if unit else tens


@given(st.integers(0, 100))
def test_every_spelled_number_is_understood(number: int) -> None:
    """What is spelled is read back as itself."""
    assert read_number(spelled(number), 0, 100).value == number


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("تلاتة", 3),
        ("ربعة", 4),
        ("تمنية", 8),
        ("حداشر", 11),
        ("طناش", 12),
        ("ثلتعش", 13),
        ("خمستاشر", 15),
        ("ست عش", 16),
        ("سبع عشرة", 17),
        ("تمنطعش", 18),
        ("خمسة وتلاتين", 35),
        ("خمسة و عشرين", 25),
        ("ثلاثةوعشرين", 23),
        ("ربعين", 40),
        ("مية", 100),
        ("٧", 7),
        ("42", 42),
        ("والله خمسة", 5),
        ("تقريبا سبعين", 70),
        ("ثلاثة أيام", 3),
    ],
)
def test_dialects_and_companions(said: str, value: int) -> None:
    """Spellings of the dialects, split and glued words, fillers and counted things."""
    assert read_number(said, 0, 100).value == value


@pytest.mark.parametrize(
    "said",
    [
        "سيارة وعشرين",
        "تمانة وعشرين",
        "خمسة كيلو",
        "وعشرين سيارة",
        "سبعت",
        "الأحد",
        "ثمانية ونص",
        "لا",
        "37.5",
        "تسعى",
    ],
)
def test_an_unknown_word_beside_a_number_invalidates_it(said: str) -> None:
    """Better to ask again than to read eighty-five as eighty."""
    assert read_number(said, 0, 100).value is None


@pytest.mark.parametrize(
    "said", ["خمسة ستة", "خمسة عشرة", "مية وعشرين", "ثلاثة واربعة", "وعشرين", "و", "عشرين خمسة"]
)
def test_two_numbers_are_no_answer(said: str) -> None:
    """Ranges, digit rows and what exceeds the grammar are ambiguous, never cut down."""
    assert read_number(said, 0, 999).finding is Finding.AMBIGUOUS


def test_a_swallowed_and_is_doubtful() -> None:
    """What sounds like "five twenty" may be twenty-five; the caller is asked."""
    meaning = read_number("خمسة عشرين", 0, 100)
    assert (meaning.value, meaning.doubtful) == (25, True)


def test_a_number_outside_the_range_is_told_apart() -> None:
    """Out of range is another trouble than not understood."""
    assert read_number("عشرون", 0, 10).finding is Finding.OUT_OF_RANGE
    assert read_number("صفر", 1, 10).finding is Finding.OUT_OF_RANGE


def test_out_of_ten_names_the_scale() -> None:
    """Said as "eight out of ten" it is eight where ten is the end of the scale, and two numbers elsewhere."""
    assert read_number("ثمانية من عشرة", 0, 10).value == 8
    assert read_number("ثمانية من عشرة", 0, 20).value is None


@given(st.text(st.sampled_from("خمسة عشر ون وتيثلا٣7 أ"), max_size=25))
def test_any_text_has_one_reading(text: str) -> None:
    """The reader is total, and never gives a value outside the range."""
    meaning = read_number(text, 0, 10)
    assert meaning.finding is not Finding.VALUE or meaning.value in range(11)
