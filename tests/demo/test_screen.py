"""`bridge.demo.screen`: what a person reads."""

import io

import pytest
from rich.console import Console

from bridge.demo.ledger import LedgerTurn
from bridge.demo.screen import Screen, shown
from bridge.demo.verdict import AnswerReport, DemoReport, Latency, StoredAnswer
from bridge.dialogue.answer import Value

TURN = LedgerTurn(
    index=1,
    item="pain",
    input="speech",
    closed="ثلاثة",
    open="ثلاثة",
    confidence=0.93,
    meaning="answer",
    prompt="كم درجة الألم؟",
    latency_ms=Latency(endpoint=610.4, total=655.2),
)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(output: io.StringIO) -> Screen:
    return Screen(Console(file=output, width=120))


def test_a_turn_tells_who_said_what_and_how_fast(screen: Screen, output: io.StringIO) -> None:
    """Prompt, recognised words, confidence, both latencies, and the value stored."""
    screen.turn(TURN, [StoredAnswer("pain", 3, "speech", 1)])

    for text in (
        "كم درجة الألم؟",
        "ثلاثة",
        "confidence 0.93",
        "endpoint 610 ms",
        "reply 655 ms",
        "pain = 3",
    ):
        assert text in output.getvalue()


def test_arabic_ends_its_line(screen: Screen, output: io.StringIO) -> None:
    """Nothing follows Arabic on a line, so no terminal can draw it into the wrong order."""
    screen.turn(TURN, [])

    lines = [line.rstrip() for line in output.getvalue().splitlines() if "ثلاثة" in line or "؟" in line]
    assert [line[-1] for line in lines] == ["؟", "ة"]


def test_unknown_measurements_are_left_out(screen: Screen, output: io.StringIO) -> None:
    """Pressed keys have no confidence."""
    turn = LedgerTurn(1, "pain", "dtmf", "3", "", None, "answer", "", Latency())
    screen.turn(turn, [])

    assert "keys" in output.getvalue()
    assert "confidence" not in output.getvalue()


def test_the_answers_are_shown_beside_what_was_said(screen: Screen, output: io.StringIO) -> None:
    """Right and wrong answers are told apart by a sign, not by colour alone."""
    good = AnswerReport("fever", said=False, stored=False, ok=True, via="speech", tries=1)
    bad = AnswerReport("pain", said=3, stored=None, ok=False, via="none", tries=0)
    screen.answers(DemoReport(completed=True, disposition="completed", answers=(good, bad), turns=()))

    assert output.getvalue().count("✓") == 1
    assert output.getvalue().count("✗") == 1


def test_the_outcome_names_every_failure(screen: Screen, output: io.StringIO) -> None:
    """Each reason has a line of its own."""
    screen.outcome(["one reason", "another"])

    assert output.getvalue().splitlines() == ["✗ one reason", "✗ another"]


def test_paths_are_never_folded(screen: Screen, output: io.StringIO) -> None:
    """What is there to be copied stays in one piece."""
    path = "/a/very/long/path" * 20

    screen.next_steps([("the call", path)])

    assert path in output.getvalue()


@pytest.mark.parametrize(
    ("value", "text"), [(True, "yes"), (False, "no"), (0, "0"), ("later", "later"), (None, "–")]
)
def test_values_are_shown_as_people_write_them(value: Value, text: str) -> None:
    """Yes and no, not True and False."""
    assert shown(value) == text


def test_brackets_in_a_message_are_no_markup(screen: Screen, output: io.StringIO) -> None:
    """An error's text is printed as it is."""
    screen.problem("[bold]what[/nonsense]")

    assert output.getvalue() == "[bold]what[/nonsense]\n"
