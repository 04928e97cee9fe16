"""Wishes about the call itself, which may come instead of any answer, and words of danger.

A command counts only when it is all that was said. Words of danger count wherever they stand, also beside a
negation; what follows from them is a question, never an act.
"""

from bridge.understanding import lexicon
from bridge.understanding.meaning import Command, Finding, Meaning
from bridge.understanding.normalisation import normalise
from bridge.understanding.phrases import Phrasebook, contains_phrase

__all__ = ["read_command", "read_red_flag"]

_COMMANDS: Phrasebook[Command | str] = Phrasebook(
    [
        *((phrase, "filler") for phrase in lexicon.FILLERS),
        *((phrase, Command.REFUSE) for phrase in lexicon.REFUSE),
        *((phrase, Command.REPEAT) for phrase in lexicon.REPEAT),
        *((phrase, Command.SLOWER) for phrase in lexicon.SLOWER),
        *((phrase, Command.WAIT) for phrase in lexicon.WAIT),
        *((phrase, Command.STOP) for phrase in lexicon.STOP),
        *((phrase, Command.PERSON) for phrase in lexicon.PERSON),
        *((phrase, Command.DONT_KNOW) for phrase in lexicon.DONT_KNOW),
    ]
)
_RED_FLAGS = tuple(tuple(normalise(phrase).split()) for phrase in lexicon.RED_FLAGS)


def read_command(text: str) -> Meaning | None:
    """Read `text` as one command; None when it is none, holds more than it, or holds two."""
    said = set(_COMMANDS.labels(normalise(text).split())) - {"filler"}
    if len(said) != 1:
        return None
    (command,) = said
    if not isinstance(command, Command):
        return None
    return Meaning(Finding.COMMAND, f"command_phrase:{command}", command=command)


def read_red_flag(text: str) -> Meaning | None:
    """Find words of danger anywhere in `text`."""
    tokens = normalise(text).split()
    if any(contains_phrase(tokens, phrase) for phrase in _RED_FLAGS):
        return Meaning(Finding.COMMAND, "red_flag", command=Command.EMERGENCY)
    return None
