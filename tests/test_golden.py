"""Whole calls, written down in tests/golden: what callers do, what is said and stored, how it ends."""

import difflib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from shipped import NAMES, shipped

from bridge.authoring.simulation.goldens import Dialogue, Golden, actual_lines, read_golden, wanted_lines
from bridge.authoring.simulation.telephone import Telephone
from bridge.dialogue.context import CallContext

FOLDER = Path(__file__).with_name("golden")


def golden_files() -> Iterator[tuple[Path, Golden]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        yield path, read_golden(path)


def cases() -> Iterator[object]:
    for path, golden in golden_files():
        for dialogue in golden.dialogues:
            context = msgspec.convert(golden.call | dialogue.call, CallContext)
            marks = [pytest.mark.xfail(reason=dialogue.waits_for, strict=False)] if dialogue.waits_for else []
            id_ = f"{path.stem}: {dialogue.name}"
            yield pytest.param(golden.questionnaire, context, golden.whole(dialogue), id=id_, marks=marks)


@pytest.mark.parametrize(("name", "context", "dialogue"), list(cases()))
def test_a_call_goes_as_written(name: str, context: CallContext, dialogue: Dialogue) -> None:
    """Every prompt, every answer, and the end; a difference is shown line by line."""
    wanted = list(wanted_lines(dialogue))
    actual = list(actual_lines(Telephone(shipped(name), context), dialogue))
    if wanted != actual:
        difference = difflib.unified_diff(wanted, actual, "as written", "as it went", n=4, lineterm="")
        pytest.fail("\n".join(difference), pytrace=False)


def test_every_questionnaire_has_a_call_to_its_end() -> None:
    """At least one that is completed, with all answers written down."""
    completed = {
        golden.questionnaire
        for _, golden in golden_files()
        for dialogue in golden.dialogues
        if dialogue.ends == "completed" and dialogue.answers
    }
    assert completed == set(NAMES)
