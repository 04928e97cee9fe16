"""`bridge.reports`: JSON for programs."""

import json
from pathlib import Path

import pytest
from msgspec import Struct

from bridge.reports import STDOUT, ReportError, write_new, write_report


class Found(Struct):
    word: str = "نعم"


def test_a_report_goes_to_a_file(tmp_path: Path) -> None:
    """Arabic stays readable in it."""
    write_report(Found(), tmp_path / "report.json")

    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"word": "نعم"}
    assert "نعم" in text


def test_standard_output_carries_the_report_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe gets pure JSON."""
    write_report(Found(), STDOUT)

    assert json.loads(capsys.readouterr().out) == {"word": "نعم"}


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One sentence, not a traceback."""
    with pytest.raises(ReportError, match=r"cannot be written to .*none/report\.json"):
        write_report(Found(), tmp_path / "none" / "report.json")


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    """It is somebody's work; a new file is written, and a folder that is not there is told."""
    path = tmp_path / "mine.yaml"
    write_new("mine", path)
    with pytest.raises(ReportError, match="is there already"):
        write_new("yours", path)
    assert path.read_text() == "mine"
    with pytest.raises(ReportError, match="cannot be written: No such file"):
        write_new("yours", tmp_path / "none" / "mine.yaml")
