"""Commands, and words of danger."""

from datetime import date

import pytest

from bridge.understanding import Context, Finding, YesNoKind, understand
from bridge.understanding.commands import read_command, read_red_flag
from bridge.understanding.meaning import Command
from bridge.understanding.questions import AskYesNo


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


TODAY = Context(today=date(2026, 11, 21))


@pytest.mark.parametrize(
    ("said", "argument"),
    [
        ("كلمني بكرة الساعة خمسة العصر", "2026-11-22T17:00"),
        ("اتصلوا بعد المغرب", "18:30"),
        ("اتصل بعد ساعة", "PT1H"),
        ("كلموني يوم الأحد", "2026-11-22"),
        ("دقوا علي العصر", "15:30"),
        ("مشغول الحين كلمني بعدين", None),
        ("بعدين", None),
        ("أنا سايق", None),
        ("لا تتصل الحين اتصل بعدين", None),
        ("كلمني وقت تاني", None),
    ],
)
def test_a_call_at_another_time_is_taken_down(said: str, argument: str | None) -> None:
    """With the day, the hour, both, or how long from now."""
    meaning = read_command(said, TODAY)
    assert meaning is not None
    assert (meaning.command, meaning.argument) == (Command.CALLBACK, argument)


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("لا تتصلوا علي مرة ثانية", Command.DO_NOT_CALL),
        ("متتصلوش بيا تاني", Command.DO_NOT_CALL),
        ("احذفوا رقمي لو سمحت", Command.DO_NOT_CALL),
        ("ما أبي اتصالات", Command.DO_NOT_CALL),
        ("الرقم غلط", Command.WRONG_PERSON),
        ("مو أنا أنا ولده", Command.WRONG_PERSON),
        ("ماتت الله يرحمها", Command.WRONG_PERSON),
        ("ارجع للسؤال اللي قبل", Command.BACK),
        ("أبغى أغير جوابي", Command.BACK),
        ("نعم ما سمعت", Command.REPEAT),
        ("لا ما أدري والله", Command.DONT_KNOW),
    ],
)
def test_other_wishes(said: str, command: Command) -> None:
    """To be left alone, to correct, to hear it again behind a yes that is none."""
    meaning = read_command(said, TODAY)
    assert meaning is not None
    assert meaning.command is command


@pytest.mark.parametrize("said", ["لا تتصلوا علي", "شيلوا رقمي", "توفي الله يرحمه"])
def test_some_wishes_come_before_any_answer(said: str) -> None:
    """Whatever was asked."""
    meaning = understand(said, AskYesNo(YesNoKind.FACT), TODAY)
    assert meaning.finding is Finding.COMMAND


def test_a_busy_no_is_a_wish_for_another_time() -> None:
    """It refuses now, and not for ever."""
    meaning = understand("لا أنا مشغول", AskYesNo(YesNoKind.PERMISSION), TODAY)
    assert meaning.command is Command.CALLBACK
