"""Every word of a sentence by the part that it plays: particle, negation, predicate, thing, detail.

Courtesy, or unknown.

Phrases come before words, the longest first; articles, prepositions and possessive endings are taken off
nouns only.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding import vocabulary
from bridge.understanding.calendar_words import LENGTHS, RELATIVE_DAYS, WEEKDAYS
from bridge.understanding.idioms import phrase_book
from bridge.understanding.neighbours import VERB_PARTS, in_place
from bridge.understanding.normalisation import normalise
from bridge.understanding.nouns import NOUNS, noun_of
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.parts import Chunk, Part
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Chunk", "Part", "label"]

_NUMBERS = (
    *(Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.DIGITS),
    *(Rank.HALF, Rank.QUARTER, Rank.THIRD, Rank.COUNTED, Rank.THING),
)
_GLUED = tuple(map(normalise, ("لا", "ما", "مو", "مش", "مب", "نعم", "ايوه", "والله", "يا", "عندي")))
_SHORT_VERBS = (
    "حس",
    "كح",
    "قح",
    "تظهر",
    "يظهر",
    "بيظهر",
    "بتظهر",
    "كيظهر",
    "تبان",
    "بيبان",
    "كتبان",
    "ظهرت",
    "بانت",
    "اشتك",
    "اشك",
    "يصب",
    "يصبني",
    "اعان",
    "تصبني",
)  # behind "am" of the Levant
_CUT_OFF = ("نيش", "ناش", "حدش", "حداش", "بش", "بوش", "هوش", "هيش", "همش", "كش", "نوش", "نيب", "هوب", "هيب")
_SHORTEST_GLUED, _SHORTEST_WRAPPED = 4, 5
_THANKED = (("ما", "قصرت"), ("وما", "قصرت"), ("ما", "قصرنا"))
_IN = ("في", "فيه", "ب", "مع", "يوم", "ولا", "ابد", "عن", "مره")
_LORD = ("الله", "ربنا", "ربي", "المولي")
_ON_WHOM = (
    "عليك",
    "عليكي",
    "عليكم",
    "عليه",
    "عليها",
    "علينا",
    "علي",
    "عليهم",
    "فيك",
    "فيكم",
    "لك",
    "لكم",
    "عنا",
    "عنك",
    "عني",
    "بيك",
)
_MA = ("ما", "وما", "لا", "ولا")
_LONGEST = 6
_PAST_OF_MINE = (
    "ت",
    "ته",
    "تها",
    "تهم",
    "تو",
    "نا",
    "ناه",
    "ناها",
)  # "I took it", which standard Arabic negates with "lam"


def label(text: str) -> list[Chunk]:
    """Cut a text into the longest known phrases and words, and name each."""
    tokens = _joined([part for token in normalise(text).split() for part in _unglued(token)])
    chunks, at = list[Chunk](), 0
    while at < len(tokens):
        length, part = _phrase_at(tokens, at)
        if part is not None:
            chunks.append(Chunk(part, " ".join(tokens[at : at + length])))
        elif length := _prayer_at(tokens, at):
            chunks.append(Chunk(Part.COURTESY, " ".join(tokens[at : at + length])))
        elif tokens[at] == "يا" and at + 1 < len(tokens):  # whoever is called, by whatever name
            length = 2
            chunks.append(Chunk(Part.COURTESY, " ".join(tokens[at : at + length])))
        else:
            length = 1
            chunks.append(_word(tokens, at))
        at += length
    return [in_place(chunks, at) for at in range(len(chunks))]


def _joined(tokens: Sequence[str]) -> list[str]:
    """A negation that was written as two words as the one that it is: "ma nish"."""
    joined = list[str]()
    for token in tokens:
        if joined and joined[-1] in ("ما", "وما") and token in _CUT_OFF:
            joined[-1] += token
        else:
            joined.append(token)
    return joined


def _unglued(token: str) -> tuple[str, ...]:
    """A word that nobody knows as the two that it was written from, where both are known: "laawallah"."""
    if len(token) < _SHORTEST_GLUED or _is_known(token):
        return (token,)
    for first in _GLUED:
        if token.startswith(first) and len(token) > len(first) + 1 and _is_known(token[len(first) :]):
            return (first, token[len(first) :])
    return (token,)


def _is_known(token: str) -> bool:
    return (token,) in phrase_book() or _word([token], 0).part is not Part.UNKNOWN


def _phrase_at(tokens: Sequence[str], at: int) -> tuple[int, Part | None]:
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        phrase = tuple(tokens[at : at + length])
        part = phrase_book().get(phrase) or phrase_book().get(_to_a_man(phrase))
        is_own = phrase[:1] in phrase_book()  # "by God", and no "and God"
        if part is None and length > 1 and phrase[0].startswith("و") and not is_own:
            part = phrase_book().get((phrase[0][1:], *phrase[1:]))
        is_called = at == 0 and tokens[1:2] == ["يا"]  # "again, my girl!"
        if part is Part.COMMAND and length == 1 and len(tokens) > 1 and not is_called:
            continue  # among other words, one word is no wish
        if (
            phrase in _THANKED
            and tokens[at + length : at + length + 1]
            and tokens[at + length].startswith(_IN)
        ):
            continue  # "I never fell short in it"
        if part is not None:
            return length, part
    return 1, None


def _to_a_man(phrase: tuple[str, ...]) -> tuple[str, ...]:
    """A courtesy to a woman of the Gulf or Iraq as it is said to a man: "-j" for "-k"."""
    return tuple(word[:-1] + "ك" if word.endswith("ج") and len(word) > 2 else word for word in phrase)  # noqa: PLR2004


def _prayer_at(tokens: Sequence[str], at: int) -> int:
    """How many words a prayer has that stands here: "God forgive us", "my Lord heal her"."""
    if tokens[at].removeprefix("و") not in _LORD or at + 1 == len(tokens) or tokens[at + 1][0] != "ي":
        return 0
    has_object = at + 2 < len(tokens) and tokens[at + 2] in _ON_WHOM
    return 2 + has_object


def _word(tokens: Sequence[str], at: int) -> Chunk:
    token = tokens[at]
    found = _plain(token)
    if found is None and token.startswith("و") and len(token) > 2:  # noqa: PLR2004
        rest = phrase_book().get((token[1:],))
        rest = None if rest is Part.COMMAND else rest
        inner = Chunk(rest, token[1:]) if rest else _plain(token[1:])
        found = replace(inner, text=token, joined=True) if inner else None
    if found is None and token.startswith("ف") and (verb := verb_of(token[1:])) is not None:
        return Chunk(VERB_PARTS[verb.kind], token, joined=True, negated_by_la=verb.present, verb=verb.kind)
    if found is None and at > 0 and tokens[at - 1] in _MA and token.endswith("ش"):
        return Chunk(Part.VERB_NOT, token)
    is_wrapped = token.startswith("م") and token.endswith("ش") and len(token) > _SHORTEST_WRAPPED
    return found or Chunk(Part.VERB_NOT if is_wrapped else Part.UNKNOWN, token)


_SIMPLE: tuple[tuple[frozenset[str], Part], ...] = (
    (vocabulary.NEGATIVE_HAVING, Part.HAVE_NOT),
    (vocabulary.NEGATORS, Part.NOT),
    (vocabulary.ONLY, Part.ONLY),
    (vocabulary.BUT, Part.BUT),
    (vocabulary.HAVING, Part.HAVE),
    (vocabulary.WILLING, Part.WILLING),
    (vocabulary.QUITTING, Part.CEASED),
    (
        vocabulary.DOING | vocabulary.ABLE - vocabulary.WILLING | vocabulary.BODILY | vocabulary.SEEING,
        Part.ACTION_VERB,
    ),
    (vocabulary.QUESTION_WORDS | vocabulary.CONDITIONS, Part.ASKING),
    (vocabulary.DEGREES, Part.DEGREE),
    (vocabulary.STATES, Part.STATE),
    (vocabulary.WELL, Part.WELL),
)


_ADJECTIVES = (Part.STATE, Part.WELL, Part.ACTION_VERB, Part.WILLING, Part.CEASED)
_VERB_OF = {
    **dict.fromkeys(vocabulary.ABLE, VerbKind.ABLE),
    **dict.fromkeys(vocabulary.BODILY, VerbKind.BODILY),
    **dict.fromkeys(vocabulary.SEEING, VerbKind.SEEING),
    **dict.fromkeys(vocabulary.QUITTING, VerbKind.QUIT),
}


def _plain(token: str) -> Chunk | None:
    for words, part in _SIMPLE:
        if token in words:
            may_be_present = part is Part.WILLING and token[:1] in "ان"
            is_taking = part is Part.ACTION_VERB and token.startswith("اخذ")  # "taking" and "I take" are one
            return Chunk(part, token, negated_by_la=may_be_present or is_taking, verb=_VERB_OF.get(token))
    for words, part in NOUNS:
        if token in words:
            return Chunk(part, token)
    if token in _SHORT_VERBS:
        return Chunk(Part.SYMPTOM_VERB, token, negated_by_la=True)
    named = Part.DETAIL if token in vocabulary.DETAILS or _is_time(token) else _indefinite(token)
    if named is not None:
        return Chunk(named, token)
    verb = verb_of(token)
    noun = noun_of(token)
    if verb is not None and verb.negated and token.startswith("ال"):  # bread in Egypt, and no denial
        verb, noun = None, noun or Chunk(Part.THING, token, definite=True)
    if verb is not None and (noun is None or verb.negated or (verb.present and not noun.definite)):
        part = Part.VERB_NOT if verb.negated else VERB_PARTS[verb.kind]
        may_be_present = token[:1] in "اينت" and not token.endswith(_PAST_OF_MINE)
        return Chunk(part, token, negated_by_la=verb.present or may_be_present, verb=verb.kind)
    return noun


def _indefinite(token: str) -> Part | None:
    """An adjective with the ending that standard Arabic gives it as an object: "maridan"."""
    if not token.endswith("ا") or len(token) <= _SHORTEST_GLUED:
        return None
    return next((part for words, part in _SIMPLE if part in _ADJECTIVES and token[:-1] in words), None)


def _is_time(token: str) -> bool:
    is_number = token in WORDS and WORDS[token].rank in _NUMBERS
    return (
        is_number or token in LENGTHS or (token,) in RELATIVE_DAYS or (token,) in WEEKDAYS or token.isdigit()
    )
