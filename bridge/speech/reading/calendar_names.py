"""Months, halves of the day and eras: how they are written, and how Arabic says them."""

from bridge.speech.reading.figures import Era, Half
from bridge.speech.reading.tokens import folded

__all__ = [
    "ERAS",
    "GREGORIAN",
    "HALVES",
    "HIJRI",
    "LATIN_MONTHS",
    "MONTHS",
    "SAID_HALVES",
]

_GREGORIAN = "يَنَايِر فَبْرَايِر مَارِس أَبْرِيل مَايُو يُونْيُو يُولْيُو أَغُسْطُس سِبْتَمْبِر أُكْتُوبِر نُوفَمْبِر دِيسَمْبِر"
GREGORIAN = tuple(_GREGORIAN.split())
HIJRI = (  # as they are behind "of"
    "مُحَرَّم",
    "صَفَر",
    "رَبِيعٍ الْأَوَّل",
    "رَبِيعٍ الْآخِر",
    "جُمَادَى الْأُولَى",
    "جُمَادَى الْآخِرَة",
    "رَجَب",
    "شَعْبَان",
    "رَمَضَان",
    "شَوَّال",
    "ذِي الْقَعْدَة",
    "ذِي الْحِجَّة",
)
# Other names of the same months, each said as it is called.
_OTHERS = {
    1: "كَانُونَ الثَّانِي/جَانْفِي",
    2: "شُبَاط/فِيفْرِي",
    3: "آذَار",
    4: "نِيسَان/أَفْرِيل/إِبْرِيل",
    5: "أَيَّار/مَاي",
    6: "حَزِيرَان/جُوَان/يُونْيَه",
    7: "تَمُّوز/جُوِيلْيَة/يُولْيُوز/يُولْيَه",
    8: "آب/أُوت/غُشْت",
    9: "أَيْلُول/شُتَنْبِر",
    10: "تِشْرِينَ الْأَوَّل",
    11: "تِشْرِينَ الثَّانِي/نُوَنْبِر",
    12: "كَانُونَ الْأَوَّل/دُجَنْبِر",
}
_OTHER_HIJRI = {
    3: "ربيع أول",
    4: "ربيع الثاني",
    5: "جمادى الأول",
    6: "جمادى الثانية",
    11: "ذو القعدة",
    12: "ذو الحجة",
}

# By words: which month, how it is said, and whether it is one of the Hijri year.
MONTHS: dict[tuple[str, ...], tuple[int, str, bool]] = {}
for _number, _name in enumerate(GREGORIAN, 1):
    MONTHS[folded(_name),] = (_number, _name, False)
for _number, _listed in _OTHERS.items():
    for _name in _listed.split("/"):
        MONTHS[tuple(folded(_name).split())] = (_number, _name, False)
for _number, _name in enumerate(HIJRI, 1):
    MONTHS[tuple(folded(_name).split())] = (_number, _name, True)
for _number, _name in _OTHER_HIJRI.items():
    MONTHS[tuple(folded(_name).split())] = (_number, HIJRI[_number - 1], True)

_ENGLISH_MONTHS = "january february march april may june july august september october november december"
LATIN_MONTHS = {
    spelling: number
    for number, name in enumerate(
        _ENGLISH_MONTHS.split(),
        1,
    )
    for spelling in (name, name[:3])
} | {"sept": 9}

# Marks that are read out, and words that the text itself goes on to say.
HALVES = {
    "ص": Half.MORNING,
    "م": Half.AFTERNOON,
    "am": Half.MORNING,
    "pm": Half.AFTERNOON,
    "a.m": Half.MORNING,
    "p.m": Half.AFTERNOON,
    "a.m.": Half.MORNING,
    "p.m.": Half.AFTERNOON,
}
_SAID_HALVES = "صباحا مساء ظهرا عصرا ليلا فجرا ضحى بعد قبل الصبح المساء العصر الليل"
SAID_HALVES = frozenset(map(folded, _SAID_HALVES.split()))
ERAS = {
    folded(word): era
    for era, listed in {
        Era.HIJRI: "هـ هجري هجرية",
        Era.COMMON: "م ميلادي ميلادية",
    }.items()
    for word in listed.split()
}
