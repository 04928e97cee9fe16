"""Units and currencies as English calls them: one, and more than one."""

__all__ = ["CURRENCY_NAMES", "UNIT_NAMES"]

_METRIC = {
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "µg": "microgram",
    "ng": "nanogram",
    "l": "litre",
    "dl": "decilitre",
    "ml": "millilitre",
    "cc": "cubic centimetre",
    "km": "kilometre",
    "m": "metre",
    "cm": "centimetre",
    "mm": "millimetre",
    "m²": "square metre",
    "m³": "cubic metre",
    "km²": "square kilometre",
    "u": "unit",
    "iu": "international unit",
    "kcal": "kilocalorie",
    "h": "hour",
    "min": "minute",
    "s": "second",
    "ms": "millisecond",
    "kb": "kilobyte",
    "mb": "megabyte",
    "gb": "gigabyte",
    "w": "watt",
    "v": "volt",
    "°": "degree",
}
UNIT_NAMES: dict[str, tuple[str, str]] = {unit: (name, f"{name}s") for unit, name in _METRIC.items()} | {
    "hz": ("hertz", "hertz"),
    "khz": ("kilohertz", "kilohertz"),
    "°c": ("degree Celsius", "degrees Celsius"),
    "°f": ("degree Fahrenheit", "degrees Fahrenheit"),
    "mmhg": ("millimetre of mercury", "millimetres of mercury"),
    "bpm": ("beat per minute", "beats per minute"),
    "breaths/min": ("breath per minute", "breaths per minute"),
    "meq/l": ("milliequivalent per litre", "milliequivalents per litre"),
    "mmol/l": ("millimole per litre", "millimoles per litre"),
}
_PER = (
    *("mg/dl", "g/dl", "g/l", "mg/l", "mg/ml", "mg/kg"),
    *("ml/min", "l/min", "ml/h", "km/h", "m/s", "kg/m²"),
)
for _unit in _PER:
    _upper, _, _lower = _unit.partition("/")
    UNIT_NAMES[_unit] = (
        f"{_METRIC[_upper]} per {_METRIC[_lower]}",
        f"{_METRIC[_upper]}s per {_METRIC[_lower]}",
    )

# One and more of it, one and more of its parts.
CURRENCY_NAMES: dict[str, tuple[str, str, str, str]] = {
    code: (names[0], names[1], names[2], names[3])
    for code, names in {
        row.split(":")[0]: [name.strip() for name in row.split(":")[1].split(",")]
        for row in """
JOD: Jordanian dinar, Jordanian dinars, fils, fils
KWD: Kuwaiti dinar, Kuwaiti dinars, fils, fils
BHD: Bahraini dinar, Bahraini dinars, fils, fils
IQD: Iraqi dinar, Iraqi dinars, fils, fils
LYD: Libyan dinar, Libyan dinars, dirham, dirhams
TND: Tunisian dinar, Tunisian dinars, millime, millimes
DZD: Algerian dinar, Algerian dinars, centime, centimes
SAR: Saudi riyal, Saudi riyals, halala, halalas
QAR: Qatari riyal, Qatari riyals, dirham, dirhams
OMR: Omani rial, Omani rials, baisa, baisas
YER: Yemeni rial, Yemeni rials, fils, fils
AED: UAE dirham, UAE dirhams, fils, fils
MAD: Moroccan dirham, Moroccan dirhams, centime, centimes
EGP: Egyptian pound, Egyptian pounds, piastre, piastres
SDG: Sudanese pound, Sudanese pounds, piastre, piastres
GBP: pound, pounds, penny, pence
LBP: Lebanese pound, Lebanese pounds, piastre, piastres
SYP: Syrian pound, Syrian pounds, piastre, piastres
TRY: Turkish lira, Turkish lira, kurus, kurus
ILS: shekel, shekels, agora, agorot
USD: dollar, dollars, cent, cents
EUR: euro, euros, cent, cents
""".strip().splitlines()
    }.items()
}
