"""How sentences read aloud: denying, long, without vowels, without the wording for women. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from bridge.authoring.checking.remarks import Kind, Remark
from bridge.dialogue.document import Path
from bridge.dialogue.item_checks import items_with_paths
from bridge.dialogue.items import (
    ConsentItem,
    GroupItem,
    IdentityItem,
    InfoItem,
    Item,
    OptionsItem,
    QuestionItem,
    YesNoItem,
)
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.wording import GENDERS
from bridge.understanding import bare

__all__ = ["remarks_on_wording", "spoken_texts"]

# After so long the beginning is forgotten. Whoever hears a question again knows what it is about.
MAX_FIRST_SECONDS, MAX_AGAIN_SECONDS, MAX_TOLD_SECONDS = 20.0, 25.0, 30.0
MAX_OPTIONS = 5  # of what is only heard, people keep four to five things in mind (Cowan 2001)
SHORTEST_VOWELLED = 3  # letters: a shorter word is read rightly without its vowels
FIELDS = ("ask", "readback", "keypad", "no_match", "no_input", "out_of_range")

_SENTENCE = re.compile(r"[^.؟!؛]+؟")
_WORD = re.compile(r"[\u0621-\u065f\u0670\u0671]+")
_VOWELS = re.compile(r"[\u064b-\u0652\u0670]")
_QUESTION_WORDS = ("هل", "أ")
_NEGATIONS = frozenset(
    {"ما", "لا", "ليس", "ليست", "لست", "لستم", "لم", "لن", "مش", "مو", "غير", "ألا", "ألم"}
)
# Words that a negation makes positive: no harm, no objection, still, there must.
_IDIOMS = frozenset({"بأس", "مانع", "بد", "شك", "زال", "زلت", "زلتم", "زالت", "يزال", "تزال", "تزالون"})
_NO_ADDRESS = frozenset(
    {"هناك", "هنالك", "ذلك", "كذلك", "شريك"}  # nouns and particles that end as "your" and "you did" do
    | {"تحت", "وقت", "صوت", "بيت", "موت", "بنت", "أخت", "زيت", "ليت"}
)
_YOUR = re.compile(r"كَ$")
_YOU_DID = re.compile(r"[\u0621-\u064a][\u0652\u0651]?تَ$")
_ARTICLE = re.compile(r"^[وفبكل]?(ال|لل)")  # before a noun, never before a verb

SecondsOf = Callable[[str], float]


def remarks_on_wording(
    questionnaire: Questionnaire, seconds_of: SecondsOf, is_own: Callable[[Path], bool]
) -> Iterator[Remark]:
    """Look at every sentence that is written in the questionnaire's own file."""
    yield from _negative(questionnaire)
    yield from _variants(questionnaire)
    own = [(path, text) for path, text in spoken_texts(questionnaire) if is_own(path)]
    yield from _vowels(own)
    yield from _long(own, seconds_of)
    for path, item in items_with_paths(questionnaire.items):
        if isinstance(item, OptionsItem) and len(item.options) > MAX_OPTIONS:
            text = f"{len(item.options)} options, and a caller keeps about {MAX_OPTIONS} in mind"
            yield Remark(Kind.OPTIONS, (*path, "options"), f"{text}; ask in two questions")


def spoken_texts(questionnaire: Questionnaire) -> Iterator[tuple[Path, str]]:
    """Every sentence with its place, as it is written: of items and their options, prompts, endings."""
    for path, item in items_with_paths(questionnaire.items):
        yield from _texts_of_item(path, item)
    for block in ("prompts", "closing"):
        texts = getattr(questionnaire, block)
        for name in type(texts).model_fields:
            yield from _each((block, name), getattr(texts, name))
    for name, escalation in questionnaire.escalations.items():
        for field in ("say", "offer", "fallback"):
            yield from _each(("escalations", name, field), getattr(escalation, field))


def _texts_of_item(path: Path, item: Item) -> Iterator[tuple[Path, str]]:
    if isinstance(item, InfoItem | GroupItem):
        yield from _each((*path, "say"), item.say)
    for field in FIELDS:
        yield from _each((*path, field), getattr(item, field, None))
    for variant, texts in getattr(item, "variants", {}).items():
        for field in type(texts).model_fields:
            yield from _each((*path, "variants", variant, field), getattr(texts, field))
    for at, option in enumerate(getattr(item, "options", ())):
        yield (*path, "options", at, "say"), option.say


def _each(path: Path, texts: str | tuple[str, ...] | None) -> Iterator[tuple[Path, str]]:
    if isinstance(texts, str):
        yield path, texts
    elif texts is not None:
        yield from (((*path, at), text) for at, text in enumerate(texts))


# Denying


def _negative(questionnaire: Questionnaire) -> Iterator[Remark]:
    for path, item in items_with_paths(questionnaire.items):
        asks_name = not isinstance(item, IdentityItem) or item.factor == "name"
        if not isinstance(item, YesNoItem | ConsentItem | IdentityItem) or not asks_name:
            continue
        for inner, text in _texts_of_item(path, item):
            if "ask" in inner and any(map(_denies, _SENTENCE.findall(text))):
                remark = "a question that denies: its 'yes' means two things; ask 'هل' and what is the case"
                yield Remark(Kind.NEGATIVE, inner, remark)


def _denies(question: str) -> bool:
    words = [bare(word) for word in _WORD.findall(question)]
    if words and words[0] in _QUESTION_WORDS:
        words = words[1:]
    if not words or words[0] not in _NEGATIONS:
        return False
    following = words[1] if len(words) > 1 else ""
    asks_what = words[0] == "ما" and following.startswith("ال")  # "what is the …"
    return following not in _IDIOMS and not asks_what


# Wording for some callers


def _variants(questionnaire: Questionnaire) -> Iterator[Remark]:
    items = [
        (path, item)
        for path, item in items_with_paths(questionnaire.items)
        if not isinstance(item, InfoItem | GroupItem)
    ]
    had = Counter(name for _, item in items for name in item.variants)
    for name in sorted(had):
        is_usual = 2 * had[name] >= len(items)
        for path, item in items:
            field = _lacking(item, name, speaks_to_all=name not in GENDERS)
            if field and (name in GENDERS or is_usual):
                others = f"{had[name]} other items have" if had[name] > 1 else "another item has"
                text = f"{others} own words for '{name}', and this one has none"
                yield Remark(Kind.VARIANT, (*path, field), f"{text}; add 'variants: {{{name}: …}}'")


def _lacking(item: QuestionItem, name: str, *, speaks_to_all: bool) -> str:
    """The first field that should be worded for these callers too; '' where nothing is lacking.

    A dialect words any question differently, a gender only what speaks to the caller.
    """
    fitting = [texts for variant, texts in item.variants.items() if name in (variant, variant.split(".")[-1])]
    for field in FIELDS:
        written = [text for _, text in _each((), getattr(item, field))]
        is_worded = any(getattr(texts, field) is not None for texts in fitting)
        concerns = field == "ask" if speaks_to_all else any(map(_addresses, written))
        if written and concerns and not is_worded:
            return field
    return ""


def _addresses(text: str) -> bool:
    """Whether a sentence says "you" to one man, by its vowels; the polite plural is for women and men."""
    return any(_is_to_a_man(word) for word in _WORD.findall(text))


def _is_to_a_man(word: str) -> bool:
    letters = bare(word)
    if letters in _NO_ADDRESS:
        return False
    is_possessive = len(letters) > 2 and _YOUR.search(word) is not None  # noqa: PLR2004
    return is_possessive or (not _ARTICLE.match(letters) and _YOU_DID.search(word) is not None)


# Sound


def _vowels(own: list[tuple[Path, str]]) -> Iterator[Remark]:
    """Words without vowels, where most sentences have them."""
    bare_words = {path: _unvowelled(text) for path, text in own}
    vowelled = sum(not words for words in bare_words.values())
    if 2 * vowelled <= len(own):
        return
    for path, words in bare_words.items():
        if words:
            listed = "، ".join(words[:3]) + (" …" if len(words) > 3 else "")  # noqa: PLR2004
            yield Remark(Kind.VOWELS, path, f"no vowels on {listed}: the voice guesses; write them")


def _unvowelled(text: str) -> list[str]:
    words = _WORD.findall(re.sub(r"\{[^{}]*\}", " ", text))
    return [word for word in words if len(word) >= SHORTEST_VOWELLED and not _VOWELS.search(word)]


def _long(own: list[tuple[Path, str]], seconds_of: SecondsOf) -> Iterator[Remark]:
    for path, text in own:
        is_first = path[-1] in ("ask", 0)
        limit = (MAX_FIRST_SECONDS if is_first else MAX_AGAIN_SECONDS) if "ask" in path else MAX_TOLD_SECONDS
        seconds = seconds_of(text)
        if seconds > limit:
            said = f"takes {seconds:.0f} s to say, and after {limit:.0f} s its beginning is forgotten"
            yield Remark(Kind.LONG, path, f"{said}; make it shorter, or two")
