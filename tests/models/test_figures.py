"""Tables are sums: every count can be checked by hand."""

from itertools import count

from bridge.models.figures import Accuracy, Bin, Cost, Mistake, Outcome, summarise
from bridge.models.labels import read_label
from bridge.models.questions import Task, Verdict

_paths = count()


def outcome(
    name: str,
    task: Task,
    verdict: Verdict,
    *,
    heard: str = "",
    condition: str = "clean",
    confidence: float = 1.0,
) -> Outcome:
    """One recording's fate; two seconds of audio, a hundredth of decoding."""
    label = read_label(name)
    assert label is not None
    words, kind, value = label.words, label.kind, label.value
    path = f"{next(_paths)}.wav"
    return Outcome(path, words, kind, value, condition, task, heard, verdict, confidence, 0.02, 2.0)


def rows(table: list[Accuracy]) -> list[tuple[str, str, int, int]]:
    return [(one.group, one.condition, one.count, one.right) for one in table]


def test_counts_add_up() -> None:
    """Every verdict has its column, and the shares are of the whole."""
    verdicts = [Verdict.RIGHT] * 5 + list(Verdict)
    (row,) = summarise([outcome("yes", Task.YES_NO, verdict) for verdict in verdicts]).questions

    assert row == Accuracy("yes/no", "clean", 10, 6, 1, 1, 1, 1, 60.0, 10.0)


def test_questions_come_in_order_and_conditions_as_they_came() -> None:
    """Whatever recording was the first."""
    outcomes = [
        outcome(name, task, Verdict.RIGHT, condition=condition)
        for condition in ("clean", "5 dB")
        for name, task in (("stop", Task.OPEN), ("three", Task.SCALE), ("no", Task.YES_NO))
    ]

    assert rows(summarise(outcomes).questions) == [
        ("yes/no", "clean", 1, 1),
        ("yes/no", "5 dB", 1, 1),
        ("digits 0-9", "clean", 1, 1),
        ("digits 0-9", "5 dB", 1, 1),
        ("open vocabulary", "clean", 1, 1),
        ("open vocabulary", "5 dB", 1, 1),
    ]


def test_ten_makes_a_row_of_its_own() -> None:
    """Digits are counted without it, and again with it."""
    outcomes = [
        outcome("three", Task.SCALE, Verdict.RIGHT),
        outcome("six", Task.SCALE, Verdict.WRONG),
        outcome("ten", Task.SCALE, Verdict.RIGHT),
        outcome("ten", Task.PHRASE, Verdict.WRONG),
    ]

    assert rows(summarise(outcomes).questions) == [
        ("digits 0-9", "clean", 2, 1),
        ("numbers 0-10", "clean", 3, 2),
        ("numbers 0-999", "clean", 1, 0),
    ]


def test_classes_are_kinds_of_words() -> None:
    """Under all labels and in the open vocabulary; ten is no digit."""
    outcomes = [
        outcome(name, task, Verdict.RIGHT)
        for task in (Task.OPEN, Task.LABELS)
        for name in ("stop", "ten", "nine", "yes")
    ]

    assert [one.group for one in summarise(outcomes).classes] == [
        "yes/no, labels",
        "yes/no, open",
        "numbers from ten on, labels",
        "digits, labels",
        "numbers from ten on, open",
        "digits, open",
        "other words, labels",
        "other words, open",
    ]
    assert summarise(outcomes).classes[0].count == 1


def test_false_acceptance_is_the_share_of_wrong_ones() -> None:
    """And none of these recordings counts as an answer."""
    offered = [outcome("stop", Task.OFFERED, each) for each in (Verdict.WRONG, *[Verdict.REFUSED] * 3)]
    figures = summarise([*offered, outcome("yes", Task.YES_NO, Verdict.WRONG)])

    assert [(one.count, one.wrong, one.percent_wrong) for one in figures.false_acceptance] == [(4, 1, 25.0)]
    assert [one.count for one in figures.questions] == [1]


def test_every_label_has_a_row() -> None:
    """Its words, under all labels."""
    outcomes = [outcome(name, Task.LABELS, Verdict.RIGHT) for name in ("yes", "stop", "نعم")]

    assert rows(summarise(outcomes).labels) == [("نعم", "clean", 2, 2), ("توقف", "clean", 1, 1)]


def test_a_confidence_falls_into_one_bin() -> None:
    """The upper end belongs to the next, and 1 to the last; what claims nothing is not counted."""
    outcomes = [
        outcome("yes", Task.YES_NO, Verdict.RIGHT, confidence=1.0),
        outcome("yes", Task.YES_NO, Verdict.RIGHT, confidence=0.99),
        outcome("yes", Task.YES_NO, Verdict.WRONG, confidence=0.989),
        outcome("yes", Task.YES_NO, Verdict.WRONG, confidence=0.0),
        outcome("yes", Task.YES_NO, Verdict.REFUSED, confidence=0.7),
        outcome("yes", Task.YES_NO, Verdict.DOUBTFUL, confidence=0.7),
    ]
    bins = summarise(outcomes).reliability

    assert sum(one.count for one in bins) == 4
    assert bins[-1] == Bin(Task.YES_NO, 0.99, 1.0, 2, 2, 100.0)
    assert bins[-2] == Bin(Task.YES_NO, 0.95, 0.99, 1, 0, 0.0)
    assert bins[0] == Bin(Task.YES_NO, 0.0, 0.5, 1, 0, 0.0)
    assert bins[3].percent_right is None


def test_cost_is_processor_time_for_audio() -> None:
    """By task, in the order of tasks."""
    outcomes = [outcome("yes", task, Verdict.RIGHT) for task in (Task.OPEN, Task.OPEN, Task.YES_NO)]

    assert summarise(outcomes).cost == [
        Cost(Task.YES_NO, 1, 2.0, 0.02, 0.01),
        Cost(Task.OPEN, 2, 4.0, 0.04, 0.01),
    ]


def test_the_commonest_mistakes_come_first() -> None:
    """What was said, what was heard, under what."""
    outcomes = [
        outcome("yes", Task.YES_NO, Verdict.WRONG, heard="لا"),
        *[outcome("six", Task.SCALE, Verdict.WRONG, heard="تسعة") for _ in range(3)],
        outcome("six", Task.SCALE, Verdict.REFUSED, heard="[unk]"),
    ]

    assert summarise(outcomes).mistakes == [
        Mistake(Task.SCALE, "ستة", "تسعة", 3),
        Mistake(Task.YES_NO, "نعم", "لا", 1),
    ]


def test_nothing_makes_empty_tables() -> None:
    """And no division by nought."""
    figures = summarise([])

    assert figures.questions == figures.reliability == figures.cost == []
