"""From single readings to the tables of a model's card. Pure: values in, tables out.

Every share stands beside the counts that it was made of, and every table can be added up from one list.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct

from bridge.models.labels import Kind
from bridge.models.questions import SCALE_END, Task, Verdict

__all__ = ["Accuracy", "Bin", "Cost", "Figures", "Mistake", "Outcome", "summarise"]

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)  # of confidence; fine where most of it lies
SHOWN_MISTAKES = 40

Key = TypeVar("Key")


class Outcome(Struct, frozen=True):
    """What one recording, in one condition, led to in one task."""

    path: str
    label: str  # the words that were said
    kind: Kind
    value: bool | int | None
    condition: str  # "clean", "10 dB"
    task: Task
    text: str  # what was heard, as people write it
    verdict: Verdict
    confidence: float
    cpu_seconds: float
    audio_seconds: float


class Accuracy(Struct, frozen=True):
    """How a group of recordings fared."""

    group: str
    condition: str
    count: int
    right: int
    wrong: int
    doubtful: int
    command: int
    refused: int
    percent_right: float
    percent_wrong: float


class Bin(Struct, frozen=True):
    """How often a confidence was right, among readings that heard anything."""

    task: Task
    low: float
    high: float  # not in the bin, but for 1
    count: int
    right: int
    percent_right: float | None  # None for an empty bin


class Cost(Struct, frozen=True):
    """What decoding took."""

    task: Task
    count: int
    audio_seconds: float
    cpu_seconds: float
    rtf: float  # processor seconds for a second of audio


class Mistake(Struct, frozen=True):
    """A wrong answer, and how often it was given."""

    task: Task
    said: str
    heard: str
    count: int


class Figures(Struct, frozen=True):
    """All tables."""

    questions: list[Accuracy]  # by task
    classes: list[Accuracy]  # by kind of word, under all labels and in the open vocabulary
    false_acceptance: list[Accuracy]  # `wrong` counts the other words that were taken for a yes or a no
    labels: list[Accuracy]  # by word, under all labels
    reliability: list[Bin]
    cost: list[Cost]
    mistakes: list[Mistake]  # the commonest first


def summarise(outcomes: Sequence[Outcome]) -> Figures:
    """Add up everything; conditions keep the order in which they come."""
    has_ten = any(one.task is Task.SCALE and one.value == SCALE_END for one in outcomes)
    by_task = sorted(outcomes, key=lambda one: list(Task).index(one.task))
    by_class = sorted(by_task, key=lambda one: list(Kind).index(one.kind))
    return Figures(
        questions=_accuracies(by_task, lambda one: _groups_of_question(one, has_ten=has_ten)),
        classes=_accuracies(by_class, _groups_of_class),
        false_acceptance=_accuracies(outcomes, lambda one: _only(one, Task.OFFERED, "other words")),
        labels=_accuracies(outcomes, lambda one: _only(one, Task.LABELS, one.label)),
        reliability=_reliability(outcomes),
        cost=_costs(outcomes),
        mistakes=_mistakes(outcomes),
    )


def _only(outcome: Outcome, task: Task, group: str) -> Iterable[str]:
    return [group] if outcome.task is task else []


def _groups_of_question(outcome: Outcome, *, has_ten: bool) -> Iterable[str]:
    """Digits are a group of their own, and one with ten where there are tens."""
    match outcome.task:
        case Task.SCALE:
            digits = [] if outcome.value == SCALE_END else ["digits 0-9"]
            return [*digits, "numbers 0-10"] if has_ten else digits
        case Task.PHRASE:
            return ["numbers 0-999"]
        case Task.OFFERED:
            return []
        case Task.YES_NO:
            return ["yes/no"]
        case Task.LABELS | Task.OPEN:
            return [str(outcome.task)]


def _groups_of_class(outcome: Outcome) -> Iterable[str]:
    vocabularies = {Task.LABELS: "labels", Task.OPEN: "open"}
    if outcome.task not in vocabularies:
        return []
    return [f"{_class_of(outcome)}, {vocabularies[outcome.task]}"]


def _class_of(outcome: Outcome) -> str:
    if outcome.kind is not Kind.NUMBER:
        return "yes/no" if outcome.kind is Kind.YES_NO else "other words"
    return "digits" if outcome.value is not None and outcome.value < SCALE_END else "numbers from ten on"


def _accuracies(outcomes: Iterable[Outcome], groups: Callable[[Outcome], Iterable[str]]) -> list[Accuracy]:
    counts: defaultdict[tuple[str, str], Counter[Verdict]] = defaultdict(Counter)
    for outcome in outcomes:
        for group in groups(outcome):
            counts[group, outcome.condition][outcome.verdict] += 1
    groups_in_order = dict.fromkeys(group for group, _ in counts)
    return [
        _accuracy(group, condition, verdicts)
        for wanted in groups_in_order
        for (group, condition), verdicts in counts.items()
        if group == wanted
    ]


def _accuracy(group: str, condition: str, verdicts: Counter[Verdict]) -> Accuracy:
    count = verdicts.total()
    return Accuracy(
        group=group,
        condition=condition,
        count=count,
        right=verdicts[Verdict.RIGHT],
        wrong=verdicts[Verdict.WRONG],
        doubtful=verdicts[Verdict.DOUBTFUL],
        command=verdicts[Verdict.COMMAND],
        refused=verdicts[Verdict.REFUSED],
        percent_right=_percent(verdicts[Verdict.RIGHT], count),
        percent_wrong=_percent(verdicts[Verdict.WRONG], count),
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def _reliability(outcomes: Iterable[Outcome]) -> list[Bin]:
    """Of what was heard as an answer: silence and the unknown word claim nothing."""
    claims = [one for one in outcomes if one.verdict in (Verdict.RIGHT, Verdict.WRONG)]
    return [_bin(task, low, high, group) for task, group in _by_task(claims) for low, high in pairwise(BINS)]


def _bin(task: Task, low: float, high: float, outcomes: Iterable[Outcome]) -> Bin:
    within = [one for one in outcomes if low <= one.confidence < high or one.confidence == high == BINS[-1]]
    right = sum(one.verdict is Verdict.RIGHT for one in within)
    return Bin(task, low, high, len(within), right, _percent(right, len(within)) if within else None)


def _costs(outcomes: Iterable[Outcome]) -> list[Cost]:
    return [_cost(task, group) for task, group in _by_task(outcomes)]


def _cost(task: Task, outcomes: Sequence[Outcome]) -> Cost:
    audio = sum(one.audio_seconds for one in outcomes)
    cpu = sum(one.cpu_seconds for one in outcomes)
    return Cost(task, len(outcomes), round(audio, 1), round(cpu, 3), round(cpu / audio, 5))


def _by_task(outcomes: Iterable[Outcome]) -> list[tuple[Task, list[Outcome]]]:
    groups: defaultdict[Task, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.task].append(outcome)
    return [(task, groups[task]) for task in Task if task in groups]


def _mistakes(outcomes: Iterable[Outcome]) -> list[Mistake]:
    wrong = Counter((one.task, one.label, one.text) for one in outcomes if one.verdict is Verdict.WRONG)
    return [Mistake(*mistake, count) for mistake, count in wrong.most_common(SHOWN_MISTAKES)]
