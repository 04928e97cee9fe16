"""Questionnaires for tests: those that ship, each read once by each process of a run, and a short one."""

import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["NAMES", "SHORT_ITEMS", "copy_shipped", "shipped", "write_short"]

FOLDER = CONTENT / "questionnaires"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
SHORT = """\
format: 1
id: short
version: "1"
title: قصير
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: consent, type: consent, ask: "هَلْ تُوَافِق؟"}
  - {id: one, type: yes_no, kind: fact, ask: "هَلِ الْجَوُّ جَمِيل؟"}
  - {id: two, type: yes_no, kind: fact, ask: "هَلْ نُكْمِل؟"}
"""
SHORT_ITEMS = 3


@cache
def shipped(name: str) -> Questionnaire:
    """The questionnaire of this name; it is frozen, so that tests may share it."""
    return load(FOLDER / f"{name}.yaml")


def copy_shipped(folder: Path, names: Iterable[str]) -> Path:
    """Make `folder` a site's own, with these questionnaires and what all share; the folder."""
    shutil.copytree(FOLDER / "common", folder / "common")
    for name in names:
        shutil.copy(FOLDER / f"{name}.yaml", folder)
    return folder


def write_short(folder: Path) -> dict[str, str]:
    """Make `folder` a site's own with one questionnaire of three questions; a daemon's environment."""
    copy_shipped(folder, ())
    (folder / "short.yaml").write_text(SHORT, encoding="utf-8")
    return {"HATIF_QUESTIONNAIRES__FOLDER": str(folder), "HATIF_QUESTIONNAIRES__DEFAULT": "short"}
