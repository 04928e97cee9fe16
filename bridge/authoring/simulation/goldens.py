"""Golden dialogues: whole calls as they were written down, compared with how they go.

The format is told in tests/golden/README.md. Both sides become lines of text, so that a difference can be
shown as a diff of two transcripts.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from bridge.authoring.simulation.telephone import SimulationError, Step, Telephone
from bridge.dialogue.actions import Listen, Say, Transfer
from bridge.dialogue.answer import Answer, AnswerStatus
from bridge.dialogue.document import Place, read_document

__all__ = [
    "Beginning",
    "Dialogue",
    "Golden",
    "actual_lines",
    "line_of",
    "read_golden",
    "shown",
    "wanted_lines",
]

ROLES_WITH_ITEM = ("ask", "readback", "keypad", "info")


class Dialogue(Struct, forbid_unknown_fields=True):
    """One call."""

    name: str
    steps: list[Step]
    after: str = ""  # which beginning it goes on from
    ends: str = ""  # its disposition; left out: it goes on
    call: dict[str, object] = {}  # beside what all calls of the file have
    opens: list[str] | None = None
    answers: dict[str, object] | None = None  # all of them, in any order
    scores: dict[str, tuple[int | float | None, str | None]] = {}
    notified: list[str] = []  # "escalation reason item", in order
    transfer: str | None = None
    aloud: bool = False  # tests/calls speaks it over the wire, too
    waits_for: str = ""  # what has to be built before it can hold


class Beginning(Struct, forbid_unknown_fields=True):
    """What several calls have in common."""

    opens: list[str]
    steps: list[Step]
    answers: dict[str, object]


class Golden(Struct, forbid_unknown_fields=True):
    """One file."""

    questionnaire: str
    dialogues: list[Dialogue]
    beginnings: dict[str, Beginning] = {}
    call: dict[str, object] = {}

    def whole(self, dialogue: Dialogue) -> Dialogue:
        """A call of this file with its beginning."""
        if not dialogue.after:
            return dialogue
        beginning = self.beginnings[dialogue.after]
        answers = None if dialogue.answers is None else beginning.answers | dialogue.answers
        return msgspec.structs.replace(
            dialogue, opens=beginning.opens, steps=[*beginning.steps, *dialogue.steps], answers=answers
        )


def read_golden(path: Path) -> Golden:
    """Read a file of golden dialogues.

    Raises:
        SimulationError: it is no YAML, or not of this format; the text names file and place.

    """
    document = read_document(path.read_text(encoding="utf-8"))
    if document.problems:
        problem = document.problems[0]
        place = problem.place or document.place_of(problem.path) or Place(1)
        raise SimulationError(f"{path.name}:{place.line}:{place.column}: {problem.text}")
    try:
        return msgspec.convert(document.data, Golden)
    except msgspec.ValidationError as error:
        raise SimulationError(f"{path.name}: {error}") from error


def wanted_lines(dialogue: Dialogue) -> Iterator[str]:
    """The call as it is written down."""
    yield from (f"  < {line}" for line in dialogue.opens or ())
    for step in dialogue.steps:
        yield _step_line(step)
        yield from (f"  < {line}" for line in step.hears or ())
    yield f"ends {dialogue.ends or 'listening'}"
    yield from (f"{item} = {value!r}" for item, value in sorted((dialogue.answers or {}).items()))
    yield from (f"score {name} = {value}, {band}" for name, (value, band) in dialogue.scores.items())
    yield from (f"notified {line}" for line in dialogue.notified)
    if dialogue.transfer is not None:
        yield f"put through to {dialogue.transfer}"


def actual_lines(telephone: Telephone, dialogue: Dialogue) -> Iterator[str]:
    """The call as it goes, on a telephone on which nothing has been done yet."""
    yield from _said_lines(telephone.said, dialogue.opens)
    for step in dialogue.steps:
        yield _step_line(step)
        yield from _said_lines(telephone.do(step), step.hears)
    last = telephone.last
    yield f"ends {'listening' if isinstance(last, Listen) else last.disposition}"
    if dialogue.answers is not None:
        yield from (f"{item} = {shown(answer)!r}" for item, answer in sorted(telephone.stored.items()))
    for name in dialogue.scores:
        score = telephone.form.score(name, is_final=True)
        yield f"score {name} = {score.value}, {score.band}"
    yield from (f"notified {one.escalation} {one.reason} {one.item}" for one in telephone.notices)
    if isinstance(last, Transfer) and last.target is not None:
        yield f"put through to {last.target}"


def line_of(say: Say, expected: str | None = None) -> str:
    """One prompt as a line; the expected line where it says the same with fewer words."""
    head = f"{say.role} {say.item}" if say.item and say.role in ROLES_WITH_ITEM else str(say.role)
    if expected is not None:
        wanted, _, words = expected.partition(": ")
        if wanted == head and words in say.text:
            return expected
    return f"{head}: {say.text}"


def shown(answer: Answer) -> object:
    """An answer as the files write it: its value, or what became of it in angle brackets."""
    if answer.status is not AnswerStatus.ANSWERED:
        return f"<{answer.status}>"
    if answer.value is None and answer.audio:
        return "<sound>"
    return list(answer.value) if isinstance(answer.value, tuple) else answer.value


def _said_lines(says: list[Say], expected: list[str] | None) -> Iterator[str]:
    """Prompts beside what was expected of them."""
    if expected is None:
        return
    for at, say in enumerate(says):
        yield f"  < {line_of(say, expected[at] if at < len(expected) else None)}"


def _step_line(step: Step) -> str:
    """What the caller does, as a line."""
    done = {name: value for name in Step.__struct_fields__ if (value := getattr(step, name))}
    return "> " + ", ".join(f"{name} {value}" for name, value in done.items() if name != "hears")
