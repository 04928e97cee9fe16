"""Tests are skipped for programs in one way only, and a skip without cause makes the run fail."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from programs import PACKAGES, found, needs, path_of
from skips import counted, unfounded

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"


def test_absent_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks it reads what to install."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    mark = needs("strace").mark
    assert mark.args == (True,)
    assert "Debian package strace" in mark.kwargs["reason"]


def test_present_program_is_no_reason() -> None:
    """What is installed is used."""
    assert path_of("unshare", "setpriv") == found("unshare")
    assert needs("unshare").mark.args == (False,)


def test_unknown_program_is_refused() -> None:
    """Its package has to be written down first, else nobody installs it."""
    with pytest.raises(KeyError):
        needs("no-such-program")


def test_skips_are_judged() -> None:
    """Whole names only: systemd-analyze is no systemd, and a program that is absent is a good reason."""
    reasons = ["needs strace, which may not trace here", "there is a GPU", "needs the program nginx (Debian)"]
    assert unfounded(reasons, {"strace": "/usr/bin/strace"}.get) == reasons[:1]
    assert unfounded(["needs my-strace"], {"strace": "/usr/bin/strace"}.get) == []


def test_skips_are_counted() -> None:
    """Once for each reason."""
    assert counted(["no GPU", "no nginx", "no GPU"]) == ["2 x no GPU", "1 x no nginx"]


@pytest.mark.parametrize(
    ("reason", "options", "status"),
    [("needs unshare", ["-p", "xdist", "-n", "1"], 1), ("there is no GPU", [], 0)],
)
def test_run_fails_for_a_skip_without_cause(
    tmp_path: Path, reason: str, options: list[str], status: int
) -> None:
    """As a whole, also of several processes, though nothing else failed."""
    (tmp_path / "conftest.py").write_text("from skips import pytest_sessionfinish, pytest_terminal_summary\n")
    (tmp_path / "test_one.py").write_text(
        f"import pytest\n\ndef test_one():\n    pytest.skip({reason!r})\n\ndef test_two():\n    assert True\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(SUPPORT), "PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert f"1 x {reason}" in ended.stdout
    assert ended.returncode == status, ended.stdout


def test_no_test_looks_for_programs_itself() -> None:
    """`needs` is the only way."""
    tests = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("conftest.py")]
    strays = [
        path.name for path in tests if re.search(r"\bshutil\.which\(", path.read_text(encoding="utf-8"))
    ]
    assert strays == []


def test_services_installs_what_tests_need() -> None:
    """`make services` names every package but Chromium and what every Debian has."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.search(r"^SERVICES\s*:=\s*(.*)$", makefile, re.MULTILINE)
    assert named is not None
    assert set(named[1].split()) == set(PACKAGES.values()) - {"chromium", "util-linux"}
