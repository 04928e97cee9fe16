"""Hundreds of utterances of five groups of dialects, and the rates that the project promises.

Expected is a value; "~value" is one that must be read back; "?" is no answer; "~" may be either, if it is
read back.
"""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bridge.understand_questions import parse_question
from bridge.understanding import Context, Finding, Meaning, understand
from bridge.understanding.questions import AskScale

DATA = Path(__file__).parent / "data"
TODAY = Context(today=date(2026, 11, 21))
MOST_READ_BACK = 0.1


Read = Callable[[dict[str, str]], Meaning]


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


YES_NO, NUMBERS, SCALES = rows("yes_no.tsv"), rows("numbers.tsv"), rows("scales.tsv")


def shown(meaning: Meaning) -> str:
    if meaning.finding is not Finding.VALUE:
        return "?"
    named = {"True": "yes", "False": "no"}
    return named.get(str(meaning.value), str(meaning.value))


def agrees(meaning: Meaning, expected: str) -> bool:
    """Whether a meaning is what the list says."""
    if expected == "~":
        return meaning.doubtful or meaning.finding is not Finding.VALUE
    if expected == "?":
        return meaning.finding is not Finding.VALUE or meaning.doubtful
    return shown(meaning) == expected.removeprefix("~") and (meaning.doubtful or not expected.startswith("~"))


def of_yes_no(row: dict[str, str]) -> Meaning:
    return understand(row["utterance"], parse_question(f"yes_no:{row['kind']}"), TODAY)


def of_number(row: dict[str, str]) -> Meaning:
    is_scale = row["question"] == "number" and {"من عشرة", "على عشرة"} & {
        " ".join(row["utterance"].split()[-2:])
    }
    return understand(row["utterance"], parse_question("number:0-10" if is_scale else row["question"]), TODAY)


def of_scale(row: dict[str, str]) -> Meaning:
    return understand(row["utterance"], AskScale(row["scale"]), TODAY)


every_list = pytest.mark.parametrize(
    ("listed", "read"),
    [(YES_NO, of_yes_no), (NUMBERS, of_number), (SCALES, of_scale)],
    ids=["yes and no", "numbers", "scales"],
)


@every_list
def test_every_utterance_is_understood(listed: list[dict[str, str]], read: Read) -> None:
    """As its row says: sentences as people answer, numbers and measures, how often and how bad."""
    wrong = [
        row | {"understood": shown(meaning), "doubtful": str(meaning.doubtful)}
        for row in listed
        if not agrees(meaning := read(row), row["expected"])
    ]
    assert wrong == []


@every_list
def test_few_of_the_right_answers_are_read_back(listed: list[dict[str, str]], read: Read) -> None:
    """Reading everything back is not understanding."""
    clear = [row for row in listed if not row["expected"].startswith(("~", "?"))]
    doubted = [row for row in clear if read(row).doubtful]
    assert len(clear) > 100
    assert len(doubted) <= MOST_READ_BACK * len(clear)
