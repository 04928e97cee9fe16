"""What a word is beside its neighbours: "any" and no "yes", "will" and not "gone", a figure or a detail."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding import vocabulary
from bridge.understanding.normalisation import words_of
from bridge.understanding.nouns import is_body
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.parts import Chunk, Part
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["VERB_PARTS", "in_place"]

VERB_PARTS = {
    VerbKind.SYMPTOM: Part.SYMPTOM_VERB,
    VerbKind.WILLING: Part.WILLING,
    **dict.fromkeys(
        (VerbKind.ACTION, VerbKind.ABLE, VerbKind.BODILY, VerbKind.SEEING, VerbKind.FLOWING, VerbKind.GOING),
        Part.ACTION_VERB,
    ),
    **dict.fromkeys((VerbKind.CEASED, VerbKind.EASED, VerbKind.QUIT, VerbKind.MISSED), Part.CEASED),
}
_WITH_ARTICLE = ("ال", "بال", "وال", "لل", "فال", "عال", "هال")
_PREPOSITIONS = ("من", "في", "علي", "عن", "مع", "عند", "بعد", "قبل")
_ANY, _FUTURE = ("اي", "باي"), ("راح", "رح", "عم", "وعم")
_ASKED_ABOUT = (Part.SYMPTOM, Part.THING, Part.DETAIL, Part.ACTION_VERB, Part.SYMPTOM_VERB, Part.WILLING)
_HAPPENED = words_of("صار صارت صاير صايره حصل حصلت جرى حدث طرا")
_TO_ME = words_of(
    "ذلك هيك كده كذا هكذا هذا هالشي كدا هكا "
    "معي معاي معايا وياي ويايه لي الي إلي بي بيا فيني فيا فيي علي عليا معاه معها معاها له لها"
)
_BEING = words_of("كون أكون اكون بكون هكون حكون نكون هنكون بنكون سأكون ساكون حاكون غنكون هاكون")
_WITH_YOU = words_of(
    "عندكن عندهم عندهن هون هنا هني هنيه هنايا اهنا موجود موجودة فاضي فاضية بالبيت بالبلد عندكم عندك "
    "عندكو قدامكم هناك هناكا بالعيادة بالمستشفى"
)
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
_TALK = (Part.COURTESY, Part.HEDGE, Part.IDIOM)
_BEFORE_SIGHT = (Part.NOT, Part.HAVE_NOT)
_LOST = (VerbKind.MISSED, VerbKind.QUIT)
_LEAVES = re.compile(r"(?:ما|م)?(?:[بهحسكعد]|[بهحسك]?[انت])خلي(?:ها|ه|هم|هو|هوش|هاش|هش|وش)$")
_EASES = re.compile(r"(?:ما|م)?خفت(?:ش)?$")
_TURNS = re.compile(r"لعب|تقلب|قالب|تغم|لاعت|تلوع|طامه")
_LESS = words_of("خف خفت زال زالت اختفى اختفت هدى هدت شفي تحسن تحسنت برا برأ")
_TAKES_OFF = re.compile(r"(?:شال|وقف|قطع|منع|لغ|شيل)(?:وا|ا|و|ت)?(?:ه|ها|و|هم|هو)?$")
_STOMACH = words_of("نفسي نفسه كبدي جبدي قلبي معدتي بطني كرشي")
_PUT_OFF = words_of(
    "خليها خليه خلوها خلوه خلها خلينا خليهم نخليها اجلوها اجليها اجلها بدلوها غيروها شوفولي عطوني "
    "اعطوني ادوني"
)
_NOT_NOW = words_of("غير لغير بعدين بكرا بكرة غدا لبكرة لبكرا لغدوة")
_ASKED_WHEN = words_of("ساعة تاريخ طابق مكان غرفة")
_ASKED = words_of(
    "دوا دواء علاج موعد عيادة مستشفى تحليل فحص قسم عملية حبة ابرة جهاز ورقة اشعة مركز تطعيم جرعة نوع"
)
_BEFORE_ANY = (
    Part.HAVE,
    Part.HAVE_NOT,
    Part.NOT,
    Part.VERB_NOT,
    Part.SYMPTOM_VERB,
    Part.ACTION_VERB,
    Part.DETAIL,
)
_HEALS = re.compile(r"(?:[يبت]*)(?:نشف|جف|يبس|سكر|قفل|لحم|قفا)ت?$")
_WOUND = re.compile(r"جرح|غرز|خياط|عملي")
_I_AM = words_of("راني راه راها راهي رانا هاني راكي")
_MY_EYES = words_of("عيوني عنيا عيني")
_WALKS = re.compile(r"[يتكب]*م[ش]ي$|[يتكب]*تمشي$")
_ENDED = ("خلص", "خلصت")
_FIGURES = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND, Rank.DIGITS)


def in_place(chunks: Sequence[Chunk], at: int) -> Chunk:
    """What a word is beside its neighbours: "any" and no "yes", "will" and not "gone"."""
    part = Part.CEASED if _is_used_up(chunks, at) else _before_a_verb(chunks, at) or _behind(chunks, at)
    if part is None and (verb := _other_verb(chunks, at)) is not None:
        return replace(chunks[at], part=VERB_PARTS[verb], verb=verb)
    return replace(chunks[at], part=part) if part is not None else _figure(chunks, at)


def _other_verb(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """Stand on one's feet, not stop; leave one's cigarettes, not Saturday."""
    chunk, after = chunks[at], chunks[at + 1 : at + 3]
    if chunk.part in _TALK and at and chunks[at - 1].part in _BEFORE_SIGHT:
        verb = verb_of(chunk.text)
        return verb.kind if verb is not None and verb.kind is VerbKind.SEEING else None  # "I no longer hear"
    if _LEAVES.match(chunk.text) and (chunk.verb or chunk.part is Part.VERB_NOT):
        is_let = any(one.part in _PRESENT and one.verb not in _LOST for one in after[:1])
        return None if is_let else VerbKind.QUIT  # "I never leave it", and not "I let him"
    beside = (*chunks[max(at - 2, 0) : at], *after[:1])
    if _EASES.match(chunk.text) and any(one.part is Part.SYMPTOM for one in beside):
        return VerbKind.EASED  # a cough that did not get less, and nobody afraid
    if chunk.verb is VerbKind.QUIT and [one.text for one in after[:1]] == ["علي"] and is_body(after[-1].text):
        return VerbKind.BODILY
    if _TURNS.search(chunk.text) and any(one.text in _STOMACH for one in beside):
        return VerbKind.SYMPTOM
    if _WALKS.match(chunk.text) and any(one.part is Part.SYMPTOM for one in chunks[max(at - 3, 0) : at]):
        return VerbKind.GOING  # a pain that does not want to go
    if chunk.part is Part.WELL and chunk.text in _LESS and at and chunks[at - 1].part is Part.NOT:
        return VerbKind.EASED
    if _TAKES_OFF.match(chunk.text) and any(one.text in ("عني", "عنا", "مني") for one in after[:1]):
        return VerbKind.QUIT  # the doctor took me off it
    if _HEALS.match(chunk.text) and any(_WOUND.search(one.text) for one in beside):
        return VerbKind.EASED  # a wound that is dry
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
    is_person = following.part is Part.THING or following.text in vocabulary.KIN
    recurs = following.text in _TO_ME or following.part in (Part.FREQUENCY, Part.STEADY)
    if at == 0 and (found := _opening(chunk, following)):
        return found
    if chunk.text in _PUT_OFF and following.text in _NOT_NOW:
        return Part.DETAIL  # "put it off"
    if chunk.text == "غير" and at and chunks[at - 1].text in _PUT_OFF:
        return Part.DETAIL  # "make it another day"
    if chunk.text == "غير" and at and chunks[at - 1].text in _I_AM:
        return Part.DETAIL  # "I am just a little ill" in the Maghreb
    if chunk.text in _HAPPENED and recurs:
        return Part.SYMPTOM_VERB
    if chunk.text in _ASK and is_person and chunk.part is Part.IDIOM:
        return Part.HEDGE  # "ask my wife"
    # "I woke", where by itself it is a thanks; "I shall be with you"
    is_verb = chunk.text == "صحيت" or (chunk.text in _BEING and following.text in _WITH_YOU)
    return Part.ACTION_VERB if is_verb else None


def _opening(chunk: Chunk, following: Chunk) -> Part | None:
    """What the first word of a sentence is: a yes that is "without" elsewhere, a question."""
    is_yes = chunk.text == "بلا" and following.part in (Part.COURTESY, *_SAYING, Part.STEADY)
    if is_yes or (chunk.part is Part.EMPHASIS and following.part is Part.BUT):
        return Part.YES
    if chunk.text == "اي" and (following.text in _ASKED or following.text in _ASKED_WHEN):
        return Part.ASKING  # "which medicine?"
    if chunk.text == "لا غير":
        return Part.ONLY
    asks = chunk.text in _HOW_MUCH and following.part in (*_SAYING, Part.THING)
    return Part.ASKING if asks else None


def _is_used_up(chunks: Sequence[Chunk], at: int) -> bool:
    """As in "the medicine ran out"; by itself the word is "well then"."""
    following = chunks[at + 1] if at + 1 < len(chunks) else None
    is_mine = following is not None and (following.part in (Part.HAVE, Part.THING) or following.text == "من")
    return chunks[at].text in _ENDED and is_mine


def _behind(chunks: Sequence[Chunk], at: int) -> Part | None:
    chunk, before = chunks[at], chunks[at - 1].part if at else None
    if at and chunks[at - 1].text == "لم" and chunk.part not in _SAYING:
        verb = verb_of(chunk.text[1:] + "ت")  # shortened behind "lam" as before "-t"
        return VERB_PARTS[verb.kind] if verb else None
    if at > 1 and chunks[at - 1].text == "من" and chunk.verb is not None and chunk.part is not Part.VERB_NOT:
        return Part.DETAIL  # "from carrying my grandson"
    if at and chunk.text in _MY_EYES and chunk.part is Part.IDIOM and chunks[at - 1].part is Part.NO:
        return Part.COURTESY  # "no, my dear"
    if chunk.part is Part.UNKNOWN:
        is_name = at > 0 and chunks[at - 1].text in _BEFORE_NAMES
        return Part.DETAIL if is_name else Part.THING if _is_a_noun(chunks, at) else None
    following = chunks[at + 1].part if at + 1 < len(chunks) else None
    if at and chunk.text == "ايه" and following in (Part.SYMPTOM, Part.THING) and before in _BEFORE_ANY:
        return Part.DETAIL  # "any" of standard Arabic
    if (found := _after(chunk, before)) is not None:
        return found
    if chunk.text == "اي" and at == 1 and chunks[0].text in _WHICH:
        return Part.ASKING  # "in which place?"
    is_any = chunk.text.split()[0] in _ANY and before is not None and before not in _OPENING
    # "It hurts if I walk" says that it hurts; "I shall not take it once more" is no wish.
    is_beside = chunk.text in vocabulary.CONDITIONS or chunk.text in _AGAIN
    is_said = is_beside and any(one.part in _SAYING for one in chunks[:at])
    return Part.DETAIL if is_any or is_said else None


def _after(chunk: Chunk, before: Part | None) -> Part | None:
    """What a word is behind a part of speech that makes it another."""
    match before:
        case None:
            return Part.NO if chunk.part is Part.NOT_ME else None
        case Part.NOT:  # "I am not fine"; "I shall not make it", not "the truth"
            is_fine = chunk.part is Part.NO_HARM and chunk.text.startswith("لا")
            return Part.WELL if is_fine else Part.ACTION_VERB if chunk.text == "الحق" else None
        case Part.HAVE | Part.HAVE_NOT:
            return Part.GOOD if chunk.text in _STRENGTH else None
        case Part.NO_HARM:
            return Part.COURTESY if chunk.part in (Part.NEVER, Part.HAVE) else None
        case Part.ACTION_VERB | Part.SYMPTOM_VERB | Part.CEASED | Part.VERB_NOT if chunk.text == "ياه":
            return Part.DETAIL  # "give me it"
    is_which = chunk.part is Part.YES_OR_WHAT and chunk.text == "ايه" and before in _ASKED_ABOUT
    return Part.ASKING if is_which else None


def _begins_with_not(chunk: Chunk) -> bool:
    first = chunk.text.split()[0].removeprefix("و")
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
