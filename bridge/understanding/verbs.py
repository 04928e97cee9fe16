"""Verbs of sickness and of everyday care.

Known in the conjugations of all dialects by taking their endings off.

A verb is listed by three stems: the past before "-t" (I, you), the past of a third person, and the
present after its prefix.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import product

from msgspec import Struct

from bridge.understanding.normalisation import normalise

__all__ = ["Verb", "VerbKind", "verb_of"]


class VerbKind(StrEnum):
    """What a verb says to a question about symptoms."""

    SYMPTOM = "symptom"  # feel, hurt, cough
    ACTION = "action"  # take, go, do
    ABLE = "able"  # can, bear
    BODILY = "bodily"  # sleep, stand, swallow: what a sick body does not do
    FLOWING = "flowing"  # come out, of blood and its like
    SEEING = "seeing"  # of things that are there, or not well
    WILLING = "willing"  # want, agree
    CEASED = "ceased"  # finish: says neither yes nor no by itself
    EASED = "eased"  # of a pain: to let go, to get better
    QUIT = "quit"  # give up what one used to do
    MISSED = "missed"  # forget, leave out, be late


class Verb(Struct, frozen=True):
    """A verb as it was said."""

    kind: VerbKind
    negated: bool  # by its own ending: "ma … sh"
    present: bool  # bare present, which standard Arabic negates with "la"


_SYMPTOM = """
حسي،حاسي،احسس،حسس|حس،احس|حس،حاس،حسو
شعر|شعر|شعر
عاني|عانى،عاني|عاني،عان
|وجع،اوجع،آلم،الم،آذى،اذى|وجع،وجّع،الم،ؤلم
|عور،آلم،ضايق،ازعج،تعب|عور،عوّر،ضايق،زعج،تعب
|ضر،ضرب،نغز،نخز،حرق،حرقت،حك|ضر،ضرّ،نغز،نخز،حرق،حك
تألم،تالم،اتألم،توجع،اتوجع،انوجع|تالم،توجع،اتوجع،انوجع|تالم،توجع،نوجع
كحي،سعل،قحي،كحكح|كح،سعل،قح،كحكح|كح،سعل،قح،كحكح،كحح
رجع،استفرغ،تقيأ،تقيات،طرش،رديت،زوع،زوعت،تقيا|رجع،استفرغ،تقيا،طرش،زوع|رجع،ستفرغ،تقيا،طرش،زوع،رد
دخ،دوخ|داخ،دوخ|دوخ
تعب|تعب|تعب
مرض|مرض،عيي|مرض
سخن|سخن|سخن
عرق،تعرق،اتعرق|عرق،تعرق|عرق،تعرق
ورم،تورم،اتورم،انتفخ،اتنفخ|ورم،تورم،انتفخ،اتنفخ،نفخ|ورم،تورم،نتفخ،تنفخ
اشتكي،شكي|اشتكى،شكى،شكا|شتكي،شكي،شكو
لاحظ|لاحظ|لاحظ
طح،وقع،سقط،طيح|طاح،وقع،سقط|طيح،وقع،سقط
اصب|جا،اجا،اجت،جات،جت،صار،صاب،صابت،اصاب،لازم،راود،هاجم،جه،حصل|جي،صيب،لازم،راود،حصل،جين
|صحا،سهر،شغل|صحي،شغل
عطس،هرش،رجف،رعش،ارتجف|عطس،رجف،رعش،ارتجف|عطس،هرش،رجف،رعش،رتجف
قلق،خف,حزن،بكي،عيط،زعل،توتر،اتوتر،اكتأب،تضايق،اتضايق،خفت|قلق،خاف،حزن،بكى،زعل،توتر،تضايق|قلق،خاف،حزن،بكي،زعل،توتر،تضايق
نزف|نزف|نزف
خسر،فقد،ضعف|خسر،فقد،ضعف،نقص|خسر،فقد،ضعف،نقص
احمر|احمر،التهب،احمرت،انجرح،افرز،طلع|حمر،لتهب،فرز،طلع
"""
_ACTION = """
أخذ،خذ،خد،اخد،تناول،اتناول،خذي،خدي،خديت،خذيت|أخذ،خد،خذ،اخد،تناول،خدا،خذا،خدى،خذى|أخذ،خذ،خد،اخد،تناول،اخدو،اخذو
أكل،كل،كلي،فطر،تغدي،تعشي،كليت|أكل،فطر،تغدى،تعشى،كلا|أكل،اكل،فطر،تغدي،تعشي،تغدا،تعشا
شرب|شرب|شرب
ارتح|ارتاح،نعس|رتاح،نعس
تمرن،اتمرن،تدرب،ركض،جري|تمرن،تدرب|تمرن،تدرب،ركض،جري
رح،ذهب،سر،روح،رجع،عد|ذهب،سار،روح|روح،ذهب،سير،مش
جي،اتي،حضر،وصل،اجي،جئ|جاء،حضر،وصل،اجى،جاي|جي،حضر،وصل،صل
سوي،عمل،فعل،در،قم،عمي,نفذ،طبق|سوى،سوا،عمل،فعل،دار،قام،نفذ،طبق|سوي،عمل،فعل،دير،قوم،نفذ،طبق،سوى،سويه،عملو
قس،فحص،حلل،كشف،صور،تابع،اتابع،راجع،زر،قابل|قاس،فحص،حلل،كشف،صور،تابع،راجع،زار،قابل|قيس،فحص،حلل،كشف،صور،تابع،راجع،زور،قابل
وعد،استعمل،استخدم،ستعمل،ستخدم،خدم|استعمل،استخدم|ستعمل،ستخدم،ستخدمو،وعد
اشتري،شري،جب،صرف،استلم،وصلني،لقي،لق،حصل|اشترى،شرى،جاب،صرف،استلم،لقى،حصل|شتري،شري،جيب،صرف،ستلم،لقي،لاقي،حصل
كمل،استمر،التزم،واظب،داوم،حافظ،اهتم،انتظم،اتبع،مشيت|كمل،استمر،التزم،واظب،داوم،حافظ،اهتم،انتظم،اتبع|كمل،ستمر،لتزم،واظب،داوم،حافظ،هتم،نتظم،تبع
عرف،حاول|عرف،حاول|عرف،حاول
احتج،طلب،سأل،اتصل،كلم،حكي،قلت،قل،خبر،حجز،سال|احتاج،طلب،سأل،اتصل،كلم،حكى،قال،خبر،حجز،سال|حتاج،طلب،سال،تصل،كلم،حكي،قول،خبر،حجز،حجي
دخن|دخن|دخن
غسل،نظف،غير،بدل،حط،عقم،تحمم،اتحمم،استحم،توضا،صلي،صم|غسل،نظف،غير،بدل،حط،عقم،تحمم،استحم،صلى،صام|غسل،نظف،غير،بدل،حط،عقم،تحمم،ستحم،صلي،صوم
تطعم،اتطعم،طعم،لقح،اتلقح،ضرب،حقن،تلقح|تطعم،طعم،لقح،ضرب،حقن،تلقح|تطعم،طعم،لقح،ضرب،حقن،تلقح
|اشتغل،لعب،سافر،دخل،قعد،جلس،صحى،صحي،فاق،ساق،قام|شتغل،لعب،سافر،دخل،قعد،جلس،صحى،صحي،فيق،سوق،قوم،صحا
|قرأ،درس،كتب،سجل،بلغ|قرا،درس،كتب،سجل،بلغ
عجب،استفد،انبسط|عجب،استفاد،انبسط،ناسب|عجب،ستفيد،نبسط،ناسب
صر،كن،بقي،عد،حصل،حدث|حصل،حدث،صاير،بقا،بقى،عاد|حصل،حدث،بقى،عود
|ساعد،نفع|ساعد،نفع
عطي،اعطي،اديت،ادي،عطي|عطى،اعطى،ادى،عطا|عطي،ادي،دي،عطا
اخذنا،عملنا،التزمنا||
عالج،اتعالج،تعالج|عالج،تعالج|تعالج،عالج
"""
_MORE_ACTION = """
لحق،طلب،جرب،لبس،شل،مسك،رفع،وزن،نصح,قرر،اختر،دفع،ضمد،لف،تبول،تبرز،ولد،رضع،طبخ،سكن،عش،سبح،ركب،انتبه،ردي،فتح،سكر،بعث،وصف،مد|لحق،طلب،جرب،لبس،شال،مسك،رفع،وزن،نصح،قرر،اختار،دفع،ضمد،لف،تبول،تبرز،ولد،رضع،طبخ،سكن،عاش،سبح،ركب،انتبه،رد،بعث،وصف|لحق،طلب،جرب،لبس،شيل،مسك،رفع،وزن،نصح،قرر،ختار،دفع،ضمد،لف،تبول،تبرز،ولد،رضع،طبخ،سكن،عيش،سبح،ركب،نتبه،بعث،وصف،قم،زر،صم،عد،خليني،حضر
فهم،اتمم،تمم،زدي،زد،حدد،حفظ،تعلم،اتعلم،شارك،جاوب،رد،وصل،ضيع،كبر،صغر،تغير،اتغير،بين|فهم،اتم،عط،اعط،اد،زاد،حدد،حفظ،تعلم،شارك،جاوب،وصل،ضيع،كبر،صغر،تغير،اتغير،بين،ازداد|فهم،تمم،زيد،حدد،حفظ،تعلم،شارك،جاوب،رد،وصل،ضيع،كبر،صغر،تغير،تبين،تعود
وفي،صدق،عرض،رتب،جهز،حضر،خلي،سمح،منع،نوي|وفى،صدق،عرض،رتب،جهز،خلى،سمح،منع،نوى|وفي،صدق،عرض،رتب،جهز،خلي،سمح،منع،نوي
"""
_MORE_SYMPTOM = """
خدر،نمل،جف،نشف،انسد،تنمل،احترق،اصفر،ازرق،انكسر،التوي،تزحلق،زلق،صدع،زغلل،غبش،شخر،لهث،نهج،انتفخت،تشقق،دوش،غثي،لعي،هبط،انخفض،ارتفع،طلع،زكم،رشح،برد،حر،حمي|مغص،خدر،نمل،جف،نشف،انسد،تنمل،احترق،اصفر،ازرق،انكسر،التوى،تزحلق،زلق،صدع،زغلل،غبش،شخر،لهث،نهج،تشقق،هبط،انخفض،ارتفع،لاع،غثى،زكم،رشح|خدر،نمل،جف،نشف،نسد،تنمل،حترق،صفر،زرق،نكسر،لتوي،زلق،مغص،صدع،زغلل،غبش،شخر،لهث،نهج،تشقق،هبط،نخفض،رتفع،لوع،غثي،رشح
"""
_WILLING = """
بغي،اراد،رد،حبي،وافق،قبل،رضي|بغى،بغا،حب،اراد،ود،وافق،قبل،رضى|بغي،بغا،ريد،رضى،حب،وافق،قبل،ود،عوز،بي
"""
_CEASED = """
خلص،انتهي،رفض|خلص،انتهى,رفض|خلص،نتهي،رفض
كره،زهق،مل|كره،زهق،مل،|كره،زهق،مل
"""
_QUIT = """
ترك،وقف،بطل،قطع،توقف،هجر،سيب،سب،حبس،اقلع،قلع،امتنع،استغني،استغنيت،تخلي،اعتزل،خليت|ترك،وقف،بطل،قطع،توقف،هجر،ساب،حبس،اقلع،قلع،امتنع،استغنى،تخلى،وقفو|ترك،وقف،بطل،قطع،توقف،هجر،سيب،حبس،قلع،متنع،ستغنى،ستغني،تخلى،تخلي
"""
_MISSED = """
نسي،فوت،انسي،اهمل،هملت،همل،تجاهل،تأخر،اتاخر،اجل،الغي،لغي،كنسل،طنش،انقطع،غفل،سهي،قصر،غب،تغيب،اتغيب،تخلف،اتخلف،فرط،اخلف،خلف،اخر،فلت،نكث،كسل،تكاسل،تهاون،استهتر|نسى،نسي،فوت،فات،اهمل،تاخر،انقطع،غفل،سها،قصر،غاب،تغيب،تخلف،فرط،اخلف،فوتو|نسى،نسي،نسا،نس،فوت،همل،تجاهل،تاخر،اجل،لغي،كنسل،طنش،نقطع،غفل،سهى،سهو،قصر،غيب،تغيب،تخلف،فرط،خلف،اخر،فلت،تكاسل،تهاون
"""
_EASED = """
خفي،تحسن،اتحسن،طب،شفي،تعافي،ارتحت،برئ،هدي|فارق،هدا،تلاشى|خف،تحسن،طيب،شفى،تعافى،زول،ختفي،هدى،هدا،قل،فارق،نفك
"""
_ABLE = """
قدر،استطع،نجم،تمكن،كدر،تحمل،اتحمل،استحمل،احتمل،طق،طيق،صبر|قدر،استطاع،نجم،تمكن،كدر،تحمل،استحمل،طاق،خلاني،خلتني،خلانيش|قدر،ستطيع،ستطع،نجم،تمكن،كدر،تحمل،ستحمل،حتمل،طيق،طق،خليني
"""
_BODILY = """
نم،نعس،رقد،رتح،غفي،تحرك،اتحرك،ركز،بلع،مضغ،هضم،نهض،ذق،هجع،اغمض،غمض،استوعب|نام،رقد،غفا،غفى،تحرك،ركز،بلع،هضم،نهض،هجع،غمض|نام،نم،نوم،رقد،غفي،غفى،غفو،تحرك،ركز،بلع،مضغ،هضم،نهض،قف،هجع،غمض،وكف
مشي،تمشي،اتمشي|مشى،مشا،تمشى|مشي،مشا،تمشى،تمشا،مش،مشى
|قام|قوم،كوم،نوض،نهض
"""
_FLOWING = """
|نزل،سال،خرج،تسرب،فار،نقط|نزل،سيل،خرج،تسرب،نز،نقط،هر
"""
_SEEING = """
شف،شوف،سمع|شاف،سمع|شوف،شف،سمع
"""
_PAST_ENDINGS = ("ت", "نا", "تو", "تي", "تم", "يت", "ينا", "يتو", "")
_THIRD_ENDINGS = ("", "ت", "و", "وا", "ن")
_PREFIX_LIST = """
ا ب با ي بي ت بت ن بن من ح حا ه ها هي هت هن حي حت حن كن كي كت تن غن غا غادي نس سا سي ست سن اب ني د
دا دي دن عبي ع را رح م مي مت بتت تي بيت يت كيت بست يس تس بيس كا كنت كيس
"""
_PREFIXES = ("", *_PREFIX_LIST.split())
_PRESENT_ENDINGS = ("", "و", "وا", "ون", "ين", "ي", "ن", "")
_OBJECTS = (
    "",
    "ه",
    "ها",
    "هم",
    "و",
    "هو",
    "ني",
    "نا",
    "ك",
    "كم",
    "لي",
    "هن",
    "له",
    "لو",
    "",
    "لنا",
    "لها",
    "لهم",
    "ي",
    "ا",
)
_NEGATIONS = (("ما", "ش"), ("م", "ش"), ("", "ش"), ("ما", "شي"), ("م", "شي"))
_SHORTEST, _SHORT_STEM = 3, 2


def _stems(listed: str) -> tuple[frozenset[str], ...]:
    columns = [line.replace(",", "،").split("|") for line in listed.strip().splitlines()]
    return tuple(
        frozenset(
            normalise(stem) for row in columns for stem in row[column].split("،") if stem and "_" not in stem
        )
        for column in range(3)
    )


_STEMS = {
    VerbKind.QUIT: _stems(_QUIT),
    VerbKind.MISSED: _stems(_MISSED),
    VerbKind.EASED: _stems(_EASED),
    VerbKind.CEASED: _stems(_CEASED),
    VerbKind.BODILY: _stems(_BODILY),
    VerbKind.ABLE: _stems(_ABLE),
    VerbKind.SEEING: _stems(_SEEING),
    VerbKind.FLOWING: _stems(_FLOWING),
    VerbKind.SYMPTOM: _stems(_SYMPTOM + _MORE_SYMPTOM.lstrip()),
    VerbKind.WILLING: _stems(_WILLING),
    VerbKind.ACTION: _stems(_ACTION + _MORE_ACTION.lstrip()),
}


def _of_column(column: int) -> dict[str, VerbKind]:
    """Every stem of a column; where two verbs share one, the kind that was named first counts."""
    return {stem: kind for kind, columns in reversed(_STEMS.items()) for stem in columns[column]}


_RANKS = {kind: -rank for rank, kind in enumerate(_STEMS)}
_PAST, _THIRD, _PRESENT = map(_of_column, range(3))
_ENDINGS_PAST = tuple(a + b for a, b in product(_PAST_ENDINGS, _OBJECTS) if "_" not in a + b)
_ENDINGS_THIRD = tuple(a + b for a, b in product(_THIRD_ENDINGS, _OBJECTS) if "_" not in a + b)
_ENDINGS_PRESENT = tuple(a + b for a, b in product(_PRESENT_ENDINGS, _OBJECTS) if "_" not in a + b)


@lru_cache(maxsize=4096)
def verb_of(token: str) -> Verb | None:
    """The verb that a normalised word is, or None."""
    if len(token) < _SHORTEST:
        return None
    for before, after in _NEGATIONS:
        inner = token[len(before) : len(token) - len(after)]
        if token.startswith(before) and token.endswith(after) and len(inner) >= _SHORT_STEM:
            found = _analysed(inner)
            if found is not None:
                return Verb(found[0], negated=True, present=False)
    found = _analysed(token)
    return Verb(found[0], negated=False, present=found[1]) if found else None


def _analysed(token: str) -> tuple[VerbKind, bool] | None:
    """Whose kind the longest stem in it has: "tanammal" (go numb) holds "mall" (be weary) too."""
    found: list[tuple[int, VerbKind, bool]] = []
    for stems, endings in ((_PAST, _ENDINGS_PAST), (_THIRD, _ENDINGS_THIRD)):
        for end in endings:
            stem = token.removesuffix(end) if token.endswith(end) else ""
            if stem in stems:
                found.append((len(stem), stems[stem], False))
    found += [(len(stem), kind, True) for stem, kind in _presents(token)]
    return max(found, key=lambda one: (one[0], _RANKS[one[1]]))[1:] if found else None


def _presents(token: str) -> Iterator[tuple[str, VerbKind]]:
    for prefix in _PREFIXES:
        if not token.startswith(prefix):
            continue
        rest = token[len(prefix) :]
        for end in _ENDINGS_PRESENT:
            stem = rest[: len(rest) - len(end)]
            if rest.endswith(end) and stem in _PRESENT and (prefix or len(stem) > _SHORT_STEM):
                yield stem, _PRESENT[stem]
