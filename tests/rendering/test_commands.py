"""`hatif render` as it is typed: progress, report, page, statistics, and what Ctrl-C leaves."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shipped import copy_shipped

from bridge.content import CONTENT

TIMEOUT = 120


def can_be_interrupted() -> None:
    """Take Ctrl-C as from a terminal: what is started in the background of a shell ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Shell:
    """A folder with a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        questionnaires = copy_shipped(folder / "questionnaires", ["phq2"])
        self.config.write_text(
            f"prompts: {{folder: prompts}}\nquestionnaires: {{folder: {questionnaires}}}\n"
        )
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("HATIF_")}
        root = str(Path(__file__).parents[2])
        self.environment = inherited | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONPATH": root}

    @property
    def prompts(self) -> list[Path]:
        return sorted((self.folder / "prompts").rglob("*.au"))

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bridge", "render", *arguments, "--config", str(self.config)]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=can_be_interrupted,  # noqa: PLW1509 - it takes no lock
        )

    def render(self, *arguments: str) -> tuple[int, str, str]:
        process = self.begin(*arguments)
        said, complained = process.communicate(timeout=TIMEOUT)
        assert "Traceback" not in complained
        return process.returncode, said, complained


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, dict[str, object]]:
    """A folder in which one questionnaire was rendered, and the report of it."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    status, _, complained = shell.render("phq2", "--json", "report.json", "--page", "listen")
    assert status == 0, complained
    return shell, json.loads((shell.folder / "report.json").read_text(encoding="utf-8"))


def test_the_report_tells_what_was_made(rendered: tuple[Shell, dict[str, object]]) -> None:
    """How many, how long, how fast, how loud; and the prompts are where it says."""
    shell, report = rendered
    assert report["rendered"] == report["texts"] == len(shell.prompts)
    assert report["questionnaires"] == {"phq2": report["texts"]}
    assert report["real_time_factor"]
    assert isinstance(report["spread_lu"], float)
    assert report["spread_lu"] <= 1
    assert "espeak-ng" in str(report["voice"])


def test_the_page_is_of_what_was_rendered(rendered: tuple[Shell, dict[str, object]]) -> None:
    """One row for each text."""
    shell, report = rendered
    html = (shell.folder / "listen" / "index.html").read_text(encoding="utf-8")
    assert html.count("<audio") == report["texts"]


def test_force_renders_again(rendered: tuple[Shell, dict[str, object]]) -> None:
    """Without it nothing is done a second time."""
    shell, report = rendered
    before = [path.stat().st_ino for path in shell.prompts]
    assert shell.render("phq2")[1].startswith("0 prompts rendered")
    assert [path.stat().st_ino for path in shell.prompts] == before
    assert shell.render("phq2", "--force")[1].startswith(f"{report['rendered']} prompts rendered")
    assert [path.stat().st_ino for path in shell.prompts] != before


def test_statistics_name_every_voice(rendered: tuple[Shell, dict[str, object]]) -> None:
    """As a table, and for programs."""
    shell, report = rendered
    status, said, _ = shell.render("--statistics", "--json")
    assert status == 0
    (voice,) = json.loads(said)["voices"]
    assert (voice["voice"], voice["prompts"]) == (report["voice"], report["texts"])
    assert f"{report['texts']} prompts" in shell.render("--statistics")[1]


def test_ctrl_c_keeps_what_was_rendered(tmp_path: Path) -> None:
    """It is said how much that is, and the next run goes on from there."""
    shell = Shell(tmp_path)
    process = shell.begin()
    deadline = time.monotonic() + TIMEOUT
    while len(shell.prompts) < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, complained = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 130, complained
    assert "Traceback" not in complained
    (finished,) = re.findall(r"(\d+) of \d+ prompts were rendered, and are kept", complained)
    assert 4 <= int(finished) <= len(shell.prompts)
    assert not list((tmp_path / "prompts").rglob(".*.part"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """One sentence with its name."""
    shell = Shell(tmp_path)
    (tmp_path / "prompts").write_text("a file")
    status, _, complained = shell.render("phq2")

    assert status == 2
    assert "a prompt cannot be kept in" in complained


def test_a_questionnaire_is_rendered_in_its_own_voice(tmp_path: Path) -> None:
    """Where it names one; what calls would look for is then there."""
    shell = Shell(tmp_path)
    text = (CONTENT / "questionnaires" / "phq2.yaml").read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(f"{text}\nvoice: {{name: espeak-ng/ar+Denis}}\n", encoding="utf-8")
    shutil.copytree(CONTENT / "questionnaires" / "common", tmp_path / "common", dirs_exist_ok=True)
    status, _, complained = shell.render(str(own), "--json", "report.json")

    assert status == 0, complained
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "voice=ar+Denis" in report["voice"]
    assert report["rendered"] == report["texts"] == len(shell.prompts)
