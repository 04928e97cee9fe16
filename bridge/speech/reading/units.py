"""Units of measure and currencies: how they are written, and how they are counted in Arabic."""

from msgspec import Struct

from bridge.speech.reading.nouns import Noun
from bridge.speech.reading.tokens import folded

__all__ = ["CURRENCIES", "CURRENCY_SPELLINGS", "UNITS", "UNIT_SPELLINGS", "Currency"]

_LITRE = "لِكُلِّ لِتْر"
_DECILITRE = "لِكُلِّ دِيسِيلِتْر"
_A_MINUTE, _AN_HOUR, _A_SECOND = "فِي الدَّقِيقَة", "فِي السَّاعَة", "فِي الثَّانِيَة"


def _foreign(one: str, tail: str = "") -> Noun:
    return Noun(one, f"{one}َاتٍ", tail=tail)


_MILLIGRAM = _foreign("مِلِّيغْرَام")
_MILLILITRE = Noun("مِلِّيلِتْر", "مِلِّيلِتْرَاتٍ")
_METRE = Noun("مِتْر", "أَمْتَارٍ")
_KILOMETRE = Noun("كِيلُومِتْر", "كِيلُومِتْرَاتٍ")
_UNIT = Noun("وَحْدَة", "وَحَدَاتٍ", feminine=True)
_DEGREE = Noun("دَرَجَة", "دَرَجَاتٍ", feminine=True)


def _with(noun: Noun, *, tail: str = "", adjective: str = "") -> Noun:
    return Noun(noun.one, noun.few, noun.feminine, adjective, tail)


UNITS: dict[str, Noun] = {
    "kg": _foreign("كِيلُوغْرَام"),
    "g": _foreign("غْرَام"),
    "mg": _MILLIGRAM,
    "µg": _foreign("مِيكْرُوغْرَام"),
    "ng": _foreign("نَانُوغْرَام"),
    "l": Noun("لِتْر", "لِتْرَاتٍ"),
    "dl": Noun("دِيسِيلِتْر", "دِيسِيلِتْرَاتٍ"),
    "ml": _MILLILITRE,
    "cc": Noun("سَنْتِيمِتْر", "سَنْتِيمِتْرَاتٍ", adjective="مُكَعَّب"),
    "km": _KILOMETRE,
    "m": _METRE,
    "cm": Noun("سَنْتِيمِتْر", "سَنْتِيمِتْرَاتٍ"),
    "mm": Noun("مِلِّيمِتْر", "مِلِّيمِتْرَاتٍ"),
    "m²": _with(_METRE, adjective="مُرَبَّع"),
    "m³": _with(_METRE, adjective="مُكَعَّب"),
    "km²": _with(_KILOMETRE, adjective="مُرَبَّع"),
    "km/h": _with(_KILOMETRE, tail=_AN_HOUR),
    "m/s": _with(_METRE, tail=_A_SECOND),
    "°c": _with(_DEGREE, adjective="مِئَوِيّ"),
    "°f": _with(_DEGREE, tail="فَهْرَنْهَايْت"),
    "°": _DEGREE,
    "mmhg": Noun("مِلِّيمِتْر", "مِلِّيمِتْرَاتٍ", tail="مِنَ الزِّئْبَق"),
    "bpm": Noun("نَبْضَة", "نَبَضَاتٍ", feminine=True, tail=_A_MINUTE),
    "breaths/min": Noun("نَفَس", "أَنْفَاسٍ", tail=_A_MINUTE),
    "mg/dl": _with(_MILLIGRAM, tail=_DECILITRE),
    "g/dl": _foreign("غْرَام", _DECILITRE),
    "g/l": _foreign("غْرَام", _LITRE),
    "mg/l": _with(_MILLIGRAM, tail=_LITRE),
    "mg/ml": _with(_MILLIGRAM, tail="لِكُلِّ مِلِّيلِتْر"),
    "mg/kg": _with(_MILLIGRAM, tail="لِكُلِّ كِيلُوغْرَام"),
    "ml/min": _with(_MILLILITRE, tail=_A_MINUTE),
    "l/min": Noun("لِتْر", "لِتْرَاتٍ", tail=_A_MINUTE),
    "ml/h": _with(_MILLILITRE, tail=_AN_HOUR),
    "mmol/l": Noun("مِلِّيمُول", "مِلِّيمُولَاتٍ", tail=_LITRE),
    "meq/l": Noun("مِلِّيمُكَافِئ", "مِلِّيمُكَافِئَاتٍ", tail=_LITRE),
    "kg/m²": _foreign("كِيلُوغْرَام", "لِكُلِّ مِتْرٍ مُرَبَّع"),
    "iu": _with(_UNIT, adjective="دُوَلِيّ"),
    "u": _UNIT,
    "kcal": Noun("سُعْرَة", "سُعْرَاتٍ", feminine=True, adjective="حَرَارِيّ"),
    "h": Noun("سَاعَة", "سَاعَاتٍ", feminine=True),
    "min": Noun("دَقِيقَة", "دَقَائِقَ", feminine=True),
    "s": Noun("ثَانِيَة", "ثَوَانٍ", feminine=True),
    "ms": Noun("مِلِّي ثَانِيَة"),
    "kb": Noun("كِيلُوبَايْت"),
    "mb": Noun("مِيغَابَايْت"),
    "gb": Noun("غِيغَابَايْت"),
    "hz": Noun("هِرْتِز"),
    "khz": Noun("كِيلُوهِرْتِز"),
    "w": Noun("وَاط"),
    "v": Noun("فُولْط"),
}

_SPELLINGS = {
    "kg": "kg kgs كغ كجم كغم كلغ كجرام كيلوغرام كيلوجرام كيلوغراما كيلوغرامات كيلوجرامات كيلو ك.غ ㎏",
    "g": "g gr gm غ غم جم غرام جرام غراما جراما غرامات جرامات",
    "mg": "mg mgs ملغ ملغم ملجم مجم مغ مغم ملغرام ملغراما ملغرامات ميليغرام مليغرام مليغراما مليغرامات "
    "مليجرام ملليجرام ملليغرام ملي‌غرام ㎎",
    "µg": "µg μg ug mcg مكغ مكغم ميكغ ميكروغرام ميكروجرام ميكروغراما ميكروغرامات",
    "ng": "ng نانوغرام",
    "l": "l lt ltr ل لتر لترا لترات ليتر ليترات",
    "dl": "dl دل ديسيلتر",
    "ml": "ml مل ملل ملي مللتر مليلتر ملليلتر مليلترا مليلترات ميليلتر ㎖",
    "cc": "cc سي‌سي cm³ سم³ سم3 cm3",
    "km": "km كم كيلومتر كيلومترا كيلومترات ㎞",
    "m": "m م متر مترا أمتار",
    "cm": "cm سم سنتيمتر سنتيمترا سنتيمترات سنتمتر ㎝",
    "mm": "mm مم ملم مليمتر ملليمتر مليمترات ㎜",
    "m²": "m² m2 م² م2",
    "m³": "m³ m3 م³ م3",
    "km²": "km² km2 كم² كم2",
    "km/h": "km/h kmh كم/س كم/ساعة kph",
    "m/s": "m/s م/ث",
    "°c": "°c ℃ °م ˚c º‌c °س",
    "°f": "°f ℉ °ف",
    "°": "° ˚ º",
    "mmhg": "mmhg مم‌زئبق ملم‌زئبق مم.زئبق",
    "bpm": "bpm ن/د نبضة/دقيقة",
    "breaths/min": "نفس/دقيقة breaths/min",
    "mg/dl": "mg/dl ملغ/دل ملجم/دل مغ/دل مجم/دل ملغم/دل ملغ/ديسيلتر",
    "g/dl": "g/dl غ/دل جم/دل غم/دل",
    "g/l": "g/l غ/ل جم/ل",
    "mg/l": "mg/l ملغ/ل ملجم/ل",
    "mg/ml": "mg/ml ملغ/مل ملجم/مل",
    "mg/kg": "mg/kg ملغ/كغ ملجم/كجم",
    "ml/min": "ml/min مل/د مل/دقيقة",
    "l/min": "l/min ل/د لتر/دقيقة",
    "ml/h": "ml/h ml/hr مل/س مل/ساعة",
    "mmol/l": "mmol/l مليمول/لتر ملمول/ل مليمول/ل ملي‌مول/ل",
    "meq/l": "meq/l",
    "kg/m²": "kg/m² kg/m2 كغ/م² كجم/م² كغ/م2 كجم/م2",
    "iu": "iu و.د و.د. وحدة‌دولية",
    "u": "u units",
    "kcal": "kcal cal كالوري سعرة",
    "h": "h hr hrs hour hours س",
    "min": "min mins minute minutes د",
    "s": "s sec secs second seconds ث",
    "ms": "ms",
    "kb": "kb",
    "mb": "mb",
    "gb": "gb",
    "hz": "hz",
    "khz": "khz",
    "w": "w",
    "v": "v",
}


def _folded_spelling(spelling: str) -> str:
    return folded(spelling.replace("\u200c", " ").casefold())


UNIT_SPELLINGS = {
    _folded_spelling(spelling): unit for unit, listed in _SPELLINGS.items() for spelling in listed.split()
}


class Currency(Struct, frozen=True):
    """A currency and what it is divided into."""

    noun: Noun
    part: Noun
    parts: int  # of the smaller in one of the greater

    @property
    def digits(self) -> int:
        """How many digits behind the point are parts."""
        return len(str(self.parts)) - 1


_FILS = Noun("فِلْس", "فُلُوسٍ")
_PIASTRE = Noun("قِرْش", "قُرُوشٍ")
_CENT = Noun("سِنْت", "سِنْتَاتٍ")
_HALALA = Noun("هَلَلَة", "هَلَلَاتٍ", feminine=True)
_CENTIME = Noun("سَنْتِيم", "سَنْتِيمَاتٍ")
_DIRHAM = Noun("دِرْهَم", "دَرَاهِمَ")


def _dinar(adjective: str) -> Noun:
    return Noun("دِينَار", "دَنَانِيرَ", adjective=adjective)


def _rial(adjective: str) -> Noun:
    return Noun("رِيَال", "رِيَالَاتٍ", adjective=adjective)


def _pound(adjective: str) -> Noun:
    return Noun("جُنَيْه", "جُنَيْهَاتٍ", adjective=adjective)


def _lira(adjective: str) -> Noun:
    return Noun("لِيرَة", "لِيرَاتٍ", feminine=True, adjective=adjective)


CURRENCIES: dict[str, Currency] = {
    "JOD": Currency(_dinar("أُرْدُنِّيّ"), _FILS, 1000),
    "KWD": Currency(_dinar("كُوَيْتِيّ"), _FILS, 1000),
    "BHD": Currency(_dinar("بَحْرَيْنِيّ"), _FILS, 1000),
    "IQD": Currency(_dinar("عِرَاقِيّ"), _FILS, 1000),
    "LYD": Currency(_dinar("لِيبِيّ"), _DIRHAM, 1000),
    "TND": Currency(_dinar("تُونِسِيّ"), Noun("مِلِّيم", "مِلِّيمَاتٍ"), 1000),
    "DZD": Currency(_dinar("جَزَائِرِيّ"), _CENTIME, 100),
    "SAR": Currency(_rial("سُعُودِيّ"), _HALALA, 100),
    "QAR": Currency(_rial("قَطَرِيّ"), _DIRHAM, 100),
    "OMR": Currency(_rial("عُمَانِيّ"), Noun("بَيْسَة", "بَيْسَاتٍ", feminine=True), 1000),
    "YER": Currency(_rial("يَمَنِيّ"), _FILS, 100),
    "AED": Currency(Noun("دِرْهَم", "دَرَاهِمَ", adjective="إِمَارَاتِيّ"), _FILS, 100),
    "MAD": Currency(Noun("دِرْهَم", "دَرَاهِمَ", adjective="مَغْرِبِيّ"), _CENTIME, 100),
    "EGP": Currency(_pound("مِصْرِيّ"), _PIASTRE, 100),
    "SDG": Currency(_pound("سُودَانِيّ"), _PIASTRE, 100),
    "GBP": Currency(_pound("إِسْتَرْلِينِيّ"), Noun("بِنْس", "بِنْسَاتٍ"), 100),
    "LBP": Currency(_lira("لُبْنَانِيّ"), _PIASTRE, 100),
    "SYP": Currency(_lira("سُورِيّ"), _PIASTRE, 100),
    "TRY": Currency(_lira("تُرْكِيّ"), _PIASTRE, 100),
    "ILS": Currency(Noun("شِيكِل", "شَوَاكِلَ"), Noun("أَغُورَة", "أَغُورَاتٍ", feminine=True), 100),
    "USD": Currency(Noun("دُولَار", "دُولَارَاتٍ", adjective="أَمْرِيكِيّ"), _CENT, 100),
    "EUR": Currency(Noun("يُورُو"), _CENT, 100),
}

_CURRENCY_SPELLINGS = {
    "JOD": "د.أ د.ا د.أ. jd",
    "KWD": "د.ك د.ك. kd",
    "BHD": "د.ب د.ب. bd",
    "IQD": "د.ع د.ع.",
    "LYD": "د.ل د.ل.",
    "TND": "د.ت د.ت.",
    "DZD": "د.ج د.ج.",
    "SAR": "ر.س ر.س. sr ﷼",
    "QAR": "ر.ق ر.ق. qr",
    "OMR": "ر.ع ر.ع.",
    "YER": "ر.ي ر.ي.",
    "AED": "د.إ د.إ. dhs",
    "MAD": "د.م د.م.",
    "EGP": "ج.م ج.م. le",
    "GBP": "£",
    "LBP": "ل.ل ل.ل.",
    "SYP": "ل.س ل.س.",
    "USD": "$ usd us$",
    "EUR": "€",
    "ILS": "₪",
    "TRY": "₺",
}
# "د.أ" and "د.إ" are one when they are compared: hamzas are kept here.
CURRENCY_SPELLINGS = {code.casefold(): code for code in CURRENCIES} | {
    spelling: code for code, listed in _CURRENCY_SPELLINGS.items() for spelling in listed.split()
}
