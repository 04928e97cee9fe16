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
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.nouns import NOUNS, is_body, noun_of
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.parts import Chunk, Part
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Chunk", "Part", "label"]

_NUMBERS = (
    *(Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.DIGITS),
    *(Rank.HALF, Rank.QUARTER, Rank.THIRD, Rank.COUNTED, Rank.THING),
)
_FIGURES = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND, Rank.DIGITS)
_GLUED = tuple(map(normalise, ("لا", "ما", "مو", "مش", "مب", "نعم", "ايوه", "والله", "يا", "عندي")))
_SHORT_VERBS = ("حس", "كح", "قح")  # behind "am" of the Levant
_WITH_ARTICLE = ("ال", "بال", "وال", "لل", "فال", "عال", "هال")
_PREPOSITIONS = ("من", "في", "علي", "عن", "مع", "عند", "بعد", "قبل")
_SHORTEST_GLUED, _SHORTEST_WRAPPED = 4, 5
_MA = ("ما", "وما", "لا", "ولا")
_ANY, _FUTURE = ("اي", "باي"), ("راح", "رح", "عم", "وعم")
_ASKED_ABOUT = (Part.SYMPTOM, Part.THING, Part.DETAIL, Part.ACTION_VERB, Part.SYMPTOM_VERB, Part.WILLING)
_HAPPENED = words_of("صار صارت صاير صايره حصل حصلت جرى حدث طرا")
_TO_ME = words_of(
    "ذلك هيك كده كذا هكذا هذا هالشي كدا هكا معي معاي معايا وياي ويايه لي الي إلي بي بيا فيني فيا فيي علي عليا معاه معها معاها له لها"
)
_BEING = words_of("أكون اكون بكون هكون حكون نكون هنكون بنكون سأكون ساكون حاكون غنكون غادي_ هاكون ح_")
_WITH_YOU = words_of("عندكم عندك عندكو قدامكم هناك هناكا بالعيادة بالمستشفى")
_STRENGTH = words_of("حيل نفس")
_BEFORE_NAMES = words_of("ابو أم ام ابن بنت اسمي حاج حاجة الحاج الحاجة حجي")
_ASK = words_of("اسأل اسألي اسألوا اسالو سول سولي")
_WHICH = words_of("في من على عن ب")
_HOW_MUCH = ("كم", "كام", "قد ايه")
_AGAIN = ("مره ثانيه", "مره تانيه", "مره اخري", "كمان مره", "تاني", "مره تاني", "مره ثاني")
_OPENING = (
    Part.COURTESY,
    Part.IDIOM,
    Part.PROMISE,
    Part.YES,
    Part.YES_OR_WHAT,
    Part.EMPHASIS,
    Part.BUT,
    Part.RIGHT,
    Part.CORRECTION,
)
_PRESENT = (Part.SYMPTOM_VERB, Part.ACTION_VERB, Part.WILLING, Part.CEASED)
_SAYING = (*_PRESENT, Part.HAVE)
_ENDED = ("خلص", "خلصت")
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
    tokens = [part for token in normalise(text).split() for part in _unglued(token)]
    chunks, at = list[Chunk](), 0
    while at < len(tokens):
        length, part = _phrase_at(tokens, at)
        if part is not None:
            chunks.append(Chunk(part, " ".join(tokens[at : at + length])))
        elif tokens[at] == "يا" and at + 1 < len(tokens):  # whoever is called, by whatever name
            length = 2
            chunks.append(Chunk(Part.COURTESY, " ".join(tokens[at : at + length])))
        else:
            chunks.append(_word(tokens, at))
        at += length
    return [_in_place(chunks, at) for at in range(len(chunks))]


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


def _in_place(chunks: Sequence[Chunk], at: int) -> Chunk:
    """What a word is beside its neighbours: "any" and no "yes", "will" and not "gone"."""
    part = Part.CEASED if _is_used_up(chunks, at) else _before_a_verb(chunks, at) or _behind(chunks, at)
    if part is None and (verb := _other_verb(chunks, at)) is not None:
        return replace(chunks[at], part=_VERBS[verb], verb=verb)
    return replace(chunks[at], part=part) if part is not None else _figure(chunks, at)


def _other_verb(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """Stand on one's feet, not stop; leave one's cigarettes, not Saturday."""
    chunk, after = chunks[at], chunks[at + 1 : at + 3]
    if chunk.verb is VerbKind.QUIT and [one.text for one in after[:1]] == ["علي"] and is_body(after[-1].text):
        return VerbKind.BODILY
    is_thing = bool(after) and after[0].part is Part.THING
    return VerbKind.QUIT if chunk.text == "سبت" and is_thing else None


def _before_a_verb(chunks: Sequence[Chunk], at: int) -> Part | None:
    chunk = chunks[at]
    if at + 1 < len(chunks) and (found := _at_the_start(chunks, at, chunks[at + 1])):
        return found
    if at + 1 == len(chunks) or chunks[at + 1].part not in (*_PRESENT, Part.UNKNOWN):
        return None
    if chunk.part is Part.COMMAND and _begins_with_not(chunk) and chunks[at + 1].part in _PRESENT:
        return Part.VERB_NOT  # "I do not know how to use it"
    return Part.DETAIL if chunk.text in _FUTURE else None


def _at_the_start(chunks: Sequence[Chunk], at: int, following: Chunk) -> Part | None:
    """What a word is before another: "yes indeed" and no "without", "it happened to me" and no "so be it"."""
    chunk = chunks[at]
    if chunk.text == "بلا" and at == 0 and following.part in (Part.COURTESY, *_SAYING, Part.STEADY):
        return Part.YES
    if chunk.part is Part.EMPHASIS and following.part is Part.BUT and at == 0:
        return Part.YES
    if chunk.text == "لا غير" and at == 0:
        return Part.ONLY
    if chunk.text in _HAPPENED and (
        following.text in _TO_ME or following.part in (Part.FREQUENCY, Part.STEADY)
    ):
        return Part.SYMPTOM_VERB
    if chunk.text == "صحيت":
        return Part.ACTION_VERB  # "I woke", where by itself it is a thanks
    is_person = following.part is Part.THING or following.text in vocabulary.KIN
    if chunk.text in _ASK and is_person and chunk.part is Part.IDIOM:
        return Part.HEDGE  # "ask my wife"
    if chunk.text in _HOW_MUCH and at == 0 and following.part in (*_SAYING, Part.THING):
        return Part.ASKING
    return Part.ACTION_VERB if chunk.text in _BEING and following.text in _WITH_YOU else None


def _is_used_up(chunks: Sequence[Chunk], at: int) -> bool:
    """As in "the medicine ran out"; by itself the word is "well then"."""
    following = chunks[at + 1] if at + 1 < len(chunks) else None
    is_mine = following is not None and (following.part in (Part.HAVE, Part.THING) or following.text == "من")
    return chunks[at].text in _ENDED and is_mine


def _behind(chunks: Sequence[Chunk], at: int) -> Part | None:
    chunk, before = chunks[at], chunks[at - 1].part if at else None
    if at and chunks[at - 1].text == "لم" and chunk.part not in _SAYING:
        verb = verb_of(chunk.text[1:] + "ت")  # shortened behind "lam" as before "-t"
        return _VERBS[verb.kind] if verb else None
    if chunk.text == "ياه" and before in (Part.ACTION_VERB, Part.SYMPTOM_VERB, Part.CEASED, Part.VERB_NOT):
        return Part.DETAIL  # "give me it"
    if before is Part.NOT and chunk.part is Part.NO_HARM and chunk.text.startswith("لا"):
        return Part.WELL
    if at == 1 and chunk.text == "اي" and chunks[0].text in _WHICH:
        return Part.ASKING  # "in which place?"
    if chunk.text == "الحق" and before is Part.NOT:
        return Part.ACTION_VERB  # "I shall not make it", not "the truth"
    if chunk.text in _STRENGTH and before in (Part.HAVE, Part.HAVE_NOT):
        return Part.GOOD
    if chunk.part is Part.UNKNOWN and at and chunks[at - 1].text in _BEFORE_NAMES:
        return Part.DETAIL
    if chunk.part is Part.UNKNOWN:
        return Part.THING if _is_a_noun(chunks, at) else None
    if chunk.part is Part.YES_OR_WHAT and before in _ASKED_ABOUT and chunk.text == "ايه":
        return Part.ASKING  # "which pain?"
    if chunk.part is Part.NOT_ME and at == 0 and len(chunks) == 1:
        return Part.NO
    if before is Part.NO_HARM and chunk.part in (Part.NEVER, Part.HAVE):
        return Part.COURTESY
    is_any = chunk.text.split()[0] in _ANY and before is not None and before not in _OPENING
    # "It hurts if I walk" says that it hurts.
    is_if = chunk.text in vocabulary.CONDITIONS and any(one.part in _SAYING for one in chunks[:at])
    is_again = chunk.text in _AGAIN and any(one.part in _SAYING for one in chunks[:at])
    return Part.DETAIL if is_any or is_if or is_again else None


def _begins_with_not(chunk: Chunk) -> bool:
    first = chunk.text.split()[0]
    return first in vocabulary.NEGATORS or first == "لا" or first.endswith("ش")


def _is_a_noun(chunks: Sequence[Chunk], at: int) -> bool:
    """Whether a word that nobody knows must be a thing: it has an article, or follows a preposition."""
    text = chunks[at].text
    return text.startswith(_WITH_ARTICLE) or (at > 0 and chunks[at - 1].text in _PREPOSITIONS)


def _figure(chunks: Sequence[Chunk], at: int) -> Chunk:
    """A number by itself is a figure; before what it counts it is a detail."""
    chunk = chunks[at]
    if chunk.part is not Part.DETAIL or not _is_figure(chunk.text):
        return chunk
    following = next((one for one in chunks[at + 1 :] if not _is_figure(one.text)), None)
    counts = following is not None and following.part in (Part.DETAIL, Part.THING, Part.SYMPTOM, Part.DEGREE)
    return chunk if counts else replace(chunk, part=Part.FIGURE)


def _is_figure(text: str) -> bool:
    word = WORDS.get(text) or WORDS.get(text.removeprefix("و"))
    return text.isdigit() or (word is not None and word.rank in _FIGURES and word.value != 1)


def _phrase_at(tokens: Sequence[str], at: int) -> tuple[int, Part | None]:
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        phrase = tuple(tokens[at : at + length])
        part = phrase_book().get(phrase)
        if part is None and length > 1 and phrase[0].startswith("و"):
            part = phrase_book().get((phrase[0][1:], *phrase[1:]))
        if part is Part.COMMAND and length == 1 and len(tokens) > 1:
            continue  # among other words, one word is no wish
        if part is not None:
            return length, part
    return 1, None


def _word(tokens: Sequence[str], at: int) -> Chunk:
    token = tokens[at]
    found = _plain(token)
    if found is None and token.startswith("و") and len(token) > 2:  # noqa: PLR2004
        rest = phrase_book().get((token[1:],))
        rest = None if rest is Part.COMMAND else rest
        inner = Chunk(rest, token[1:]) if rest else _plain(token[1:])
        found = replace(inner, text=token, joined=True) if inner else None
    if found is None and token.startswith("ف") and (verb := verb_of(token[1:])) is not None:
        return Chunk(_VERBS[verb.kind], token, joined=True, negated_by_la=verb.present, verb=verb.kind)
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
_VERBS = {
    VerbKind.SYMPTOM: Part.SYMPTOM_VERB,
    VerbKind.WILLING: Part.WILLING,
    **dict.fromkeys(
        (VerbKind.ACTION, VerbKind.ABLE, VerbKind.BODILY, VerbKind.SEEING, VerbKind.FLOWING, VerbKind.GOING),
        Part.ACTION_VERB,
    ),
    **dict.fromkeys((VerbKind.CEASED, VerbKind.EASED, VerbKind.QUIT, VerbKind.MISSED), Part.CEASED),
}


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
    if token in vocabulary.DETAILS or _is_time(token):
        return Chunk(Part.DETAIL, token)
    if token in _SHORT_VERBS:
        return Chunk(Part.SYMPTOM_VERB, token, negated_by_la=True)
    if token.endswith("ا") and len(token) > _SHORTEST_GLUED:  # the ending of "a sick man" as an object
        bare = next((part for words, part in _SIMPLE if part in _ADJECTIVES and token[:-1] in words), None)
        if bare is not None:
            return Chunk(bare, token)
    verb = verb_of(token)
    noun = noun_of(token)
    if verb is not None and (noun is None or verb.negated or (verb.present and not noun.definite)):
        part = Part.VERB_NOT if verb.negated else _VERBS[verb.kind]
        may_be_present = token[:1] in "اينت" and not token.endswith(_PAST_OF_MINE)
        return Chunk(part, token, negated_by_la=verb.present or may_be_present, verb=verb.kind)
    return noun


def _is_time(token: str) -> bool:
    is_number = token in WORDS and WORDS[token].rank in _NUMBERS
    return (
        is_number or token in LENGTHS or (token,) in RELATIVE_DAYS or (token,) in WEEKDAYS or token.isdigit()
    )
