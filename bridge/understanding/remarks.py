"""Remarks beside a number that say nothing of how much: "I cannot bear it", "like knives", "when I rest".

They are told by the class of their words, not listed: a negation with a verb of being able, a conjunction
with a verb, a word of likeness with something that hurts, an oath, "and no other".
"""

from collections.abc import Sequence

from msgspec import Struct

from bridge.understanding.normalisation import phrase_of, words_of
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Remark", "is_number", "likeness_at", "remark_at"]


class Remark(Struct, frozen=True):
    """How many words a remark takes, and whether it leaves a doubt."""

    length: int
    doubtful: bool = False


_NOT = words_of("ما لا مش مو مب موب ماني مانيش منيش مش لم ولا وما ومش ومو موش ماش مهوب")
_ABLE = words_of(
    "قادر قادرة قادرين گادر گادرة عارف عارفة طايق طايقة متحمل متحملة مستحمل مستحملة فيني فيي بيا مخليني "
    "مخلاني مخلينا مخليتني عاد حال خلق"
)
_PASSIVE = words_of(
    "ينحمل ينتحمل بينحمل بينتحمل تنحمل بتنحمل ينطاق بينطاق يطاق ينحس بينحس يتحس بيتحس ينذكر يذكر بينذكر "
    "يوصف "
    "ينوصف بينوصف يتوصف يتصور ينتسى ينتسي يسوى يستاهل بيستاهل يتحمل بيتحمل كيتحمل ينسكت"
)
_TRIFLING = ("ضايق", "زعج", "قلق", "اثر", "عطل", "منع", "عيق", "خوف")
_LYING = words_of(
    "أكذب اكذب بكذب نكذب نكدب أكدب اكدب بكدب هكدب هكذب نكذبش نكدبش بكذبش بكدبش اكذبش اخبي أخبي بخبي نخبي "
    "نخبيش "
    "أخفي اخفي بخفي أغشك اغشك بغشك نغشك نغشكش أبالغ ابالغ ببالغ نبالغ نبالغش أزيد ازيد بزيد أنقص"
)
_GLUED_LYING = words_of("مانكذبش مانكدبش منكدبش منكذبش مبكدبش مبكذبش مابكذبش مابكدبش مبالغش مبخبيش")
_BEHIND_LYING = words_of("عليك عليكي عليج عليكم عليكو عنك عنكم ولا أنقص انقص ننقص بنقص أزيد")
_WHEN = words_of("لما لمن لمان كي حين وقتما كيف ملي ملين منين كلما عندما حينما بس اول بعدما قبلما")
_IF = words_of("إذا اذا لو إن")
_WHEN_THAT = words_of("وقت يوم ساعة كل أول قبل بعد حين")
_LIKE = words_of("مثل متل زي كيف كي كما بحال كيما شبه كأن كأنه كأنها كأنو كانه كانو كانها جنه جنها چنه")
_TORMENTS = words_of(
    "نار النار جمر الجمر جمرة سكين سكينة سكاكين السكاكين السكين السكينة خنجر خناجر سيف ابر إبر الابر الإبر "
    "ابرة "
    "مسامير المسامير مسمار شوك الشوك شوكة كهرباء كهربا الكهرباء الكهربا كهربة منشار المنشار مطرقة المطرقة "
    "شاكوش رصاص الرصاص رصاصة طعن الطعن طعنة طعنات حرق الحرق ضرب الضرب موس الموس شفرة دبابيس الدبابيس زجاج "
    "عقرب "
    "العقرب لدغة لسعة طلق الطلق برق البرق حجر الحجر حجرة الموت النمل نمل دق الدق نغز النغز"
)
_OATHS = frozenset(
    phrase_of(one)
    for one in (
        *(
            "وربي شاهد",
            "وربي",
            "ورب الكعبة",
            "ورب العزة",
            "قسما بالله",
            "قسم بالله",
            "أقسم بالله",
            "اقسم بالله",
        ),
        *("اقسملك بالله", "بحلفلك", "أحلف لك", "احلف لك", "نحلف لك", "نحلفلك", "والله شاهد", "ربنا شاهد"),
        *("ربي شاهد", "يشهد الله", "الله يشهد", "يشهد علي الله", "ربنا يشهد", "وحياتك", "وحياة ربنا"),
        *(
            "وحياة الله",
            "وحياة ولادي",
            "وحياة عيالي",
            "وحياة أولادي",
            "وحق الله",
            "وحق ربي",
            "حق ربي",
            "وراس",
        ),
        *("بلا مبالغة", "بدون مبالغة", "من غير مبالغة", "مو مبالغة", "مش مبالغة", "تالله", "بالأمانة"),
        *("أمانة", "للأمانة", "كلمة حق", "الحق يقال", "والله على ما أقول شهيد", "صدقيني", "صدقني"),
        *("صدقوني", "تصدقي", "تصدق بالله", "كوني واثقة", "لا حول ولا قوة إلا بالله", "حسبي الله"),
        *("حسبي الله ونعم الوكيل", "حسبنا الله", "أستغفر الله", "استغفر الله", "سبحان الله", "يا ويلي"),
        *("يا ربي", "يا لطيف", "يا ساتر", "يا سلام", "قولي يا رب", "ادعيلي", "ادعي لي", "دعواتك", "دعواتكم"),
        *("أستودعك الله", "الله كريم", "ربنا كريم", "ربك كريم", "الشكوى لله", "نشكي لربي"),
    )
)
_ONLY = frozenset(
    phrase_of(one)
    for one in (
        *(
            "برك",
            "برك برك",
            "و برك",
            "بركا",
            "أكاهو",
            "اكاهو",
            "أكهو",
            "اكهو",
            "كهو",
            "وكهو",
            "لا غير",
            "مش أكثر",
        ),
        *("مش أكتر", "مو أكثر", "مب أكثر", "موش أكثر"),
        *("ليس أكثر", "ماشي كثر", "لا أكثر", "لا أكتر", "وخلاص"),
        *("وبس", "وصافي", "غير هكا", "بس كده", "بس هيك", "بس كذا", "وهذا هو", "وهاهو", "هذا هو", "هذا هوا"),
        *("ما عندي غيرهم", "ما عندي غيره", "ما عندي غيرها", "ما عنديش غيرهم", "معنديش غيرهم", "مفيش غيرهم"),
        *("ما في غيرهم", "ما فيه غيرهم", "ماكو غيرهم", "ما كاين غيرهم", "ما لي غيرهم", "ماليش غيرهم"),
        *("ما عندي غير هم", "ما عندي سواهم", "ولا غيرهم", "بالتمام والكمال", "بالتمام", "عدا ونقدا"),
        *(
            "ما شاء الله عليهم",
            "ما يزيد ولا ينقص",
            "ما تزيد ولا تنقص",
            "لا يزيد ولا ينقص",
            "لا تزيد ولا تنقص",
        ),
    )
)
_UNSURE = frozenset(
    phrase_of(one)
    for one in (
        *("إذا ما خانتني الذاكرة", "لو ما خانتني الذاكرة"),
        *("إن لم تخني الذاكرة", "إذا ما نسيت", "لو مش ناسي"),
        *("لو مش ناسية", "إذا مش ناسي", "إذا ما كنت ناسي", "لو ما نسيت", "إذا مو ناسي", "على ما أتذكر"),
        *(
            "حسب ما أتذكر",
            "حسب ما أذكر",
            "على حد علمي",
            "حسب علمي",
            "كيما نتفكر",
            "إذا ما كذبت",
            "لو ماني غلطان",
        ),
        *("لو ماني غلطانة", "إذا ماني غلطان", "إذا ماني غلطانة", "لو مش غلطان", "لو مش غلطانة"),
    )
)
_LISTED = {**dict.fromkeys((*_OATHS, *_ONLY), False), **dict.fromkeys(_UNSURE, True)}
_LONGEST = max(map(len, _LISTED))
_DOES = (VerbKind.BODILY, VerbKind.ABLE, VerbKind.ACTION, VerbKind.SYMPTOM, VerbKind.GOING, VerbKind.EASED)
_HALF = words_of("النص نص بالنص نصها نصه نصف النصف الوسط بالوسط وسط متوسط")
_OF_IT = words_of("من منه منو منها حتى")
_WITHOUT = words_of("بدون بلا بغير دون")
_CLOTHES = words_of(
    "جزمة الجزمة هدوم الهدوم ملابس الملابس ثياب الثياب حوايج الحوايج صباط الصباط كندرة الكندرة نعال النعال "
    "حذاء الحذاء "
    "شوز الشوز لبس اللبس جاكيت عباية العباية سباط السباط شبشب"
)
_BY_ITSELF = words_of("بسرعة لحاله لحالو لحالها لوحده لوحدو لوحدها وحده وحدو بروحه بروحو سريع فورا")
_AROUND = words_of("قبل بعد عقب ورا")
_BY_HOURS = words_of("بساعة بساعتين بدقايق بشوي بشوية بقليل بنص مباشرة مباشر علطول طوالي فورا")
_HOURS = words_of("ساعة ساعتين ساعتان")
_THAT_IS = words_of("يعني يعنى أي تعني هو هي")
_AT_ALL_COUNTED = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND, Rank.DIGITS)


def remark_at(tokens: Sequence[str], at: int) -> Remark | None:
    """The remark that begins here, if one does."""
    return (
        _listed(tokens, at)
        or _truthful(tokens, at)
        or _complaint(tokens, at)
        or _circumstance(tokens, at)
        or _likeness(tokens, at)
        or _passing(tokens, at)
        or _undressed(tokens, at)
        or _from_a_meal(tokens, at)
        or _restated(tokens, at)
    )


def _listed(tokens: Sequence[str], at: int) -> Remark | None:
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        words = tuple(tokens[at : at + length])
        if words in _LISTED:
            return Remark(length, _LISTED[words])
    return None


def _truthful(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "I do not lie to you", "I neither add nor take away"."""
    if tokens[at] in _GLUED_LYING:
        end = at + 1
    elif tokens[at] in _NOT and "".join(tokens[at + 1 : at + 2]) in _LYING:
        end = at + 2
    else:
        return None
    while end < len(tokens) and tokens[end] in _BEHIND_LYING:
        end += 1
    return Remark(end - at)


def _complaint(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "nine, I cannot sleep": behind the number and up to the end, so that it denies no number."""
    if not at or any(is_number(token) for token in tokens[at:]):
        return None
    end = _past_inability(tokens, at)
    if end is None:
        return None
    while end < len(tokens) and (tokens[end] in _NOT | _OF_IT or _is_done(tokens[end])):
        end += 1
    return Remark(end - at)


def _past_inability(tokens: Sequence[str], at: int) -> int | None:
    """Where "cannot", "does not let me", "is not to be borne", "does not bother me" ends."""
    own = verb_of(tokens[at])
    if own is not None and own.negated and (own.kind is VerbKind.ABLE or _is_trifle(tokens[at])):
        return at + 1
    if tokens[at] not in _NOT or at + 1 >= len(tokens):
        return None
    after = tokens[at + 1]
    verb = verb_of(after)
    is_able = verb is not None and verb.kind is VerbKind.ABLE
    return at + 2 if is_able or after in _ABLE | _PASSIVE or _is_trifle(after) else None


def _is_trifle(token: str) -> bool:
    return any(stem in token for stem in _TRIFLING) and token.endswith(("ني", "نيش", "علي", "ش", "نا"))


def _circumstance(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "four when I rest", "eight if I walk", "before what I eat": when it is so."""
    token, after = tokens[at], "".join(tokens[at + 1 : at + 2])
    start = at + 1
    if token in _WHEN_THAT and after in ("ما", "لا"):
        start = at + 2
    elif token not in _WHEN | _IF:
        return None
    if start >= len(tokens) or not _is_done(tokens[start]):
        return None
    end = start + 1
    while end < len(tokens) and _is_done(tokens[end]) and not is_number(tokens[end]):
        end += 1
    if end < len(tokens) and tokens[end].startswith("ال") and not is_number(tokens[end]):
        end += 1  # "the stairs"
    return Remark(end - at, doubtful=token in _IF)


def _is_done(token: str) -> bool:
    verb = verb_of(token)
    return verb is not None and not verb.negated and verb.kind in _DOES and not is_number(token)


def likeness_at(tokens: Sequence[str], at: int) -> int:
    """How many words "like knives" has, if it stands here; "like" may be written to the word."""
    if tokens[at] in _LIKE and "".join(tokens[at + 1 : at + 2]) in _TORMENTS:
        return 2
    return int(tokens[at][:1] == "ك" and tokens[at][1:] in _TORMENTS)


def _likeness(tokens: Sequence[str], at: int) -> Remark | None:
    return Remark(length) if (length := likeness_at(tokens, at)) else None


def _passing(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "it goes by itself"."""
    verb = verb_of(tokens[at])
    goes = verb is not None and verb.kind in (VerbKind.GOING, VerbKind.EASED) and not verb.negated
    return Remark(2) if goes and "".join(tokens[at + 1 : at + 2]) in _BY_ITSELF else None


def _undressed(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "without shoes"."""
    start = at + 1 + (tokens[at : at + 2] == ["من", "غير"])
    is_without = tokens[at] in _WITHOUT or start == at + 2
    return Remark(start + 1 - at) if is_without and "".join(tokens[start : start + 1]) in _CLOTHES else None


def _from_a_meal(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "two hours after supper", "after supper by two hours", "before that I eat"."""
    ahead = tuple(tokens[at : at + 3])
    match ahead:
        case (before, "لا", verb) if before in _AROUND and _is_done(verb):
            return Remark(3)
        case (before, meal, by) if before in _AROUND and by in _BY_HOURS and not is_number(meal):
            return Remark(3)
        case (hours, before, _) if hours in _HOURS and before in _AROUND and (meal := ahead[2]) not in WORDS:
            return Remark(3) if meal.startswith(("ال", "ما")) and at else None
        case _:
            return None


def _restated(tokens: Sequence[str], at: int) -> Remark | None:
    """As in "the half, that is five": the number says what the half is."""
    if tokens[at] not in _HALF or (at and tokens[at - 1] in WORDS):
        return None
    end = at + 1 + ("".join(tokens[at + 1 : at + 2]) in _THAT_IS)
    return Remark(end - at) if len(tokens) == end + 1 and is_number(tokens[end]) else None


def is_number(token: str) -> bool:
    """Whether a normalised word counts."""
    word = WORDS.get(token) or WORDS.get(token.removeprefix("و"))
    return token.isdigit() or (word is not None and word.rank in _AT_ALL_COUNTED)
