"""`hatif understand`: one utterance shown, many written, and what cannot be read named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.errors import BridgeError
from bridge.understand_questions import QuestionNameError, parse_question

RUNNER = CliRunner()
FIELDS = ["utterance", "status", "value", "command", "rule", "confidence", "needs_readback"]


def batch(tmp_path: Path, question: str, *said: str) -> list[dict[str, object]]:
    file = tmp_path / "said.txt"
    file.write_text("\n".join(said) + "\n", encoding="utf-8")
    arguments = [
        "understand",
        "--question",
        question,
        "--batch",
        str(file),
        "--jsonl",
        "--today",
        "2026-11-21",
    ]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_utterance_is_shown_with_its_reasons() -> None:
    result = RUNNER.invoke(app, ["understand", "--question", "yes_no:symptom", "لا والله ما عندي"])
    assert result.exit_code == 0
    assert 'value: "no"' in result.stdout
    assert "no_particle" in result.stdout
    assert "have" in result.stdout


def test_a_batch_has_one_object_a_line_in_the_files_order(tmp_path: Path) -> None:
    """An empty line is an utterance too."""
    found = batch(tmp_path, "yes_no:symptom", "نعم", "", "لا", "عيد السؤال", "ودي أموت", "نعم لا")
    assert [list(row) for row in found] == [FIELDS] * 6
    assert [row["status"] for row in found] == [
        "value",
        "no_match",
        "value",
        "command",
        "escalate",
        "ambiguous",
    ]
    assert [row["value"] for row in found] == ["yes", None, "no", None, None, None]
    assert [row["command"] for row in found] == [None, None, None, "repeat", "emergency", None]


@pytest.mark.parametrize(
    ("question", "said", "value"),
    [
        ("blood_pressure", "مية وتلاتين على تمانين", "130/80"),
        ("number:0-10", "سبعة", 7),
        ("number", "سبعة ونص", 7.5),
        ("integer", "سبعين", 70),
        ("temperature", "ثمانية وثلاثين وثلاثة", 38.3),
        ("glucose:mmol/L", "ستة فاصلة خمسة", 6.5),
        ("date:past", "امبارح", "2026-11-20"),
        ("time", "ثمانية ونص الصبح", "08:30"),
        ("duration", "يومين", "P2D"),
        ("phone:EG", "01001234567", "+201001234567"),
        ("digits:4-4", "واحد اثنين ثلاثة أربعة", "1234"),
        ("scale:severity", "شديد", "severe"),
        ("text", "أي شيء", "أي شيء"),
    ],
)
def test_every_kind_of_question_can_be_asked(tmp_path: Path, question: str, said: str, value: object) -> None:
    assert batch(tmp_path, question, said)[0]["value"] == value


def test_the_options_of_a_questionnaire_can_be_asked(tmp_path: Path) -> None:
    file = Path(__file__).parents[1] / "questionnaires" / "post_discharge.yaml"
    assert batch(tmp_path, f"choice:{file}#sleep", "النوم زين")[0]["value"] == "good"


def test_a_number_out_of_range_is_no_match_and_says_so(tmp_path: Path) -> None:
    (row,) = batch(tmp_path, "number:0-10", "عشرين")
    assert (row["status"], row["value"]) == ("no_match", None)
    assert str(row["rule"]).startswith("out_of_range:")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("mood", "there is no question 'mood'; there are: yes_no:permission"),
        ("yes_no:maybe", "is one of yes_no:permission"),
        ("number:ten", "a range is written as 0-10"),
        ("number:10-0", "a range is written as 0-10"),
        ("scale:pain", "there is no scale 'pain'; there are: frequency4"),
        ("date:soon", "a date is date, date:past or date:future"),
        ("glucose:grams", "in mg/dL or mmol/L"),
        ("choice:sleep", "is named choice:FILE#ITEM"),
    ],
)
def test_a_question_that_is_none_lists_those_that_are(name: str, complaint: str) -> None:
    with pytest.raises(QuestionNameError, match=r".") as refused:
        parse_question(name)
    assert complaint in str(refused.value)


def test_an_item_that_is_no_choice_is_named() -> None:
    file = Path(__file__).parents[1] / "questionnaires" / "post_discharge.yaml"
    with pytest.raises(QuestionNameError, match="has no choice 'pain'; it has: sleep"):
        parse_question(f"choice:{file}#pain")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--batch", "missing.txt"], "missing.txt: No such file or directory; --batch names a text file"),
        (["خمسة", "--today", "tomorrow"], "'tomorrow' is no day; write it as 2026-11-21"),
        ([], "give one utterance, or --batch FILE"),
    ],
)
def test_what_cannot_be_read_is_named(arguments: list[str], complaint: str) -> None:
    result = RUNNER.invoke(app, ["understand", *arguments])
    assert isinstance(result.exception, BridgeError)
    assert complaint in str(result.exception)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_bytes("نعم".encode("utf-16"))
    result = RUNNER.invoke(app, ["understand", "--batch", str(file)])
    assert "is not UTF-8" in str(result.exception)
