"""Every word of a sentence by the part that it plays: particle, negation, predicate, thing, detail, courtesy, or unknown.

Phrases come before words, the longest first; articles, prepositions and possessive endings are taken off nouns only.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from bridge.understanding import lexicon, vocabulary
from bridge.understanding.command_words import COMMAND_PHRASES
from bridge.understanding.calendar_words import LENGTHS, RELATIVE_DAYS, WEEKDAYS
from bridge.understanding.meaning import Command
from bridge.understanding.normalisation import normalise
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Chunk", "Part", "label"]


class Part(StrEnum):
    """What a word or phrase does."""

    YES = "yes"
    YES_OR_WHAT = "yes_or_what"  # a yes that is "what?" elsewhere
    NO = "no"
    EMPHASIS = "emphasis"  # "sure": a yes by itself, and goes with a no too
    NEVER = "never"  # a no by itself, and goes with a no; behind a yes it may mean "very"
    NOT = "not"
    HAVE = "have"
    HAVE_NOT = "have_not"
    SYMPTOM_VERB = "symptom_verb"
    ACTION_VERB = "action_verb"
    CEASED = "ceased"  # forgot, stopped, got well
    VERB_NOT = "verb_not"  # a verb with its own negation
    SYMPTOM = "symptom"
    STATE = "state"  # ill
    WELL = "well"
    THING = "thing"
    RIGHT = "right"
    WILLING = "willing"
    NO_HARM = "no_harm"  # "no problem": yes to "may I?", no to "have you ...?"
    IDIOM = "idiom"  # go ahead
    PROMISE = "promise"  # God willing
    ONLY = "only"
    BUT = "but"
    STILL = "still"
    HEDGE = "hedge"
    FREQUENCY = "frequency"  # sometimes
    STEADY = "steady"  # every day
    DEGREE = "degree"
    DETAIL = "detail"
    COURTESY = "courtesy"
    ASKING = "asking"  # why, if
    COMMAND = "command"
    CORRECTION = "correction"
    FIGURE = "figure"  # a number of nothing: "no, seven" corrects what was read back
    BEGIN = "begin"  # "begin!" and "never", spelled alike
    UNKNOWN = "unknown"


class Chunk(Struct, frozen=True):
    """One word or phrase with its part."""

    part: Part
    text: str
    joined: bool = False  # an "and" stands before it
    negated_by_la: bool = False  # a present that standard Arabic negates with "la"
    definite: bool = False


_NO_HARM_OBJECTS = (
    "مانع، مشكلة، مشاكل، اعتراض، إشكال، بأس، اي مانع، اي مشكلة، أي اعتراض، مشكل، ضرر، شي يمنع، اشكالية"
)
_NO_HARM = (
    "لا بأس، لاباس، لا باس، لا مشكلة، لا مانع، مو مشكلة، مش مشكلة، مب مشكلة، ماشي مشكل، ما يخالف، ميخالف، مايخالف، ما عليه، معليش، ما عليش، معلش، "
    "عادي، لا يوجد مانع، لا يوجد مشكلة، ما يضر، لا ضير، لا حرج، ماشي مشكل، ماكاين مشكل، ما كاين مشكل، بلا مشكل، بلا مشاكل، بدون مشاكل، بدون مشكلة، "
    "ما بها شي، ما فيها شي، مافيها شي، مفيهاش حاجة، ما فيها مشكلة، ما عندي اي مشكلة"
)
_WHY_NOT = "ليش لا، ليه لا، ليه لأ، وليه لأ، لم لا، لما لا، علاش لا، وعلاش لا، وليش لا، ولم لا، ليش لأ، كيف لا، شو المانع"
_MORE_YES = (
    "يس، اها، أها، ااه، اوك، أجل نعم، ييس، نعمين، ايوة طبعا، إي بالله، اي بالله، إي والله، اييه، ايي، ايوااا، إيوه، ايوو، يوه، ايه نعم، ايه والله، ايه اكيد، اه اكيد، واه واه، "
    "صحيح نعم، مظبوط، معلوم، داكور، نيشان، وي وي، ياه، هيه، حصل، اى، اى نعم، أى، اى والله، اومال ايه، طبعا نعم، اي طبعا، اي اكيد، بلا، بلى، اييوه، ايوووه، اييه نعم، ايهوا، هي نعم، هييه، أييه"
)
_MORE_NO = (
    "نو، لاواه، لا لا لا، لأه، لاا، لآ، ليه لا، لالالا، كلا كلا، ابدا والله، ولا مرة، ولا يوم، ولا عمري، عمري ما حصل، ولا شي، ولا شيء، ولا حاجة، ولا اشي، حتى شي، حتى حاجة، حتى لعبة، ولا حاجه، ولا أي شي، ولا اي حاجة، "
    "لا أبد، مستحيل، أبدا مستحيل، مو صحيح، طبعا لا، أكيد لا، لا اكيد، لا طبعا، بالتأكيد لا، ولا مره، بالعكس، على العكس، مش حقيقي، مش مظبوط، مو مضبوط، ماشي بصح، هذا غلط، ولا وحدة، ولا واحد، ولا واحدة، كذب، مو كذا، لا هذا ولا ذاك، ولا شي منها، لا شيء من ذلك، لا ولا شي، لم يحصل، ما صار، ما حصل، محصلش"
)
_MORE_IDIOMS = (
    "يلا، ابدأي، ابدي، ابدوا، ابدئي، اسأل، اسألي، اسألني، اسأليني، تفضل اسأل، تفضلي اسألي، كمل، كملي، تم، سم، سمي، لبيك، من عيوني، من عيني، على عيني، على عيني وراسي، على راسي وعيني، من عنيا، عنيا، عيوني، حاضر، حاضر من عنيا، تدلل، تدللي، تأمر، تأمري، تامر، تؤمر، بتأمر، أبشر، ابشري، ابشروا، "
    "حياك، حياك الله، يصير، صار، ميخالف، خوش، تمام، ماشي، اوكي، اوكيه، أوكي، طيب، طب، حسنا، تفضل، تفضلي، تفضلوا, اتفضل، اتفضلي، اتفضلوا، باهي، صافي، واخا، واخة، مزيان، عادي، موافق، موافقة، مسموح، زين، على راسي، تكرم، تكرمي، تكرم عينك، تكرمي عينك، يا ريت، ياريت، قل، قولي، قول، خش، هات، هاتي، هات ما عندك، معاك، معك، أنا معك، انا معاك، معاكي، يلا بينا، يالله، يلا تفضل، نبدأ، نبدا، خلينا نبدأ، بكل سرور، بسرور، يسعدني، بكل ممنونية، بالخدمة، غالي والطلب رخيص، وماله، اوماله، معنديش مانع، أهلا وسهلا، اهلا، وقتي لك، على بركة الله، توكلنا على الله، كمان، ميت فل، زي الفل، يعني ماشي، خير، عز الطلب، لعيونك، صحا، ساهل، بالاك"
)
_MORE_PROMISE = "إن شاء الله، انشاء الله، انشالله، ان شالله، بإذن الله، باذن الله، بعون الله، بمشيئة الله، ان شاءالله، إنشالله، بحول الله، بأمر الله، اذا الله راد، إذا الله أراد، باذن الله تعالى، إن شاء المولى، ربنا يسهل، الله يسهل"
_REFUSING = "لا داعي، لا شكرا، شكرا لا، مش لازم، مو لازم، مب لازم، مو ضروري، مش ضروري، ما يحتاج، ما له داعي، ماله داعي، مالوش لازمة، غير موافق، غير موافقة، أرفض، ارفض، رافض، رافضة، برفض، نرفض، بلاش، خليها وقت ثاني، مو الحين، مش دلوقتي، مش الآن، ليس الآن، مو هسه، مو هلأ، مش هلأ، ماشي دابا، موش توا"
_YES_SEPARATELY = ("موجود",)
_CORRECTIONS = "قصدي، أقصد، بقصد، أعني، عفوا، غلطت، غلطان، غلطانة، آسف، آسفة، لا قصدي، لا أقصد، كنت أقصد، سوري، لا عفوا، لا آسف، استنى لا"
_FILLER_WORDS = ("والله", "يعني", "طيب", "زين", "بس")
_WISHES = (Command.DONT_KNOW, Command.REPEAT, Command.REFUSE, Command.STOP, Command.PERSON, Command.BACK)
_NOT_WISHES = frozenset(
    map(normalise, "نسيت نسيته نسيتها ناسي ناسية".split())
)  # answers too: the medicine was forgotten
_NUMBERS = (
    Rank.UNIT,
    Rank.TEN,
    Rank.TEEN,
    Rank.TENS,
    Rank.HUNDRED,
    Rank.DIGITS,
    Rank.HALF,
    Rank.COUNTED,
    Rank.THING,
)
_FIGURES = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND, Rank.DIGITS)
_GLUED = tuple(map(normalise, ("لا", "ما", "مو", "مش", "مب", "نعم", "ايوه", "والله", "يا", "عندي")))
_SHORT_VERBS = ("حس", "كح", "قح")  # behind "am" of the Levant
_SHORTEST_GLUED = 4
_ANY, _FUTURE = ("اي", "باي"), ("راح", "رح")
_BEFORE_ANY = (
    *(Part.NOT, Part.HAVE, Part.HAVE_NOT, Part.VERB_NOT, Part.SYMPTOM_VERB, Part.ACTION_VERB, Part.DETAIL),
    *(Part.NO_HARM, Part.WILLING, Part.CEASED),
)
_PRESENT = (Part.SYMPTOM_VERB, Part.ACTION_VERB, Part.WILLING, Part.CEASED)
_LONGEST = 6


def _split(listed: str) -> list[str]:
    return [
        phrase for phrase in map(normalise, listed.replace(",", "،").replace("\n", "،").split("،")) if phrase
    ]


def _no_harm() -> Iterator[str]:
    having_not = (
        *vocabulary.NEGATIVE_HAVING,
        "ما عندي",
        "ما في",
        "ما فيه",
        "ليس لدي",
        "ليس هناك",
        "لا يوجد",
        "ما عنديش",
        "ما كاين",
        "ما عندنا",
        "ما عندنا اي",
        "معنديش اي",
        "ما عندي اي",
    )
    for have in having_not:
        yield from (f"{normalise(have)} {thing}" for thing in _split(_NO_HARM_OBJECTS))
    yield from (
        f"{negator} {thing}"
        for negator in ("بدون", "بلا", "من غير", "لا")
        for thing in _split(_NO_HARM_OBJECTS)
    )
    yield from _split(_NO_HARM)


def _phrases() -> Iterator[tuple[Part, Iterable[str]]]:
    """Later ones win."""
    wishes = (" ".join(words) for words, command in COMMAND_PHRASES.items() if command in _WISHES)
    yield Part.COMMAND, (wish for wish in wishes if wish not in _NOT_WISHES)
    yield Part.COURTESY, (filler for filler in lexicon.FILLERS if filler != "بس")
    yield Part.HEDGE, (*lexicon.UNCLEAR, *vocabulary.HEDGES)
    yield Part.DEGREE, (some for some in lexicon.SOME if not some.startswith("بس"))
    yield Part.COURTESY, (talk for talk in vocabulary.SMALL_TALK if talk not in ("بس", "وبس"))
    yield Part.FREQUENCY, vocabulary.FREQUENCIES
    yield Part.STEADY, vocabulary.STEADY
    idioms = map(normalise, (*lexicon.YES_IDIOMS, *_split(_MORE_IDIOMS)))
    yield Part.IDIOM, (idiom for idiom in idioms if not set(idiom.split()) & vocabulary.WILLING)
    yield Part.RIGHT, lexicon.YES_CONFIRMATION
    yield (
        Part.STILL,
        (*(one for one in lexicon.YES_STILL if not {"غير", "إلا"} & set(one.split())), *vocabulary.STILL),
    )
    yield Part.EMPHASIS, vocabulary.EMPHASIS
    yield Part.YES, (*(one for one in lexicon.YES if one not in ("تماما", "بالضبط")), *_split(_MORE_YES))
    yield Part.EMPHASIS, vocabulary.EMPHASIS
    yield Part.YES_OR_WHAT, ("ايه",)
    yield Part.NO, (*lexicon.NO, *lexicon.NO_CONFIRMATION, *_split(_MORE_NO), *_split(_REFUSING))
    yield Part.NEVER, vocabulary.NEVER
    yield Part.NO_HARM, _no_harm()
    yield Part.IDIOM, _split(_WHY_NOT)
    yield Part.PROMISE, _split(_MORE_PROMISE)
    yield Part.DETAIL, vocabulary.NOT_NEGATING
    yield Part.CORRECTION, _split(_CORRECTIONS)
    yield (
        Part.HAVE_NOT,
        (
            "لا يوجد",
            "لا توجد",
            "ليس لدي",
            "ليس عندي",
            "لم يعد",
            "ليس هناك",
            "ما عاد",
            "لا شيء",
            "لا شي",
            "لا احد",
        ),
    )
    yield Part.DETAIL, ("هذا كل شي", "بعد العملية", "كل شي", "كل شيء", "كل حاجة")


@cache
def _book() -> dict[tuple[str, ...], Part]:
    return {
        tuple(normalise(phrase).split()): part
        for part, phrases in _phrases()
        for phrase in phrases
        if normalise(phrase)
    }


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
    return (token,) in _book() or _word([token], 0).part is not Part.UNKNOWN


def _in_place(chunks: Sequence[Chunk], at: int) -> Chunk:
    """What a word is beside its neighbours: "any" and not "yes", "will" and not "gone", a figure and not a count."""
    chunk = chunks[at]
    before = chunks[at - 1].part if at else None
    after = chunks[at + 1] if at + 1 < len(chunks) else None
    if chunk.text.split()[0] in _ANY and before in _BEFORE_ANY:
        return replace(chunk, part=Part.DETAIL)
    if chunk.text in _FUTURE and after is not None and after.part in _PRESENT and after.negated_by_la:
        return replace(chunk, part=Part.DETAIL)
    if before is Part.NO_HARM and chunk.part in (Part.NEVER, Part.HAVE):
        return replace(chunk, part=Part.COURTESY)
    return _figure(chunks, at)


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
        part = _book().get(tuple(tokens[at : at + length]))
        if part is Part.COMMAND and length == 1 and len(tokens) > 1:
            continue  # among other words, one word is no wish
        if part is not None:
            return length, part
    return 1, None


def _word(tokens: Sequence[str], at: int) -> Chunk:
    token = tokens[at]
    found = _plain(token)
    if found is None and token.startswith("و") and len(token) > 2:  # noqa: PLR2004
        rest = _book().get((token[1:],)) or None
        inner = Chunk(rest, token[1:]) if rest else _plain(token[1:])
        found = (
            Chunk(inner.part, token, joined=True, negated_by_la=inner.negated_by_la, definite=inner.definite)
            if inner
            else None
        )
    return found or Chunk(Part.UNKNOWN, token)


_SIMPLE: tuple[tuple[frozenset[str], Part], ...] = (
    (vocabulary.NEGATIVE_HAVING, Part.HAVE_NOT),
    (vocabulary.NEGATORS, Part.NOT),
    (vocabulary.ONLY, Part.ONLY),
    (vocabulary.BUT, Part.BUT),
    (vocabulary.HAVING, Part.HAVE),
    (vocabulary.WILLING, Part.WILLING),
    (vocabulary.QUESTION_WORDS | vocabulary.CONDITIONS, Part.ASKING),
    (vocabulary.DEGREES, Part.DEGREE),
    (vocabulary.STATES, Part.STATE),
    (vocabulary.WELL, Part.WELL),
)
_NOUNS = ((vocabulary.SYMPTOMS, Part.SYMPTOM), (vocabulary.BODY_AND_THINGS, Part.THING))
_VERBS = {
    VerbKind.SYMPTOM: Part.SYMPTOM_VERB,
    VerbKind.ACTION: Part.ACTION_VERB,
    VerbKind.WILLING: Part.WILLING,
    VerbKind.CEASED: Part.CEASED,
}


def _plain(token: str) -> Chunk | None:
    for words, part in _SIMPLE:
        if token in words:
            return Chunk(part, token, negated_by_la=part is Part.WILLING and token[:1] in "ان")
    for words, part in _NOUNS:
        if token in words:
            return Chunk(part, token)
    if token in vocabulary.DETAILS or _is_time(token):
        return Chunk(Part.DETAIL, token)
    if token in _SHORT_VERBS:
        return Chunk(Part.SYMPTOM_VERB, token, negated_by_la=True)
    verb = verb_of(token)
    noun = _noun(token)
    if verb is not None and (noun is None or verb.negated):
        part = Part.VERB_NOT if verb.negated else _VERBS[verb.kind]
        return Chunk(part, token, negated_by_la=verb.present or token[:1] in "اينت")
    return noun


def _is_time(token: str) -> bool:
    is_number = token in WORDS and WORDS[token].rank in _NUMBERS
    return (
        is_number or token in LENGTHS or (token,) in RELATIVE_DAYS or (token,) in WEEKDAYS or token.isdigit()
    )


_BEFORE_NOUNS = ("وال", "بال", "فال", "عال", "هال", "كال", "لل", "ال", "ب", "ل", "ف", "ع", "ك")
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
    "ايا",
    "اتي",
    "اته",
    "اتها",
    "يني",
)


@cache
def _bases() -> dict[str, Part]:
    bases: dict[str, Part] = {}
    for words, part in ((vocabulary.WELL, Part.WELL), (vocabulary.STATES, Part.STATE), *reversed(_NOUNS)):
        bases.update(dict.fromkeys(words, part))
    return bases


def _noun(token: str) -> Chunk | None:
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
            found = bases.get(base) or bases.get(base + "ه")
            if found and found not in (Part.WELL, Part.STATE):
                return Chunk(found, token, definite=True)
    return None
