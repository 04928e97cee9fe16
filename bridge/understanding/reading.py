"""One text, one question: words of danger first, then the answer, then commands."""

from collections.abc import Callable

from bridge.understanding.commands import read_command, read_red_flag
from bridge.understanding.meaning import Finding, Meaning

__all__ = ["understand"]


def understand(text: str, read: Callable[[str], Meaning]) -> Meaning:
    """Find what `text` means where `read` reads the answers.

    An answer wins over a command of the same words: the question was put to the caller, the command was not.
    """
    flag = read_red_flag(text)
    if flag is not None:
        return flag
    answer = read(text)
    if answer.finding in (Finding.VALUE, Finding.OUT_OF_RANGE):
        return answer
    return read_command(text) or answer
