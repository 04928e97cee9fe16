"""Commands, and words of danger."""

import pytest

from bridge.understanding.commands import read_command, read_red_flag
from bridge.understanding.meaning import Command


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("أعد", Command.REPEAT),
        ("وش قلت", Command.REPEAT),
        ("مرة ثانية", Command.REPEAT),
        ("شوي شوي", Command.SLOWER),
        ("على مهلك لو سمحت", Command.SLOWER),
        ("لحظة", Command.WAIT),
        ("استنى شوية", Command.WAIT),
        ("توقف", Command.STOP),
        ("ما بدي كمل", Command.STOP),
        ("مساعدة", Command.PERSON),
        ("حولني على موظف", Command.PERSON),
        ("لا أعرف", Command.DONT_KNOW),
        ("والله مدري", Command.DONT_KNOW),
        ("التالي", Command.REFUSE),
        ("ما أبغى أجاوب", Command.REFUSE),
    ],
)
def test_a_command_is_known_in_every_dialect(said: str, command: Command) -> None:
    """A whole utterance that is one command."""
    meaning = read_command(said)
    assert meaning is not None
    assert meaning.command is command


@pytest.mark.parametrize("said", ["", "والله", "توقف الألم", "أعد توقف", "نعم", "أعد سبعة"])
def test_a_command_among_other_words_is_none(said: str) -> None:
    """More than the command, or two of them, is no command."""
    assert read_command(said) is None


@pytest.mark.parametrize(
    "said", ["طوارئ", "عندي نزيف قوي", "لا أعوذ بالله ما أفكر بالانتحار", "والله صدري يوجعني"]
)
def test_words_of_danger_count_anywhere(said: str) -> None:
    """Neither other words nor a negation hide them."""
    meaning = read_red_flag(said)
    assert meaning is not None
    assert meaning.command is Command.EMERGENCY


def test_a_figure_of_speech_is_flagged_with_little_confidence() -> None:
    """Nobody can tell from the words alone that it is one."""
    meaning = read_red_flag("ميت من التعب")
    assert meaning is not None
    assert (meaning.flag, meaning.confidence) == ("self_harm", 0.3)


@pytest.mark.parametrize("said", ["", "صدري", "ألم خفيف", "قلبي سليم", "عندي ميت سؤال"])
def test_ordinary_complaints_are_no_danger(said: str) -> None:
    """Single symptoms raise no alarm."""
    assert read_red_flag(said) is None
