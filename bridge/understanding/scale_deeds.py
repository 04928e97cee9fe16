"""What happened, or did not, as a point: "it does not happen to me at all", "I ate nothing".

Told by the class of the verb and of what stands behind it, for no list holds all that may be said so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.remarks import likeness_at
from bridge.understanding.scale_clauses import Clause
from bridge.understanding.scale_marks import Role
from bridge.understanding.scale_tone_words import Tone, is_verb_of, tone_of
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["deed_at", "suffers"]

_NOT = words_of("ما لم لا مش مو مب موش وما ولا ولم عمري")
_MA = words_of("ما وما لم")
_BEFORE = "(?:عم|ب|ي|ت|ن|ا|بي|بت|بن|كي|كت|كن|قد|مي|م|ما|مبي)?"
_BEHIND = "(?:ت|يت|ينا|نا|و|وا|ي|ين|ون)?(?:ني|نا|ه|ها|هم|و|لي|لنا|له|لها|يلي|يني|هالي)?(?:ش)?"
_HAPPEN = re.compile(
    _BEFORE
    + "(?:صار|صير|صر|صرا|حصل|حدث|جا|جي|جاني|جات|اجا|اجى|اج|اجت|صاب|صيب|حس|حسي|حسس|شعر|شاف|شف|شوف|جرب|سوي|سوا|"
    "سوى|عمل|دار|در|دير|فعل|عرف|واجه|مر|طرا|وقع|بان|ظهر|راود|عاني|شكي|شتكي|وجع|تعب|مارس|دخن|شرب)" + _BEHIND
)
_OF_ME = words_of(
    "معي معاي معايا معانا معنا لي ليا ليه لنا عندي عندنا عليا علي وياي ويايا في فيا فيني فيه بيه به بها "
    "بيها فيها منه منها "
    "هالشي هذا هذي هاد هيك هيكا كذا كده كدا هكا هكذا زي مثل دا ده دي شي شيء حاجة هالحاجة هاي هاذا قبل "
    "القبيل كدة الشي "
    "من بهالشي بهذا بهيك اي إي أي نهار يوم والحمد لله الحمد والله حتى قبلها اللي ذلك هذه المشكلة المشاكل "
    "هالموضوع"
)
_AT_ALL = tuple(
    sorted(
        (
            tuple(normalise(one).split())
            for one in [
                "أبدا",
                "ابد",
                "نهائي",
                "نهائيا",
                "بالمرة",
                "خالص",
                "إطلاقا",
                "بتاتا",
                "مطلقا",
                "قط",
                "بنوب",
                "والو",
                "كل كل",
                "في حياتي",
                "بحياتي",
                "بعمري",
                "في عمري",
                "ولا مرة",
                "ولا يوم",
                "ولا نهار",
                "ولا ليلة",
                "حتى مرة",
                "حتى نهار",
                "حتى يوم",
                "على الإطلاق",
                "أصلا",
                "من أصله",
                "جملة",
                "بالكل",
                "كلش",
                "طول عمري",
                "أبدا أبدا",
                "ولا مرة واحدة",
                "ولا مرة وحدة",
                "ولا يوم واحد",
                "في حياتي كلها",
                "لا ليل ولا نهار",
                "أبد أبد",
                "كاع",
                "قاع",
                "لا قليل ولا كثير",
                "حياتي كلها",
            ]
        ),
        key=len,
        reverse=True,
    )
)
_PASS = re.compile(
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    "(?:ي|ت|بي|بت|كي|كت)?(?:مر|عدي|عدى|عدا|فات|فوت|روح|راح|مشي|خلص|جي|طلع)(?:ت)?|في|فيه|فيش|كاين|كاينش|كان|هناك"
)
_DAY = words_of("يوم ليلة نهار ساعة صبح ليله صباح دقيقة لحظة وقت مرة")
_ON_ME = words_of("علي عليا عليي عندي")
_EVEN = words_of("حتى ولا شي اي أي")
_WITHOUT = re.compile(
    "(?:من|بدون|بلا|بلاه|الا|غير|دون|ما|بغير|والا|وما|بدونه|بدونها|بدونو|بلاها|بلاهم|بدونهم)"
)
_FROM_WITHOUT = re.compile("(?:غير|دون|بلا)(?:ه|ها|و|هم|هن|ني|ي)?")
_BY_NAME = words_of("به بيه بيها بيهم بها فيه معه دونه وجع ألم الم تعب صداع دوخة هم بكا وجعة وجيعة")
_EATEN = re.compile(
    _BEFORE + "(?:اكل|كل|كال|كلي|كول|شرب|ذق|ذاق|ذوق|دق|داق|دوق|تناول|فطر|تغدي|تعشي|نزل|دخل|طلع|"
    "خرج|اخذ|خذ|خد|حط|بلع|لمس)" + _BEHIND
)
_FOOD = words_of(
    "اكل الاكل الأكل طعام الطعام مي ماي ماء مية موية الماء المي الماي الموية زاد الزاد عيش خبز فطور غدا "
    "عشا سوائل دم الدم في "
    "من بتمي فتمي بفمي فبطني ببطني بطني تمي فمي معدتي جوفي مني منه منها اليوم امبارح البارحة الصبح "
    "الصباح أمس مبارح الظهر الليلة "
    "هذا هالاكل عندي لي"
)
_NOTHING = words_of(
    "شي شيء شيئا إشي اشي حاجة حاجه والو ولا حتى اي أي أيشي لقمة نقطة قطرة حبة ذرة رشفة شوية شربة جغمة "
    "وحدة واحدة أبدا ابد "
    "خالص نهائي نهائيا بالمرة إطلاقا بتاتا بنوب من يذكر كلش كاع قاع"
)
_MUCH = words_of("كثير كتير بزاف برشا وايد واجد هواية ياسر هلبا كثيرا حيل")
_NEITHER = tuple(normalise("لا قليل ولا كثير").split())
_SLEEP = words_of("نوم النوم نومة النومة")
_NOT_ONE = words_of("ولا حتى")
_NOT_EVEN = words_of("شوية")  # nothing only behind "not even"
_LIFE = words_of(
    "في بحياتي حياتي عمري بعمري مر علي عليا حسيته حسيتها شفته شفتها جاني جربته عشته مرني حسيت بيه به فيه مريت"
)
_BEYOND = words_of("بعده بعدها بعدو مثله مثلو مثلها زيه زيها متله متلو متلها كيفه كيفو بحالو زيو")
_NONE = words_of("ما وما لم مفيش مافي ماكو ليس لا")
_WISHED = re.compile("(?:ا|ب|ن|ي|بت|كن|ات)?تمن[اي](?:ه|ها|و|هش|هاش|ش|هوش)?")
_WORST = words_of("أقوى اقوي أشد اشد أسوأ اسوا أكبر اكبر أصعب اصعب أفظع افظع أعظم اعظم أقسى أوعر")
_PAIN = words_of("وجع ألم الم وجيعة وجعة آلام الام")
_SUFFERS = re.compile(
    "(?:صرت|بقيت|وليت|رجعت|صار|بقى|ولا)?"
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    "(?:(?:عم|ا|ب|با|ن|كن|بن|ي|ت|بي|بت|كي|كت|كا)?(?:تعب|عيا|عيي|وجع|توجع|تالم|عور|ضر|ضايق|دوخ|مرض|تعذب|كح|قح|سعل|نزف)"
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    "(?:ت|ني|نا|نيش|و)?|تعبان|تعبانه|عيان|عيانه|مريض|مريضه|موجوع|موجوعه|دايخ|دايخه|مرهق|مرهقه|متعب|مدروخ|واجعني|تاعبني)"
)
_MORE = words_of("أكثر اكثر أكتر اكتر زيادة زياده زود كثر أزيد ازيد فزود أكتر")
_BECAME = words_of("صرت بقيت وليت رجعت اصبحت أصبحت صارت صار ولى ولات ولا_ت عدت زدت")
_NO_HELP = words_of("جاب جابت جبت يجيب تجيب جابو")  # to bring, unless a result
_WITHOUT_THAT = words_of("غير بدون بلا دون بغير")
_ANY = words_of("حد أحد احد حدا إنسان انسان بشر مخلوق آدمي واحد")


def deed_at(tokens: Sequence[str], at: int, scale: str) -> Clause | None:
    """The point that what was done, or was not, comes to on a scale."""
    rules = (_without_doing, *_RULES.get(scale, ()))
    return next((one for rule in rules if (one := rule(tokens, at)) is not None), None)


def _is_negated(tokens: Sequence[str], at: int) -> int | None:
    """Where the verb of a denial stands: behind its negation, or with it in one word."""
    token = tokens[at]
    if token in _NOT:
        start = at + 1 + ("".join(tokens[at + 1 : at + 2]) in ("عم", "قد", "عاد"))
        return start if start < len(tokens) else None
    return at if token.startswith("م") and token.endswith("ش") and len(token) > len("ماش") + 1 else None


def _never(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "it does not happen to me at all", "I did not try it in my life"."""
    verb = _is_negated(tokens, at)
    if verb is None or not (_HAPPEN.fullmatch(tokens[verb]) or _HAPPEN.fullmatch(tokens[verb].lstrip("ما"))):
        return None
    end = verb + 1
    while end < len(tokens):
        length = _at_all(tokens, end)
        if length:
            return Clause(end + length - at, Role.POINT, ("never",))
        if tokens[end] not in _OF_ME:
            return None
        end += 1
    return None


def _without_doing(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "without leaving one out"."""
    start = at + (tokens[at] == "من")
    ahead = tokens[start : start + 3]
    if not at or not ahead or ahead[0] not in _WITHOUT_THAT:
        return None
    is_verb = len(ahead) > 2 and ahead[1] == "ما" and verb_of(ahead[2]) is not None  # noqa: PLR2004
    return Clause(start + 3 - at, Role.SILENT) if is_verb else None


def _at_all(tokens: Sequence[str], at: int) -> int:
    return next((len(one) for one in _AT_ALL if tuple(tokens[at : at + len(one)]) == one), 0)


def _no_day_without(tokens: Sequence[str], at: int, *, top: str) -> Clause | None:
    """As in "no day passes without it", "there is no day that I do not …"."""
    if tokens[at] not in _NOT and tokens[at] not in ("مفيش", "مافي", "مافيش", "ماكاين", "ماكاينش", "ماكو"):
        return None
    end = at + 1
    while end < len(tokens) and end - at <= len("ما") and _PASS.fullmatch(tokens[end]):
        end += 1
    end += "".join(tokens[end : end + 1]) in _ON_ME
    end += "".join(tokens[end : end + 1]) in _EVEN
    if end + 1 >= len(tokens) or tokens[end] not in _DAY or not _WITHOUT.fullmatch(tokens[end + 1]):
        return None
    is_from = tokens[end + 1] == "من"
    if is_from and not (end + 2 < len(tokens) and _FROM_WITHOUT.fullmatch(tokens[end + 2])):
        return None
    end += 2 + is_from
    if end < len(tokens) and (
        tokens[end - 1] in ("ما", "وما") or tokens[end].startswith("و") or tokens[end] in _BY_NAME
    ):
        end += 1  # "but it comes to me"
    return Clause(end - at, Role.POINT, (top,))


def _sleepless(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "sleep does not come to me"."""
    verb = _is_negated(tokens, at)
    if (
        verb is None
        or "".join(tokens[verb + 1 : verb + 2]) not in _SLEEP
        or not _HAPPEN.fullmatch(tokens[verb])
    ):
        return None
    return Clause(verb + 2 - at, Role.LOSS)


def _not_one_night(tokens: Sequence[str], at: int, *, top: str) -> Clause | None:
    """As in "I do not sleep, not one night", which is every night."""
    verb = _is_negated(tokens, at)
    known = verb_of(tokens[verb]) if verb is not None else None
    if verb is None or known is None or known.kind not in (VerbKind.BODILY, VerbKind.ABLE):
        return None
    end = next((end for end in range(verb + 1, min(verb + 4, len(tokens))) if tokens[end] in _NOT_ONE), None)
    if end is None or "".join(tokens[end + 1 : end + 2]) not in _DAY:
        return None
    return Clause(end + 2 - at, Role.POINT, (top,), marked=top == "always")


def _nothing_eaten(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "I ate nothing", "no water went down"; not "I did not eat much"."""
    verb = _is_negated(tokens, at)
    if verb is None or tokens[at] == "لا":
        return None
    able = verb_of(tokens[verb])
    verb += able is not None and able.kind is VerbKind.ABLE
    if verb >= len(tokens) or not _is_eaten(tokens[verb]):
        return None
    if "".join(tokens[verb + 1 : verb + 2]) in _MUCH:
        return Clause(verb + 2 - at, Role.POINT, ("little",), marked=True)
    end, is_even = verb + 1, False
    while end < len(tokens) and tokens[end] in _FOOD | _NOTHING | _ANY:
        is_even = is_even or tokens[end] in ("ولا", "حتي", "اي")
        if tokens[end] in _NOT_EVEN and not is_even:
            return None
        end += 1
    if tuple(tokens[end : end + 4]) == _NEITHER:
        end, is_even = end + 4, True
    is_whole = end == len(tokens) or tokens[end] in (
        "والله",
        "الحمد",
        "لاني",
        "عشان",
        "لان",
        "ما",
        "ماليش",
        "مالي",
        "بسبب",
    )
    return Clause(end - at, Role.POINT, ("none",)) if is_whole or (end > verb + 1 and is_even) else None


def _is_eaten(token: str) -> bool:
    return _EATEN.fullmatch(token) is not None or (
        token[:1] == "م" and _EATEN.fullmatch(token[1:]) is not None
    )


def _torment(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "like knives", "the worst pain in my life", "nobody could bear it"."""
    like = likeness_at(tokens, at)
    if like:
        return Clause(like, Role.POINT, ("severe",), marked=True)
    if tokens[at] in _WORST and "".join(tokens[at + 1 : at + 2]) in _PAIN:
        end = at + 2
        while end < len(tokens) and tokens[end] in _LIFE:
            end += 1
        return Clause(end - at, Role.POINT, ("severe",))
    return _unbearable_to_all(tokens, at) or _unequalled(tokens, at)


def _unequalled(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "there is none like it", "I would not wish it to anybody"."""
    if tokens[at] not in _NONE:
        return None
    if _WISHED.fullmatch("".join(tokens[at + 1 : at + 2])):
        return Clause(min(3, len(tokens) - at), Role.POINT, ("severe",))
    end = next((end for end in range(at + 1, min(at + 4, len(tokens))) if tokens[end] in _BEYOND), None)
    return Clause(end + 1 - at, Role.POINT, ("severe",), marked=True) if end is not None else None


def _unbearable_to_all(tokens: Sequence[str], at: int) -> Clause | None:
    start = at + 1 if tokens[at] in _MA | words_of("محد لا") else at
    start += start < len(tokens) and tokens[start] in _ANY
    if start >= len(tokens) or start == at or not (tokens[at] == "محد" or tokens[start - 1] in _ANY):
        return None
    verb = verb_of(tokens[start])
    if verb is None or verb.kind is not VerbKind.ABLE or Tone.SAYING in tone_of(tokens[start]):
        return None
    return Clause(start + 1 - at, Role.POINT, ("severe",))


def suffers(token: str) -> bool:
    """Whether a normalised word is of suffering: "I tired"."""
    return _SUFFERS.fullmatch(token) is not None


def _suffers_more(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "I tire more", "I became more ill", "I came to be unable to walk"."""
    start = at + (tokens[at] in _BECAME)
    if start >= len(tokens):
        return None
    if start > at and tokens[start] in _MA:
        verb = verb_of(tokens[start + 1]) if start + 1 < len(tokens) else None
        is_unable = verb is not None and verb.kind in (VerbKind.ABLE, VerbKind.BODILY)
        return Clause(start + 2 - at, Role.POINT, ("worse",)) if is_unable else None
    if at and tokens[at - 1] in _NOT:
        return None
    if _SUFFERS.fullmatch(tokens[start]) and "".join(tokens[start + 1 : start + 2]) in _MORE:
        return Clause(start + 2 - at, Role.POINT, ("worse",))
    is_gone_on = tokens[at] == "زدت" and start > at and _SUFFERS.fullmatch(tokens[start])
    return Clause(start + 1 - at, Role.POINT, ("worse",)) if is_gone_on else None


def _helped(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "the medicine helped me", "nothing helped"."""
    start = at + (tokens[at] in _NOT and at + 1 < len(tokens))
    token = tokens[start]
    if not is_verb_of(token, Tone.HELP) or token in _NO_HELP:
        return None
    is_denied = (
        start > at or (token.startswith("م") and token.endswith("ش")) or (at > 0 and tokens[at - 1] in _NOT)
    )
    length = 1 + (tokens[at] in _NOT)
    return Clause(length, Role.REMARK, ("same", "worse") if is_denied else ("better",), marked=True)


_Rule = Callable[[Sequence[str], int], Clause | None]


def _of_how_often(top: str) -> tuple[_Rule, ...]:
    return (_never, _sleepless, partial(_not_one_night, top=top), partial(_no_day_without, top=top))


_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "frequency4": _of_how_often("nearly_every_day"),
    "frequency5": _of_how_often("always"),
    "severity": (_torment,),
    "comparison": (_suffers_more, _helped),
    "amount": (_nothing_eaten,),
}
