"""The spellings of Arabic numerals, in standard Arabic and five groups of dialects.

And what each is worth.

Only whole words stand here, with the words that take part in a number: halves, points, counted things.
How they add up is the grammar's business.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from itertools import chain, product

from msgspec import Struct

from bridge.understanding import companions, vocabulary
from bridge.understanding.normalisation import normalise, words_of

__all__ = ["COUNTED", "PAIRS", "WORDS", "Numeral", "Rank", "spellings"]


class Rank(StrEnum):
    """What a word does in a number."""

    UNIT = "unit"  # 0 to 9; only 1 to 9 join a ten
    TEN = "ten"
    TEEN = "teen"
    TENS = "tens"
    HUNDRED = "hundred"  # 100, 200 … 900
    THOUSAND = "thousand"
    THOUSANDS = "thousands"  # 2000, or 3000 to 10 000 in one word
    DIGITS = "digits"
    AND = "and"
    HALF = "half"
    QUARTER = "quarter"
    QUARTERS = "quarters"  # of "three quarters"
    THIRD = "third"
    LESS = "less"  # "but a quarter"
    POINT = "point"
    TENTHS = "tenths"  # the lines of a thermometer: one, two, or counted
    COUNTED = "counted"  # a thing that is counted: one by itself, two in the dual
    THING = "thing"  # the same in the plural: nothing by itself
    PERCENT = "percent"
    OR = "or"
    TO = "to"
    FROM = "from"
    OVER = "over"
    BETWEEN = "between"
    NOT = "not"
    NONE = "none"  # there is nothing: "no pain"
    CORRECTED = "corrected"  # what was said before does not count
    INEXACT = "inexact"  # more than, less than
    DOUBLE = "double"  # the next digit twice
    PLUS = "plus"
    BESIDE = "beside"  # known, and no part of a number
    FILLER = "filler"  # the same within a number: "a hundred, er, and twenty"
    ABOUT = "about"  # it may be another one
    MOVED = "moved"  # up or down, to it or by it
    THEN = "then"  # it was so
    WAS = "was"  # the same of what follows
    NOW = "now"  # it is so


class Numeral(Struct, frozen=True):
    """One word of a number."""

    rank: Rank
    value: int = 0
    text: str = ""  # digits as they were written, with their noughts; or the word itself where it matters
    joined: bool = False  # an "and" stands before a word beside a number

    @property
    def is_beside(self) -> bool:
        """Whether it is a known word that is no part of a number."""
        return self.rank in _ALL_BESIDE


_ALL_BESIDE = frozenset((Rank.BESIDE, Rank.FILLER, Rank.ABOUT, Rank.MOVED, Rank.THEN, Rank.WAS, Rank.NOW))


_UNITS = {
    0: "صفر، زيرو، سيفر",
    1: "واحد، واحدة، وحدة، إحدى، واحدا، وحد",
    2: "اثنان، اثنين، اثنتان، اثنتين، ثنتان، ثنتين، ثنين، اثنينه، اتنين، تنين، تنتين، زوج، جوج، زوز، اثنينا، "
    "ثنينة، اتنان، اتنتين، إثنان، تنينه",
    3: "ثلاثة، ثلاث، تلاتة، تلات، تلت، تلاتي، ثلاثا، ثلاثي، تلاته، ثلاتة، تلاثة، تلاث، ثلات، تلاتا",
    4: "أربعة، أربع، ربعة، اربعا، اربعي",
    5: "خمسة، خمس، خمسي، خمسا، خمصة",
    6: "ستة، ست، ستا",
    7: "سبعة، سبع، سبعا",
    8: (
        "ثمانية، ثماني، ثمان، ثمنية، تمانية، تمنية، تماني، تمان، تمن، تمنيا، ثمانيا، ثمنيه، تمانيي، "
        "ثمن، تمني، ثمانيه، ثمنيا، تمانة، تمنة"
    ),
    9: "تسعة، تسع، تسعود، تسعا",
}
_TENS = {
    20: "عشرون، عشرين، عشرينا",
    30: "ثلاثون، ثلاثين، تلاتين، تلاثين، ثلاتين، تلاتون",
    40: "أربعون، أربعين، ربعين، أربعينا",
    50: "خمسون، خمسين، خمصين",
    60: "ستون، ستين",
    70: "سبعون، سبعين",
    80: "ثمانون، ثمانين، تمانين، ثمنين، تمنين، تمانون، ثمانينا",
    90: "تسعون، تسعين",
}
_HUNDRED = "ميي، مئة، مائة، مأة، مية، ميه، مايه، ميت، ميا، ميات، مئات، ميتا، مئت، ميّة، مايا"
_TWO_HUNDRED = "مئتان، مئتين، مائتان، مائتين، ميتين، ميتان، متين، مئتا، مائتا، ميتينا، مايتين، ميتاين"
_HUNDRED_STEMS = {  # said before "hundred" as one word or as two: the number without its feminine ending
    300: "ثلاث، ثلث، تلات، تلت، ثلا، تلا، ثلاثو، تلتو، ثلثو، تلاث، ثلات، تلث",
    400: "أربع، ربع، اربعو، ربعو، روبع",
    500: "خمس، خمسو، خمص",
    600: "ست، ستو",
    700: "سبع، سبعو",
    800: "ثمان، ثماني، ثمن، تمان، تماني، تمن، ثمانو، تمنو",
    900: "تسع، تسعو",
}
_TEEN_STEMS = {
    13: "ثلاث، ثلث، ثل، تلات، تلت، تل، ثلا، تلا، ثلط، تلط، تلاث، ثلات",
    14: "أربع، ربع، أرب، اربا، ارباط",
    15: "خمس، خمسا، خمص",
    16: "ست، س، سط، ستا، صط",
    17: "سبع، سبا، سباع، سبط",
    18: "ثمان، ثماني، ثمن، تمان، تمن، ثمون، ثمنا، تمنا",
    19: "تسع، تسا، تسط",
}
_TEEN_ENDINGS = (
    "عش، عشر، عشل، طعش، طعشر، تعش، تعشر، طاعش، تاعش، طاشر، تاشر، اشر، طاش، تاش، طاشل، اعش، اعشر، "
    "اش، تاعشر، طاعشر، "
    "دعش، ضعش، طعشل، طاشار"
)
_ELEVEN = (
    "هداشر، هداش، هضاش، هداعشر، احضاشر، "
    "حضاشر، حطاش، حطاشر، احضاش، احدعش، احدعشر، احداعش، احداشر، ادعش، ايدعش، دعش، هدعش، حداعش، حداشر، "
    "حداش، حضاشل، حداشل، "
    "حدعش، احداش، حضاش، "
    "احدا عشر، ادعشر، حداعشر، هداعش، اطعش، حداشار، ايداعش"
)
_TWELVE = (
    "ثنطعش، تنطعش، ثنطعشر، اثنعش، اثنعشر، اثناعش، اطنعش، اطناعش، اطنو، ثنعش، تنعش، اتنعش، اثناعشر، "
    "اتناعش، اتناعشر، ثناعش، ثنعشر، "
    "اتناشر، اطناشر، طناشر، طناش، تناش، اثناش، طناشل، اثناشر، تناشر، طنعش، اطنعشر، تناعش، اتنعشر، "
    "دناعش، اطناش، "
    "طناعش، اثنيعش، اثنيعشر، ثناش، ثناعشر"
)
_SPLIT_ENDINGS = (
    "عشر، عش، طعش، تعش، طعشر، تعشر، طاشر، تاشر"  # said, or heard, as a word of its own after 3 to 9
)
_SPLIT_TEENS = {
    11: "احد عشر، احدى عشرة، احدى عشر، واحد عشر، احد عشرة، احد عش، احدا عشر، حد عشر، احد اشر",
    12: (
        "اثنا عشر، اثني عشر، اثنتا عشرة، اثنتي عشرة، اثنا عش، اثنى عشر، اتنا عشر، اثنين عشر، "
        "اثنا عشرة، اتني عشر"
    ),
}
_THOUSAND = "ألف، ألفا، آلاف، تلاف، تالاف، ألاف، الوف"
_TWO_THOUSAND = "ألفين، ألفان، الفينا"
_THOUSAND_STEMS = {
    3000: "تلت، تلات، ثلاث، ثلت",
    4000: "اربع، ربع",
    5000: "خمس",
    6000: "ست، س",
    7000: "سبع",
    8000: "تمن، ثمن، تمان، ثمان",
    9000: "تسع",
    10_000: "عشر",
}
_PARTS = {
    Rank.AND: "و",
    Rank.HALF: "نصف، نص، نس، النص، النصف، نصفا",
    Rank.QUARTER: "ربع، الربع، روبع",
    Rank.QUARTERS: "أرباع، ترباع، تربع، ارباعه، تربعه",
    Rank.THIRD: "ثلث، الثلث، تلت، التلت، تلته",
    Rank.LESS: "إلا، ناقص",
    Rank.POINT: "فاصلة، فاصل، فصله، نقطة، بوينت، فارزة، الفاصلة، فاصيله، نقطه، فواصل، بونت، فيرجيل، فيرغول",
    Rank.OR: "أو، ولا، والا",
    Rank.TO: "إلى، لحد، لغاية، حتى، لين، ل",
    Rank.FROM: "من، منذ",
    Rank.OVER: "على، علي، عل، ع، /",
    Rank.BETWEEN: "بين، ما بين، يا",
    Rank.NOT: "مو، مش، مب، موب، مهوب، ليس، ليست، ماشي، ما",
    Rank.CORRECTED: "قصدي، أقصد، بقصد، عفوا، آسف، آسفة، غلطت، غلطان، غلطانة، سوري، بل، كنت أقصد، أعني، لا، "
    "لأ، "
    "لالا، "
    "معليش، بالأحرى، غلط، خطأ",
    Rank.PERCENT: "%، بالمية، بالمئة، بالمائة، بالميا، في المية، في المئة، في المائة، بالميه، فالمية، فالمئة",
    Rank.INEXACT: (
        "وكذا، وكده، وكدا، وهيك، وشوي، وشوية، وشويه، وكسور، وحاجة، وشي، ونيف، وزيادة، وفوق، وطالع، أكثر، أكتر، أقل، "
        "تعدى، يتعدى، تتعدى، تعدت، تعديت، تجاوز، يتجاوز، تتجاوز، تجاوزت، جاوز، جاوزت، عدى، عديت، عدا، يعدي، تخطى، "
        "تخطيت، يتخطى، "
        "بالكثير، بالكتير، بالأكثر، بالأقل، عالأقل، عالأكثر، عالأكتر، بالأكتر، الأقصى، أقصى، قصاه، "
        "فوق، تحت، أزيد، أعلى، أدنى، كم، كام، شي كم، بضع، بضعة، عدة، زيادة، فأكثر"
    ),
    Rank.DOUBLE: "دبل، دوبل، دابل، مكرر",
    Rank.PLUS: "زائد، بلس، زايد، +",
}
_TENTHS = {1: "شرطة، شحطة، خط، شخطة", 2: "شرطتين، شرطتان، خطين، شحطتين", 0: "شرطات، شرط، خطوط، شحطات، أعشار"}
# Things that are counted: one, two, many.
_THINGS = """
مرة|مرتين،مرتان|مرات
يوم،نهار،يوما|يومين،نهارين،يومان|أيام،نهارات،تيام،يامات،يام
ليلة|ليلتين|ليالي،ليال،ليلات
ساعة|ساعتين،ساعتان|ساعات،ساعاتي
دقيقة|دقيقتين|دقائق،دقايق
حبة،حباية،قرص،كبسولة،برشامة،قرصا|حبتين،حبايتين،قرصين،كبسولتين،برشامتين،حبتان|حبات،حبوب،أقراص،كبسولات،برشام،حبايات
ملعقة،معلقة،خاشوقة|ملعقتين،معلقتين|ملاعق،معالق
بخة|بختين|بخات
جرعة|جرعتين|جرعات
إبرة،حقنة|إبرتين،حقنتين|إبر،حقن
كوب،كاس،كاسة،كوباية،كباية،كبايه،كأس،فنجان|كوبين،كاسين،كاستين،كوبايتين،فنجانين|أكواب،كاسات،كؤوس،كوبايات،فناجين
سيجارة،سيكارة،زقارة|سيجارتين،سيكارتين،زقارتين|سجائر،سجاير،سيكاير،زقاير
وجبة|وجبتين|وجبات
رغيف|رغيفين|أرغفة
كيلو،كيلوغرام،كيلوجرام،كيلوغراما،كيلوجراما،كيلوا،كغم،كجم،كغ،كلغ،kg|كيلوين|كيلوات،كيلوهات
متر،سنتيمتر،سنتي،سم||أمتار
درجة||درجات
وحدة||وحدات
خطوة|خطوتين|خطوات
ريال،جنيه،دينار،درهم،ليرة|ريالين|ريالات،جنيهات،دنانير،دراهم،ليرات
ولد،طفل،بنت|ولدين،طفلين،بنتين|أولاد،أطفال،بنات،عيال
شخص،نفر|شخصين،نفرين|أشخاص،أنفار،نفوس
نبضة||نبضات
سنة،عام،سنه،عاما،سنوي|سنتين،عامين،سنتان|سنوات،سنين،أعوام
"""
# These may not be what was asked for ("how many days?"), and leave a doubt.
_LONG_THINGS = """
أسبوع،سبوع،اسبوعا،سيمانة|أسبوعين،سبوعين|أسابيع
شهر،شهرا|شهرين|شهور،أشهر،تشهر
"""
_MARKS = (
    (companions.FILLERS, Rank.FILLER),
    (companions.ABOUT, Rank.ABOUT),
    (companions.MOVED, Rank.MOVED),
    (companions.THEN, Rank.THEN),
    (companions.WAS, Rank.WAS),
    (companions.NOW, Rank.NOW),
)
# Courtesy in their phrases; beside a number they except, or are what is counted.
_OF_PHRASES_ONLY = words_of("غير بدون بعيد خبر سؤال حلو وجيه كفى أفكر قدر خير")


def spellings(listed: str) -> list[str]:
    """The normalised spellings of a list that is written with Arabic commas."""
    return [normalise(word) for word in listed.split("،")]


def _words(table: dict[int, str], rank: Rank) -> Iterator[tuple[str, Numeral]]:
    for value, listed in table.items():
        for word in spellings(listed):
            yield word, Numeral(rank, value, word)


def _teens() -> Iterator[tuple[str, Numeral]]:
    for value, stems in _TEEN_STEMS.items():
        for stem, ending in product(spellings(stems), spellings(_TEEN_ENDINGS)):
            yield stem + ending, Numeral(Rank.TEEN, value)
    yield from _words({11: _ELEVEN, 12: _TWELVE}, Rank.TEEN)


def _split_teens() -> Iterator[tuple[tuple[str, str], Numeral]]:
    for value, listed in _SPLIT_TEENS.items():
        for phrase in spellings(listed):
            unit, ten = phrase.split()
            yield (unit, ten), Numeral(Rank.TEEN, value)
    for value in range(3, 10):
        units = spellings(_UNITS[value])
        teen = Numeral(Rank.TEEN, 10 + value)
        yield from ((pair, teen) for pair in product(units, spellings(_SPLIT_ENDINGS)))
        # The feminine teen's ten has an ending that its unit lacks; "three, ten" has both and is two numbers.
        yield from (((unit, normalise("عشرة")), teen) for unit in units if not unit.endswith("ه"))


def _hundreds() -> Iterator[tuple[tuple[str, str], Numeral]]:
    for value, stems in _HUNDRED_STEMS.items():
        for pair in product(spellings(stems), spellings(_HUNDRED)):
            yield pair, Numeral(Rank.HUNDRED, value)


def _thousands() -> Iterator[tuple[str, Numeral]]:
    for value, stems in _THOUSAND_STEMS.items():
        for stem, ending in product(spellings(stems), ("تلاف", "تالاف", "لاف")):
            yield stem + ending, Numeral(Rank.THOUSANDS, value)


def _things(listed: str, *, long: bool) -> Iterator[tuple[str, Numeral]]:
    mark = "long" if long else ""
    for line in listed.strip().splitlines():
        for value, words in zip((1, 2, 0), line.split("|"), strict=True):
            rank = Rank.COUNTED if value else Rank.THING
            yield from ((word, Numeral(rank, value, mark)) for word in spellings(words) if word)


@cache
def _counted() -> dict[str, Numeral]:
    return dict(chain(_things(_THINGS, long=False), _things(_LONG_THINGS, long=True)))


def _table() -> Iterator[tuple[str, Numeral]]:
    """Later ones win."""
    talk = frozenset(phrase for phrase in vocabulary.SMALL_TALK if " " not in phrase)
    beside = (talk | companions.KNOWN) - _OF_PHRASES_ONLY
    for words, rank in ((beside, Rank.BESIDE), *_MARKS):
        yield from ((word, Numeral(rank, text=word if rank is Rank.WAS else "")) for word in words)
    yield from _teens()
    yield from _counted().items()
    for rank, listed in _PARTS.items():
        yield from (
            (word, Numeral(rank, text=word)) for word in spellings(listed) if word and " " not in word
        )
    yield from _words(_TENTHS, Rank.TENTHS)
    yield from _words(_UNITS, Rank.UNIT)
    yield from _words({10: "عشرة، عشر، عشرا، عشري"}, Rank.TEN)
    yield from _words(_TENS, Rank.TENS)
    yield from ((stem + hundred, word) for (stem, hundred), word in _hundreds())
    yield from _words({100: _HUNDRED, 200: _TWO_HUNDRED}, Rank.HUNDRED)
    yield from _thousands()
    yield from _words({1000: _THOUSAND}, Rank.THOUSAND)
    yield from _words({2000: _TWO_THOUSAND}, Rank.THOUSANDS)


def _phrases() -> Iterator[tuple[tuple[str, str], Numeral]]:
    """Parts of two words."""
    for rank, listed in _PARTS.items():
        for phrase in spellings(listed):
            words = phrase.split()
            if len(words) == 2:  # noqa: PLR2004
                yield (words[0], words[1]), Numeral(rank, text=phrase)


def _nothing_else() -> Iterator[tuple[tuple[str, str], Numeral]]:
    """As in "five, no more"."""
    yield from (
        ((no, other), Numeral(Rank.BESIDE)) for no in ("لا", "ولا") for other in ("غير", "اكثر", "اقل")
    )


def _one_tenth() -> Iterator[tuple[tuple[str, str], Numeral]]:
    """As in "one line" of a thermometer."""
    for line, one in product(spellings(_TENTHS[1]), ("واحد", "واحده", "وحده")):
        yield (line, one), Numeral(Rank.TENTHS, 1)


def _counts_like_parts() -> Iterator[tuple[tuple[str, str], Numeral]]:
    """In the Maghreb a quarter is called like four, and elsewhere a third like three: before a plural they count."""
    yield from (
        (("ربع", thousands), Numeral(Rank.THOUSANDS, 4000)) for thousands in ("الاف", "تلاف", "تالاف")
    )
    plurals = [
        word for word, thing in _counted().items() if thing.rank is Rank.THING and thing.text != "long"
    ]
    for part, value in (("ربع", 4), ("ثلث", 3)):
        yield from (((part, plural), Numeral(Rank.UNIT, value)) for plural in plurals)


PAIRS: dict[tuple[str, str], Numeral] = dict(
    chain(_split_teens(), _hundreds(), _phrases(), _counts_like_parts(), _one_tenth(), _nothing_else())
)
WORDS: dict[str, Numeral] = dict(_table())
COUNTED = frozenset(_counted())
