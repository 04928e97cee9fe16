"""Words that are written short, and signs, with what is said for them in Arabic."""

from bridge.speech.reading.tokens import folded

__all__ = [
    "ABBREVIATIONS",
    "CLITICS",
    "COMPARISONS",
    "DROPPED",
    "ETCETERA",
    "ETCETERA_SAID",
    "GOVERNORS",
    "SIGNS",
    "TAKING",
    "TITLES",
]

# Titles, before a name: "د. أحمد", "د/ أحمد".
TITLES: dict[tuple[str, ...], str] = {
    ("د",): "الدُّكْتُور",
    ("ا", "د"): "الْأُسْتَاذ الدُّكْتُور",
    ("ا", "م", "د"): "الْأُسْتَاذ الْمُسَاعِد الدُّكْتُور",
    ("م",): "الْمُهَنْدِس",
    ("ا",): "الْأُسْتَاذ",
}
# Abbreviations of letters with points between them; the last point may be missing.
ABBREVIATIONS: dict[tuple[str, ...], str] = {
    ("ص", "ب"): "صُنْدُوقُ الْبَرِيد",
    ("ق", "م"): "قَبْلَ الْمِيلَاد",
    ("ا", "ه"): "انْتَهَى",
}
ETCETERA = frozenset(map(folded, ("إلخ", "الخ")))
ETCETERA_SAID = "إِلَى آخِرِه"

# Words after which a number stands in the genitive; months are, since their year is.
_GOVERNING = """
    في من إلى على عن بعد قبل خلال منذ مدة لمدة نحو حوالي كل عند حتى بين فوق تحت دون مقابل ضمن أثناء غضون
    عام سنة يوم عمر بعمر نسبة بنسبة أول آخر أي بضع مع لدى مسافة بمعدل معدل لكل ومن وفي وبعد وقبل وكل
    ومنذ وخلال وعن وعلى وإلى فمن ففي فبعد وحتى وبين وعند بتاريخ
    يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر رمضان شعبان
"""
GOVERNORS = frozenset(map(folded, _GOVERNING.split()))

# Verbs of such texts whose object is what is counted: "خذ 3 حبات".
_TAKING = """
    خذ خذي خذوا تناول تناولي تناولوا اشرب اشربي اشربوا استخدم استخدمي استعمل استعملي انتظر انتظري ضع ضعي أضف
    أضيفي تأخذ تأخذين تأخذون تتناول تتناولين تشرب تشربين تستخدم تستخدمين تستعمل أخذت تناولت شربت استخدمت دخنت
    تدخن تدخنين نمت تنام تنامين مشيت تمشي ادفع دفعت
"""
TAKING = frozenset(map(folded, _TAKING.split()))

# What may be written together with figures: how it is said, whether it asks for the genitive, and whether it
# is an article (and so the number an ordinal).
CLITICS: dict[str, tuple[str, bool, bool]] = {
    "و": ("وَ", False, False),
    "ف": ("فَ", False, False),
    "ب": ("بِ", True, False),
    "ل": ("لِ", True, False),
    "ك": ("كَ", True, False),
    "وب": ("وَبِ", True, False),
    "ول": ("وَلِ", True, False),
    "فب": ("فَبِ", True, False),
    "ال": ("", False, True),
    "وال": ("وَ", False, True),
    "فال": ("فَ", False, True),
    "بال": ("بِ", True, True),
    "وبال": ("وَبِ", True, True),
    "لل": ("لِ", True, True),
    "ولل": ("وَلِ", True, True),
    "كال": ("كَ", True, True),
}

# Signs between words. "و" is written with what follows.
SIGNS = {
    "&": "وَ",
    "+": "زَائِد",
    "=": "يُسَاوِي",
    "@": "آت",
    "×": "ضَرْب",
    "÷": "عَلَى",
    "±": "زَائِد أَوْ نَاقِص",
    "<": "أَقَلُّ مِنْ",
    ">": "أَكْثَرُ مِنْ",
    "≤": "لَا يَزِيدُ عَلَى",
    "≥": "لَا يَقِلُّ عَنْ",
    "≠": "لَا يُسَاوِي",
    "≈": "حَوَالَيْ",
    "~": "حَوَالَيْ",
    "%": "بِالْمِئَة",
    "٪": "بِالْمِئَة",
    "‰": "بِالْأَلْف",
    "$": "دُولَار",
    "€": "يُورُو",
    "£": "جُنَيْه",
    "°": "دَرَجَة",
    "℃": "دَرَجَة مِئَوِيَّة",
    "²": "مُرَبَّع",
    "³": "مُكَعَّب",
    "№": "رَقْم",
    "µ": "مِيكْرُو",
}
COMPARISONS = frozenset("<>≤≥≈~")  # after them a number is in the genitive
DROPPED = frozenset("#*•●▪◦‣·|_^\\`™®©†‡§¶→←↑↓⇒⇐✓✔✗✘■□★☆")
