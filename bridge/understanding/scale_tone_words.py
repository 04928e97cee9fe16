"""Classes of words in clauses beside a point: what helps, leaves, is done by staff, is complained of. Data.

A verb is listed by its stems and known with the prefixes and endings of all dialects; a noun with its article
and its owner. A draft of one author that native speakers have not reviewed.
"""

import re
from enum import StrEnum
from functools import lru_cache

from bridge.understanding.normalisation import normalise
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["Tone", "is_verb_of", "tone_of"]


class Tone(StrEnum):
    """What a word in a clause is about."""

    HELP = "help"  # of a remedy
    LEAVE = "leave"  # of what is felt: to go, to stop
    TRIFLE = "trifle"  # to bother, to keep from something: denied, it is mild
    CHANGE = "change"
    SERVICE = "service"  # what staff do, and what there should be
    FAULT = "fault"  # what there should not be
    NEED = "need"
    SPECIAL = "special"  # out of the ordinary
    KEPT = "kept"  # left over, left behind
    INABILITY = "inability"  # to be able, to sleep, to eat, to stand
    DEED = "deed"
    FELT = "felt"
    SAYING = "saying"  # to say, to know: "I cannot say"
    WELL = "well"
    TOLD = "told"  # of a story: to wait, to go there


_VERBS: dict[Tone, str] = {
    Tone.SAYING: "قول قال وصف اوصف حدد احدد قيم دري درك ادري ذكر تذكر فتكر انكر كذب كدب حسب تاكد نعرف",
    Tone.HELP: (
        "نفع فاد فيد جاب جيب ريح شفا شفى شفي ستجيب استجاب داوي داوا افاد اجدى جدي ظبط مفعول فايده نتيجه"
    ),
    Tone.LEAVE: (
        "راح روح راحت خف خفت هدي هدا هدى هدت هد سكن توقف وقف فارق زال زول قل غاب غيب سكت بطل انتهي نتهي "
        "خلص نقطع انقطع قطع ختفي ختفى اختفى برد فك سيب ساب ترك طول نشال بعد فات هجع رحم فوت مشي"
    ),
    Tone.TRIFLE: (
        "ضايق زعج قلق اثر ياثر عطل منع عيق عاق عوق خوف اذي تعب هم شغل حرم كدر نكد صحي فيق ياخذ ياخد وقفن "
        "قعدن منعن خوفن"
    ),
    Tone.CHANGE: "غير تغير اتغير تبدل فرق اختلف ختلف",
    Tone.SERVICE: (
        "اهتم هتم شرح رد سال سول عبر عطي عطا اعطا عطو جاوب كشف فحص استقبل ستقبل سمع حل ساعد خدم فهم "
        "احترم حترم "
        "لقي لق لقا عجب ارتاح رتاح ارتح وضح راعي راعا تابع بين كلم عالج داو شخص طمن التفت لتفت تعاون نظف "
        "استفد ستفد ستفيد تهلا تهلاو تلهى وفر حضر وقف عاون قابل رحب نتبه انتبه ابتسم عتنى اعتنى اعتن رحم "
        "نفذ صرف فاد نفع سهل جاب قدر وقر حن قصد اعتبر عتبر دخل كتب وصل رجع بشر عبا انصف صدق ضحك لبى لبو"
    ),
    Tone.FAULT: (
        "قصر نقص اشتكي شتكي شكي تاخر طول غلط زعل عطل نسي ضيع صرخ صارخ صيح زعق صياح تافف نهر هان اهان طنش "
        "همل اهمل "
        "تجاهل ستهان بهدل ذل لطع كنسل لغي خرب كسر صعب صعبو عصب نفخ كشر كشرو ماطل ازعج زعج ضايق ندم عاب عيب "
        "مرمط شنطط مطل سب شتم طرد سكر وجع اذى غش سرق نصب كذب"
    ),
    Tone.NEED: "احتج احتاج حتاج حتج لزم",
    Tone.KEPT: "بقي بقى بقا خلي خليت ترك فضل زاد تبقى تبقي خلى بقيت",
    Tone.TOLD: (
        "انتظر نتظر استن ستن ستني نستن تسن ترج ترجي ترجى نطر نطرت قعد وقف جلس رح رحت جي جيت روح رجع دفع "
        "طلع قاعد "
        "نظل ضل ضليت ظليت ظل بقي دخل نوم بات بت راجع حول حولو عمل سو سوو خلص لفيت لف دور صار صير حصل"
    ),
}
_NOUNS: dict[Tone, str] = {
    Tone.HELP: "فايده نتيجه مفعول فائده سوت سوا سوى عملت عمل دارت",
    Tone.SERVICE: (
        "نظافه نظام اهتمام احترام رعايه عنايه دكتور دكتوره طبيب طبيبه ممرض ممرضه ممرضين ممرضات حد احد "
        "حدا متابعه تنظيم "
        "ذوق ادب رحمه ضمير اخلاق انسانيه تواصل استقبال معامله تعامل خدمه موظف موظفه موظفين تمريض علاج "
        "اداره سستم تكييف "
        "مكيف كرسي كراسي سرير موعد مواعيد وقت شرح معلومات مسؤول مسوول مسول دوا ادويه غرفه غرف مكان اكل "
        "قهوه ماي تعقيم "
        "صيدليه مختبر اشعه كادر طاقم ناس جماعه مستشفي عياده شغل انتظار حجز دور ريسبشن فريق طوارئ طواري "
        "عامل عاملين"
    ),
    Tone.FAULT: (
        "مشكله مشاكل مشكل ملاحظه ملاحظات شكوي شكاوي عيب عيوب اعتراض غلط غلطه اخطا خطا تقصير تاخير ازعاج "
        "عتب لوم انتقاد "
        "ماخذ تذمر صراخ اهمال تعقيد زحمه غبار وسخ واسطه فوضي عنصريه خلاف غبار"
    ),
    Tone.NEED: "مسكن حبه حبوب داعي دوا ادويه علاج",
    Tone.WELL: (
        "زين زينه كويس كويسه منيح منيحه مليح مليحه باهي باهيه مزيان مزيانه بخير تمام طيب طيبه مرتاح "
        "مرتاحه قادر قادره "
        "مطمن مطمنه فرحان فرحانه مبسوط مبسوطه"
    ),
    Tone.SPECIAL: (
        "مميز مميزه جديد جديده مختلف مختلفه زياده زايد خاص يبهر بهر مبهر ملفت غريب توقعت متوقع متوقعه "
        "اتوقع نتوقع توقعنا تخيلت اتخيل تصورت"
    ),
    Tone.INABILITY: (
        "نفس خلق حيل طاقه قوه نوم راحه شهيه مزاج مزاجي صحه عافيه صبر تركيز حل بدي ابي ابغي ابغا عايز "
        "عايزه عاوز ودي اريد نحب نبي تقبل يتقبل تتقبل"
    ),
}
_BEFORE = (
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    "(?:[وف])?(?:ما|م)?(?:ع|عم|ب|ي|ت|ن|ا|ه|ح|س|بي|بت|بن|با|كي|كت|كن|كا|هي|هت|هن|حي|حت|سي|ست|مي|مت|مبي|مبت|ني|ع)?"
)
_BEHIND = (
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    ""
    "(?:ت|ي|و|وا|وو|نا|ون|ين|ن|تو|توا|يت|ينا)?(?:ني|نا|ه|ها|هم|هن|ك|كم|و|لي|لنا|له|لها|لهم|لو|ا|وني|ونا|علي|وه|وها|تني|تنا|يلي)?"
    "(?:ش|شي)?"
)
_ARTICLE, _OWNER = "(?:و)?(?:ال|بال|لل|لا|عال|هال|فال|ب|ل|اي)?", "(?:ي|ه|ها|هم|نا|كم|ات|ين|تهم|تكم|هن|تي)?"


def _pattern(before: str, listed: str, behind: str) -> re.Pattern[str]:
    stems = sorted({normalise(stem) for stem in listed.split() if "_" not in stem}, key=len, reverse=True)
    return re.compile(f"{before}(?:{'|'.join(stems)}){behind}")


_OF_VERBS = {tone: _pattern(_BEFORE, listed, _BEHIND) for tone, listed in _VERBS.items()}
_OF_NOUNS = {tone: _pattern(_ARTICLE, listed, _OWNER) for tone, listed in _NOUNS.items()}
_OF_KINDS = {
    VerbKind.ABLE: Tone.INABILITY,
    VerbKind.BODILY: Tone.INABILITY,
    VerbKind.ACTION: Tone.DEED,
    VerbKind.SYMPTOM: Tone.FELT,
    VerbKind.EASED: Tone.LEAVE,
    VerbKind.GOING: Tone.LEAVE,
    VerbKind.QUIT: Tone.LEAVE,
}


@lru_cache(maxsize=4096)
def is_verb_of(token: str, tone: Tone) -> bool:
    """Whether a normalised word is a verb of a class, in any form."""
    return tone in _OF_VERBS and _OF_VERBS[tone].fullmatch(token) is not None


@lru_cache(maxsize=4096)
def tone_of(token: str) -> frozenset[Tone]:
    """The classes that a normalised word may be of."""
    named = {tone for tone, pattern in _OF_VERBS.items() if pattern.fullmatch(token)}
    named |= {tone for tone, pattern in _OF_NOUNS.items() if pattern.fullmatch(token)}
    verb = verb_of(token)
    if verb is not None and verb.kind in _OF_KINDS:
        named.add(_OF_KINDS[verb.kind])
    return frozenset(named)
