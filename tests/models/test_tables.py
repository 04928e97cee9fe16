"""What a terminal shows."""

import io

import pytest
from rich.console import Console, RenderableType
from rich.markup import escape

from bridge.models.catalogue import Catalogue, Installed, Offered
from bridge.models.evaluation import Cost, Evaluation, Material
from bridge.models.figures import Outcome, summarise
from bridge.models.labels import Kind
from bridge.models.questions import Task, Verdict
from bridge.models.recordings import Unreadable
from bridge.models.tables import (
    as_size,
    evaluation_tables,
    installed_table,
    public_table,
    unreadable_table,
    verified_table,
)
from bridge.models.verification import Missing, Verified

MARKUP = "[bold]x[/]"  # in somebody's folder name


def shown(*tables: RenderableType, width: int = 100) -> str:
    """What is printed, with single spaces."""
    console = Console(file=io.StringIO(), width=width)
    for table in tables:
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(" ".join(line.split()) for line in console.file.getvalue().splitlines())


def evaluation(*outcomes: Outcome) -> Evaluation:
    return Evaluation(
        model="m@1",
        size_bytes=3 << 20,
        words=688,
        has_unknown_word=False,
        untried=[Task.PHRASE],
        material=Material(2, 1, ["زرافة"], ["clean"], MARKUP, []),
        cost=Cost("vosk 1", 0.0123, 10 << 20, 14 << 20, 20 << 20),
        figures=summarise(outcomes),
    )


def outcome(task: Task, verdict: Verdict, confidence: float = 1.0) -> Outcome:
    return Outcome(
        "p", "نعم", Kind.YES_NO, value=True, condition="clean", task=task, text="لا", verdict=verdict,
        confidence=confidence, cpu_seconds=0.01, audio_seconds=2.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("count", "size"), [(900_000, "0.9 MiB"), (333_241_610, "318 MiB"), (1_377_395_170, "1.3 GiB")]
)
def test_sizes_are_those_that_people_say(count: int, size: str) -> None:
    """As the publisher's page has them."""
    assert as_size(count) == size


def test_models_are_listed_with_what_is_wrong() -> None:
    """The one in use is marked, an unusable one says why."""
    good = Installed("m", "/models", is_used=True, size_bytes=3 << 20, words=688, takes_grammars=True)
    bad = Installed("half", "/models", is_used=False, problem=f"no graph {MARKUP}")
    offered = Offered("v", 1 << 30, "what", "Apache-2.0", "https://x", is_installed=True)
    text = shown(installed_table(Catalogue([good, bad], [offered])), width=160)

    assert "m 3.0 MiB 688 in use; no unknown word /models" in text
    assert f"half no graph {MARKUP} /models" in text
    assert "v 1.0 GiB Apache-2.0 here already; what" in shown(public_table(Catalogue([], [offered])))


def test_a_verified_model_is_described() -> None:
    """What it lacks is told, and what it hears where nothing is said."""
    facts = Verified("m@1", 3 << 20, 688, 8000, True, True, "vosk 1", 0.05, 6 << 20, "", [])
    poor = Verified(
        "m@1",
        1,
        1,
        16000,
        False,
        False,
        "vosk 1",
        0.05,
        0,
        "نعم",
        [Missing("q", [str(n) for n in range(10)])],
    )

    assert "heard in silence nothing, as it should be" in shown(verified_table(facts))
    assert "loaded by vosk 1 in 50 ms, 6.0 MiB of memory" in shown(verified_table(facts))
    text = shown(verified_table(poor))
    assert "grammars not taken" in text
    assert "heard in silence نعم" in text
    assert "q: 0، 1، 2، 3، 4، 5، 6، 7 and 2 more" in text


def test_counts_stand_beside_shares() -> None:
    """In every table of a measurement."""
    text = shown(
        *evaluation_tables(
            evaluation(
                outcome(Task.YES_NO, Verdict.RIGHT),
                outcome(Task.YES_NO, Verdict.WRONG, 0.85),
                outcome(Task.OFFERED, Verdict.WRONG),
                outcome(Task.OFFERED, Verdict.REFUSED),
                outcome(Task.LABELS, Verdict.RIGHT),
            )
        )
    )

    assert "yes/no clean 2 1 50.0 1 0 0 0" in text
    assert "all labels clean 1 1 100.0 0 0 0 0" in text
    assert "yes/no, labels clean 1 1 100.0 0 0" in text
    assert "clean 2 1 50.0 0 0 1" in text
    assert "0.80-0.90 0/1 0" in text
    assert "0.99-1.00 1/1 100 1 1/1 100" in text
    assert "1 نعم لا yes/no question" in text
    assert "yes/no question 2 4 s 0.0 s 0.0050" in text


def test_the_circumstances_of_a_measurement_are_told() -> None:
    """What it was made with, and what it leaves out."""
    text = shown(*evaluation_tables(evaluation()), width=160)

    assert "model m@1: 3.0 MiB, 688 words, without an unknown word" in text
    assert "memory 10 MiB → 14 MiB → 20 MiB" in text
    assert f"noise clean; {MARKUP}" in text
    assert "no words for زرافة" in text
    assert "not tried number question up to 999" in text


def test_files_that_were_left_out_are_listed() -> None:
    """The first ones, and how many more there are."""
    many = [Unreadable(f"{number}.wav", f"is {MARKUP}") for number in range(30)]

    assert f"0.wav is {MARKUP}" in shown(unreadable_table(many))
    assert "30 files could not be used" in shown(unreadable_table(many))
    assert "and 10 more" in shown(unreadable_table(many))
    assert "1 file could not be used" in shown(unreadable_table(many[:1]))
    assert escape(MARKUP) != MARKUP
