"""What is wrong with a questionnaire beyond missing and misspelt fields. Pure; it never raises."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from bridge.dialogue.document import Path, Problem
from bridge.dialogue.questionnaire import ChoiceItem, ConsentItem, Item, NumberItem, Questionnaire
from bridge.dialogue.word_checks import check_words
from bridge.understanding import bare, normalise, read_command, read_red_flag

__all__ = ["check"]

MIN_TURNS_PER_ITEM = 3  # a question, a second try and a read-back
# A negative question turns "yes" and "no" round for half of those who answer it.
NEGATIVE_OPENINGS = ("ألا", "أليس", "أليست", "ألست", "ألم", "ألن", "أما")
PERSIAN_LETTERS = frozenset("یکہھەے")  # look Arabic, and never equal the Arabic letters
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "readback": ("value",),
    "out_of_range": ("minimum", "maximum"),
    "keypad_number": ("minimum", "maximum"),
    "keypad_option": ("option", "key"),
}
_WORD = re.compile(r"[\u0621-\u0652\u0670]+")
_SUKUN = "\u0652"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
NEEDED = ("value", "option", "key")  # without these the sentence would say nothing


def check(questionnaire: Questionnaire) -> list[Problem]:
    """Find everything that is wrong with a questionnaire whose fields are all there."""
    return [
        *_ids(questionnaire),
        *_dialects(questionnaire),
        *_consent(questionnaire),
        *_turns(questionnaire),
        *_confirmable(questionnaire),
        *check_words(questionnaire.words),
        *_texts(questionnaire),
        *(problem for at, item in enumerate(questionnaire.items) for problem in _item(("items", at), item)),
    ]


def _ids(questionnaire: Questionnaire) -> Iterator[Problem]:
    counted = Counter(item.id for item in questionnaire.items)
    for at, item in enumerate(questionnaire.items):
        if counted[item.id] > 1:
            yield Problem(
                ("items", at, "id"), f"'{item.id}' is the id of {counted[item.id]} items; ids differ"
            )


def _dialects(questionnaire: Questionnaire) -> Iterator[Problem]:
    if len(set(questionnaire.dialects)) < len(questionnaire.dialects):
        yield Problem(("dialects",), "names one dialect twice")


def _consent(questionnaire: Questionnaire) -> Iterator[Problem]:
    for at, item in enumerate(questionnaire.items):
        if at and isinstance(item, ConsentItem):
            yield Problem(
                ("items", at, "type"), "consent is asked once, before anything else; make it the first item"
            )


def _turns(questionnaire: Questionnaire) -> Iterator[Problem]:
    least = MIN_TURNS_PER_ITEM * len(questionnaire.items)
    if questionnaire.limits.turns < least:
        text = f"{questionnaire.limits.turns} turns are too few for {len(questionnaire.items)} items"
        yield Problem(("limits", "turns"), f"{text}; at least {least}")


def _confirmable(questionnaire: Questionnaire) -> Iterator[Problem]:
    spoken, count = questionnaire.hearing.spoken_maximum, len(questionnaire.words.numbers)
    needed = min(spoken, 99) + 1  # hundreds have words of their own
    if count < needed:
        text = f"{count} words, but hearing.spoken_maximum is {spoken}; {needed} are needed"
        yield Problem(("words", "numbers"), text)


def _item(path: Path, item: Item) -> Iterator[Problem]:
    for at, text in enumerate(item.ask):
        yield from _wording((*path, "ask", at), text)
    if len(set(item.allow)) < len(item.allow):
        yield Problem((*path, "allow"), "names one reply twice")
    if isinstance(item, NumberItem) and item.minimum > item.maximum:
        yield Problem((*path, "minimum"), f"{item.minimum} is more than the maximum, {item.maximum}")
    if isinstance(item, ChoiceItem):
        yield from _options((*path, "options"), item)


def _wording(path: Path, text: str) -> Iterator[Problem]:
    first = _WORD.search(text)
    if first and bare(first[0]) in NEGATIVE_OPENINGS and not _is_pain(first[0]):
        yield Problem(path, "a negative question: its 'yes' means two things; begin with 'هل'")


def _is_pain(word: str) -> bool:
    """Tell the noun from "did not": the particle ends in a sukun, and a word without vowels may be either."""
    return bare(word) == "ألم" and word != bare(word) and not word.endswith(_SUKUN)


def _options(path: Path, item: ChoiceItem) -> Iterator[Problem]:
    for name in ("value", "key"):
        counted = Counter(getattr(option, name) for option in item.options)
        for at, option in enumerate(item.options):
            found = getattr(option, name)
            if counted[found] > 1:
                yield Problem(
                    (*path, at, name), f"'{found}' belongs to {counted[found]} options; each needs its own"
                )
    yield from _phrases(path, item)


def _phrases(path: Path, item: ChoiceItem) -> Iterator[Problem]:
    owner: dict[str, int] = {}
    for at, option in enumerate(item.options):
        for phrase in option.phrases:
            said = normalise(phrase)
            if owner.setdefault(said, at) != at:
                yield Problem((*path, at), f"'{phrase}' is also said for '{item.options[owner[said]].value}'")
            if read_command(said) or read_red_flag(said):
                yield Problem(
                    (*path, at), f"'{phrase}' is a command that works everywhere; choose other words"
                )


def _texts(questionnaire: Questionnaire) -> Iterator[Problem]:
    for path, text in _all_texts((), questionnaire.model_dump(include={"items", "prompts", "words"})):
        yield from _letters(path, text)
        if path[0] == "prompts" or "readback" in path or "keypad" in path or "ask" in path:
            yield from _placeholders(path, text)


def _all_texts(path: Path, data: object) -> Iterator[tuple[Path, str]]:
    if isinstance(data, str):
        yield path, str(data)
    pairs: Iterable[tuple[str | int, object]] = ()
    if isinstance(data, dict):
        pairs = data.items()
    elif isinstance(data, list | tuple):
        pairs = enumerate(data)
    for part, inner in pairs:
        yield from _all_texts((*path, part), inner)


def _letters(path: Path, text: str) -> Iterator[Problem]:
    persian = PERSIAN_LETTERS.intersection(text)
    if persian:
        yield Problem(path, f"holds the Persian letter {unicodedata.name(min(persian))}; type the Arabic one")
    if any(unicodedata.category(character) in ("Cf", "Cc", "Co", "Cs") for character in text.rstrip("\n")):
        yield Problem(path, "holds an invisible control character; type it anew")


def _placeholders(path: Path, text: str) -> Iterator[Problem]:
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    known = PLACEHOLDERS.get(name, ())
    used = _PLACEHOLDER.findall(text)
    if set("{}").intersection(_PLACEHOLDER.sub("", text)):
        yield Problem(path, "a brace without its partner; braces only hold placeholders")
    for field in used:
        if field not in known:
            allowed = ", ".join(f"{{{word}}}" for word in known) or "none"
            yield Problem(path, f"unknown placeholder {{{field}}}; known here: {allowed}")
    for field in known:
        if field in NEEDED and field not in used:
            yield Problem(path, f"does not say {{{field}}}")
