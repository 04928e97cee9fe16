"""Whole calls, written down in tests/golden: what the caller does, what is said, what is stored, how it ends.

The dialogue is pure, so time is virtual: prompts take as long as they have letters, silence is counted in
seconds, keys go through the keypad and words through the grammar that is being listened with.
"""

import difflib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec
import pytest

from bridge.content import CONTENT
from bridge.dialogue import engine
from bridge.dialogue.actions import HangUp, Listen, Notify, Say, Store, Transfer
from bridge.dialogue.answer import Answer, AnswerStatus
from bridge.dialogue.context import CallContext
from bridge.dialogue.document import read_document
from bridge.dialogue.form import Form
from bridge.dialogue.inputs import HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.keypad import Keypad
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import may_resume
from bridge.understanding import UNKNOWN_WORD

FOLDER = Path(__file__).with_name("golden")
LETTERS_A_SECOND = 15.0
SURE = 0.9  # the recogniser's own confidence, which decides nothing


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that the caller does, or that happens; and what is said after it."""

    say: str = ""  # clearly
    mumble: tuple[str, str] | None = None  # what the grammar hears, and what all words hear
    over: bool = False  # said or pressed while the prompt is being spoken
    press: str = ""
    silent: float = 0  # seconds, from the moment that the prompt begins
    unheard: bool = False  # our ears fail
    hang_up: bool = False
    machine: bool = False
    resume_after_hours: float | None = None
    hears: list[str] | None = None  # "role item: words", in order; left out: whatever


class Dialogue(msgspec.Struct, forbid_unknown_fields=True):
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


class Beginning(msgspec.Struct, forbid_unknown_fields=True):
    """What several calls have in common."""

    opens: list[str]
    steps: list[Step]
    answers: dict[str, object]


class Golden(msgspec.Struct, forbid_unknown_fields=True):
    """One file."""

    questionnaire: str
    dialogues: list[Dialogue]
    beginnings: dict[str, Beginning] = {}
    call: dict[str, object] = {}


class Telephone:
    """The caller's end of one call, in virtual time."""

    def __init__(self, questionnaire: Questionnaire, context: CallContext) -> None:
        self.questionnaire = questionnaire
        self._context = context
        self.said: list[Say] = []
        self.notices: list[Notify] = []
        self.stored: dict[str, Answer] = {}
        self._quiet = 0.0  # seconds since the prompt began
        self._take(engine.begin(questionnaire, context))

    def do(self, step: Step) -> list[Say]:
        """Do it, and return what is said upon it."""
        self.said = []
        if step.resume_after_hours is not None:
            state = self._turn.state
            assert may_resume(self.questionnaire, state, step.resume_after_hours)
            self._take(
                engine.resume(self.questionnaire, state, self._context, hours_since=step.resume_after_hours)
            )
        elif step.silent:
            self._be_silent(step.silent)
        elif self._is_listening and (not step.over or self._may_interrupt):
            self._act(step)
        return self.said

    @property
    def last(self) -> Listen | HangUp | Transfer:
        """What the turn ended with."""
        last = self._turn.actions[-1]
        assert isinstance(last, Listen | HangUp | Transfer)
        return last

    @property
    def form(self) -> Form:
        return Form(self.questionnaire, self._turn.state)

    @property
    def _is_listening(self) -> bool:
        return isinstance(self.last, Listen)

    @property
    def _may_interrupt(self) -> bool:
        return all(action.barge_in for action in self._turn.actions if isinstance(action, Say))

    def _act(self, step: Step) -> None:
        if step.press:
            self._press(step.press)
        elif step.mumble:
            closed, open_ = step.mumble
            self._hear(Utterance((closed,), (open_,), SURE))
        elif step.say:
            self._hear(Utterance((self._within_grammar(step.say),), (step.say,), SURE))
        elif step.hang_up or step.machine:
            self._hear(HungUp() if step.hang_up else Machine())
        elif step.unheard:
            self._hear(NotHeard())

    def _within_grammar(self, words: str) -> str:
        """Hear only the words that are listened for; nothing at all where none are."""
        assert isinstance(self.last, Listen)
        known = set(chain.from_iterable(phrase.split() for phrase in self.last.phrases))
        return " ".join(word if word in known else UNKNOWN_WORD for word in words.split())

    def _press(self, keys: str) -> None:
        """Key by key; an entry that is still open at the end is closed by the pause after it."""
        while keys and isinstance(self.last, Listen):
            keypad, entry = Keypad(self.last.keys), None
            while keys and entry is None:
                entry, keys = keypad.press(keys[0]), keys[1:]
            entry = entry or keypad.expire()
            if entry is not None:
                self._hear(entry)

    def _be_silent(self, seconds: float) -> None:
        self._quiet += seconds
        while isinstance(self.last, Listen) and self._quiet >= self._patience(self.last):
            left = self._quiet - self._patience(self.last)
            self._hear(NoInput())
            self._quiet = left

    def _patience(self, listen: Listen) -> float:
        spoken = sum(len(one.text) for one in self._turn.actions if isinstance(one, Say)) / LETTERS_A_SECOND
        return spoken + listen.no_input_seconds

    def _hear(self, heard: Input) -> None:
        """Take one input, from the state as it would be read back from disk."""
        state = msgspec.json.decode(msgspec.json.encode(self._turn.state), type=engine.DialogueState)
        self._take(engine.advance(self.questionnaire, state, heard))

    def _take(self, turn: engine.Turn) -> None:
        self._turn = turn
        self._quiet = 0.0
        for action in turn.actions:
            match action:
                case Say():
                    self.said.append(action)
                case Notify():
                    self.notices.append(action)
                case Store():
                    self.stored[action.answer.item] = action.answer


# Expected and actual, as lines to be compared


def line_of(say: Say, expected: str | None = None) -> str:
    """One prompt as a line; the expected line where it says the same with fewer words."""
    head = f"{say.role} {say.item}" if say.item and say.role in ROLES_WITH_ITEM else str(say.role)
    if expected is not None:
        wanted, _, words = expected.partition(": ")
        if wanted == head and words in say.text:
            return expected
    return f"{head}: {say.text}"


ROLES_WITH_ITEM = ("ask", "readback", "keypad", "info")


def said_lines(says: list[Say], expected: list[str] | None) -> Iterator[str]:
    """Prompts beside what was expected of them."""
    if expected is None:
        return
    for at, say in enumerate(says):
        yield f"  < {line_of(say, expected[at] if at < len(expected) else None)}"


def step_line(step: Step) -> str:
    """What the caller does, as a line."""
    done = {name: value for name in Step.__struct_fields__ if (value := getattr(step, name))}
    return "> " + ", ".join(f"{name} {value}" for name, value in done.items() if name != "hears")


def shown(answer: Answer) -> object:
    """An answer as the files write it: its value, or what became of it in angle brackets."""
    if answer.status is not AnswerStatus.ANSWERED:
        return f"<{answer.status}>"
    if answer.value is None and answer.audio:
        return "<sound>"
    return list(answer.value) if isinstance(answer.value, tuple) else answer.value


def wanted_lines(dialogue: Dialogue) -> Iterator[str]:
    """The call as it is written down."""
    yield from (f"  < {line}" for line in dialogue.opens or ())
    for step in dialogue.steps:
        yield step_line(step)
        yield from (f"  < {line}" for line in step.hears or ())
    yield f"ends {dialogue.ends or 'listening'}"
    yield from (f"{item} = {value!r}" for item, value in sorted((dialogue.answers or {}).items()))
    yield from (f"score {name} = {value}, {band}" for name, (value, band) in dialogue.scores.items())
    yield from (f"notified {line}" for line in dialogue.notified)
    if dialogue.transfer is not None:
        yield f"put through to {dialogue.transfer}"


def actual_lines(telephone: Telephone, dialogue: Dialogue) -> Iterator[str]:
    """The call as it goes."""
    yield from said_lines(telephone.said, dialogue.opens)
    for step in dialogue.steps:
        yield step_line(step)
        yield from said_lines(telephone.do(step), step.hears)
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


# The files


def golden_files() -> Iterator[tuple[Path, Golden]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        document = read_document(path.read_text(encoding="utf-8"))
        assert not document.problems, (path.name, document.problems)
        yield path, msgspec.convert(document.data, Golden)


def whole(dialogue: Dialogue, beginnings: dict[str, Beginning]) -> Dialogue:
    """A call with its beginning."""
    if not dialogue.after:
        return dialogue
    beginning = beginnings[dialogue.after]
    answers = None if dialogue.answers is None else beginning.answers | dialogue.answers
    return msgspec.structs.replace(
        dialogue, opens=beginning.opens, steps=[*beginning.steps, *dialogue.steps], answers=answers
    )


def cases() -> Iterator[object]:
    for path, golden in golden_files():
        questionnaire = load(CONTENT / "questionnaires" / f"{golden.questionnaire}.yaml")
        for dialogue in golden.dialogues:
            context = msgspec.convert(golden.call | dialogue.call, CallContext)
            marks = [pytest.mark.xfail(reason=dialogue.waits_for, strict=False)] if dialogue.waits_for else []
            name = f"{path.stem}: {dialogue.name}"
            call = whole(dialogue, golden.beginnings)
            yield pytest.param(questionnaire, context, call, id=name, marks=marks)


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
