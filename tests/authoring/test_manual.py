"""What docs/authoring.md tells newcomers is true."""

import re
from pathlib import Path
from typing import get_args

import pytest

from bridge.authoring.checking.examination import examine
from bridge.authoring.checking.remarks import Kind
from bridge.authoring.checking.surroundings import surroundings_of
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue.items import Item
from bridge.dialogue.loader import parse
from bridge.errors import QuestionnaireError

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
MANUAL = (CONTENT / "docs" / "authoring.md").read_text(encoding="utf-8")


(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
# What is changed in the example, and which row of the table tells of it.
MISTAKES = [
    ("kind: symptom\n", "kimd: symptom\n", "unknown field; did you mean 'kind'?"),
    ("    kind: symptom\n", "", "missing; it should be one of permission, symptom, fact, promise"),
    ('version: "0.1.0"', "version: 1", 'should be text; put it in quotes: "1"'),
    (
        'ask: "مَا شِدَّةُ الْأَلَم؟ صِفْر: لَا أَلَم. عَشَرَة: أَشَدُّ أَلَم."',
        "ask: صِفْر: لَا أَلَم",
        "not YAML: mapping values are not allowed here; a text that holds ': ' stands in quotes",
    ),
    ("when: fever", "when: fevr", "column 1: unknown name 'fevr'; did you mean 'fever'?"),
    ("when: fever", "when: \"sleep == 'poor'\"", "column 1: 'sleep' is asked only later"),
    ("or nurse", "or sleep == 'goood'", "'sleep' is never 'goood'; did you mean 'good'?"),
    ("[ممتاز]", "[لحظة]", "'لحظة' is a command that works everywhere; choose other words"),
    (
        'ask: "هَلْ هُنَاكَ حُمَّى؟"',
        'ask: "أَلَيْسَ هُنَاكَ حُمَّى؟"',
        "a negative question: its 'yes' means two things; begin with 'هل'",
    ),
    ("status: draft\n", "status: draft\nid: x\n", "stands here twice, first on line 3; keep one of the two"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES)
def test_every_message_in_the_table_is_what_is_said(right: str, wrong: str, message: str) -> None:
    """Word for word; only line numbers differ from case to case."""
    assert right in EXAMPLE
    with pytest.raises(QuestionnaireError) as refused:
        parse(EXAMPLE.replace(right, wrong, 1), name="knee.yaml", common=COMMON)
    assert message in str(refused.value)
    assert re.sub(r"line \d+", "line 8", message) in MANUAL


def test_every_row_of_the_table_is_tried() -> None:
    """One mistake for each message."""
    rows = re.findall(
        r"^\| `(.*?)` \|", MANUAL.partition("| message |")[2].partition("Warnings")[0], re.MULTILINE
    )
    assert len(rows) == len(MISTAKES)


def test_the_worked_example_is_ten_items_without_a_warning(tmp_path: Path) -> None:
    """As a newcomer copies it."""
    path = tmp_path / "knee.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    (report,) = examine([path], surroundings_of(load_settings(DEFAULT_CONFIG))).files
    assert report.faults == []
    assert report.warnings == []
    assert report.facts is not None
    assert report.facts.questions == 10


def test_every_type_and_every_kind_of_warning_is_in_a_table() -> None:
    """And a new one has to be told of."""
    types = {get_args(item.model_fields["type"].annotation)[0] for item in get_args(Item)} - {"language"}
    cells = {
        word
        for line in MANUAL.splitlines()
        if line.startswith("|")
        for word in re.findall(r"`([^`]+)`", line)
    }
    assert types <= cells
    assert {str(kind) for kind in Kind} <= cells
