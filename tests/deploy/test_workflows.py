"""The workflows run what the Makefile has and type what `hatif` takes; that they run, only a push shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typed import parsed

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github/workflows"
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(name: str) -> dict[str, Any]:
    """A workflow; YAML 1.2, where `on` is a word."""
    return dict(YAML(typ="safe").load(FOLDER / name))


def commands(name: str) -> Iterator[list[str]]:
    """Every line that a workflow runs, as words."""
    for job in read(name)["jobs"].values():
        for step in job["steps"]:
            for line in step.get("run", "").replace("\\\n", " ").splitlines():
                yield shlex.split(line, comments=True)


def after(words: list[str], start: str) -> list[str]:
    """What follows a word; nothing where it is not there."""
    return words[words.index(start) + 1 :] if start in words else []


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_what_is_made_and_typed_is_there(name: str) -> None:
    """Targets of the Makefile, files, and commands of ours with options that they know."""
    made = [after(line, "make")[0] for line in commands(name) if "make" in line[:2]]
    assert set(made) <= TARGETS
    for line in commands(name):
        if line[:2] == ["docker", "exec"]:
            words = line[line.index("hatif", 3) + 1 :]
            parsed(words[: words.index("||")] if "||" in words else words)
        elif line[:2] == ["docker", "run"] and line[-1] != "hatif":
            parsed(after(line, "hatif"))
        for file in after(line, "--requirement")[:1]:
            assert (ROOT / file).is_file()
    assert read(name)["permissions"] == {"contents": "read"}


def test_every_night_what_is_too_long_for_a_push() -> None:
    """Everything that is marked for `--exhaustive`, fuzzing, the soak, and known weaknesses of libraries."""
    assert read("nightly.yml")["on"].keys() == {"schedule", "workflow_dispatch"}
    run = [" ".join(line) for line in commands("nightly.yml")]
    for wanted in (
        "make check-all",
        r"make fuzz SECONDS=\d+",
        "make soak",
        r"python -m pip_audit .*constraints",
    ):
        assert any(re.match(wanted, line) for line in run), wanted
    assert ("check", "check-all") not in {tuple(line[1:3]) for line in commands("check.yml")}


def test_the_image_is_built_run_and_called_on_every_push() -> None:
    """Confined as compose confines it, and asked from outside."""
    run = [" ".join(line) for line in commands("check.yml")]
    (started,) = [line for line in run if line.startswith("docker run --detach")]
    for confined in ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges"):
        assert confined in started
    assert any(re.match(r"docker run .* hatif verify http://127\.0\.0\.1:8080$", line) for line in run)
