"""What holds for any text, however long or hostile."""

import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.speech.reading import Lexicon, Reader
from bridge.speech.reading.tokens import tokens_of, without_controls
from bridge.speech.reading.words import CLITICS

READER = Reader()
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةى"
MARKS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
PUNCTUATION = "،؛؟.:!«»()\"'…-–"
# Words of three letters and more: shorter ones may be abbreviations, and are tried in the table.
word = st.builds(
    lambda letters, marks: "".join(letter + mark for letter, mark in zip(letters, marks, strict=False)),
    st.text(LETTERS, min_size=3, max_size=8),
    st.lists(st.sampled_from(["", *MARKS, "\u064e\u0651"]), min_size=8, max_size=8),
).filter(lambda text: text not in ("إلخ", "الخ"))
plain = st.lists(st.tuples(word, st.sampled_from([" ", "  ", "\n", "، ", ". ", "؟ ", *PUNCTUATION]))).map(
    lambda parts: "".join(text + mark for text, mark in parts)
)
written = st.text(
    st.sampled_from("0123456789٠١٢٣٤٥٦٧٨٩۵ .,:/-–+%٪$#@&()½°\n\t'\"،؟T")
    | st.sampled_from(LETTERS + MARKS + "abcdefghmlAMPGx" + "\u200f\u0640²🙂"),
    max_size=60,
)
TOKENS = """
    3 21 2026 1/2 ½ 120/80 14:30 21/11/2026 0791234567 ملغ mg °م % حبة حَبَّةٌ يوم أيام ساعة الساعة و ب الـ لـ
    بعد من إلى خذ نوفمبر ص م هـ د. أ.د. إلخ ECG COVID-19 B12 $ د.أ # & + = / - . ، info@hatif.com www.a.com
"""
token = st.sampled_from(TOKENS.split())
phrase = st.lists(st.tuples(token, st.sampled_from(["", " ", "  ", "\n"])), max_size=14).map(
    lambda parts: "".join(text + blank for text, blank in parts)
)


@given(plain)
def test_plain_arabic_is_said_as_it_is_written(text: str) -> None:
    """Letters, vowels and punctuation come back as they came."""
    assert READER.read(text) == text


@given(plain, st.dictionaries(word, st.just("كَلِمَة"), max_size=2))
def test_a_lexicon_leaves_other_words_alone(text: str, entries: dict[str, str]) -> None:
    """Only what is in it changes."""
    said = Reader(Lexicon(entries)).read(text)
    if "كَلِمَة" not in said:
        assert said == text


@given(written | phrase)
def test_reading_again_changes_nothing(text: str) -> None:
    """A text may pass here twice: what was said is said the same."""
    said = READER.read(text)
    assert READER.read(said) == said
    assert not any(character.isdecimal() for character in said)


@given(written | phrase)
def test_english_is_read_once(text: str) -> None:
    """The same of English texts."""
    said = READER.read(text, "en")
    assert READER.read(said, "en") == said


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    """Nothing that can be written is refused, in any language."""
    assert isinstance(READER.read(text), str)
    assert isinstance(READER.read(text, "en-US"), str)
    assert READER.read(text, "de") == text


@given(st.text(max_size=80))
def test_tokens_are_the_text(text: str) -> None:
    """Nothing is lost when a text is cut."""
    assert "".join(token.text for token in tokens_of(text)) == text


@given(st.text(LETTERS + MARKS + " ", max_size=40), st.integers(0, 99_999))
def test_what_the_author_vowelled_stays(text: str, number: int) -> None:
    """Beside figures, too, words that are not counted keep their marks."""
    said = READER.read(f"{text} ؛ {number}")
    assert said.startswith(f"{text} ؛ ")


def steps(text: str) -> int:
    """How many calls reading a text takes, once its words are known."""
    READER.read(text)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        READER.read(text)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize(
    "piece",
    [
        *("1", "1 ", "1,", "1.", "1/", "1:", "1-", "+1 ", "-1", "01 ", "1\n", "1٬234", "12:30 ", "½"),
        *("a", "A", "a.", "a@", "a.a@", "a_", "x-", "mg/", "$", "http://", "www.a", "\u200f", " ", "/", "🙂"),
        *("و", "و1", "د.", "الـ1 ", "3 أو ", "من 3-5 ", "ً", "يوم ", "3 أيام "),
    ],
)
def test_long_texts_are_work_in_proportion(piece: str) -> None:
    """Eight times the text is about eight times the work, and not sixty-four times."""
    assert steps(piece * 1280) < 12 * steps(piece * 160) + 1000


@pytest.mark.parametrize(
    "text",
    [
        "1" * 5000,
        "1" * 5000 + " يوم",
        "1" * 5000 + "/80",
        "5/" + "1" * 5000,
        "$" + "1" * 5000,
        "$9999999999999.50",
        "-" + "9" * 30,
        "9,999,999,999,999 دينار",
        "1.5" + "0" * 5000,
        "9" * 30 + "%",
        "3-" + "9" * 30,
        "الـ" + "9" * 30,
    ],
)
def test_numbers_beyond_all_words_are_said_by_their_figures(text: str) -> None:
    """There are no words for them; nothing is lost, and nothing fails."""
    assert READER.read(text)
    assert READER.read(text, "en")


def test_a_number_that_is_too_long_keeps_its_noun() -> None:
    """Nothing that follows is swallowed."""
    assert READER.read("9,999,999,999,999 دينار").endswith("تِسْعَة دينار")


def test_controls_are_not_said() -> None:
    """What steers only the look of a text stands in no figure's way."""
    assert READER.read("\u200f5\u200e ملغ") == "خَمْسَةُ مِلِّيغْرَامَات"
    assert without_controls("\u202bنعم\u202c") == "نعم"


def test_years_of_two_figures_are_near_today() -> None:
    """Seen from 2026, 45 is to come and 50 is long ago."""
    reader = Reader(today=date(2026, 11, 21))
    assert reader.read("1/2/45").endswith("أَلْفَيْنِ وَخَمْسَةٍ وَأَرْبَعِين")
    assert reader.read("1/2/50").endswith("أَلْفٍ وَتِسْعِمِئَةٍ وَخَمْسِين")
    assert Reader(today=date(2070, 1, 1)).read("1/2/50").endswith("أَلْفَيْنِ وَخَمْسِين")


@pytest.mark.parametrize("clitic", sorted(CLITICS))
def test_letters_that_are_written_with_figures_are_said_with_them(clitic: str) -> None:
    """Whatever is joined to figures, no blank comes between, and no figure is left."""
    said = READER.read(f"{clitic}5")
    assert " " not in said
    assert said != READER.read("5")
    assert READER.read(f"{clitic}ـ5") == said
