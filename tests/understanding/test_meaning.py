"""When two meanings are one."""

from bridge.understanding.meaning import Command, Finding, Meaning, nothing


def test_the_same_value_by_another_rule_agrees() -> None:
    """Two spellings of one answer agree."""
    assert Meaning(Finding.VALUE, "a", value=5).agrees_with(Meaning(Finding.VALUE, "b", value=5))


def test_different_meanings_do_not_agree() -> None:
    """Another value, or a command, is no agreement."""
    five = Meaning(Finding.VALUE, "a", value=5)
    assert not five.agrees_with(Meaning(Finding.VALUE, "a", value=6))
    assert not five.agrees_with(Meaning(Finding.COMMAND, "a", command=Command.STOP))


def test_two_nothings_agree_on_nothing() -> None:
    """Where nothing was understood there is nothing to act upon."""
    assert not nothing("empty").agrees_with(nothing("empty"))
