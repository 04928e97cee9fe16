"""Nouns with their article, their preposition or their owner taken off."""

from functools import cache

from bridge.understanding import vocabulary
from bridge.understanding.parts import Chunk, Part

__all__ = ["NOUNS", "is_body", "noun_of"]

NOUNS = (
    (vocabulary.GOODS, Part.GOOD),
    (vocabulary.SYMPTOMS, Part.SYMPTOM),
    (vocabulary.BODY_AND_THINGS, Part.THING),
)
_BEFORE_NOUNS = (
    "بهال",
    "فهال",
    "لهال",
    "عهال",
    "وال",
    "بال",
    "فال",
    "عال",
    "هال",
    "كال",
    "لل",
    "ال",
    "ب",
    "ل",
    "ف",
    "ع",
    "ك",
)
_AFTER_NOUNS = (
    "تي",
    "ته",
    "تها",
    "تنا",
    "تهم",
    "تك",
    "تو",
    "ي",
    "ه",
    "ها",
    "هم",
    "نا",
    "ك",
    "كم",
    "و",
    "ات",
    "ين",
    "تين",
    "يه",
    "يا",
    "ا",
    "هن",
    "يي",
    "ايا",
    "اتي",
    "اته",
    "اتها",
    "يني",
)


@cache
def _bases() -> dict[str, Part]:
    bases: dict[str, Part] = {}
    for words, part in ((vocabulary.WELL, Part.WELL), (vocabulary.STATES, Part.STATE), *reversed(NOUNS)):
        bases.update(dict.fromkeys(words, part))
    return bases


@cache
def is_body(token: str) -> bool:
    """Whether a word names a part of the body, whosever it is."""
    if token.startswith("و") and is_body(token[1:]):
        return True
    for before in ("", *_BEFORE_NOUNS):
        rest = token[len(before) :] if token.startswith(before) else ""
        for after in ("", *_AFTER_NOUNS):
            base = rest.removesuffix(after)
            if len(base) > 1 and rest.endswith(after) and {base, base + "ه"} & vocabulary.BODY:
                return True
    return False


def noun_of(token: str) -> Chunk | None:
    """A noun with its article, its preposition or its owner."""
    bases = _bases()
    for before in ("", *_BEFORE_NOUNS):
        if not token.startswith(before):
            continue
        rest = token[len(before) :]
        if rest in bases or rest in vocabulary.DETAILS:
            return Chunk(bases.get(rest, Part.DETAIL), token, definite=before.endswith(("ال", "لل")))
        for after in _AFTER_NOUNS:
            base = rest.removesuffix(after)
            if base == rest or len(base) < 2:  # noqa: PLR2004
                continue
            found = bases.get(base + "ه") or (None if after.startswith("ت") else bases.get(base))
            if found and found not in (Part.WELL, Part.STATE):
                return Chunk(found, token, definite=True)
    return None
