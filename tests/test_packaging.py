"""What goes into a wheel, by the configuration and the files: nothing that runs may be missing there."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
CONTENT = (
    "questionnaires",
    "models",
    "config.yaml",
    "systemd",
)  # what bridge/content.py finds beside the packages


def test_the_packages_are_taken_whole() -> None:
    """By folder, so that pages, migrations and tables come along with the modules."""
    assert WHEEL["packages"] == ["bridge", "protocols"]
    assert not {"exclude", "include", "only-include"} & WHEEL.keys()


def test_the_content_is_taken_to_where_it_is_looked_for() -> None:
    """Whatever the code names below `CONTENT` is there, under the same name."""
    assert WHEEL["force-include"] == {name: f"bridge/_content/{name}" for name in CONTENT}
    assert all((ROOT / name).exists() for name in CONTENT)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bridge").rglob("*.py"))
    assert set(re.findall(r'\bCONTENT / "([^"]+)"', code)) <= set(CONTENT)


@pytest.mark.parametrize(
    "path",
    [
        "bridge/web/pages/call.html",
        "bridge/web/pages/call.js",
        "bridge/storage/migrations/env.py",
        "bridge/authoring/scaffold.yaml",
        "bridge/py.typed",
        "protocols/py.typed",
        "questionnaires/common/ar.yaml",
        "questionnaires/phq2.yaml",
    ],
)
def test_what_is_needed_is_there(path: str) -> None:
    """Where the code looks for it."""
    assert (ROOT / path).is_file()


def test_nothing_that_runs_is_ignored() -> None:
    """Hatchling leaves out what git ignores."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout, so nothing is ignored")
    names = [
        str(path.relative_to(ROOT))
        for room in ("bridge", "protocols")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],  # noqa: S607 - whichever git is at hand
        cwd=ROOT,
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ignored.returncode, ignored.stdout) == (1, "")
