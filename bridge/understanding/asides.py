"""Phrases beside a number that are taken as a whole: prayers, "before I eat", "half and half", "no pain".

Word by word they would negate, compare or count something else.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bridge.understanding import vocabulary
from bridge.understanding.aside_phrases import BOUNDS, COURTESIES, HEDGING, IN_A_WHILE, LAST_TIMES
from bridge.understanding.companions import ABOUT, COMPARED, NOW, PLACES, THEN, WAS, is_companion
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.nouns import noun_of
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.parts import Chunk, Part
from bridge.understanding.remarks import remark_at
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Aside", "aside_at"]


class Aside(Struct, frozen=True):
    """What a phrase does beside a number, and how many words it takes."""

    rank: Rank
    length: int
    joined: bool = False  # an "and" stands before it
    value: int = 0  # of "two days ago": the answer where no other number is


_AND, _BY_GOD = "و", "والله"  # also "and may God ..."
_GOD = words_of("الله ربنا ربي رب اللهم مولانا")
_AFTER_A_PRAYER = words_of(
    """
    العافية الصحة الصحه صحة والديك والديه والدينا والديكم الوالدين علينا عليك عليكم عليه عليها عليهم
    خير بخير بالخير خيرا بالعون العون في فيك فيكم فيهم فيها فيه الجميع الستر كل مريض مرضانا المسلمين
    جميع عنا عنك عنه همك الشر صحتك صحته صحتها السلامة بالسلامة عمرك عمره عمرها عمركم اولادي ولادي
    عيالي اولادك ولادك عيالك لي لنا لك لكم ياهم ياك اياهم النعمة نعمته فضله بصحتك بعمرك عقبالك مكروه
    والعافية والصحة بالصحة بالعافية يا رب
    """
)
_DEGREE = normalise("درجة")
_COUNTING = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED)
_UNSURE = words_of("يعلم اعلم أعلم عالم")
_ALSO_COURTEOUS = (
    *vocabulary.SMALL_TALK,
    *(phrase for phrase in vocabulary.NOT_NEGATING if not phrase.endswith(" ما")),
)
_PHRASES: dict[tuple[str, ...], Rank] = {
    tuple(phrase.split()): rank
    for phrases, rank in (
        ((*_ALSO_COURTEOUS, *COURTESIES, *IN_A_WHILE), Rank.BESIDE),
        (HEDGING, Rank.ABOUT),
        (LAST_TIMES, Rank.THEN),
        (BOUNDS, Rank.INEXACT),
    )
    for phrase in phrases
    if " " in phrase  # single words have their own places
}
_LONGEST = max(map(len, _PHRASES))
_NO = words_of("ما لا مش مو مب موب ماني منيش ليس لم مهوب موش مانيش مش لست")
_WITHOUT = words_of("بدون بلا دون ولا بغير")
_HAVE = words_of(
    "في فيه فيها عندي عنده عندو عندها معي معاي لدي فيني بيا بي كاين كاينة كاينش فما فماش اكو أكو يوجد كان"
)
_PLAIN_NO = words_of("لا")
_THERE_IS = words_of("يوجد توجد")  # "no" stands before "I have" and does not negate it
_HAVE_NOTS = vocabulary.NEGATIVE_HAVING
_ANY = words_of(
    "أي حتى ولا شي شيء بشي بشيء حاجة بحاجة والو بوالو شئ أبدا أبدن خالص نهائيا نهائي بالمرة إطلاقا مطلقا"
)
_BUT_FOR = words_of("غير إلا الا سوى عدا")
_TIMES = words_of("قبل بعد عقب لما وقت أول اول يوم كل حين ساعة مثل زي كيف كيما قد بعدما قبلما")
_THAT = words_of("ما لا")
_BY_HOW_MUCH = words_of("بكثير بكتير بشوي بشوية بزاف بواجد بهواية هواية وايد واجد")
_EARLIER = words_of("قبل الأول الاول أول العادة عادته اللي غيره")
_THAN = words_of("من عن م")
_BEFORE_NOUNS = words_of("على ع من في عن عند ب ل الى حسب مع فوق تحت جوا داخل قدام ورا")
_FROM, _WHERE = words_of("من"), words_of("تحت فوق قدام ورا عند جوا داخل عن على")
_SOME = words_of("شي إشي")
_NO_KNOWLEDGE = words_of("خبر علم فكرة علمي جواب إجابة معلومة معلومات وقت مانع مشكلة")  # "I have no idea"
_TASTES = words_of("سكر سكري ملح")  # tea without sugar


def aside_at(tokens: Sequence[str], at: int) -> Aside | None:
    """The longest phrase that begins here, or None; an "and" may be written before it."""
    found = _longest(tokens, at)
    token = tokens[at]
    if found is not None or not token.startswith(_AND) or len(token) == 1:
        return found
    if token in WORDS and token != _BY_GOD:
        return None
    inner = _longest([*tokens[:at], token[1:], *tokens[at + 1 :]], at)
    return replace(inner, joined=True) if inner else None


def _longest(tokens: Sequence[str], at: int) -> Aside | None:
    found = [aside for find in _FINDERS if (aside := find(tokens, at)) is not None]
    return max(found, key=lambda aside: aside.length, default=None)


def _phrase(tokens: Sequence[str], at: int) -> Aside | None:
    for length in range(min(_LONGEST, len(tokens) - at), 1, -1):
        rank = _PHRASES.get(tuple(tokens[at : at + length]))
        if rank is not None:
            counted = WORDS.get(tokens[at + length - 1])
            is_ago = rank is Rank.THEN and counted is not None and counted.rank is Rank.COUNTED
            return Aside(rank, length, value=counted.value if counted and is_ago else 0)
    return None


def _degree(tokens: Sequence[str], at: int) -> Aside | None:
    """As in "degree of the pain five", where no one degree is counted."""
    after, before = "".join(tokens[at + 1 : at + 2]), tokens[at - 1] if at else ""
    number = WORDS.get(after)
    is_named = after.startswith("ال") or after.isdigit() or (number is not None and number.rank in _COUNTING)
    is_own = tokens[at] == _DEGREE and before not in WORDS and not before.isdigit()
    return Aside(Rank.BESIDE, 1) if is_own and is_named else None


def _remark(tokens: Sequence[str], at: int) -> Aside | None:
    remark = remark_at(tokens, at)
    return Aside(Rank.ABOUT if remark.doubtful else Rank.BESIDE, remark.length) if remark else None


def _prayer(tokens: Sequence[str], at: int) -> Aside | None:
    """As in "God keep them": any wish behind God's name, with what is wished."""
    end = at + 1
    if tokens[at] not in _GOD or end >= len(tokens):
        return None
    if tokens[end] in _UNSURE:
        return Aside(Rank.ABOUT, 2)
    end += tokens[end] in _THAT  # "may God not show you"
    if end >= len(tokens) or not tokens[end].startswith("ي") or tokens[end] in WORDS:
        return None
    end += 1
    while end < len(tokens) and tokens[end] in _AFTER_A_PRAYER:
        end += 1
    if at and end + 1 == len(tokens) and tokens[end].removeprefix(_AND) not in WORDS:
        end += 1  # what is wished is anything
    return Aside(Rank.BESIDE, end - at)


def _before_doing(tokens: Sequence[str], at: int) -> Aside | None:
    """As in "before I eat", where "what" is spelled like "not"."""
    is_that = tokens[at] in _TIMES and at + 2 < len(tokens) and tokens[at + 1] in _THAT
    if is_that and verb_of(tokens[at + 2]) is not None:
        return Aside(Rank.BESIDE, 3)
    return None


def _nothing_felt(tokens: Sequence[str], at: int) -> Aside | None:
    """As in "no pain", "I feel nothing", "there is nothing"; what follows "but" is something."""
    end = _past_not(tokens, at)
    if end is None or "".join(tokens[end : end + 1]) in _NO_KNOWLEDGE:
        return None
    while end < len(tokens) and (tokens[end] in _ANY or _is_symptom(tokens[end])):
        end += 1
    if end < len(tokens) and tokens[end] in _BUT_FOR:
        return None
    return Aside(Rank.NONE, end - at)


def _past_not(tokens: Sequence[str], at: int) -> int | None:
    """Where the negation of having or feeling ends."""
    token, after = tokens[at], "".join(tokens[at + 1 : at + 2])
    if token in _HAVE_NOTS or _is_not_feeling(token):
        return at + 1
    has_nothing = after in _THERE_IS if token in _PLAIN_NO else after in _HAVE
    if token in _NO and (has_nothing or _is_feeling(after)):
        return at + 2
    if token in (_WITHOUT | _NO) and _is_any_symptom(after):
        return at + 2
    is_any = token in _WITHOUT and after in _ANY and _is_any_symptom("".join(tokens[at + 2 : at + 3]))
    return at + 3 if is_any else None


def _is_symptom(token: str) -> bool:
    return _symptom(token) is not None


def _is_any_symptom(token: str) -> bool:
    """As in "no pain"; "no, my pain" is something else."""
    noun = _symptom(token)
    return noun is not None and not noun.definite


def _symptom(token: str) -> Chunk | None:
    noun = noun_of(token) if token and token not in WORDS and token not in _TASTES else None
    return noun if noun is not None and noun.part is Part.SYMPTOM else None


def _is_feeling(token: str) -> bool:
    verb = verb_of(token) if token and token not in WORDS else None
    return verb is not None and verb.kind is VerbKind.SYMPTOM


def _is_not_feeling(token: str) -> bool:
    verb = verb_of(token) if token not in WORDS else None
    return verb is not None and verb.negated and verb.kind is VerbKind.SYMPTOM


def _compared(tokens: Sequence[str], at: int) -> Aside | None:
    """As in "better than": what it is compared with is not the number. Alone, it says how it is."""
    if tokens[at] not in COMPARED or (tokens[at] in WORDS and "".join(tokens[at + 1 : at + 2]) not in _THAN):
        return None
    after = "".join(tokens[at + 1 : at + 2])
    if after in _THAN:
        than = "".join(tokens[at + 2 : at + 3])
        return Aside(Rank.BESIDE, 3) if than in THEN | _EARLIER else Aside(Rank.INEXACT, 2)
    return Aside(Rank.BESIDE, 1 + (after in _BY_HOW_MUCH))


def _some(tokens: Sequence[str], at: int) -> Aside | None:
    """As in the Levant's "some five": about five."""
    if tokens[at] in _SOME and at + 1 < len(tokens) and tokens[at + 1] in WORDS:
        counts = WORDS[tokens[at + 1]].rank in (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED)
        return Aside(Rank.ABOUT, 1) if counts else None
    return None


def _at_a_thing(tokens: Sequence[str], at: int) -> Aside | None:
    """As in "on the device", "since the morning": a preposition that is no "over" and no "of"."""
    if tokens[at] not in _BEFORE_NOUNS or at + 1 >= len(tokens):
        return None
    after = tokens[at + 1]
    if tokens[at] in _FROM and after in _WHERE:  # "from under the arm"
        inner = _at_a_thing(tokens, at + 1)
        return replace(inner, length=inner.length + 1) if inner else None
    is_number = after in WORDS or after.removeprefix("ال") in WORDS
    if after in PLACES or (not is_number and is_companion(after)):
        return Aside(_mark(after), 2)
    return None


def _mark(token: str) -> Rank:
    return next((rank for words, rank in _MARKS if token in words), Rank.BESIDE)


_MARKS = ((THEN, Rank.THEN), (WAS, Rank.WAS), (NOW, Rank.NOW), (ABOUT, Rank.ABOUT))
_FINDERS: tuple[Callable[[Sequence[str], int], Aside | None], ...] = (
    _degree,
    _remark,
    _phrase,
    _prayer,
    _before_doing,
    _nothing_felt,
    _compared,
    _some,
    _at_a_thing,
)
