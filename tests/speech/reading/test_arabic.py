"""What is written and what is said, row by row: arabic.tsv was read by eye, for its grammar."""

import unicodedata
from pathlib import Path

import pytest

from bridge.content import CONTENT
from bridge.dialogue.document import read_document
from bridge.dialogue.loader import load_folder
from bridge.dialogue.prompts import prompt_texts
from bridge.speech.reading import Reader
from bridge.speech.reading.cardinals import GREATEST, cardinal, counted
from bridge.speech.reading.endings import Case
from bridge.speech.reading.nouns import Noun
from bridge.speech.reading.ordinals import adverb, ordinal
from bridge.understanding.numbers import read_number

READER = Reader()
DAY, HOUR = Noun("يَوْم", "أَيَّامٍ"), Noun("سَاعَة", "سَاعَاتٍ", feminine=True)


def rows(name: str) -> list[tuple[str, str]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [(written, said) for written, _, said in (line.partition("\t") for line in lines) if said]


ROWS = rows("arabic.tsv")


def test_there_are_enough_rows() -> None:
    """The table is what holds the grammar."""
    assert len(ROWS) > 450
    assert len(dict(ROWS)) == len(ROWS), "no row twice"


def test_every_row_is_said_as_it_stands_there() -> None:
    """And what is said is said again the same."""
    assert {written: READER.read(written) for written, _ in ROWS} == dict(ROWS)
    assert {said: READER.read(said) for _, said in ROWS} == {said: said for _, said in ROWS}


def test_nothing_is_left_to_be_read() -> None:
    """What is said has its marks in one order, and neither figures nor Latin letters."""
    said = [one for _, one in ROWS]
    assert [one for one in said if unicodedata.normalize("NFC", one) != one] == []
    unread = [
        one
        for one in said
        if any(letter.isdecimal() or (letter.isascii() and letter.isalpha()) for letter in one)
    ]
    assert unread == []


def test_numbers_are_those_of_the_questionnaires() -> None:
    """A value that is put together from pieces sounds like one that stands in a text."""
    common = read_document((CONTENT / "questionnaires/common/ar.yaml").read_text("utf-8")).data["words"]
    assert [cardinal(number) for number in range(len(common["numbers"]))] == common["numbers"]
    assert [cardinal(100 * number) for number in range(1, 10)] == common["hundreds"]
    thousands = common["spoken"]["thousands"]
    assert [cardinal(1000), cardinal(2000)] == [thousands["one"], thousands["two"]]


def test_every_number_is_understood_as_itself() -> None:
    """Another grammar, which was written for ears, reads back what this one says."""
    wrong = [
        number
        for number in (*range(1, 1000), *range(1000, 10_000, 37))
        if read_number(cardinal(number), 0, 9_999).value != number
    ]
    assert wrong == []


def test_no_two_numbers_are_said_alike() -> None:
    """What is heard tells which number it was, in either gender."""
    for feminine in (False, True):
        assert len({cardinal(number, feminine=feminine) for number in range(2000)}) == 2000


@pytest.mark.parametrize("number", [-1, GREATEST + 1])
def test_numbers_beyond_are_refused(number: int) -> None:
    """There are no words for them here."""
    with pytest.raises(ValueError, match="is not between 0 and"):
        cardinal(number)


@pytest.mark.parametrize(
    ("number", "case", "days", "hours"),
    [
        (1, Case.GENITIVE, "يَوْمٍ وَاحِد", "سَاعَةٍ وَاحِدَة"),
        (2, Case.GENITIVE, "يَوْمَيْن", "سَاعَتَيْن"),
        (3, Case.ACCUSATIVE, "ثَلَاثَةَ أَيَّام", "ثَلَاثَ سَاعَات"),
        (8, Case.GENITIVE, "ثَمَانِيَةِ أَيَّام", "ثَمَانِي سَاعَات"),
        (11, Case.GENITIVE, "أَحَدَ عَشَرَ يَوْمًا", "إِحْدَى عَشْرَةَ سَاعَة"),
        (12, Case.GENITIVE, "اِثْنَيْ عَشَرَ يَوْمًا", "اِثْنَتَيْ عَشْرَةَ سَاعَة"),
        (21, Case.ACCUSATIVE, "وَاحِدًا وَعِشْرِينَ يَوْمًا", "إِحْدَى وَعِشْرِينَ سَاعَة"),
        (100, Case.GENITIVE, "مِئَةِ يَوْم", "مِئَةِ سَاعَة"),
        (300, Case.GENITIVE, "ثَلَاثِمِئَةِ يَوْم", "ثَلَاثِمِئَةِ سَاعَة"),
        (102, Case.GENITIVE, "مِئَةِ يَوْمٍ وَيَوْمَيْن", "مِئَةِ سَاعَةٍ وَسَاعَتَيْن"),
        (2000, Case.GENITIVE, "أَلْفَيْ يَوْم", "أَلْفَيْ سَاعَة"),
    ],
)
def test_cases(number: int, case: Case, days: str, hours: str) -> None:
    """Number and noun stand in the case that their sentence asks for."""
    assert counted(number, DAY, case) == days
    assert counted(number, HOUR, case) == hours


@pytest.mark.parametrize(
    ("number", "masculine", "feminine"),
    [
        (1, "الْأَوَّل", "الْأُولَى"),
        (2, "الثَّانِي", "الثَّانِيَة"),
        (10, "الْعَاشِر", "الْعَاشِرَة"),
        (11, "الْحَادِيَ عَشَر", "الْحَادِيَةَ عَشْرَة"),
        (19, "التَّاسِعَ عَشَر", "التَّاسِعَةَ عَشْرَة"),
        (20, "الْعِشْرُون", "الْعِشْرُون"),
        (33, "الثَّالِثُ وَالثَّلَاثُون", "الثَّالِثَةُ وَالثَّلَاثُون"),
        (100, "الْمِئَة", "الْمِئَة"),
        (105, "الْخَامِسُ بَعْدَ الْمِئَة", "الْخَامِسَةُ بَعْدَ الْمِئَة"),
        (210, "الْعَاشِرُ بَعْدَ الْمِئَتَيْن", "الْعَاشِرَةُ بَعْدَ الْمِئَتَيْن"),
        (1500, "رَقْمُ أَلْفٍ وَخَمْسِمِئَة", "رَقْمُ أَلْفٍ وَخَمْسِمِئَة"),
    ],
)
def test_ordinals(number: int, masculine: str, feminine: str) -> None:
    """Ordinals agree with what they order."""
    assert ordinal(number) == masculine
    assert ordinal(number, feminine=True) == feminine


def test_there_is_no_place_before_the_first() -> None:
    """Nought has no ordinal, and items of a list after the tenth are called by their number."""
    with pytest.raises(ValueError, match="1 or more"):
        ordinal(0)
    assert [adverb(1), adverb(10), adverb(11)] == ["أَوَّلًا", "عَاشِرًا", "أَحَدَ عَشَر"]


def test_shipped_prompts_stay_as_they_are() -> None:
    """Their authors vowelled them and wrote numbers out: there is nothing to read."""
    texts = prompt_texts(load_folder(CONTENT / "questionnaires").values())
    assert [text for text in texts if READER.read(text) != text] == []
