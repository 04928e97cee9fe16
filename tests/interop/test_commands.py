"""The commands as typed: help with an example, files in and out, one sentence for what is wrong."""

import json
import subprocess
from pathlib import Path

import pytest
from typed import typed

from bridge.clock import Clock
from bridge.storage.store import Store


def hatif(*arguments: object, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    chosen = ("--config", str(config)) if config else ()
    return typed(*arguments, *chosen)


@pytest.fixture
def config(tmp_path: Path, database: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(f"storage: {{path: {database}}}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("command", "example"),
    [
        (("questionnaire", "export"), "hatif questionnaire export phq9 --to phq9.json"),
        (("questionnaire", "import"), "hatif questionnaire import intake.json --to"),
        (("answers", "export"), "hatif answers export --format xlsx --to answers.xlsx"),
    ],
)
def test_help_shows_an_example(command: tuple[str, str], example: str) -> None:
    shown = hatif(*command, "--help")
    assert shown.returncode == 0
    assert example in " ".join(shown.stdout.split())


def test_a_questionnaire_goes_out_and_comes_back(tmp_path: Path) -> None:
    target, draft = tmp_path / "out.json", tmp_path / "draft.yaml"
    exported = hatif("questionnaire", "export", "post_discharge", "--to", target)
    assert exported.returncode == 0, exported.stderr
    assert json.loads(target.read_text(encoding="utf-8"))["resourceType"] == "Questionnaire"
    assert "post_discharge" in target.read_text(encoding="utf-8")
    imported = hatif("questionnaire", "import", target, "--to", draft, "--id", "again")
    assert imported.returncode == 0, imported.stderr
    assert "id: again" in draft.read_text(encoding="utf-8")
    again = hatif("questionnaire", "export", draft)
    assert json.loads(again.stdout)["id"] == "again"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("questionnaire", "export", "nothing"), "hatif: no questionnaire 'nothing'; there are:"),
        (("questionnaire", "import", "pyproject.toml"), "ends in .json, an XLSForm in .xlsx or .xls"),
        (("questionnaire", "import", "none.json"), "hatif: there is no file none.json"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    refused = hatif(*arguments)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_without_a_database_there_is_nothing_to_export(config: Path) -> None:
    refused = hatif("answers", "export", config=config)
    assert refused.returncode == 2
    assert "there is no database" in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_an_empty_database_exports_an_empty_table(config: Path, database: Path, tmp_path: Path) -> None:
    await (await Store.open(database, clock=Clock())).close()
    target = tmp_path / "answers.csv"
    exported = hatif("answers", "export", "--to", target, config=config)
    assert exported.returncode == 0, exported.stderr
    assert "0 calls exported" in exported.stdout
    assert target.read_text(encoding="utf-8-sig").startswith("call_id,subject,questionnaire,")
    for arguments, sentence in (
        (("--call", "3f2a"), "no call's id begins with '3f2a'; `hatif answers list` shows them"),
        (("--format", "xlsx"), "a workbook is a file: name it with --to"),
        (("--format", "floip", "--to", str(tmp_path)), "is there already; name a folder that is not"),
        (("--questionnaire", "phq"), "no call was held with questionnaire 'phq'"),
        (("--pseudonym-key", "none"), "the key none cannot be read"),
    ):
        refused = hatif("answers", "export", *arguments, config=config)
        assert refused.returncode == 2
        assert sentence in refused.stderr
