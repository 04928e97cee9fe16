"""Yes and no, in five groups of dialects, by kind of question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.understanding.meaning import Finding
from bridge.understanding.yes_no import YesNoKind, read_yes_no

ANYTHING = st.text(st.sampled_from("نعم لا ايه واه ماشي عندي بس شوي مش ز"), max_size=25)


@pytest.mark.parametrize("kind", list(YesNoKind))
@pytest.mark.parametrize(
    "said", ["نعم", "أجل", "أيوه", "اي والله", "واه", "طبعا", "نعم نعم", "والله نعم", "صحيح"]
)
def test_a_plain_yes_is_yes_to_every_question(said: str, kind: YesNoKind) -> None:
    """What is yes everywhere does not depend on the question."""
    meaning = read_yes_no(said, kind)
    assert (meaning.value, meaning.doubtful) == (True, False)


@pytest.mark.parametrize("kind", list(YesNoKind))
@pytest.mark.parametrize(
    "said", ["لا", "كلا", "لا أبدا", "لا والله", "لأ", "لع", "خالص", "والو", "لا لا", "لا شكرا", "خطأ"]
)
def test_a_plain_no_is_no_to_every_question(said: str, kind: YesNoKind) -> None:
    """What is no everywhere does not depend on the question."""
    assert read_yes_no(said, kind).value is False


@pytest.mark.parametrize(
    "said", ["لا بأس", "ما عندي مانع", "مفيش مشكلة", "ما يخالف", "موافق", "ماشي", "طيب", "إن شاء الله"]
)
def test_idioms_grant_permission(said: str) -> None:
    """Many ways to say "go ahead" contain a negation."""
    assert read_yes_no(said, YesNoKind.PERMISSION).value is True


@pytest.mark.parametrize(
    "said", ["ما عندي", "مفيش", "ماكو", "ما كاينش", "لا بأس", "لا مشكلة", "لا ألم", "ما عندي شي"]
)
def test_absence_denies_a_symptom(said: str) -> None:
    """To "have you pain?", nothing and no harm are a no."""
    assert read_yes_no(said, YesNoKind.SYMPTOM).value is False


@pytest.mark.parametrize(
    "said", ["ما زال الألم", "لسه بيوجعني", "لا شك", "ما في إلا شوية سعال", "معنديش غير كحة بسيطة", "عندي"]
)
def test_still_and_only_affirm_a_symptom(said: str) -> None:
    """Phrases like "still", "no doubt" and "nothing but" begin like a negation and affirm."""
    assert read_yes_no(said, YesNoKind.SYMPTOM).value is True


def test_begin_and_never_are_told_apart_by_asking() -> None:
    """They are spelled alike once normalised, so neither grants nor refuses permission."""
    assert read_yes_no("ابدأ", YesNoKind.PERMISSION).finding is Finding.AMBIGUOUS
    assert read_yes_no("أبدا", YesNoKind.SYMPTOM).value is False


@pytest.mark.parametrize(
    "said", ["لا عندي", "نعم لا", "لا شوي", "يمكن", "ممكن", "الحمد لله", "إن شاء الله", "اي واحد"]
)
def test_what_can_be_both_is_neither(said: str) -> None:
    """Contradictions, hedges and thanks are put back to the caller."""
    assert read_yes_no(said, YesNoKind.SYMPTOM).finding is Finding.AMBIGUOUS


@pytest.mark.parametrize("said", ["شوي", "أحيانا", "صداع", "دوخة وصداع", "ما راح الألم", "نوعا ما"])
def test_how_much_or_what_of_it_is_a_yes_to_be_read_back(said: str) -> None:
    """To "have you pain?", "a little" affirms it."""
    meaning = read_yes_no(said, YesNoKind.SYMPTOM)
    assert (meaning.value, meaning.doubtful) == (True, True)


@pytest.mark.parametrize("said", ["سيارة", "زرافة", "لا أعرف", "مسيارة عندي صداع", "سبعة", "نعما", "ل"])
def test_an_unknown_word_spoils_the_answer(said: str) -> None:
    """Nothing is guessed: what stands before a sentence and looks like a "not" may turn it round."""
    assert read_yes_no(said, YesNoKind.SYMPTOM).finding is Finding.NOTHING


@pytest.mark.parametrize(
    ("said", "value"),
    [("نعم زرافة", True), ("لا زرافة", False), ("عندي سيارة", True), ("زرافة عندي صداع", True)],
)
def test_an_unknown_word_behind_the_answer_leaves_a_doubt(said: str, value: bool) -> None:
    """It is read back, never taken."""
    meaning = read_yes_no(said, YesNoKind.SYMPTOM)
    assert (meaning.value, meaning.doubtful) == (value, True)


def test_a_word_that_is_a_question_elsewhere_is_doubtful() -> None:
    """The word ايه is yes in the Gulf and "what?" in Egypt."""
    meaning = read_yes_no("إيه", YesNoKind.FACT)
    assert (meaning.value, meaning.doubtful) == (True, True)
    assert not read_yes_no("إيه نعم، أكيد", YesNoKind.FACT).doubtful


def test_silence_says_nothing() -> None:
    """An empty text has no meaning."""
    assert read_yes_no("", YesNoKind.FACT).finding is Finding.NOTHING


@given(ANYTHING, st.sampled_from(YesNoKind))
def test_any_text_has_one_reading(text: str, kind: YesNoKind) -> None:
    """The reader is total, and a value is always a truth value."""
    meaning = read_yes_no(text, kind)
    assert (meaning.finding is Finding.VALUE) == isinstance(meaning.value, bool)
