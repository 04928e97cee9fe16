"""The model's words: well-formed, of the right number, and enough for every number and phrase."""

from collections import defaultdict
from pathlib import Path

import pytest

from bridge.errors import BridgeError
from bridge.understanding.numbers import read_number
from training.corpus import DATASET_WORDS
from training.curriculum import read_phrases
from training.lexicon import questions, read_words
from training.numbers import DIALECTS, spoken

TRAINING = Path(__file__).parents[2] / "training"
WORDS = {word.spelling: word for word in read_words(TRAINING / "words.tsv")}
HEADING = "spelling\tpronunciations\tclass\tsource\n"


def test_there_are_500_to_800_words() -> None:
    assert 500 <= len(WORDS) <= 800


def test_every_word_of_the_dataset_is_there_and_says_so() -> None:
    assert {word.spelling for word in WORDS.values() if word.source == "dataset"} == set(
        DATASET_WORDS.values()
    )


def test_no_two_words_sound_alike() -> None:
    """Nobody, and no model, could tell them apart."""
    said = defaultdict(set)
    for word in WORDS.values():
        for phones in word.pronunciations:
            said[phones].add(word.spelling)
    assert {phones: words for phones, words in said.items() if len(words) > 1} == {}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_number_can_be_said(dialect: str) -> None:
    missing = {
        word
        for number in range(1000)
        for phrase in spoken(number, dialect)
        for word in phrase.split()
        if word not in WORDS
    }
    assert missing == set()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_number_that_is_said_is_understood(dialect: str) -> None:
    for number in range(1000):
        for phrase in spoken(number, dialect):
            assert read_number(phrase, 0, 999).value == number, phrase


def test_every_phrase_is_in_words_of_the_model() -> None:
    phrases = read_phrases(TRAINING / "phrases.tsv")
    assert len(phrases) >= 500
    assert {phrase for phrase in phrases if not WORDS.keys() >= set(phrase.split())} == set()


def test_the_feminine_ending_is_said_before_a_noun_too() -> None:
    """It is "khamsa" alone, and "khamsat ayyam" before what is counted."""
    said = WORDS["خمسة"].pronunciations
    assert ("x", "a", "m", "s", "a") in said
    assert ("x", "a", "m", "s", "a", "t") in said


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("نعم\tn a E a m\tyes", "line 2: should have spelling, pronunciations, class and source"),
        ("لا أعرف\tl aa\tdont_know\town", "line 2: the spelling should be one word"),
        ("نعم\tn a 3 a m\tyes\tdataset", "line 2: pronunciations are phones"),
        ("نعم\tn a E a m |\tyes\tdataset", "line 2: pronunciations are phones"),
        ("نعم\tn a E a m\tmaybe\tdataset", "line 2: the class 'maybe' should be one of"),
        ("نعم\tn a E a m\tyes\tweb", "line 2: the source 'web' should be one of"),
        ("نعم\tn a E a m\tyes\tdataset\nنعم\tn a m\tyes\tdataset", "line 3: نعم is there already"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    table = tmp_path / "words.tsv"
    table.write_text(HEADING + line + "\n", encoding="utf-8")
    with pytest.raises(BridgeError, match=r"words\.tsv, line ") as refused:
        read_words(table)
    assert complaint in str(refused.value)


def test_a_table_without_heading_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "words.tsv"
    table.write_text("نعم\tn a E a m\tyes\tdataset\n", encoding="utf-8")
    with pytest.raises(BridgeError, match="line 1: the heading should be"):
        read_words(table)


def test_numbers_beyond_are_refused() -> None:
    with pytest.raises(ValueError, match="1000 is not between"):
        spoken(1000, "msa")


def test_a_question_listens_for_its_answers_and_for_what_is_always_possible() -> None:
    asked = questions(tuple(WORDS.values()))
    yes_no, numbers, *_ = asked
    assert {"نعم", "لا", "توقف", "طوارئ"} <= yes_no
    assert "سبعة" not in yes_no
    assert {"سبعة", "توقف", "طوارئ"} <= numbers
    assert "نعم" not in numbers
