"""Whether the words that are listened for would be understood. Pure; it never raises.

A phrase that is heard and means nothing, or something else, is worse than none: it takes probability from the
others and costs the caller a question.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from bridge.dialogue.dialects import Phrases
from bridge.dialogue.document import Path, Problem
from bridge.dialogue.questionnaire import NUMBERS_WITH_WORDS, Words
from bridge.understanding import (
    Command,
    Meaning,
    YesNoKind,
    normalise,
    read_number,
    read_red_flag,
    read_yes_no,
    understand,
)

__all__ = ["check_words"]

Fits = Callable[[str], bool]

_WILLING = (YesNoKind.PERMISSION, YesNoKind.PROMISE)
_REPLIES = (Command.DONT_KNOW, Command.REFUSE)
_COMMANDS = (
    *(Command.REPEAT, Command.SLOWER, Command.WAIT, Command.STOP, Command.PERSON),
    *(Command.BACK, Command.CALLBACK, Command.DO_NOT_CALL, Command.WRONG_PERSON),
)
GREATEST = max(NUMBERS_WITH_WORDS)


def check_words(words: Words) -> tuple[Problem, ...]:
    """Find phrases that are not understood as what they are listed for, and numbers without words."""
    return _problems(words.model_dump_json())


@lru_cache(maxsize=16)  # most questionnaires share the words of the common content
def _problems(dumped: str) -> tuple[Problem, ...]:
    words = Words.model_validate_json(dumped)
    return (*_misunderstood(words), *_numbers(words))


def _misunderstood(words: Words) -> Iterator[Problem]:
    for name, phrases, meant, fits in _listened_for(words):
        path = ("words", *name.split("."))
        for at, phrase in _each(phrases):
            if not fits(phrase):
                yield Problem((*path, *at), f"'{phrase}' is not understood as {meant}; choose other words")


def _listened_for(words: Words) -> Iterator[tuple[str, Phrases, str, Fits]]:
    yield "yes.phrases", words.yes.phrases, "yes", _answers(YesNoKind, value=True)
    yield "no.phrases", words.no.phrases, "no", _answers(YesNoKind, value=False)
    yield "permission", words.permission, "a yes to 'may I?'", _answers(_WILLING, value=True)
    yield "no_permission", words.no_permission, "a no to 'may I?'", _answers(_WILLING, value=False)
    yield "promise", words.promise, "a yes to 'will you?'", _answers([YesNoKind.PROMISE], value=True)
    yield "right", words.right, "a yes to 'is this right?'", _answers([YesNoKind.FACT], value=True)
    yield "wrong", words.wrong, "a no to 'is this right?'", _answers([YesNoKind.FACT], value=False)
    for command in _REPLIES:
        yield f"{command}.phrases", getattr(words, command).phrases, f"'{command}'", _asks_for(command)
    for command in _COMMANDS:
        yield str(command), getattr(words, command), f"'{command}'", _asks_for(command)
    for kind, phrases in words.red_flags.by_kind.items():
        yield f"red_flags.{kind}", phrases, "danger", lambda said: read_red_flag(said) is not None
    for number, phrases in words.number_words.items():
        yield f"number_words.{number}", phrases, str(number), _counts(number)


def _each(phrases: Phrases) -> Iterator[tuple[Path, str]]:
    for dialect, listed in phrases.items():
        yield from (((dialect, at), phrase) for at, phrase in enumerate(listed))


def _answers(kinds: Iterable[YesNoKind], *, value: bool) -> Fits:
    return lambda said: all(_read(said, kind).value is value for kind in kinds)


def _asks_for(command: Command) -> Fits:
    return lambda said: all(_read(said, kind).command is command for kind in YesNoKind)


def _read(said: str, kind: YesNoKind) -> Meaning:
    return understand(normalise(said), lambda text: read_yes_no(text, kind))


def _counts(number: int) -> Fits:
    return lambda said: read_number(said, 0, GREATEST).value == number


def _numbers(words: Words) -> Iterator[Problem]:
    path, given, wanted = ("words", "number_words"), set(words.number_words), set(NUMBERS_WITH_WORDS)
    if missing := sorted(wanted - given):
        yield Problem(path, f"has no words for {', '.join(map(str, missing))}; each needs one")
    for number in sorted(given - wanted):
        yield Problem((*path, str(number)), "is said in the words of other numbers; leave it out")
