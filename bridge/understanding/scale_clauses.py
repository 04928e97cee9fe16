"""Clauses beside or instead of a point, told by the kind of their verb: "it does not let me sleep".

Also what swings: "one day yes, one day no".
"""

from collections.abc import Sequence

from msgspec import Struct

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.nouns import noun_of
from bridge.understanding.parts import Part
from bridge.understanding.scale_marks import Role
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Clause", "clause_at", "is_dying_of_pain", "swings"]


class Clause(Struct, frozen=True):
    """How many words a clause takes and what it does."""

    length: int
    role: Role
    values: tuple[str, ...] = ()
    marked: bool = False


_NOT = words_of("ما مش مو مب موب لا لم ولا وما ومش ومو موش ماش ماني مانيش عم")
_ABLE = words_of(
    "قادر قادرة عارف عارفة طايق طايقة متحمل متحملة مستحمل مستحملة مخليني مخلاني مخلينا مخليتني تاركني سايبني"
)
_LETTING = ("خليني", "خلاني", "خلتني", "خليتني", "خلانيش", "خلينيش", "سابني", "سيبني", "تركني", "يتركني")
_SAYING = ("قول", "حكي", "حجي", "نكر", "كذب", "كدب", "وصف", "حدد", "شكي", "شتكي", "قيم")
_DOES = (VerbKind.BODILY, VerbKind.ABLE, VerbKind.ACTION, VerbKind.SYMPTOM, VerbKind.GOING, VerbKind.FLOWING)
_NOR, _EVEN = words_of("ولا"), words_of("حتى")
_LEAVING = ("فارق", "سيب", "ترك", "غيب", "نقطع", "توقف", "بطل", "وقف", "هدا", "هدي")
_LEFT = words_of("تركني تركتني فارقني فارقتني سابني سابتني سابنيش سابتنيش غابت غاب فارقنيش تركنيش فكني")
_KEPT = words_of("مخليني مخلاني مخلينا مخليتني تاركني سايبني")
_FOR_IT = words_of("منه منها منو بسببه بسببها")
_A_WHILE = words_of("لحظة دقيقة ساعة ليلة نهار ثانية عني")
_DAY_AND_NIGHT = words_of("لا ليل نهار ونهار لحظة دقيقة ثانية يوم يومين")
_DAY_LEFT = words_of("ولا حتى")
_FROM_ME = words_of("عني عنا مني عنها")
_GOING = ("روح", "تروح", "يروح", "بيروح", "بتروح", "راح", "راحت", "تمشي", "يمشي", "كيمشي", "كتمشي")
_OF_IT = ("ني", "نيش", "ش", "ا", "ف", "ي", "ع", "ل", "ب")
_THIRD = ("ي", "ت", "بي", "بت", "كي", "كت", "عم", "مي", "مبي", "مبت", "ماي", "مات", "ما")
_NEVER_BEFORE = (
    *(
        "ولا مره",
        "ولا يوم",
        "عمري ما",
        "ولا عمري",
        "بحياتي ما",
        "في حياتي ما",
        "طول عمري ما",
        "ابدا ما",
        "ابد ما",
    ),
    *("ما عمري", "عمرو ما", "عمرها ما", "عمره ما", "في حياتي كلها ما", "حياتي ما", "حياتي كلها ما", "قط ما"),
)
_MISSED_BEHIND = words_of(
    "يوم مرة جرعة حبة وحدة واحدة منها منه أبدا ابد خالص نهائي نهائيا ولا بنوب بالمرة حتى"
)
_TORMENTING = (
    *(
        "قتل",
        "ذبح",
        "هلك",
        "هدن",
        "كسر",
        "جنن",
        "طحن",
        "عذب",
        "بكين",
        "بكان",
        "فرم",
        "هري",
        "هران",
        "نهش",
        "فلق",
    ),
    *("موتن", "دوخن", "دمرن", "حطمن", "مزقن", "صيحن", "صرخن"),
)
_SCREAMING = ("صرخ", "صرح", "بكي", "ابكي", "عيط", "صيح", "زعق", "نوح", "تلوي", "تلوا", "اتلوي", "تقطع")
_DYING = words_of("بموت اموت أموت هموت نموت كنموت حموت ميت ميتة متت مت بتموت هاموت بنموت")
_FIRST = ("ا", "ب", "ن", "كن", "بن", "ه", "ح", "با", "عم")
_OF = words_of("من م بسبب")
_STRENGTH = words_of("شدة كتر كثر قوة كترة حدة")
_ANY_MORE = words_of("عدت عاد بقيت بقى بقيتش بقاش عدتش صرت صار بقينا")
_NO_MORE = words_of("مبقيتش معدتش مابقيتش ماعدتش معدش مبقاش مابقاش ماعاد ماعدت مابقيت")
_AGAIN_ABLE = words_of("صرت بقيت رجعت وليت بديت بدأت قمت صار صارت صرنا بلشت")
_SWINGING = words_of("يوم مرة ساعة وقت مرات ساعات أوقات نهار ليلة شوي شوية خطرة ساعه أيام لحظة تارة حين")
_GIVING_UP = ("قطع", "وقفه", "وقفها", "وقفو", "بطله", "بطلها", "بطلو", "اتركه", "اتركها")
_SHORT = 3
_LONGEST_SWING = 7
_TOP = {"frequency4": "nearly_every_day", "frequency5": "always"}


def clause_at(tokens: Sequence[str], at: int, scale: str) -> Clause | None:
    """The clause that begins here, if it says anything on this scale."""
    if scale in _TOP:
        return _of_how_often(tokens, at, scale)
    if scale == "comparison":
        return _regained(tokens, at)
    if scale == "severity":
        return _of_how_bad(tokens, at)
    return _as(Role.LOSS, _past_inability(tokens, at), at)


def _as(role: Role, end: int | None, at: int) -> Clause | None:
    return Clause(end - at, role) if end is not None else None


def _of_how_often(tokens: Sequence[str], at: int, scale: str) -> Clause | None:
    end = _past_leaving(tokens, at)
    if end is not None:
        return Clause(end - at, Role.POINT, (_TOP[scale],))
    end = _past_missing(tokens, at)
    if end is not None:  # whether missing or taking was asked about is not known here
        return Clause(end - at, Role.POINT, (_TOP[scale],), marked=True)
    end = _past_never_done(tokens, at)
    if end is not None:
        return Clause(end - at, Role.POINT, ("never",))
    return _as(Role.LOSS, _past_inability(tokens, at), at)


def _of_how_bad(tokens: Sequence[str], at: int) -> Clause | None:
    end = _past_inability(tokens, at)
    if end is not None and not _is_of_the_pain(tokens, at, end):
        return Clause(end - at, Role.REMARK, ("severe",), marked=True)
    if end is not None:
        return Clause(end - at, Role.POINT, ("severe",))
    end = _past_leaving(tokens, at)
    if end is not None:
        return Clause(end - at, Role.SILENT)
    end = _past_screaming(tokens, at) or _past_made_to_cry(tokens, at)
    if end is not None:
        return Clause(end - at, Role.POINT, ("severe",))
    end = _past_dying(tokens, at)
    if end is not None:
        return Clause(end - at, Role.REMARK, ("severe",), marked=True)
    is_torment = tokens[at].endswith("ني") and any(stem in tokens[at] for stem in _TORMENTING)
    return Clause(1, Role.POINT, ("severe",)) if is_torment else None


def _is_of_the_pain(tokens: Sequence[str], at: int, end: int) -> bool:
    """Whether it is the pain that keeps from it: "it does not let me sleep", "I cannot stand up for it"."""
    lets = any(token.removesuffix("ش").endswith(_LETTING) or token in _KEPT for token in tokens[at:end])
    return lets or any(token in _FOR_IT for token in tokens[end : end + 2])


def _past_inability(tokens: Sequence[str], at: int) -> int | None:
    """Where "I cannot walk or sleep", "it does not let me stand" ends; not "I cannot say"."""
    end = _past_cannot(tokens, at)
    if end is None:
        return None
    if end < len(tokens) and any(stem in tokens[end] for stem in _SAYING):
        return None
    while end < len(tokens):
        if tokens[end] in _EVEN and end + 1 < len(tokens):
            end += 1
        is_nor = tokens[end] in _NOR and end + 1 < len(tokens) and _may_be_done(tokens[end + 1])
        if not is_nor and not _is_done(tokens[end]):
            break
        end += 1 + is_nor
    return end


def _past_cannot(tokens: Sequence[str], at: int) -> int | None:
    own = verb_of(tokens[at])
    if own is not None and own.negated and own.kind in (VerbKind.ABLE, VerbKind.BODILY):
        return at + 1
    end = at
    while (
        end < len(tokens)
        and end - at <= 1
        and (tokens[end] in _NOT or (end > at and tokens[end] in _ANY_MORE))
    ):
        end += 1
    end += end == at and tokens[at] in _NO_MORE
    if end == at or end >= len(tokens) or tokens[at] == "عم":
        return None
    verb = verb_of(tokens[end])
    is_able = verb is not None and verb.kind is VerbKind.ABLE
    if _is_of_fear("".join(tokens[end + 1 : end + 2])):
        return None
    is_letting = tokens[end].removesuffix("ش").endswith(_LETTING) and "".join(tokens[end + 1 : end + 2]) != ""
    if is_able or tokens[end] in _ABLE or is_letting:
        return end + 1
    return end + 1 if verb is not None and verb.kind is VerbKind.BODILY else None


def _is_of_fear(token: str) -> bool:
    """As in "it does not make me worry", which it need not."""
    return token.startswith(_FIRST) and token.endswith(("خاف", "قلق", "خايف", "زعل", "توتر"))


def _is_done(token: str) -> bool:
    verb = verb_of(token)
    return verb is not None and verb.kind in _DOES and token[:1] not in ("و", "ف")


def _may_be_done(token: str) -> bool:
    """Behind "nor": a present of mine, known or not."""
    return _is_done(token) or (token.startswith(("ا", "ن", "ب")) and len(token) > _SHORT)


def _past_leaving(tokens: Sequence[str], at: int) -> int | None:
    """As in "it does not leave me", "it does not stop"."""
    own = verb_of(tokens[at])
    is_glued = own is not None and own.negated and _is_leaving(tokens[at])
    after = "".join(tokens[at + 1 : at + 2])
    behind = "".join(tokens[at + 2 : at + 3])
    has_not_left = tokens[at] in _NOT and (
        _is_leaving(after)
        or after in _LEFT
        or (after in _GOING and behind in _FROM_ME)
        or (after.endswith(_LETTING) and behind in _DAY_LEFT)
    )
    if not is_glued and not has_not_left:
        return None
    end = at + 1 if is_glued else at + 2
    while end < len(tokens) and tokens[end] in _MISSED_BEHIND | _A_WHILE | _DAY_AND_NIGHT:
        end += 1
    return end


def _is_leaving(token: str) -> bool:
    return any(stem in token for stem in _LEAVING) and token.startswith(_THIRD) and token.endswith(_OF_IT)


def _past_missing(tokens: Sequence[str], at: int) -> int | None:
    """As in "I never missed one", "not a day do I forget"."""
    start = _past_never(tokens, at) or (at + 1 if tokens[at] in _NOT else at)
    verb = verb_of(tokens[start]) if start < len(tokens) else None
    is_missing = verb is not None and (verb.kind is VerbKind.MISSED or _is_given_up(tokens[start]))
    if verb is None or not is_missing or (start == at and not verb.negated):
        return None
    end = start + 1
    while end < len(tokens) and tokens[end] in _MISSED_BEHIND:
        end += 1
    return end


def _is_given_up(token: str) -> bool:
    return any(stem in token for stem in _GIVING_UP) and token.startswith(_FIRST)


def _past_never(tokens: Sequence[str], at: int) -> int | None:
    for length in (4, 3, 2):
        if " ".join(tokens[at : at + length]) in _NEVER_BEFORE:
            return at + length
    return None


def _past_never_done(tokens: Sequence[str], at: int) -> int | None:
    """As in "in my whole life I did not try"."""
    end = _past_never(tokens, at)
    if end is None or end >= len(tokens) or tokens[end - 1] != "ما":
        return None
    verb = verb_of(tokens[end])
    return end + 1 if verb is not None and not verb.negated and verb.kind in _DOES else None


def _past_dying(tokens: Sequence[str], at: int) -> int | None:
    """As in "I am dying of the pain"."""
    return _past_cause(tokens, at + 1) if tokens[at] in _DYING else None


def _past_screaming(tokens: Sequence[str], at: int) -> int | None:
    """As in "I scream from pain"."""
    is_cry = tokens[at].startswith(_FIRST) and any(stem in tokens[at][1:] for stem in _SCREAMING)
    return _past_cause(tokens, at + 1) if is_cry else None


def _past_made_to_cry(tokens: Sequence[str], at: int) -> int | None:
    """As in "it makes me weep"."""
    after = "".join(tokens[at + 1 : at + 2])
    cries = after.startswith(_FIRST) and any(stem in after[1:] for stem in _SCREAMING)
    return at + 2 if tokens[at].endswith(_LETTING) and cries else None


def _past_cause(tokens: Sequence[str], at: int) -> int | None:
    if at + 1 >= len(tokens) or tokens[at] not in _OF:
        return None
    end = at + 1 + (tokens[at + 1] in _STRENGTH)
    noun = noun_of(tokens[end]) if end < len(tokens) else None
    return end + 1 if noun is not None and noun.part is Part.SYMPTOM else None


def _regained(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "I can walk again": better than before."""
    if tokens[at] not in _AGAIN_ABLE or at + 1 >= len(tokens):
        return None
    verb = verb_of(tokens[at + 1])
    kinds = (VerbKind.ABLE, VerbKind.BODILY)
    if verb is None or verb.negated or verb.kind not in kinds or tokens[at + 1].endswith("ني"):
        return None
    end = at + 2
    while end < len(tokens) and _is_done(tokens[end]):
        end += 1
    return Clause(end - at, Role.POINT, ("better",))


def is_dying_of_pain(text: str) -> bool:
    """Whether somebody says to be dying of a pain, and to what it is due."""
    tokens = normalise(text).split()
    return any(_past_dying(tokens, at) for at in range(len(tokens)))


def swings(tokens: Sequence[str]) -> bool:
    """As in "one day yes, one day no": one word twice, with two tails."""
    if not _SHORT <= len(tokens) <= _LONGEST_SWING or tokens[0] not in _SWINGING:
        return False
    again = next((at for at in range(2, len(tokens)) if tokens[at].removeprefix("و") == tokens[0]), None)
    return again is not None and 0 < len(tokens) - again - 1 <= again
