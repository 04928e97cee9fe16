"""Numbers in words and digits, with what stands beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.understand_questions import parse_question
from bridge.understanding import understand
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


HUNDREDS = ["مئة", "مئتان", "ثلاثمئة", "أربع مئة", "خمسمئة", "ستمائة", "سبع مئة", "ثمانمئة", "تسعمئة"]


def spelled(number: int) -> str:
    if number >= 100:
        hundred, rest = HUNDREDS[number // 100 - 1], number % 100
        return f"{hundred} و{spelled(rest)}" if rest else hundred
    if number <= 10:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 11]
    tens, unit = TENS[number // 10 - 2], number % 10
    return f"{UNITS[unit]} و{tens}" if unit else tens


def test_every_spelled_number_is_understood() -> None:
    """What is spelled is read back as itself."""
    read = {number: read_number(spelled(number), 0, 999).value for number in range(1000)}
    assert {number: value for number, value in read.items() if value != number} == {}


# As the Gulf, Egypt and the Levant say them, where they differ from the standard and from each other.
SPOKEN = {
    2: "ثنين، اثنين، اتنين، تنين، ثنتين، تنتين",
    3: "ثلاث، تلاتة، تلات، تلت",
    8: "ثمان، تمانية، تمنية، تمان، تمن",
    11: "احدعش، حداشر، إدعش، احداشر",
    12: "اثنعش، اطنعش، اتناشر، اطناشر، تنعش",
    13: "ثلاث طعش، ثلثطعش، تلتاشر، تلاتاشر، تلتعش، تلطعش",
    14: "أربع طعش، أربعطعش، أربعتاشر، أربعتعش",
    15: "خمسطعش، خمستاشر، خمستعش، خمسة طعش",
    16: "ستعش، ستطعش، ستاشر، سطعش",
    17: "سبعطعش، سبعتاشر، سبعتعش",
    18: "ثمنطعش، ثمانطعش، تمنتاشر، تمنتعش، تمانتاشر",
    19: "تسعطعش، تسعتاشر، تسعتعش",
    33: "ثلاثة وثلاثين، تلاتة وتلاتين",
    88: "ثمانية وثمانين، تمانية وتمانين، تمنية وتمانين",
    100: "مية، ميه، مائة",
    111: "مئة وأحد عشر، مئة وواحد عشر، مية واحدعش، مية وحداشر",
    115: "مية وخمسطعش، مية وخمستاشر، مئة وخمسة عشر، مئة وخمس عشرة",
    125: "مية وخمسة وعشرين، مئة وخمسة وعشرون، ميةوخمسةوعشرين",
    200: "ميتين، مئتين، مائتان",
    211: "ميتين وحداشر، ميتين واحدعش",
    300: "ثلاثمية، ثلاث مية، تلتمية، تلاتمية، تلت مية",
    404: "أربعمية وأربعة، ربعمية واربعة",
    600: "ستمية، ست مية، ستميه",
    850: "ثمانمية وخمسين، ثمنمية وخمسين، تمانمية وخمسين، تمنمية وخمسين",
    999: "تسعمية وتسعة وتسعين",
}


@pytest.mark.parametrize(
    ("value", "said"), [(v, one) for v, said in SPOKEN.items() for one in said.split("،")]
)
def test_dialects_spell_the_same_numbers(value: int, said: str) -> None:
    """Each as one number, and as no smaller one."""
    assert read_number(said, 0, 999).value == value


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
        "تماية وعشرين",
        "وعشرين سيارة",
        "سبعت",
        "الأحد",
        "ثمانية ونص",
        "لا",
        "37.5",
        "مية على ثمانين",
        "تسعى",
    ],
)
def test_an_unknown_word_beside_a_number_invalidates_it(said: str) -> None:
    """Better to ask again than to read eighty-five as eighty."""
    assert read_number(said, 0, 100).value is None


@pytest.mark.parametrize(
    "said",
    [
        "خمسة ستة",
        "خمسة عشرة",
        "ثلاثة واربعة",
        "وعشرين",
        "و",
        "عشرين خمسة",
        "مية ومية",
        "مية وصفر",
        "مية و",
        "وخمسة وعشرين",
        "خمسة مية",
        "مية وعشرين وخمسة",
        "مية وخمسة وعشرين وثلاثين",
    ],
)
def test_two_numbers_are_no_answer(said: str) -> None:
    """Ranges, digit rows and what exceeds the grammar are ambiguous, never cut down."""
    assert read_number(said, 0, 999).finding is Finding.AMBIGUOUS


@pytest.mark.parametrize(
    ("said", "value"),
    [("خمسة عشرين", 25), ("مية عشرين", 120), ("مية وخمسة عشرين", 125), ("ثلاثمية خمسين", 350)],
)
def test_a_swallowed_and_is_doubtful(said: str, value: int) -> None:
    """What sounds like "five twenty" may be twenty-five; the caller is asked."""
    meaning = read_number(said, 0, 999)
    assert (meaning.value, meaning.doubtful) == (value, True)


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


@pytest.mark.parametrize(
    "thing",
    ["معلم", "وردة", "نجمة", "نملة", "بصل", "مدينة", "سوق", "كرة", "ملعب", "أحمر", "غير", "بدون", "لست"],
)
def test_a_noun_that_is_spelled_like_a_verb_or_a_courtesy_invalidates_too(thing: str) -> None:
    """Only what I did, and listed words, stand beside a number."""
    assert read_number(f"خمسة وعشرين {thing}", 0, 100).value is None
    assert read_number(f"{thing} خمسة وعشرين", 0, 100).value is None


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("glucose", "سبعين كيلو"),
        ("weight", "ثلاثة أيام"),
        ("temperature", "أربعين كيلو"),
        ("digits", "سبعين كيلو"),
        ("blood_pressure", "مية وعشرين على ثمانين سنة"),
    ],
)
def test_what_is_counted_otherwise_is_no_measure(question: str, said: str) -> None:
    """Seventy kilos are no sugar."""
    assert understand(said, parse_question(question)).value is None
