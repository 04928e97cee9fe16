"""Latin words in Arabic letters: known ones by a table, acronyms letter by letter, all others by rule.

So every engine says the same; a passage that is in English is marked as English, and does not come here.
"""

import re
import unicodedata

from bridge.speech.reading.cardinals import digit_word
from bridge.speech.reading.cursor import Spellings

__all__ = ["KNOWN_WORDS", "address_said", "latin_said", "letters_said"]

_LETTER_NAMES = "إِيه|بِي|سِي|دِي|إِي|إِف|جِي|إِتْش|آي|جِيه|كِيه|إِل|إِم|إِن|أُو|بِي|كْيُو|آر|إِس|تِي|يُو|فِي|دَبْلْيُو|إِكْس|وَاي|زِد"
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", _LETTER_NAMES.split("|"), strict=True))
_KNOWN = {
    "covid": "كُوفِيد",
    "corona": "كُورُونَا",
    "email": "الْبَرِيدُ الْإِلِكْتُرُونِيّ",
    "e-mail": "الْبَرِيدُ الْإِلِكْتُرُونِيّ",
    "ecg": "تَخْطِيطُ الْقَلْب",
    "ekg": "تَخْطِيطُ الْقَلْب",
    "ct": "الْأَشِعَّةُ الْمَقْطَعِيَّة",
    "mri": "الرَّنِينُ الْمِغْنَاطِيسِيّ",
    "x-ray": "الْأَشِعَّةُ السِّينِيَّة",
    "cpap": "جِهَازُ سِي بَاب",
    "icu": "الْعِنَايَةُ الْمُرَكَّزَة",
    "er": "الطَّوَارِئ",
    "bmi": "مُؤَشِّرُ كُتْلَةِ الْجِسْم",
    "hba1c": "السُّكَّرُ التَّرَاكُمِيّ",
    "spo2": "نِسْبَةُ الْأُكْسِجِين",
    "aids": "إِيدْز",
    "sms": "رِسَالَةٌ نَصِّيَّة",
    "whatsapp": "وَاتْسَاب",
    "online": "أُونْلَايْن",
    "app": "تَطْبِيق",
    "ok": "أُوكِيه",
    "wifi": "وَاي فَاي",
    "wi-fi": "وَاي فَاي",
    "internet": "إِنْتَرْنِت",
    "website": "مَوْقِعٌ إِلِكْتُرُونِيّ",
    "gmail": "جِيمِيل",
    "hotmail": "هُوتْمِيل",
    "outlook": "أُوتْلُوك",
    "yahoo": "يَاهُو",
    "google": "غُوغِل",
    "facebook": "فِيسْبُوك",
    "zoom": "زُوم",
    "youtube": "يُوتْيُوب",
    "com": "كُوم",
    "org": "أُورْغ",
    "net": "نِت",
    "gov": "غُوف",
    "edu": "إِي دِي يُو",
    "info": "إِنْفُو",
    "clinic": "كْلِينِيك",
    "hospital": "هُوسْبِيتَال",
    "health": "هِيلْث",
    "care": "كِير",
    "hatif": "هَاتِف",
    "paracetamol": "بَارَاسِيتَامُول",
    "acetaminophen": "أَسِيتَامِينُوفِين",
    "panadol": "بَنَادُول",
    "aspirin": "أَسْبِرِين",
    "insulin": "إِنْسُولِين",
    "metformin": "مِيتْفُورْمِين",
    "ibuprofen": "إِيبُوبْرُوفِين",
    "amoxicillin": "أَمُوكْسِيسِيلِين",
    "augmentin": "أُوغْمِنْتِين",
    "warfarin": "وَارْفَارِين",
    "atorvastatin": "أَتُورْفَاسْتَاتِين",
    "omeprazole": "أُومِيبْرَازُول",
    "ventolin": "فِنْتُولِين",
    "omega": "أُومِيغَا",
    "vitamin": "فِيتَامِين",
    "iphone": "آيْفُون",
    "dr": "دُكْتُور",
    "mr": "السَّيِّد",
    "mrs": "السَّيِّدَة",
    "ms": "السَّيِّدَة",
    "vs": "مُقَابِل",
}
KNOWN_WORDS = Spellings(_KNOWN)
# The longest spelling first at each place. What begins a word is written with a seat for its vowel.
_SOUNDS = {
    "tch": "تش",
    "sch": "ش",
    "tion": "شن",
    "sh": "ش",
    "ch": "تش",
    "th": "ث",
    "ph": "ف",
    "kh": "خ",
    "gh": "غ",
    "dh": "ذ",
    "wh": "و",
    "ck": "ك",
    "qu": "كو",
    "oo": "و",
    "ou": "و",
    "ow": "او",
    "ee": "ي",
    "ea": "ي",
    "ie": "ي",
    "ei": "ي",
    "ai": "اي",
    "ay": "اي",
    "aa": "ا",
    "ce": "س",
    "ci": "سي",
    "cy": "سي",
    "ge": "ج",
    "x": "كس",
    "a": "ا",
    "b": "ب",
    "c": "ك",
    "d": "د",
    "e": "ي",
    "f": "ف",
    "g": "غ",
    "h": "ه",
    "i": "ي",
    "j": "ج",
    "k": "ك",
    "l": "ل",
    "m": "م",
    "n": "ن",
    "o": "و",
    "p": "ب",
    "q": "ق",
    "r": "ر",
    "s": "س",
    "t": "ت",
    "u": "و",
    "v": "ف",
    "w": "و",
    "y": "ي",
    "z": "ز",
}
_BEGINNINGS = {
    "a": "أ",
    "e": "إ",
    "i": "إي",
    "o": "أو",
    "u": "أو",
    "ee": "إي",
    "ea": "إي",
    "ai": "آي",
    "ou": "أو",
    "oo": "أو",
    "ei": "آي",
    "ie": "آي",
}
_LONGEST = max(map(len, _SOUNDS))
_VOWELS = frozenset("aeiouy")
_LONGEST_ACRONYM, _SHORTEST_SILENT = 5, 4
_DOUBLED = re.compile(r"([bcdfghjklmnpqrstvwxz])\1")
_GREEK = {"α": "أَلْفَا", "β": "بِيتَا", "γ": "غَامَا", "µ": "مِيكْرُو", "μ": "مِيكْرُو"}
# What joins the parts of an address.
_ADDRESS_SIGNS = {
    "@": "آت",
    ".": "دُوت",
    "-": "شَرْطَة",
    "_": "شَرْطَة سُفْلِيَّة",
    "/": "سْلَاش",
    "+": "زَائِد",
    "=": "يُسَاوِي",
    "&": "وَالرَّمْزُ آنْد",
    "#": "هَاش",
    "?": "عَلَامَةُ اسْتِفْهَام",
    ":": "نُقْطَتَان",
    "%": "بِالْمِئَة",
    "~": "تِيلْدَا",
}
_ADDRESS_PART = re.compile(r"[A-Za-z]+|\d|.", re.DOTALL)
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?")


def latin_said(word: str) -> str:
    """Say one Latin word in Arabic letters."""
    known = _KNOWN.get(word.casefold()) or _GREEK.get(word)
    if known:
        return known
    plain = _plain(word)
    if not plain:
        return ""
    is_acronym = word.isupper() and len(plain) <= _LONGEST_ACRONYM
    if is_acronym or len(plain) == 1 or not _VOWELS.intersection(plain):
        return letters_said(plain)
    return _KNOWN.get(plain) or _transliterated(plain, is_silent=word[-1] in "eE")


def letters_said(letters: str) -> str:
    """Letter by letter."""
    return " ".join(_LETTERS.get(letter, letter) for letter in letters.casefold())


def address_said(address: str) -> str:
    """Say an address of mail or of the web: its words, its signs, its figures one by one."""
    said = []
    for match in _ADDRESS_PART.finditer(_SCHEME.sub("", address, count=1).rstrip("/")):
        part = match.group()
        if part.isdecimal():
            said.append(digit_word(part))
        elif part.isascii() and part.isalpha():
            said.append(latin_said(part))
        else:
            said.append(_ADDRESS_SIGNS.get(part, part if part.isalnum() else ""))
    return " ".join(filter(None, said))


def _plain(word: str) -> str:
    """Small letters from a to z, without accents and apostrophes."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if letter.isascii() and letter.isalpha())


def _transliterated(word: str, *, is_silent: bool) -> str:
    word = _DOUBLED.sub(r"\1", word)
    if is_silent and len(word) >= _SHORTEST_SILENT and word[-2] not in _VOWELS:
        word = word if word[-2] in "cg" else word[:-1]
    said, at = "", 0
    while at < len(word):
        length = next(size for size in range(_LONGEST, 0, -1) if word[at : at + size] in _SOUNDS)
        spelled = word[at : at + length]
        said += (_BEGINNINGS.get(spelled) if not at else None) or _SOUNDS[spelled]
        at += length
    return said
