"""Whole calls, written down in tests/golden: what callers do, what is said and stored, how it ends."""

import difflib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bridge.authoring.simulation.goldens import Dialogue, Golden, actual_lines, read_golden, wanted_lines
from bridge.authoring.simulation.telephone import Telephone
from bridge.content import CONTENT
from bridge.dialogue.context import CallContext
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire

FOLDER = Path(__file__).with_name("golden")


def golden_files() -> Iterator[tuple[Path, Golden]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        yield path, read_golden(path)


def cases() -> Iterator[object]:
    for path, golden in golden_files():
        questionnaire = load(CONTENT / "questionnaires" / f"{golden.questionnaire}.yaml")
        for dialogue in golden.dialogues:
            context = msgspec.convert(golden.call | dialogue.call, CallContext)
            marks = [pytest.mark.xfail(reason=dialogue.waits_for, strict=False)] if dialogue.waits_for else []
            name = f"{path.stem}: {dialogue.name}"
            yield pytest.param(questionnaire, context, golden.whole(dialogue), id=name, marks=marks)


@pytest.mark.parametrize(("questionnaire", "context", "dialogue"), list(cases()))
def test_a_call_goes_as_written(
    questionnaire: Questionnaire, context: CallContext, dialogue: Dialogue
) -> None:
    """Every prompt, every answer, and the end; a difference is shown line by line."""
    wanted = list(wanted_lines(dialogue))
    actual = list(actual_lines(Telephone(questionnaire, context), dialogue))
    if wanted != actual:
        difference = difflib.unified_diff(wanted, actual, "as written", "as it went", n=4, lineterm="")
        pytest.fail("\n".join(difference), pytrace=False)


def test_every_questionnaire_has_a_call_to_its_end() -> None:
    """At least one that is completed, with all answers written down."""
    shipped = {path.stem for path in (CONTENT / "questionnaires").glob("*.yaml")}
    completed = {
        golden.questionnaire
        for _, golden in golden_files()
        for dialogue in golden.dialogues
        if dialogue.ends == "completed" and dialogue.answers
    }
    assert completed == shipped
