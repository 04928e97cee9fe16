"""What is wrong with sentences: lookalike letters, negations, placeholders. Pure; it never raises."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from bridge.dialogue.document import Path, Problem
from bridge.dialogue.hints import did_you_mean
from bridge.understanding import bare

__all__ = ["all_texts", "check_letters", "check_placeholders", "check_wording"]

# A negative question turns "yes" and "no" round for half of those who answer it.
NEGATIVE_OPENINGS = ("ألا", "أليس", "أليست", "ألست", "ألم", "ألن", "أما")
PERSIAN_LETTERS = frozenset("یکہھەے")  # look Arabic, and never equal the Arabic letters
# What a field's sentence may hold beside what can be piped into any sentence.
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "readback": ("value",),
    "out_of_range": ("minimum", "maximum"),
    "keypad_number": ("minimum", "maximum"),
    "keypad_decimal": ("minimum", "maximum"),
    "keypad_option": ("option", "key"),
}
NEEDED = ("value", "option", "key")  # without these the sentence would say nothing
_WORD = re.compile(r"[\u0621-\u0652\u0670]+")
_SUKUN = "\u0652"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def all_texts(path: Path, data: object) -> Iterator[tuple[Path, str]]:
    """Every text in plain data, with its place."""
    if isinstance(data, str):
        yield path, str(data)
    pairs: Iterable[tuple[str | int, object]] = ()
    if isinstance(data, dict):
        pairs = data.items()
    elif isinstance(data, list | tuple):
        pairs = enumerate(data)
    for part, inner in pairs:
        yield from all_texts((*path, part), inner)


def check_letters(path: Path, text: str) -> Iterator[Problem]:
    """Find letters that only look Arabic, and characters that nobody sees."""
    persian = PERSIAN_LETTERS.intersection(text)
    if persian:
        yield Problem(path, f"holds the Persian letter {unicodedata.name(min(persian))}; type the Arabic one")
    if any(unicodedata.category(character) in ("Cf", "Cc", "Co", "Cs") for character in text.rstrip("\n")):
        yield Problem(path, "holds an invisible control character; type it anew")


def check_wording(path: Path, text: str) -> Iterator[Problem]:
    """Find a negative question."""
    first = _WORD.search(text)
    if first and bare(first[0]) in NEGATIVE_OPENINGS and not _is_pain(first[0]):
        yield Problem(path, "a negative question: its 'yes' means two things; begin with 'هل'")


def _is_pain(word: str) -> bool:
    """Tell the noun from "did not": the particle ends in a sukun, and a word without vowels may be either."""
    return bare(word) == "ألم" and word != bare(word) and not word.endswith(_SUKUN)


def check_placeholders(path: Path, text: str, piped: Iterable[str]) -> Iterator[Problem]:
    """Find braces without a partner, placeholders that nothing fills, and necessary ones that are missing."""
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    own = PLACEHOLDERS.get(name, ())
    known = {*own, *piped}
    used = _PLACEHOLDER.findall(text)
    if set("{}").intersection(_PLACEHOLDER.sub("", text)):
        yield Problem(path, "a brace without its partner; braces only hold placeholders")
    for field in used:
        if field not in known and not _is_site_fact(field):
            allowed = (
                ", ".join(f"{{{word}}}" for word in own) or "earlier items, patient.*, call.* and site.*"
            )
            hint = did_you_mean(field, known)
            yield Problem(path, f"unknown placeholder {{{field}}}{hint}; known here: {allowed}")
    for field in own:
        if field in NEEDED and field not in used:
            yield Problem(path, f"does not say {{{field}}}; put it where the value belongs")


def _is_site_fact(field: str) -> bool:
    return re.fullmatch(r"site\.[a-z][a-z0-9_]*", field) is not None
