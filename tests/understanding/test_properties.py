"""What holds of any text, any number and any answer."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.understanding import Context, Finding, YesNoKind, read, read_number, speak_number, understand
from bridge.understanding.questions import (
    AskBloodPressure,
    AskChoice,
    AskDate,
    AskDigits,
    AskDuration,
    AskGlucose,
    AskMultiChoice,
    AskNumber,
    AskPhone,
    AskScale,
    AskTemperature,
    AskText,
    AskTime,
    AskWeight,
    AskYesNo,
    Question,
)
from bridge.understanding.scales import SCALES
from bridge.understanding.speaking import Style

TODAY = Context(today=date(2026, 11, 21))
OPTIONS = {"cough": ["سعال", "كحة"], "headache": ["صداع"], "nothing": ["لا شيء"]}
QUESTIONS: list[Question] = [
    *(AskYesNo(kind) for kind in YesNoKind),
    *(AskScale(name) for name in SCALES),
    *(AskNumber(), AskNumber(0, 10), AskNumber(0, 100, 2), AskDigits(), AskTemperature(), AskBloodPressure()),
    *(AskGlucose(), AskWeight(), AskDate(), AskTime(), AskDuration(), AskPhone(), AskText()),
    *(AskChoice(OPTIONS), AskMultiChoice(OPTIONS, "nothing")),
]
WORDS = [
    *("نعم", "لا", "ايه", "ما", "مو", "مش", "عندي", "معنديش", "صداع", "كحة", "شوي", "كل", "يوم"),
    *("إلا", "غير", "بس", "خمسة", "وعشرين", "مية", "ألف", "ونص", "وربع", "على", "من", "قبل", "بعد"),
    *("يومين", "أسبوع", "الساعة", "الصبح", "بالليل", "بكرة", "امبارح", "الأحد", "مارس", "رمضان"),
    *("شهر", "سنة", "اتصل", "كلمني", "لسه", "كان", "راح", "والله", "الحمد", "لله", "يا", "دكتور"),
    *("أو", "ولا", "قصدي", "فاصلة", "صفر", "12", "37.5", "/", ":", "%", "+", "٠٥٠", "تاني", "مرة"),
    *("حبة", "سيارة", "[unk]", "ابدا", "جدا"),
]
ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(min_codepoint=0x600, max_codepoint=0x6FF), max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.text(st.sampled_from("وال خمسةعشر ينمي تبكه0123456789./:-+%٫"), max_size=30),
)
FOREIGN = ["سيارة", "طاولة", "مفتاح", "قطار", "زرافة"]
FILLERS = [
    *(
        "والله",
        "يعني",
        "الحمد لله",
        "يا بنتي",
        "يا دكتور",
        "إن شاء الله",
        "الله يعافيك",
        "بصراحة",
        "شكرا",
        "طيب",
    ),
    *("لو سمحت", "الله يخليك", "يا حبيبتي", "للأسف", "حضرتك", "تسلم", "الله يسلمك", "ما شاء الله"),
]
ANSWERS = [
    *(
        (said, True)
        for said in ("نعم", "ايوه", "اي", "آه عندي", "عندي صداع", "نعم أشعر بألم", "ما زال", "بطني يوجعني")
    ),
    *(
        (said, False)
        for said in ("لا", "لا أبدا", "ما عندي", "معنديش", "لا ما أحس بشي", "ماكو", "لا يوجد ألم", "مفيش وجع")
    ),
]


@pytest.mark.parametrize("style", list(Style))
def test_what_is_spoken_is_read_as_the_same_number(style: Style, pytestconfig: pytest.Config) -> None:
    """In each way of counting, without a doubt: all to a thousand, every seventh from there, or all."""
    step = 1 if pytestconfig.getoption("exhaustive") else 7
    wrong = [
        number
        for number in (*range(1000), *range(1000, 10_000, step))
        if (meaning := read_number(speak_number(number, style), 0, 999_999)).value != number
        or meaning.doubtful
    ]
    assert wrong == []


@pytest.mark.parametrize("number", [-1, 10_000])
def test_numbers_beyond_are_not_spoken(number: int) -> None:
    with pytest.raises(ValueError, match="is not between 0 and 9999"):
        speak_number(number)


@settings(deadline=None, max_examples=400)
@given(ANY_TEXT, st.sampled_from(QUESTIONS))
def test_any_text_has_one_meaning(text: str, question: Question) -> None:
    """Nothing raises, a value is one that the question can have, and doubt lowers confidence."""
    meaning = understand(text, question, TODAY)
    assert (meaning.finding is Finding.COMMAND) == (meaning.command is not None)
    assert meaning.raw == text
    assert 0 <= meaning.confidence <= 1
    if meaning.finding is Finding.VALUE:
        assert meaning.value is not None
        assert isinstance(meaning.value, bool) == isinstance(question, AskYesNo)
        if isinstance(question, AskNumber):
            assert isinstance(meaning.value, int | float)
            assert question.minimum <= meaning.value <= question.maximum


@settings(deadline=None)
@given(
    st.integers(0, 9_999), st.sampled_from(list(Style)), st.sampled_from(FOREIGN), st.integers(min_value=0)
)
def test_an_unknown_word_beside_a_number_leaves_none(
    number: int, style: Style, word: str, place: int
) -> None:
    """Wherever it stands: what was said with it may make another number."""
    words = speak_number(number, style).split()
    words.insert(place % (len(words) + 1), word)
    assert read_number(" ".join(words), 0, 999_999).value is None


@settings(deadline=None)
@given(
    st.sampled_from(ANSWERS),
    st.lists(st.sampled_from(FILLERS), max_size=2),
    st.lists(st.sampled_from(FILLERS), max_size=2),
    st.sampled_from([YesNoKind.SYMPTOM, YesNoKind.FACT]),
)
def test_no_filler_turns_an_answer(
    answer: tuple[str, bool], before: list[str], after: list[str], kind: YesNoKind
) -> None:
    """Courtesy before and after leaves a clear yes a yes, and a clear no a no."""
    said, value = answer
    meaning = read(" ".join([*before, said, *after]), AskYesNo(kind), TODAY)
    assert meaning.value is value


@given(st.text(max_size=20), st.floats(0, 1))
def test_the_recognisers_confidence_counts_too(text: str, heard: float) -> None:
    """What was badly heard is not surely meant."""
    question = AskYesNo(YesNoKind.FACT)
    assert understand(text, question, heard=heard).confidence <= heard or not heard
