"""Short questionnaires on disk, looked at without model and rendered prompts unless a test brings them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from bridge.authoring.checking.examination import examine
from bridge.authoring.checking.report import FileReport
from bridge.authoring.checking.surroundings import Surroundings
from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire

HEAD = """\
format: 1
id: short
version: "1"
title: قصير
language: ar
status: draft
"""

Write = Callable[..., Path]
Look = Callable[..., FileReport]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A questionnaire of these items; its items begin on line 8."""

    def write_file(items: str, *, extra: str = "", name: str = "short.yaml") -> Path:
        path = tmp_path / name
        text = f"{HEAD}items:\n{indent(dedent(items).lstrip(), '  ')}{dedent(extra)}"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def look(write: Write) -> Look:
    """What is found out about such a questionnaire."""

    def look_at(items: str, surroundings: Surroundings | None = None, *, extra: str = "") -> FileReport:
        (report,) = examine([write(items, extra=extra)], surroundings or Surroundings()).files
        return report

    return look_at


@pytest.fixture(scope="session")
def shipped() -> Questionnaire:
    return load(CONTENT / "questionnaires" / "post_discharge.yaml")
