"""The order in which meanings are looked for."""

import pytest

from bridge.understanding import (
    UNKNOWN_WORD,
    Command,
    Context,
    Finding,
    Meaning,
    YesNoKind,
    read_choice,
    read_number,
    read_yes_no,
    understand,
)
from bridge.understanding.questions import AskBloodPressure, AskText, AskYesNo

UNK = UNKNOWN_WORD


def read(text: str) -> Meaning:
    return read_yes_no(text, YesNoKind.PERMISSION)


def test_danger_comes_before_the_answer() -> None:
    """A yes that holds a word of danger is first of all danger."""
    assert understand("نعم عندي نزيف", read).command is Command.EMERGENCY


def test_the_answer_comes_before_commands() -> None:
    """A word that is both answers the question that was put."""
    assert understand("إيه", read).value is True


def test_a_command_is_heard_where_no_answer_is() -> None:
    """Not to know is a reply, and no "no"."""
    assert understand("لا أعرف", read).command is Command.DONT_KNOW


def test_nothing_keeps_the_readers_reason() -> None:
    """What was wrong with the answer stays known."""
    assert understand("نعم لا", read).finding is Finding.AMBIGUOUS


@pytest.mark.parametrize(
    "text", [UNK, f"{UNK} {UNK}", f"{UNK} نعم", f"{UNK} موافق", f"نعم {UNK} لا", f"لا {UNK} نعم"]
)
def test_an_unknown_word_says_nothing(text: str) -> None:
    """Alone it is no answer, and before an answer it may be the "not" that turns it round."""
    meaning = understand(text, read)
    assert (meaning.finding, meaning.rule) == (Finding.NOTHING, "unknown_word")


@pytest.mark.parametrize(
    ("text", "value"), [(f"نعم {UNK}", True), (f"لا {UNK}", False), (f"لا والله {UNK} {UNK}", False)]
)
def test_an_answer_with_more_behind_it_is_doubted(text: str, value: bool) -> None:
    """It is read back, never taken."""
    meaning = understand(text, read)
    assert (meaning.value, meaning.doubtful) == (value, True)


def test_an_option_with_more_behind_it_is_doubted() -> None:
    """A word before it may be "not", so that it is not even that."""
    options = {"good": ["جيد"], "poor": ["سيئ"]}
    meaning = understand(f"جيد {UNK}", lambda text: read_choice(text, options))
    assert (meaning.value, meaning.doubtful) == ("good", True)
    assert understand(f"{UNK} جيد", lambda text: read_choice(text, options)).value is None


@pytest.mark.parametrize(
    "text", [f"خمسة {UNK}", f"{UNK} خمسة", f"خمسة {UNK} عشرين", f"مية {UNK}", f"{UNK} وعشرين"]
)
def test_an_unknown_word_beside_a_number_invalidates_it(text: str) -> None:
    """A part of a number that was missed makes another number of it, not only a doubtful one."""
    meaning = understand(text, lambda said: read_number(said, 0, 999))
    assert (meaning.finding, meaning.value) == (Finding.NOTHING, None)


def test_a_number_out_of_range_with_more_behind_it_is_none() -> None:
    """The caller is not told that a number was too great which nobody heard."""
    assert understand(f"عشرين {UNK}", lambda said: read_number(said, 0, 10)).finding is Finding.NOTHING


@pytest.mark.parametrize("text", [f"مساعدة {UNK}", f"{UNK} مساعدة", f"{UNK} موظف {UNK}"])
def test_a_person_among_unknown_words_is_worth_a_question(text: str) -> None:
    """Doubtful, so that it is asked about and not acted upon."""
    meaning = understand(text, read)
    assert (meaning.command, meaning.doubtful) == (Command.PERSON, True)


@pytest.mark.parametrize("word", ["أعد", "توقف", "لحظة", "شوي شوي"])
def test_other_commands_must_stand_alone(word: str) -> None:
    """A sentence of which only "stop" was understood may be about anything."""
    assert understand(f"{word} {UNK}", read).finding is Finding.NOTHING


def test_not_knowing_with_more_behind_it_is_doubted() -> None:
    """It is a reply, and is read back like one."""
    meaning = understand(f"لا أعرف {UNK}", read)
    assert (meaning.command, meaning.doubtful) == (Command.DONT_KNOW, True)


def test_danger_is_heard_among_unknown_words() -> None:
    """Whatever stands around it."""
    assert understand(f"{UNK} عندي {UNK} نزيف {UNK}", read).command is Command.EMERGENCY


def test_a_word_that_is_a_question_in_egypt_is_a_yes_elsewhere() -> None:
    """Where it is known how the caller speaks."""
    question = AskYesNo(YesNoKind.FACT)
    assert understand("ايه", question).doubtful
    assert not understand("ايه", question, Context(dialects=("glf",))).doubtful
    assert understand("ايه", question, Context(dialects=("glf", "egy"))).doubtful


def test_free_speech_is_kept_unless_it_is_a_wish() -> None:
    """Anything is an answer, but "stop" is none."""
    assert understand("نمت قليلا أمس", AskText()).value == "نمت قليلا أمس"
    assert understand("توقف", AskText()).command is Command.STOP


def test_a_pressure_with_more_behind_it_is_none() -> None:
    """Figures are not doubted beside the unknown, they are dropped."""
    assert understand(f"مية وعشرين على ثمانين {UNK}", AskBloodPressure()).value is None


def test_the_text_is_kept_beside_its_meaning() -> None:
    meaning = understand("إيه، نَعَم", AskYesNo(YesNoKind.FACT))
    assert (meaning.raw, meaning.normalised) == ("إيه، نَعَم", "ايه نعم")
