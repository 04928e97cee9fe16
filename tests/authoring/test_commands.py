"""The commands as typed: what they print, where they write, and with what they exit."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typed import typed

from bridge.authoring.checking.examination import examine
from bridge.authoring.checking.surroundings import surroundings_of
from bridge.authoring.scaffold import ScaffoldError, scaffold
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue.items import ConsentItem, NumberItem, ScaleItem, YesNoItem
from bridge.dialogue.loader import load

Write = Any  # conftest.Write
GOOD = '- {id: a, type: yes_no, kind: fact, ask: "هَلْ هُنَاكَ أَلَم؟"}\n'
WARNED = '- {id: a, type: yes_no, kind: fact, ask: "لَيْسَ هُنَاكَ أَلَم؟"}\n'
FAULTY = GOOD.replace("kind", "kimd")


def hatif(*arguments: object) -> subprocess.CompletedProcess[str]:
    return typed("questionnaire", *arguments)


@pytest.mark.parametrize("command", ["check", "list", "new", "schema"])
def test_help_shows_an_example(command: str) -> None:
    shown = hatif(command, "--help")
    assert shown.returncode == 0
    assert f"hatif questionnaire {command} " in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("items", "options", "expected"),
    [
        (GOOD, (), 0),
        (GOOD, ("--strict",), 0),
        (WARNED, (), 0),
        (WARNED, ("--strict",), 1),
        (FAULTY, (), 2),
        (FAULTY, ("--strict",), 2),
    ],
)
def test_the_exit_status_says_how_it_went(
    write: Write, items: str, options: tuple[str, ...], expected: int
) -> None:
    """For scripts: nought, one where warnings count, two where there are faults."""
    assert hatif("check", write(items), *options).returncode == expected


def test_faults_and_warnings_are_printed_by_place_and_facts_below(write: Write) -> None:
    """One line each, as editors and grep read them: no colours and no invisible marks in a pipe."""
    good, faulty = write(WARNED, name="good.yaml"), write(FAULTY, name="faulty.yaml")
    shown = hatif("check", faulty, good)
    lines = shown.stdout.splitlines()
    assert lines[0].startswith(f"{faulty}:8:5: items.0.kind: missing; it should be one of")
    assert lines[1] == f"{faulty}:8:27: items.0.kimd: unknown field; did you mean 'kind'?"
    assert lines[2].startswith(f"{good}:8:39: warning: items.0.ask: a question that denies")
    assert lines[2].endswith("[negative]")
    assert "1 question in 1 item" in shown.stdout
    assert "shortest call  1 question, 1 turn, about 0." in shown.stdout
    assert "2 files, 2 faults, 1 warning" in shown.stderr
    assert "\u2067" not in shown.stdout
    assert "\x1b" not in shown.stdout


def test_the_report_is_json_for_programs(write: Write, tmp_path: Path) -> None:
    """With everything that is printed, to a file or to standard output."""
    path = write(WARNED)
    shown = hatif("check", path, "--json")
    (report,) = json.loads(shown.stdout)["files"]
    assert report["file"] == str(path)
    assert report["faults"] == []
    (warning,) = report["warnings"]
    assert (warning["line"], warning["column"], warning["kind"]) == (8, 39, "negative")
    assert report["facts"]["longest"]["questions"] == 1
    assert report["facts"]["grammars"]["largest_item"] == "a"
    target = tmp_path / "report.json"
    hatif("check", path, "--json", target)
    assert json.loads(target.read_text(encoding="utf-8")) == json.loads(shown.stdout)


def test_a_folder_is_listed(write: Write) -> None:
    """What is faulty is named, and the others are listed all the same."""
    folder = write(GOOD).parent
    shown = hatif("list", folder)
    assert shown.returncode == 0
    assert " ".join(shown.stdout.split()).endswith("short 1 draft 1 0.3 to 0.4 قصير")
    (row,) = json.loads(hatif("list", folder, "--json").stdout)
    assert (row["id"], row["version"], row["status"], row["items"]) == ("short", "1", "draft", 1)
    write(FAULTY, name="faulty.yaml")
    shown = hatif("list", folder)
    assert shown.returncode == 2
    assert "short" in shown.stdout
    assert "did you mean 'kind'?" in shown.stderr


def test_the_shipped_questionnaires_are_listed_by_default() -> None:
    """Those of the configuration."""
    rows = json.loads(hatif("list", "--json").stdout)
    assert {row["id"] for row in rows} == {file.stem for file in (CONTENT / "questionnaires").glob("*.yaml")}


def test_the_schema_is_written() -> None:
    """The same that ships."""
    shipped = (CONTENT / "questionnaires" / "schema.json").read_text(encoding="utf-8")
    assert hatif("schema").stdout == shipped


# A new questionnaire


def test_a_new_questionnaire_is_complete_and_without_warnings(tmp_path: Path) -> None:
    """It is what its author starts from: nothing about it may need mending."""
    path = tmp_path / "knee_pain.yaml"
    made = hatif("new", "knee_pain", "--to", path, "--title", 'آلام "الركبة"')
    assert made.returncode == 0, made.stderr
    (report,) = examine([path], surroundings_of(load_settings(DEFAULT_CONFIG))).files
    assert report.faults == []
    assert report.warnings == []
    questionnaire = load(path)
    assert (questionnaire.id, questionnaire.title) == ("knee_pain", 'آلام "الركبة"')
    kinds = {type(item) for item in questionnaire.questions}
    assert {ConsentItem, YesNoItem, ScaleItem, NumberItem} <= kinds
    assert any(item.when for item in questionnaire.questions)
    assert questionnaire.escalations
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    """It is somebody's work."""
    path = tmp_path / "mine.yaml"
    path.write_text("mine", encoding="utf-8")
    refused = hatif("new", "mine", "--to", path)
    assert refused.returncode == 2
    assert "is there already; name another file with --to" in refused.stderr
    assert path.read_text(encoding="utf-8") == "mine"
    assert "cannot be written" in hatif("new", "mine", "--to", tmp_path / "none" / "x.yaml").stderr


@pytest.mark.parametrize("name", ["Knee", "knee-pain", "1knee", "", "a" * 41])
def test_an_id_that_is_not_allowed_is_one_sentence(name: str) -> None:
    """It says what one looks like."""
    with pytest.raises(ScaffoldError, match="is no id: it begins with a small letter"):
        scaffold(name, "عنوان")


@pytest.mark.parametrize("title", ["", "...", "two\nlines"])
def test_a_title_is_one_line_of_words(title: str) -> None:
    """A line break would write fields."""
    with pytest.raises(ScaffoldError, match="a title is one line with words"):
        scaffold("knee", title)
