"""The hearing rule as a table."""

import pytest

from bridge.dialogue.hearing import Trust, hear
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.questions import meaning_of
from bridge.understanding import UNKNOWN_WORD, Command, Finding, Meaning, YesNoKind
from bridge.understanding.questions import AskNumber, AskYesNo

UNK = UNKNOWN_WORD

BOTH_WAYS = [
    ("خمسة", "خمسة", Trust.AGREED, 5),
    ("خمسة", "٥", Trust.AGREED, 5),
    ("خمسة", "سبعة", Trust.DOUBT, 5),
    ("خمسة", "", Trust.DOUBT, 5),
    ("", "خمسة", Trust.DOUBT, 5),
    ("خمسة", "توقف", Trust.DOUBT, 5),
    ("خمسة", "عشرون", Trust.DOUBT, 5),
    ("قدم", "قدم", Trust.NONE, None),
    ("", "", Trust.NONE, None),
]
COMMANDS = [
    ("توقف", "توقف", Trust.AGREED, Command.STOP),
    ("توقف", "أعد", Trust.NONE, Command.STOP),
    ("مساعدة", "قدم", Trust.DOUBT, Command.PERSON),
    ("لا أعرف", "قدم", Trust.DOUBT, Command.DONT_KNOW),
    ("لا أعرف", "طبيب", Trust.DOUBT, Command.DONT_KNOW),
    ("خمسة", "طوارئ", Trust.DOUBT, Command.EMERGENCY),
]


def read(text: str) -> Meaning:
    return meaning_of(text, AskNumber(0, 10))


@pytest.mark.parametrize(("closed", "open_", "trust", "value"), BOTH_WAYS)
def test_a_value_is_trusted_when_both_say_it(
    closed: str, open_: str, trust: Trust, value: int | None
) -> None:
    """One reading alone is doubted, the closed one's value first."""
    heard = hear(Utterance((closed,), (open_,), 1.0), read)
    assert (heard.trust, heard.meaning.value) == (trust, value)


@pytest.mark.parametrize(("closed", "open_", "trust", "command"), COMMANDS)
def test_commands_are_weighed_too(closed: str, open_: str, trust: Trust, command: Command) -> None:
    """Danger is never dropped; a person is asked about; other commands need both readings."""
    heard = hear(Utterance((closed,), (open_,), 1.0), read)
    assert (heard.trust, heard.meaning.command) == (trust, command)


def test_confidence_does_not_settle_a_disagreement() -> None:
    """It has been as high on reversed answers as on right ones."""
    assert hear(Utterance(("خمسة",), ("سبعة",), 1.0), read) == hear(
        Utterance(("خمسة",), ("سبعة",), 0.0), read
    )


@pytest.mark.parametrize(
    ("text", "confidence", "trust"),
    [
        ("خمسة", 0.7, Trust.AGREED),
        ("خمسة", 0.5, Trust.DOUBT),
        ("لا أعرف", 0.5, Trust.DOUBT),
        ("أعد", 0.2, Trust.AGREED),
        ("قدم", 0.2, Trust.NONE),
        ("عشرون", 0.2, Trust.NONE),
    ],
)
def test_an_answer_of_low_confidence_is_doubted(text: str, confidence: float, trust: Trust) -> None:
    """An answer, though all readings agree; a command has no value that could be stored wrongly."""
    assert hear(Utterance((text,), (text,), confidence), read, sure_above=0.6).trust is trust


@pytest.mark.parametrize(("closed", "open_"), [("عشرون", "عشرون"), ("عشرون", "قدم"), ("قدم", "عشرون")])
def test_a_number_out_of_range_is_nothing_to_act_upon(closed: str, open_: str) -> None:
    """But it is known for what it is, so that the range can be said."""
    heard = hear(Utterance((closed,), (open_,), 1.0), read)
    assert (heard.trust, heard.meaning.finding) == (Trust.NONE, Finding.OUT_OF_RANGE)


@pytest.mark.parametrize(
    ("closed", "open_", "trust", "value"),
    [
        (("خمسة",) * 3, ("خمسة",) * 3, Trust.AGREED, 5),
        (("خمسة",) * 3, ("قدم", "يد", "خمسة"), Trust.AGREED, 5),  # one open reading is enough
        (("خمسة", "خمسة", "سبعة"), ("خمسة",) * 3, Trust.DOUBT, 5),  # the closed ones must all say so
        (("سبعة", "خمسة", "خمسة"), ("سبعة",) * 3, Trust.DOUBT, 5),  # what most of them say is read back
        (("خمسة", "", "خمسة"), ("خمسة",) * 3, Trust.DOUBT, 5),
        ((), ("خمسة",) * 3, Trust.DOUBT, 5),  # a model that takes no grammar gives open readings only
        ((), (), Trust.NONE, None),
    ],
)
def test_several_readings_are_weighed(
    closed: tuple[str, ...], open_: tuple[str, ...], trust: Trust, value: int | None
) -> None:
    """What is taken at once is what every closed reading says, and an open one too."""
    heard = hear(Utterance(closed, open_, 1.0), read)
    assert (heard.trust, heard.meaning.value) == (trust, value)


def test_the_record_keeps_every_reading_that_differs() -> None:
    """An answer can be traced to all that was heard."""
    utterance = Utterance(("خمسة", "خمسة", "سبعة"), ("خمسة",) * 3, 1.0)
    assert (utterance.closed_text, utterance.open_text) == ("خمسة | سبعة", "خمسة")


def read_yes(text: str) -> Meaning:
    return meaning_of(text, AskYesNo(YesNoKind.FACT))


@pytest.mark.parametrize(
    ("closed", "open_", "trust", "value"),
    [
        ((UNK,) * 3, (UNK,) * 3, Trust.NONE, None),
        (("نعم",) * 3, (UNK,) * 3, Trust.DOUBT, True),  # nobody else heard it
        (("نعم", "نعم", UNK), ("نعم",) * 3, Trust.DOUBT, True),  # "none of these" is a disagreement
        ((f"نعم {UNK}",) * 3, (f"نعم {UNK}",) * 3, Trust.DOUBT, True),  # all agree, and all heard more
        (("نعم",) * 3, ("نعم", "نعم", f"نعم {UNK}"), Trust.DOUBT, True),
        ((f"نعم {UNK}",) * 3, ("نعم",) * 3, Trust.DOUBT, True),
        ((f"{UNK} نعم",) * 3, (f"{UNK} نعم",) * 3, Trust.NONE, None),  # "not" may have come first
        ((f"{UNK} نعم",) * 3, ("والله نعم",) * 3, Trust.DOUBT, True),
        ((UNK,) * 3, ("بالتأكيد",) * 3, Trust.DOUBT, True),  # a yes that the question does not list
        ((UNK,) * 3, ("لا", "لا", "يد"), Trust.NONE, None),  # a television
        ((UNK,) * 3, ("لا", "نعم", "لا"), Trust.NONE, None),
        ((UNK,) * 3, ("نزيف", "يد", "قدم"), Trust.DOUBT, None),  # danger is never dropped
        ((UNK,) * 3, ("طبيب", "يد", "قدم"), Trust.NONE, None),
        ((UNK, UNK, ""), ("لا", "يد", "يد"), Trust.NONE, None),
        (("", "", ""), ("لا", "يد", "يد"), Trust.DOUBT, False),  # nothing heard is no refusal
    ],
)
def test_an_unknown_word_is_an_opinion(
    closed: tuple[str, ...], open_: tuple[str, ...], trust: Trust, value: bool | None
) -> None:
    """It never makes an answer, it takes agreement away, and said by all it is a refusal."""
    heard = hear(Utterance(closed, open_, 1.0), read_yes)
    assert (heard.trust, heard.meaning.value) == (trust, value)


@pytest.mark.parametrize("closed", [f"خمسة {UNK}", f"{UNK} خمسة", UNK])
def test_a_number_beside_the_unknown_is_asked_again(closed: str) -> None:
    """Eighty-five of which five was heard is not read back as five, were it heard so six times."""
    heard = hear(Utterance((closed,) * 3, (closed,) * 3, 1.0), read)
    assert (heard.trust, heard.meaning.value) == (Trust.NONE, None)


@pytest.mark.parametrize("open_", [("خمسة", "خمسة", "نزيف"), ("خمسة نزيف", "خمسة", "خمسة")])
def test_danger_outweighs_an_answer_that_all_others_agree_on(open_: tuple[str, ...]) -> None:
    """One reading of six is enough for a question."""
    heard = hear(Utterance(("خمسة",) * 3, open_, 1.0), read)
    assert (heard.trust, heard.meaning.command) == (Trust.DOUBT, Command.EMERGENCY)


def test_danger_that_all_readings_hold_is_agreed() -> None:
    """Said again to the question whether help is needed, it is a yes."""
    heard = hear(Utterance(("نزيف",) * 3, ("نزيف",) * 3, 1.0), read)
    assert (heard.trust, heard.meaning.command) == (Trust.AGREED, Command.EMERGENCY)
