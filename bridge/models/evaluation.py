"""The story of `evaluate`: recordings are read, sent down a telephone line, decoded, judged and added up."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from bridge.dialogue.questionnaire import Questionnaire
from bridge.models.figures import Figures, Outcome, summarise
from bridge.models.labels import Label, read_label
from bridge.models.line import Line, room_noise
from bridge.models.questions import SCALE_END, Questions, Task, spell
from bridge.models.recordings import Recording, RecordingsError, Unreadable, read_noise, read_recordings
from bridge.models.trial import Heard, Job, decode_all
from bridge.speech.vosk.grammar import whole_phrases
from bridge.speech.vosk.model import check_model, written

__all__ = ["CLEAN", "Condition", "Cost", "Evaluation", "Material", "Plan", "evaluate"]

SEED = 20_260  # of made-up noise and of where noise begins: the same seed makes the same figures


class Condition(Struct, frozen=True):
    """How noisy the caller's room is."""

    name: str
    snr_db: float | None  # None: no noise at all


CLEAN = Condition("clean", None)


class Plan(Struct, frozen=True):
    """What is to be measured."""

    model: Path
    data: Path
    conditions: tuple[Condition, ...] = (CLEAN,)
    noise: Path | None = None  # a folder or archive of it; None for noise that is made up
    processes: int = 1


class Material(Struct, frozen=True):
    """What was measured on."""

    recordings: int
    labels: int
    unsayable: list[str]  # labels that the model has no words for; their recordings count all the same
    conditions: list[str]
    noise: str  # where it came from
    unreadable: list[Unreadable]


class Cost(Struct, frozen=True):
    """What the model takes, in a process of its own."""

    engine: str
    load_seconds: float
    bytes_before: int  # resident memory before the model was loaded
    bytes_loaded: int
    bytes_after: int  # the most after any recording


class Evaluation(Struct, frozen=True):
    """What was measured, on what, and the tables."""

    model: str  # its identity
    size_bytes: int
    words: int
    has_unknown_word: bool
    untried: list[Task]  # for lack of words, or of a graph that takes grammars
    material: Material
    cost: Cost
    figures: Figures


class _Case(Struct, frozen=True):
    """One recording in one condition, and what it is tried against."""

    recording: Recording
    label: Label
    condition: Condition
    tasks: tuple[Task, ...]


async def evaluate(
    plan: Plan,
    questionnaires: Mapping[str, Questionnaire],
    first: str,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Measure a model under the grammars of the first fitting questions, those of `first` before others.

    `on_progress` is told how many recordings are done, and of how many.

    Raises:
        ModelError: the model cannot be used.
        RecordingsError: there is nothing to measure on.
        QuestionnaireError: there is nothing to measure with.

    """
    summary = await asyncio.to_thread(check_model, plan.model)
    recordings, unreadable = await asyncio.to_thread(_read_data, plan.data)
    noise, unreadable_noise = await asyncio.to_thread(_read_noise, plan)
    labels = {label.words: label for _, label in recordings}
    questions = Questions(questionnaires, first, labels)
    grammars = {task: spell(questions[task].phrases, summary) for task in Task}
    tried = [task for task in Task if task is Task.OPEN or (grammars[task] and summary.supports_grammar)]

    cases = _cases(recordings, plan.conditions, questions, tried)
    line = Line(noise, SEED)
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        on_progress(done, len(cases))

    opened, heard = await decode_all(
        plan.model,
        tuple(grammars.values()),
        (_job(case, line) for case in cases),
        processes=plan.processes,
        on_done=advance,
    )
    outcomes = [
        one
        for case, each in zip(cases, heard, strict=True)
        for one in _outcomes(case, each, questions, grammars)
    ]
    return Evaluation(
        model=summary.identity,
        size_bytes=summary.size_bytes,
        words=len(summary.words),
        has_unknown_word=summary.has_unknown_word,
        untried=[task for task in Task if task not in tried],
        material=Material(
            recordings=len(recordings),
            labels=len(labels),
            unsayable=summary.lacking(labels),
            conditions=[condition.name for condition in plan.conditions],
            noise=_name_of_noise(plan),
            unreadable=[*unreadable, *unreadable_noise, *_lost(cases, heard)],
        ),
        cost=Cost(
            engine=opened.version,
            load_seconds=round(opened.load_seconds, 3),
            bytes_before=opened.bytes_before,
            bytes_loaded=opened.bytes_after,
            bytes_after=max(each.bytes_resident for each in heard),
        ),
        figures=summarise(outcomes),
    )


def _read_data(source: Path) -> tuple[list[tuple[Recording, Label]], list[Unreadable]]:
    """Recordings with what is said in them; a label that says nothing makes a recording unreadable."""
    found = read_recordings(source)
    usable: list[tuple[Recording, Label]] = []
    unreadable = list(found.unreadable)
    for recording in found.readable:
        label = read_label(recording.label)
        if label is None:
            reason = (
                f"is labelled {recording.label!r}, neither Arabic nor a folder of the Arabic Speech Commands"
            )
            unreadable.append(Unreadable(recording.path, reason))
        else:
            usable.append((recording, label))
    if not usable:
        first = unreadable[0]
        raise RecordingsError(f"{source}: no recording can be used; {first.path} {first.reason}")
    return usable, unreadable


def _is_noisy(plan: Plan) -> bool:
    return any(condition.snr_db is not None for condition in plan.conditions)


def _read_noise(plan: Plan) -> tuple[list[bytes], list[Unreadable]]:
    if not _is_noisy(plan):
        return [], []
    return read_noise(plan.noise) if plan.noise else ([room_noise(SEED)], [])


def _name_of_noise(plan: Plan) -> str:
    if not _is_noisy(plan):
        return "none"
    return str(plan.noise) if plan.noise else "made up"


def _cases(
    recordings: Iterable[tuple[Recording, Label]],
    conditions: Iterable[Condition],
    questions: Questions,
    tried: list[Task],
) -> list[_Case]:
    """One condition after the other, in each all recordings."""
    recordings = list(recordings)
    has_phrases = any(type(label.value) is int and label.value > SCALE_END for _, label in recordings)
    return [
        _Case(
            recording,
            label,
            condition,
            tuple(task for task in questions.tasks_for(label, has_phrases=has_phrases) if task in tried),
        )
        for condition in conditions
        for recording, label in recordings
    ]


def _job(case: _Case, line: Line) -> Job:
    in_order = list(Task)
    ulaw = line.carry(case.recording.path, case.recording.pcm, case.condition.snr_db)
    return Job(ulaw, tuple(in_order.index(task) for task in case.tasks))


def _outcomes(
    case: _Case, heard: Heard, questions: Questions, grammars: Mapping[Task, tuple[str, ...]]
) -> Iterable[Outcome]:
    for task, reading in zip(case.tasks, heard.readings, strict=False):  # no readings where it was lost
        grammar = grammars[task]
        text = written(whole_phrases(reading.text, grammar) if grammar else reading.text)
        yield Outcome(
            path=case.recording.path,
            label=case.label.words,
            kind=case.label.kind,
            value=case.label.value,
            condition=case.condition.name,
            task=task,
            text=text,
            verdict=questions.judge(task, case.label, text),
            confidence=reading.confidence,
            cpu_seconds=reading.cpu_seconds,
            audio_seconds=heard.audio_seconds,
        )


def _lost(cases: Iterable[_Case], heard: Iterable[Heard]) -> list[Unreadable]:
    pairs = zip(cases, heard, strict=True)
    return [Unreadable(case.recording.path, each.failure) for case, each in pairs if each.failure]
