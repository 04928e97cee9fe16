"""Verbs of sickness and of everyday care.

Known in the conjugations of all dialects by taking their endings off.

A verb is listed by three stems: the past before "-t" (I, you), the past of a third person, and the
present after its prefix.
"""

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
    WILLING = "willing"  # want, agree
    CEASED = "ceased"  # forget, stop, get well: says neither yes nor no by itself


class Verb(Struct, frozen=True):
    """A verb as it was said."""

    kind: VerbKind
    negated: bool  # by its own ending: "ma … sh"
    present: bool  # bare present, which standard Arabic negates with "la"


_SYMPTOM = """
حسي،حاسي،احسس،حسس|حس،احس|حس،حاس،حسو
شعر|شعر|شعر
عاني|عانى،عاني|عاني
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
اصب|جا،اجا،اجت،جات،صاب،صابت،اصاب،لازم،راود،هاجم،جه،حصل|جي،صيب،لازم،راود،حصل،جين
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
نم،نعس،ارتح،رقد،رتح|نام،رقد،ارتاح،نعس|نام،رقد،رتاح،نعس
مشي،تمشي،اتمشي،تمرن،اتمرن،تدرب،ركض،جري|مشى،مشي،تمشى،تمرن،تدرب|مشي،تمشي،تمشا،تمرن،تدرب،ركض،جري،مشا
رح،مشي،ذهب،سر،روح،رجع،عد|ذهب،سار،روح|روح،ذهب،سير،مش
جي،اتي،حضر،وصل،اجي،جئ|جاء،حضر،وصل،اجى،جاي|جي،اجي،حضر،وصل
سوي،عمل،فعل،در،قم،عمي,نفذ،طبق|سوى،سوا،عمل،فعل،دار،قام،نفذ،طبق|سوي،عمل،فعل،دير،قوم،نفذ،طبق،سوى،سويه،عملو
قس،فحص،حلل،كشف،صور،تابع،اتابع،راجع،زر،شف،قابل،شوف|قاس،فحص،حلل،كشف،صور،تابع،راجع،زار،شاف،قابل|قيس،فحص،حلل،كشف،صور،تابع،راجع،زور،شوف،قابل
وعد،استعمل،استخدم،ستعمل،ستخدم،خدم|استعمل،استخدم|ستعمل،ستخدم،ستخدمو،وعد
اشتري،شري،جب،صرف،استلم،وصلني،لقي،لق،حصل|اشترى،شرى،جاب،صرف،استلم،لقى،حصل|شتري،شري،جيب،صرف،ستلم،لقي،لاقي،حصل
كمل،استمر،التزم،واظب،داوم،حافظ،اهتم،انتظم،اتبع،مشيت|كمل،استمر،التزم،واظب،داوم،حافظ،اهتم،انتظم،اتبع|كمل،ستمر،لتزم،واظب،داوم،حافظ،هتم،نتظم،تبع
قدر،استطع،نجم،عرف،تمكن،قدرت،حاول|قدر،استطاع،نجم،عرف،تمكن،حاول|قدر،ستطيع،ستطع،نجم،عرف،تمكن،حاول،گدر
احتج،طلب،سأل،اتصل،كلم،حكي،قلت،قل،خبر،حجز،سال|احتاج،طلب،سأل،اتصل،كلم،حكى،قال،خبر،حجز،سال|حتاج،طلب،سال،تصل،كلم،حكي،قول،خبر،حجز،حجي
دخن|دخن|دخن
غسل،نظف،غير،بدل،حط،عقم،تحمم،اتحمم،استحم،توضا،صلي،صم|غسل،نظف،غير،بدل،حط،عقم،تحمم،استحم،صلى،صام|غسل،نظف،غير،بدل،حط،عقم،تحمم،ستحم،صلي،صوم
تطعم،اتطعم،طعم،لقح،اتلقح،ضرب،حقن،تلقح|تطعم،طعم،لقح،ضرب،حقن،تلقح|تطعم،طعم،لقح،ضرب،حقن،تلقح
|اشتغل،لعب،سافر،طلع،خرج،دخل،نزل،قعد،جلس،صحى،صحي،فاق،ساق،قام|شتغل،لعب،سافر،طلع،خرج،دخل،نزل،قعد،جلس،صحى،صحي،فيق،سوق،قوم،صحا
|قرأ،درس،كتب،سجل،بلغ|قرا،درس،كتب،سجل،بلغ
عجب،استفد،انبسط|عجب،استفاد،انبسط،ناسب|عجب،ستفيد،نبسط،ناسب
صر،كن،بقي،عد،حصل،حدث|حصل،حدث،صاير،بقا،بقى،عاد|حصل،حدث،بقى،عود
|ركز،تحرك،ساعد،نفع|ركز،تحرك،ساعد،نفع
عطي،اعطي،اديت،ادي،عطي|عطى،اعطى،ادى،عطا|عطي،ادي،دي،عطا
اخذنا،عملنا،التزمنا||
عالج،اتعالج،تعالج|عالج،تعالج|تعالج،عالج
"""
_MORE_ACTION = """
لحق،طلب،جرب،لبس،شل،مسك،رفع،وزن،نصح,قرر،اختر،دفع،ضمد،لف،بلع،مضغ،هضم،تبول،تبرز،ولد،رضع،طبخ،سكن،عش،سبح،ركب،انتبه،ردي،فتح،سكر،بعث،وصف،مد|لحق،طلب،جرب،لبس،شال،مسك،رفع،وزن،نصح،قرر،اختار،دفع،ضمد،لف،بلع،هضم،تبول،تبرز،ولد،رضع،طبخ،سكن،عاش،سبح،ركب،انتبه،رد،بعث،وصف|لحق،طلب،جرب،لبس،شيل،مسك،رفع،وزن،نصح،قرر،ختار،دفع،ضمد،لف،بلع،هضم،تبول،تبرز،ولد،رضع،طبخ،سكن،عيش،سبح،ركب،نتبه،بعث،وصف،قم،نم،زر،صم،عد،خليني،حضر
وفي،صدق،عرض،رتب،جهز،حضر،خلي،سمح،منع،نوي|وفى،صدق،عرض،رتب،جهز،خلى،سمح،منع،نوى|وفي،صدق،عرض،رتب،جهز،خلي،سمح،منع،نوي
"""
_MORE_SYMPTOM = """
خدر،نمل،جف،نشف،انسد،تنمل،احترق،اصفر،ازرق،انكسر،التوي،تزحلق،زلق،صدع،زغلل،غبش،شخر،لهث،نهج،انتفخت،تشقق،دوش،غثي،لعي،هبط،انخفض،ارتفع،طلع،زكم،رشح،برد،حر،حمي|خدر،نمل،جف،نشف،انسد،تنمل،احترق،اصفر،ازرق،انكسر،التوى،تزحلق،زلق،صدع،زغلل،غبش،شخر،لهث،نهج،تشقق،هبط،انخفض،ارتفع،لاع،غثى،زكم،رشح|خدر،نمل،جف،نشف،نسد،تنمل،حترق،صفر،زرق،نكسر،لتوي،زلق،صدع،زغلل،غبش،شخر،لهث،نهج،تشقق،هبط،نخفض،رتفع،لوع،غثي،رشح
"""
_WILLING = """
بغي،اراد،رد،حبي،وافق،قبل،رضي|بغى،بغا،حب،اراد،ود،وافق،قبل،رضى|بغي،بغا،ريد،رضى،حب،وافق،قبل،ود،عوز
"""
_CEASED = """
نسي،فوت،ترك،وقف،بطل،قطع،خلص،انتهي،رفض،هملت،اهمل،تجاهل،تأخر،اجل،الغي،كنسل،طنش|نسى،نسي،فوت،ترك،وقف،بطل،قطع،خلص،انتهى,رفض،اهمل،توقف،انقطع،فات،تاخر|نسى،نسي،فوت،ترك،وقف،بطل،قطع،خلص،نتهي،رفض،همل،توقف،نقطع،نسا
خفي،تحسن،اتحسن،طب،شفي،تعافي،ارتحت،برئ،هدي||خف،تحسن،طيب،شفى،تعافى،زول،ختفي،هدى،قل
كره،زهق،مل|كره،زهق،مل،|كره،زهق،مل
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
    VerbKind.CEASED: _stems(_CEASED),
    VerbKind.SYMPTOM: _stems(_SYMPTOM + _MORE_SYMPTOM.lstrip()),
    VerbKind.WILLING: _stems(_WILLING),
    VerbKind.ACTION: _stems(_ACTION + _MORE_ACTION.lstrip()),
}
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
    for kind, (past, third, present) in _STEMS.items():
        if any(token.endswith(end) and token[: len(token) - len(end)] in past for end in _ENDINGS_PAST):
            return kind, False
        if any(token.removesuffix(end) in third for end in _ENDINGS_THIRD if token.endswith(end)):
            return kind, False
        if _is_present(token, present):
            return kind, True
    return None


def _is_present(token: str, stems: frozenset[str]) -> bool:
    for prefix in _PREFIXES:
        if not token.startswith(prefix):
            continue
        rest = token[len(prefix) :]
        for end in _ENDINGS_PRESENT:
            if not rest.endswith(end):
                continue
            stem = rest[: len(rest) - len(end)]
            if stem in stems and (prefix or len(stem) > _SHORT_STEM):
                return True
    return False
