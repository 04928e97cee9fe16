"""simulating_lines and _sources: what a typed line does."""

from pathlib import Path

import pytest

from bridge.authoring.simulation.lines import Does, When, read_line, spelled
from bridge.authoring.simulation.sources import Typed, Written, source_of
from bridge.authoring.simulation.telephone import SimulationError


@pytest.mark.parametrize(
    ("typed", "does", "text"),
    [
        ("نعم، والله", Does.SAY, "نعم، والله"),
        ("", Does.SILENCE, ""),
        ("   ", Does.SILENCE, ""),
        ("/1", Does.PRESS, "1"),
        ("/130*80#", Does.PRESS, "130*80#"),
        ("/#", Does.PRESS, "#"),
        ("/state", Does.STATE, ""),
        ("/hangup", Does.HANG_UP, ""),
        ("/machine", Does.MACHINE, ""),
        ("12 على 8", Does.SAY, "12 على 8"),
    ],
)
def test_a_line_is_words_keys_silence_or_a_command(typed: str, does: Does, text: str) -> None:
    line = read_line(typed)
    assert (line.does, line.text) == (does, text)


@pytest.mark.parametrize(
    ("typed", "does", "text", "when"),
    [
        ("/over نعم", Does.SAY, "نعم", When.OVER),
        ("/early لا والله", Does.SAY, "لا والله", When.EARLY),
        ("/over /1", Does.PRESS, "1", When.OVER),
        ("/early /130*80#", Does.PRESS, "130*80#", When.EARLY),
        ("نعم", Does.SAY, "نعم", When.AFTER),
    ],
)
def test_words_and_keys_may_come_over_the_prompt_or_before_it(
    typed: str, does: Does, text: str, when: When
) -> None:
    line = read_line(typed)
    assert (line.does, line.text, line.when, line.raw) == (does, text, when, typed)


def test_a_call_is_taken_up_again_after_hours() -> None:
    assert read_line("/again 2.5").hours == 2.5


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("/hang", "did you mean '/hangup'?"),
        ("/x", "there are /state, /hangup, /again, /machine, /help"),
        ("#1", "keys stand after a slash: /1"),
        ("/again", "/again 3"),
        ("/ovr نعم", "did you mean '/over'?"),
        ("/over", "words or keys stand behind it: /over نعم or /over /1"),
        ("/early /hangup", "/early نعم or /early /1"),
        ("/early /over نعم", "/early نعم or /early /1"),
        ("/again -1", "/again 3"),
    ],
)
def test_what_is_neither_is_refused_with_what_would_be_right(typed: str, sentence: str) -> None:
    with pytest.raises(SimulationError, match=r".") as refused:
        read_line(typed)
    assert sentence in str(refused.value)


def test_typed_words_are_spelled_as_they_are_listened_for() -> None:
    """Vowels, hamzas and punctuation are the typist's own; what is not listened for stays as it was typed."""
    assert spelled("أيوَه، نَعَم غيره", ["ايوه", "نعم"]) == "ايوه نعم غيره"


def test_written_lines_are_read_before_the_first_is_played(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    said.write_text("# a remark\nنعم\n/nope\n", encoding="utf-8")
    with pytest.raises(SimulationError, match=r"^said\.txt:3: '/nope'"):
        source_of(said, print)


def test_written_lines_end_with_a_hang_up_and_are_counted_when_left() -> None:
    source = Written("نعم\n\n/1\n\n", "x")
    assert source.left == 2
    assert [source.take(is_over=False).does for _ in range(4)][1:3] == [Does.SILENCE, Does.PRESS]
    assert source.take(is_over=False).does is Does.HANG_UP
    assert source.take(is_over=True) is None


def test_after_a_call_only_another_call_is_played() -> None:
    source = Written("/again 1\nنعم", "x")
    assert source.take(is_over=True).does is Does.AGAIN
    assert source.take(is_over=True) is None
    assert source.left == 1


def test_a_typing_mistake_is_told_and_typed_again() -> None:
    typed, told = iter(["/nope", "/1"]), []
    source = Typed(lambda: next(typed), told.append)
    assert source.take(is_over=False).text == "1"
    assert len(told) == 1


def test_the_end_of_typing_hangs_up() -> None:
    def ended() -> str:
        raise EOFError

    assert Typed(ended, print).take(is_over=False).does is Does.HANG_UP
