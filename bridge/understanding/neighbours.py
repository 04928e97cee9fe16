"""What a word is beside its neighbours: "any" and no "yes", "will" and not "gone", a figure or a detail."""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding import vocabulary
from bridge.understanding.normalisation import words_of
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.other_verbs import other_verb
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
_I_AM = words_of("راني راه راها راهي رانا هاني راكي")
_MY_EYES = words_of("عيوني عنيا عيني")
_ENDED = ("خلص", "خلصت")
_FIGURES = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND, Rank.DIGITS)


def in_place(chunks: Sequence[Chunk], at: int) -> Chunk:
    """What a word is beside its neighbours: "any" and no "yes", "will" and not "gone"."""
    part = Part.CEASED if _is_used_up(chunks, at) else _before_a_verb(chunks, at) or _behind(chunks, at)
    if part is None and (verb := other_verb(chunks, at)) is not None:
        return replace(chunks[at], part=VERB_PARTS[verb], verb=verb)
    return replace(chunks[at], part=part) if part is not None else _figure(chunks, at)


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
    # "Make it another day"; "I am just a little ill" in the Maghreb
    is_no_except = chunk.text == "غير" and at and chunks[at - 1].text in _PUT_OFF | _I_AM
    if is_no_except or (chunk.text in _PUT_OFF and following.text in _NOT_NOW):
        return Part.DETAIL
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
    if chunk.part is Part.UNKNOWN and not _is_cause(chunks, at):
        is_name = at > 0 and chunks[at - 1].text in _BEFORE_NAMES
        return Part.DETAIL if is_name else Part.THING if _is_a_noun(chunks, at) else None
    is_dear = before is Part.NO and chunk.text in _MY_EYES and chunk.part is Part.IDIOM  # "no, my dear"
    if is_dear or _is_cause(chunks, at) or _is_any(chunks, at):
        return Part.COURTESY if is_dear else Part.DETAIL
    found = _after(chunk, before)
    if found is None and chunk.text == "اي" and at == 1 and chunks[0].text in _WHICH:
        found = Part.ASKING  # "in which place?"
    is_any = chunk.text.split()[0] in _ANY and before is not None and before not in _OPENING
    # "It hurts if I walk" says that it hurts; "I shall not take it once more" is no wish.
    is_beside = chunk.text in vocabulary.CONDITIONS or chunk.text in _AGAIN
    is_said = is_beside and any(one.part in _SAYING for one in chunks[:at])
    return found or (Part.DETAIL if is_any or is_said else None)


def _is_cause(chunks: Sequence[Chunk], at: int) -> bool:
    """As in "from carrying my grandson"."""
    chunk = chunks[at]
    return (
        at > 1 and chunks[at - 1].text == "من" and chunk.verb is not None and chunk.part is not Part.VERB_NOT
    )


def _is_any(chunks: Sequence[Chunk], at: int) -> bool:
    """The "any" of standard Arabic, which is "yes" or "what?" elsewhere."""
    following = chunks[at + 1].part if at + 1 < len(chunks) else None
    is_noun = at > 0 and following in (Part.SYMPTOM, Part.THING)
    return is_noun and chunks[at].text == "ايه" and chunks[at - 1].part in _BEFORE_ANY


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
