"""Words of one country in those that the lists of the scales know: Yemen's "mabish" as "mafish".

Also the Maghreb's "only" and "a", which change nothing: "ghir shwiya", "wahed ash-shwiya".
"""

from collections.abc import Sequence
from itertools import pairwise

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.remarks import is_number

__all__ = ["respelled"]

_SAME = {
    "مفيش": ("ما بش", "مابش", "ما بوش", "مابوش", "مبش", "ما باش", "ما بيش", "ما فشي", "مافشي", "ما فش"),
    "مش": (
        *("ما هوش", "ما هيش", "ما هواش", "ما هياش", "ما هوا", "ما هيا", "ما هوه", "مهواش", "مهياش"),
        *("ما راهوش", "ما راهيش", "ماراهيش", "ما رآهوش", "ما هوب", "ما هيب", "ماهوب", "ماهيب", "مهب", "معوش"),
    ),
    "كم": ("جم", "چم"),
    "تقريبا": ("تقريب", "تقريبن"),
    "ماكاش": ("ما كاش", "ماكاشي", "ما كاشي"),
    "هواية": ("هواي", "هوايا", "هوية"),
    "يصير": ("يستوي", "تستوي", "يستوى", "كيطرا", "يطرا", "كتطرا", "تطرا", "كيوقع", "يوقع", "كتوقع", "توقع"),
    "صار لي": ("استوالي", "استوى لي", "استوت لي", "طرالي", "طرا لي", "طراتلي", "وقعلي", "وقع لي"),
    "صار": ("استوى", "استوت", "طرات", "صرا"),
    "يصير لي": ("يستويلي", "يستوي لي", "كيطرالي", "يطرالي", "تطرالي", "كيوقعلي", "كيوقع لي", "يوقعلي"),
}
_BY_WORDS = {
    tuple(normalise(one).split()): normalise(named).split() for named, all_ in _SAME.items() for one in all_
}
_LONGEST = max(map(len, _BY_WORDS))
_ADDRESSED = words_of(
    "بنتي ابني ولدي دكتور دكتورة خوي خويا اخوي اخي اختي ختي حبيبتي حبيبي عمي خالة خالتي عمتي حجة حاج "
    "حاجة ستي سيدي استاذ "
    "استاذة بني وليدي بنيتي طيبة غالي غالية امي يمه يبه عيني روحي قلبي اخ اخت ست بنت ولد طيب طبيب "
    "طبيبة عم لالة"
)
_ONLY, _A = words_of("غير"), words_of("واحد")
_SMALL = words_of(
    "شوية شوي شويا شويه شويتين الشوية الشوي قليل القليل لقمة لقيمة لقيمات لقمتين نقطة نتفة حبة حبتين "
    "حاجة حويجة "
    "طرف طريف شي كاس كويس ملعقة يومين ليلتين نهارين مرتين خطرتين جوج زوج ثنين بعض أحيانا احيان مرات "
    "نهارات أيام "
    "خطرات ساعات أوقات شويات واحد وحدة كم كام رشفة جغمة ربع نص بصح"
)
_INDEFINITE = words_of(
    "الشوية الشوي الشويا الشويه القليل الجوج المرة الكاس اللقمة الطرف الحاجة النهارين اليومين"
)
_NEGATIONS = words_of("ما لا لم مش مو مب موش ماشي ليس ليست لست")


def respelled(words: Sequence[str]) -> tuple[str, ...]:
    """The words as the lists spell them; those of no list stay as they are."""
    words = _unaddressed(words)
    found, at = list[str](), 0
    while at < len(words):
        length = next((n for n in range(_LONGEST, 0, -1) if tuple(words[at : at + n]) in _BY_WORDS), 0)
        found += _BY_WORDS[tuple(words[at : at + length])] if length else [words[at]]
        at += length or 1
    return tuple(_without_only(found))


def _unaddressed(words: Sequence[str]) -> list[str]:
    """Leave "O daughter" out, which is no answer; not "yadub", "would that"."""
    spoken = [*words, ""]
    return [
        word
        for at, word in enumerate(words)
        if not (word == "يا" and spoken[at + 1] in _ADDRESSED)
        and not (at and words[at - 1] == "يا" and word in _ADDRESSED)
    ]


def _without_only(words: Sequence[str]) -> list[str]:
    """Leave out "only" before something small, unless it is "not … other than"; and "a" before its noun."""
    kept, is_denied = list[str](), False
    for word, after in pairwise((*words, "")):
        is_denied = is_denied or word in _NEGATIONS or _is_denied_verb(word)
        is_small = after in _SMALL or is_number(after)
        if (word in _ONLY and is_small and not is_denied) or (word in _A and after in _INDEFINITE):
            continue
        kept.append(word)
    return kept


def _is_denied_verb(word: str) -> bool:
    return word.startswith("م") and word.endswith("ش")
