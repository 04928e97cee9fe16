"""How many days of the last two weeks, as a point of how often."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bridge.understanding.normalisation import normalise, phrase_of, words_of
from bridge.understanding.numerals import WORDS, Rank

__all__ = ["point_of_days"]

_POINTS = {
    "several_days": range(1, 8),
    "more_than_half": range(8, 12),
    "nearly_every_day": range(12, 15),
}
_COUNTING = (Rank.UNIT, Rank.TEN, Rank.TEEN)
_DAY = words_of(
    "يوم يوما أيام ايام ليالي ليلة ليال نهار نهارات أيامات يامات اليامات ليلات نهارا ليله مرات خطرات"
)
_TWO_DAYS = words_of("يومين ليلتين نهارين يومان ليلتان")
_WEEK = {normalise("أسبوع"): 7, normalise("أسبوعا"): 7, normalise("سيمانة"): 7, normalise("أسبوعين"): 14}
_BETWEEN = words_of("أو او ولا والا وإلا الى إلى لـ ل حتى يا اما إما بين")
_AS_FAR = words_of("حسب قد على كما")
_NOT_EVEN = words_of("حتى ولا")
_NOR = words_of("ولا لا")  # "nor", and between two numbers "or"
_BESIDE = words_of(
    "يمكن تقريبا حوالي نحو ممكن والله بس فقط شي قول نقول مثلا يجي ييجي تيجي حسب اذكر أظن اظن أعتقد اعتقد "
    "حدود في بحدود يعني كانت كان صار صارت حصل حصلت جاني تقريبن زهاء قرابة شوف نحكي واحد عم فعلا هيك كده كذا "
    "الحمد لله لله الحق بصراحة هيكا هكا تكون يكون منهم منها منهن برك كله كلها كلهم كاملين كاملة كامل "
    "كلهن بالكثير بالكتير بالاكثر عالاكثر بالاكتر عالاكتر هيك مو مش أكثر أكتر "
    "منو وكده "
    "وكذا"
)
_OF_TWO_WEEKS = (
    *(
        "من الأسبوعين",
        "في الأسبوعين",
        "بالأسبوعين",
        "خلال الأسبوعين",
        "من أسبوعين",
        "في أسبوعين",
        "خلال أسبوعين",
    ),
    *("من الأربعة عشر", "من الأربعتاش", "من الأربعتاشر", "من الأربعطعش", "من الاربعة عشر يوم", "من ال 14"),
    *("من أصل أربعة عشر", "من أصل أربعتاش", "من أصل أربعطعش", "من أربعتاش", "من أربعطعش", "من أربعة عشر"),
    *("من أربعتاشر", "من اصل أربعتاشر", "من 14", "من أصل 14", "من أصل 14 يوم", "من 14 يوم", "آخر أسبوعين"),
    *(
        "من أربعتاشر يوم",
        "من اربعتاش يوم",
        "من أربعة عشر يوما",
        "من اربعطعش يوم",
        "فالسيمانتين",
        "هالأسبوعين",
    ),
)
_LAST_WEEK = (
    *(
        "الأسبوع اللي فات",
        "الأسبوع الماضي",
        "الأسبوعين اللي فاتوا",
        "الأسبوعين الماضيين",
        "هالأسبوع",
        "الأسبوع ده",
    ),
    *("آخر أسبوع", "السيمانة اللي فاتت", "السيمانة لي فاتت", "الأسبوعين اللي فات", "الأسبوعين الأخيرين"),
)
_A_WEEK = (
    *("في الأسبوع", "بالأسبوع", "فالأسبوع", "ف الأسبوع", "كل أسبوع", "بالجمعة", "في السيمانة", "فالسيمانة"),
    *("ف السيمانة", "كل سيمانة", "أسبوعيا", "بالاسبوع الواحد", "في الأسبوع الواحد"),
)
_FRAMES = {phrase_of(one): 1 for one in (*_OF_TWO_WEEKS, *_LAST_WEEK)} | {
    phrase_of(one): 2 for one in _A_WEEK
}
_MOST_BETWEEN = 2  # days: "five, six, seven" may be anything


def point_of_days(words: Sequence[str]) -> str | None:
    """The point to which a count of days comes, as in "ten days"; None for anything else."""
    if any(first in _NOT_EVEN and second in _DAY for first, second in pairwise(words)):
        return None  # "not even a day"
    kept, times = _without_frame([word for at, word in enumerate(words) if not _is_as_far(words, at)])
    counts = _counts([word for word in kept if word not in _BESIDE])
    if not counts or len(counts) > 2 or abs(counts[-1] - counts[0]) > _MOST_BETWEEN:  # noqa: PLR2004
        return None
    points = {_point(count * times) for count in counts}
    return points.pop() if len(points) == 1 else None


def _is_as_far(words: Sequence[str], at: int) -> bool:
    """The particle in "as far as I remember", which denies nothing."""
    return words[at] == "ما" and at > 0 and words[at - 1] in _AS_FAR


def _point(days: int) -> str | None:
    return next((point for point, among in _POINTS.items() if days in among), None)


def _without_frame(words: Sequence[str]) -> tuple[list[str], int]:
    """Take "of the two weeks" or "a week" away; days of one week count twice."""
    for length in (5, 4, 3, 2, 1):
        for at in range(len(words) - length + 1):
            times = _FRAMES.get(tuple(words[at : at + length]))
            if times is not None:
                return [*words[:at], *words[at + length :]], times
    return list(words), 1


def _counts(words: Iterable[str]) -> list[int]:
    """The numbers that stand before days; none if any other word stands there."""
    counts, has_days, before = list[int](), False, False
    for word in words:
        bare = word if word in WORDS or word in _DAY else word.removeprefix("و")
        number = _number(word) or _number(bare)
        if bare in _DAY:
            counts += [] if before or counts else [1]
            has_days, before = True, False
        elif bare in _TWO_DAYS or bare in _WEEK:
            counts.append(_WEEK.get(bare, 2))
            has_days, before = True, False
        elif number:
            counts.append(number)
            before = True
        elif word not in _BETWEEN or (word in _NOR and not counts):
            return []
    return counts if has_days else []


def _number(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    numeral = WORDS.get(word)
    return numeral.value if numeral is not None and numeral.rank in _COUNTING and numeral.value else None
