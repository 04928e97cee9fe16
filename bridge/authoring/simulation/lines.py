"""One typed line of a played call: words to say, keys after a slash, silence, or a command. Pure.

Words and keys may come over the prompt, or before the question could be heard at all.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from bridge.authoring.simulation.telephone import SimulationError
from bridge.dialogue.hints import did_you_mean
from bridge.understanding import bare
from bridge.understanding.normalisation import normalise

__all__ = ["MANUAL", "Does", "Line", "When", "read_line", "readable", "spelled"]

MANUAL = (
    "Type what the caller says, in words (سبعة, not 7). /1 or /130*80# presses keys, an empty line is "
    "silence, /state shows the state, /hangup or Ctrl-D hangs up, /again 3 hangs up and calls again "
    "3 hours later, /machine lets a machine answer. /over نعم or /over /1 comes while the prompt is spoken, "
    "/early نعم or /early /1 before the question could be heard, as a key that is pressed twice does."
)
_KEYS = re.compile(r"[0-9*#]+")
_AT_THE_EDGES = ".،؛؟!,:;?\"'«»()"


class Does(StrEnum):
    """What a line does."""

    SAY = "say"
    PRESS = "press"
    SILENCE = "silence"
    STATE = "state"
    HANG_UP = "hangup"
    AGAIN = "again"
    MACHINE = "machine"
    HELP = "help"


COMMANDS = (Does.STATE, Does.HANG_UP, Does.AGAIN, Does.MACHINE, Does.HELP)


class When(StrEnum):
    """When it is said or pressed, seen from the prompt."""

    AFTER = "after"
    OVER = "over"
    EARLY = "early"  # before the question could be heard


class Line(Struct, frozen=True):
    """One line, read."""

    does: Does
    text: str = ""  # the words, or the keys
    hours: float = 0.0  # until the caller is called again
    raw: str = ""  # as it was typed
    when: When = When.AFTER


INTERRUPTIONS = (When.OVER, When.EARLY)


def read_line(text: str) -> Line:
    """Read one line.

    Raises:
        SimulationError: it begins with a slash and is neither keys nor a command.

    """
    text = text.strip()
    if not text:
        return Line(Does.SILENCE)
    if _KEYS.fullmatch(text) and "#" in text:
        raise SimulationError(f"{text!r}: keys stand after a slash: /{text.lstrip('#')}")
    if not text.startswith("/"):
        return Line(Does.SAY, text, raw=text)
    if _KEYS.fullmatch(text[1:]):
        return Line(Does.PRESS, text[1:], raw=text)
    name, _, argument = text[1:].partition(" ")
    if name in INTERRUPTIONS:
        return _interrupting(When(name), argument, text)
    if name not in COMMANDS:
        known = ", ".join(f"/{one}" for one in (*COMMANDS, *INTERRUPTIONS))
        hint = did_you_mean(name, (*COMMANDS, *INTERRUPTIONS)).replace("'", "'/", 1)
        raise SimulationError(
            f"{text!r} is no command{hint or f'; there are {known}'}; keys are pressed as /1"
        )
    if name == Does.AGAIN:
        return Line(Does.AGAIN, hours=_hours(argument), raw=text)
    return Line(Does(name), raw=text)


def _interrupting(when: When, argument: str, raw: str) -> Line:
    line = read_line(argument)
    if line.does not in (Does.SAY, Does.PRESS) or line.when is not When.AFTER:
        raise SimulationError(f"{raw!r}: words or keys stand behind it: /{when} نعم or /{when} /1")
    return replace(line, when=when, raw=raw)


def spelled(words: str, phrases: Iterable[str]) -> str:
    """Typed words as a recogniser would write them: without vowel signs, and as `phrases` spell them."""
    known = {word for phrase in phrases for word in phrase.split()}
    alike = {normalise(word): word for word in sorted(known)}
    typed = [word.strip(_AT_THE_EDGES) for word in bare(words).split()]
    return " ".join(word if word in known else alike.get(normalise(word), word) for word in typed if word)


def readable(text: str) -> str:
    """A prompt as people write it: the vowel signs are for the voice."""
    return bare(text)


def _hours(argument: str) -> float:
    try:
        hours = float(argument)
    except ValueError:
        hours = -1.0
    if not 0 <= hours < float("inf"):
        raise SimulationError(f"'/again {argument}': write after how many hours: /again 3")
    return hours
