"""What went up or down since before, by what it is: an appetite that grew is better, a pain that grew worse.

Weight, pressure and sugar may be wanted either way, so they are read back.
"""

import re
from collections.abc import Sequence

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.scale_clauses import Clause
from bridge.understanding.scale_marks import Role

__all__ = ["trend_at"]

_ASSETS = "صحة صحت عافية عافيت قوة قوت حيل طاقة طاقت شهية شهيت نشاط نظر بصر سمع مناعة مناعت ذاكرة "
"ذاكرت تركيز همة همت"
_BURDENS = (
    "وجع ألم تعب مرض ورم دوخة دوخت صداع كحة كحت سعال ضيقة حرقان التهاب نزيف غثيان حكة حكت رجفة "
    "انتفاخ قلق حزن "
    "وجيعة وجيعت أوجاع آلام ضيق خمول توتر اكتئاب تنميل خدر حموضة إمساك إسهال سخونة سخانة حساسية"
)
_OPEN = "وزن ضغط سكر دم"
_SLEEP = "نوم أكل"
_UP = "زاد زيد ازداد زداد كثر كتر كبر قوي قوى قوا ارتفع رتفع اشتد شتد تضاعف رجع انفتح نفتح عاود كثرت تكاثر"
_DOWN = (
    "قل نقص خف راح نزل هبط ضعف تراجع ضاع ضيع انسد نسد اختفى اختفي ختفي انعدم نعدم انهد نهد انهار "
    "نهار طاح خرب تلاشى "
    "تلاشي انقطع نقطع"
)
_NOT = words_of("ما لا لم مش مو مب موش وما ولا ليس عم قد")


def _nouns(listed: str) -> re.Pattern[str]:
    stems = "|".join(map(normalise, listed.split()))
    return re.compile(f"(?:و)?(?:ال|هال)?(?:{stems})(?:ي|ه|ها|نا|ات|اتي)?")


def _verbs(listed: str) -> re.Pattern[str]:
    stems = "|".join(map(normalise, listed.split()))
    return re.compile(f"(?:و)?(?:ي|ت|بي|بت|كي|كت)?(?:{stems})(?:ت|ات)?(?:لي|ني|عني|علي|عليا)?")


_RISING, _FALLING = _verbs(_UP), _verbs(_DOWN)
_KINDS = (
    (_nouns(_ASSETS), 1, False),
    (_nouns(_BURDENS), -1, False),
    (_nouns(_OPEN), -1, True),
    (_nouns(_SLEEP), 1, True),
)
_ON_ME = words_of("علي عليا عني لي عندي معي فيا فيني")


def trend_at(tokens: Sequence[str], at: int) -> Clause | None:
    """The clause that begins here, as in "my strength went", "the cough grew"; None if it is denied."""
    if at and tokens[at - 1] in _NOT:
        return None
    ahead = [*tokens[at : at + 3], "", ""]
    between = ahead[1] in _ON_ME  # "grew on me the pain"
    named = _trend(ahead[0], ahead[1]) or _trend(ahead[1], ahead[0])
    if named is None and between:
        named = _trend(ahead[2], ahead[0])
    if named is None:
        return None
    value, is_open = named
    return Clause(3 if between else 2, Role.POINT, (value,), marked=is_open)


def _trend(noun: str, verb: str) -> tuple[str, bool] | None:
    """To which side it goes, and whether it may be wanted either way."""
    way = 1 if _RISING.fullmatch(verb) else -1 if _FALLING.fullmatch(verb) else 0
    kind = next(((sign, is_open) for nouns, sign, is_open in _KINDS if nouns.fullmatch(noun)), None)
    if not way or kind is None:
        return None
    sign, is_open = kind
    return ("better" if sign * way > 0 else "worse"), is_open
