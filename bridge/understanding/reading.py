"""One text, one question: words of danger first, then the answer, then commands.

A recogniser that has an unknown word writes it where something was said that it has no word for. Nobody knows
what that was, so it is never passed over: at most it leaves a doubt.
"""

from collections.abc import Callable

from msgspec.structs import replace

from bridge.understanding.commands import read_command, read_red_flag
from bridge.understanding.meaning import Command, Finding, Meaning, nothing

__all__ = ["UNKNOWN_WORD", "understand"]

UNKNOWN_WORD = "[unk]"  # as Vosk models spell it

_REPLIES = (Command.DONT_KNOW, Command.REFUSE)


def understand(text: str, read: Callable[[str], Meaning]) -> Meaning:
    """Find what `text` means where `read` reads the answers.

    An answer wins over a command of the same words: the question was put to the caller, the command was not.
    """
    flag = read_red_flag(text)
    if flag is not None:
        return flag
    words = text.split()
    return _among_unknown(words, read) if UNKNOWN_WORD in words else _known(text, read)


def _known(text: str, read: Callable[[str], Meaning]) -> Meaning:
    answer = read(text)
    if answer.finding in (Finding.VALUE, Finding.OUT_OF_RANGE):
        return answer
    return read_command(text) or answer


def _among_unknown(words: list[str], read: Callable[[str], Meaning]) -> Meaning:
    """Doubt what stands before the unknown; an unknown word before an answer may be "not".

    A number is not even doubted: what was said beside "five" may make it eighty-five. A person who was asked
    for is worth a question, wherever the unknown words stand.
    """
    known = [word for word in words if word != UNKNOWN_WORD]
    meaning = _known(" ".join(known), read) if known else nothing("unknown_word")
    is_whole = words[: len(known)] == known  # the unknown came last
    if meaning.command is Command.PERSON or (is_whole and _may_be_doubted(meaning)):
        return replace(meaning, doubtful=True)
    return nothing("unknown_word")


def _may_be_doubted(meaning: Meaning) -> bool:
    is_number = isinstance(meaning.value, int) and not isinstance(meaning.value, bool)
    return meaning.command in _REPLIES or (meaning.finding is Finding.VALUE and not is_number)
