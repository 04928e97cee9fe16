"""A lexicon from its file; or every fault of it, by line and field.

lexicon:
  بنادول: بَنَادُول
  COVID-19: كُوفِيد تِسْعَةَ عَشَر
"""

from collections.abc import Iterator
from pathlib import Path

from bridge.dialogue.document import Document, Problem, read_document
from bridge.errors import BridgeError, Fault
from bridge.speech.reading.lexicon import Keys, Lexicon, fault_of, keys_of
from bridge.speech.reading.tokens import tokens_of

__all__ = ["LexiconError", "load_lexicon", "parse_lexicon"]

FIELD = "lexicon"
_MAX_BYTES = 1024 * 1024  # read no further into a file that is no lexicon
_SHAPE = "should be a block of words, each with how it is said: {بنادول: بَنَادُول}"


class LexiconError(BridgeError):
    """A lexicon is wrong; the text names file, line and field."""

    code = "lexicon"


def load_lexicon(path: Path) -> Lexicon:
    """Load a lexicon.

    Raises:
        LexiconError: one line for each fault, "file:line:column: field: what is wrong; what is right".

    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise LexiconError(f"{path}: cannot be read ({error.strerror}); it should be a lexicon") from error
    except UnicodeDecodeError as error:
        raise LexiconError(f"{path}: is not UTF-8; save it as UTF-8") from error
    return parse_lexicon(text, path.name)


def parse_lexicon(text: str, name: str) -> Lexicon:
    """Make a lexicon from the text of its file; `name` stands in front of faults.

    Raises:
        LexiconError: as `load_lexicon`.

    """
    document = read_document(text)
    problems = [*document.problems] or [*_problems(document.data)]
    if problems:
        raise LexiconError("\n".join(str(_fault(document, problem, name)) for problem in problems))
    return Lexicon(document.data[FIELD])


def _problems(data: object) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield Problem((), f"should hold one field, {FIELD}")
        return
    for field in data:
        if field != FIELD:
            yield Problem((field,), f"unknown field; known here: {FIELD}")
    entries = data.get(FIELD)
    if not isinstance(entries, dict):
        yield Problem((FIELD,), "is missing; it " + _SHAPE if FIELD not in data else _SHAPE)
        return
    yield from _entry_problems(entries)


def _entry_problems(entries: dict[str, object]) -> Iterator[Problem]:
    usable: dict[str, str] = {}
    known: dict[Keys, str] = {}
    for written, spoken in entries.items():
        path = (FIELD, written)
        if not isinstance(spoken, str):
            yield Problem(path, "should be a text: how the word is said, with its vowels")
            continue
        fault = fault_of(written, spoken)
        if fault:
            yield Problem(path, fault)
            continue
        keys = keys_of(written)
        if keys in known:
            yield Problem(path, f"is the same word as {known[keys]!r}: vowels make no difference; keep one")
            continue
        known[keys] = written
        usable[written] = spoken
    yield from _chains(usable)


def _chains(entries: dict[str, str]) -> Iterator[Problem]:
    """What is said must not be read once more: a text may pass through the lexicon twice."""
    lexicon = Lexicon(entries)
    for written, spoken in entries.items():
        tokens = tokens_of(spoken)
        for at in range(len(tokens)):
            found = lexicon.match(tokens, at)
            if found and found[0] != "".join(token.text for token in tokens[at : found[1]]):
                text = f"is said with {tokens[at].text!r}, which has an entry of its own; say it as there"
                yield Problem((FIELD, written), text)
                break


def _fault(document: Document, problem: Problem, name: str) -> Fault:
    place = problem.place or document.place_of(problem.path)
    field = ".".join(map(str, problem.path))
    return Fault(name, place.line if place else 1, place.column if place else 1, field, problem.text)
