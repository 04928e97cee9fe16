"""The order in which meanings are looked for."""

from bridge.understanding import Command, Finding, Meaning, YesNoKind, read_yes_no, understand


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
