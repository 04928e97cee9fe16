"""What figures mean, said in vowelled standard Arabic."""

from collections.abc import Iterable

from msgspec import Struct

from bridge.speech.reading.calendar_names import GREGORIAN, HIJRI
from bridge.speech.reading.cardinals import cardinal, counted, digit_word
from bridge.speech.reading.codes import groups_of
from bridge.speech.reading.counted_nouns import CountedNoun
from bridge.speech.reading.endings import Case, End, and_, composed, declined, definite
from bridge.speech.reading.figures import (
    Amount,
    Code,
    Day,
    Dotted,
    Era,
    Figure,
    Half,
    ListMark,
    Measured,
    Money,
    Over,
    Percent,
    Place,
    Span,
    Time,
)
from bridge.speech.reading.nouns import Noun, phrase_of_one
from bridge.speech.reading.ordinals import adverb, ordinal
from bridge.speech.reading.units import CURRENCIES, UNITS

__all__ = ["Setting", "amount_said", "definite_count", "figure_said", "fraction_said", "span_said"]

_DOT = "نُقْطَة"
POINT = "فَاصِلَة"
MINUS, PLUS, OVER = "سَالِب", "زَائِد", "عَلَى"
_FROM_THE = "مِنَ"
FROM, TO = "مِنْ", "إِلَى"
BETWEEN, OUT_OF = "بين", "من"  # as they are compared
NUMBER = "رَقْم"
_PERCENT = {100: "بِالْمِئَة", 1000: "بِالْأَلْف"}
_AT, _HOUR = "السَّاعَة", "الساعه"
_QUARTER, _HALF, _THIRD = "الرُّبْع", "النِّصْف", "الثُّلُث"
_MORNING, _NOON, _EVENING, _NIGHT = "صَبَاحًا", "ظُهْرًا", "مَسَاءً", "لَيْلًا"
_YEAR, _OF = "عَام", "مِنْ"
_ERAS = {Era.HIJRI: "لِلْهِجْرَة", Era.COMMON: "لِلْمِيلَاد"}
_MINUTES, _SECONDS = UNITS["min"], UNITS["s"]
_MAX_SAID_DECIMALS = 2
# Of two to ten: one part of it, two, more.
_PARTS = {
    2: ("نِصْف", "أَنْصَاف"),
    3: ("ثُلُث", "أَثْلَاث"),
    4: ("رُبْع", "أَرْبَاع"),
    5: ("خُمْس", "أَخْمَاس"),
    6: ("سُدْس", "أَسْدَاس"),
    7: ("سُبْع", "أَسْبَاع"),
    8: ("ثُمْن", "أَثْمَان"),
    9: ("تُسْع", "أَتْسَاع"),
    10: ("عُشْر", "أَعْشَار"),
}
_VOWEL = {Case.NOMINATIVE: "ُ", Case.GENITIVE: "ِ", Case.ACCUSATIVE: "َ"}
_TANWEEN = str.maketrans("ٌٍ", "ُِ")


class Setting(Struct, frozen=True):
    """Where a figure stands in its sentence."""

    case: Case = Case.NOMINATIVE
    before: str = ""  # the word before it, as words are compared
    is_governed: bool = False  # a word that asks for the genitive stands before it
    feminine: bool = False  # what it counts is told later: "3 أو 4 مرات"
    is_joined: bool = False  # and so it is no end


def figure_said(figure: Figure, setting: Setting) -> str:  # noqa: C901, PLR0911 - one line for each kind
    """Say any figure that stands by itself."""
    match figure:
        case Amount():
            return amount_said(figure, setting)
        case Percent(amount, per):
            return f"{amount_said(amount, setting, end=End.JOINED)} {_PERCENT[per]}"
        case Measured(amount, unit):
            return amount_said(amount, setting, UNITS[unit])
        case Money(amount, currency):
            return _money(amount, currency, setting)
        case Span(first, last):
            return _span(first, last, setting)
        case Over(upper, lower):
            return _over(upper, lower, setting)
        case Day():
            return _day(figure, setting)
        case Time():
            return _time(figure, setting)
        case Code(groups, has_plus):
            return _code(groups, has_plus=has_plus)
        case Dotted(numbers):
            return f" {_DOT} ".join(cardinal(int(number)) for number in numbers)
        case Place(number):
            return ordinal(number, case=setting.case)
        case ListMark(number):
            return adverb(number)


# Amounts


def amount_said(amount: Amount, setting: Setting, noun: Noun | None = None, *, end: End = End.PAUSE) -> str:
    """Say an amount, and what it counts."""
    if setting.is_joined:
        end = End.JOINED
    if amount.is_too_long:
        said = _code(groups_of(amount.whole), has_plus=False)
    elif amount.is_whole:
        said = _whole(amount.value, setting, noun, end)
    elif amount.decimals:
        said = _decimal(amount, setting, noun)
    else:
        said = _with_fraction(amount, setting, noun, end)
    return composed(f"{MINUS} {said}" if amount.is_negative else said)


def _whole(number: int, setting: Setting, noun: Noun | None, end: End) -> str:
    if noun:
        return counted(number, noun, setting.case, end)
    return cardinal(number, feminine=setting.feminine, case=setting.case, end=end)


def _decimal(amount: Amount, setting: Setting, noun: Noun | None) -> str:
    """The unit stays in the singular, as the languages' common data (CLDR) have it for broken numbers."""
    said = f"{cardinal(amount.value, case=setting.case)} {POINT} {_behind_the_point(amount.decimals)}"
    if noun is None:
        return said
    one = phrase_of_one(noun, Case.NOMINATIVE, End.JOINED if noun.tail else End.PAUSE)
    return f"{said} {one} {noun.tail}" if noun.tail else f"{said} {one}"


def _behind_the_point(decimals: str) -> str:
    """One or two figures are a number, noughts before it said; more figures are said one by one."""
    significant = decimals.lstrip("0")
    if len(decimals) > _MAX_SAID_DECIMALS or not significant:
        return " ".join(map(digit_word, decimals))
    noughts = [digit_word("0")] * (len(decimals) - len(significant))
    return " ".join([*noughts, cardinal(int(significant))])


def _with_fraction(amount: Amount, setting: Setting, noun: Noun | None, end: End) -> str:
    upper, lower = amount.fraction or (1, 2)
    if amount.whole:
        whole = _whole(amount.value, setting, noun, End.JOINED)
        return f"{whole} {and_(fraction_said(upper, lower, setting.case, end))}"
    if noun is None:
        return fraction_said(upper, lower, setting.case, end)
    of = phrase_of_one(noun, Case.GENITIVE, End.JOINED if noun.tail else end)
    said = f"{fraction_said(upper, lower, setting.case, End.CONSTRUCT)} {of}"
    return f"{said} {noun.tail}" if noun.tail else said


def fraction_said(upper: int, lower: int, case: Case = Case.NOMINATIVE, end: End = End.PAUSE) -> str:
    """Say a fraction: نِصْف, ثُلُثَان, ثَلَاثَةُ أَرْبَاع; of more than tenths, with "over"."""
    if lower not in _PARTS:
        return f"{cardinal(upper, case=case)} {OVER} {cardinal(lower, case=Case.GENITIVE)}"
    one, few = _PARTS[lower]
    if upper == 1:
        return composed(declined(one, case, end))
    return counted(upper, Noun(one, f"{few}ٍ"), case, end)


def definite_count(number: int, found: CountedNoun, case: Case, *, is_last: bool) -> str:
    """A number with its article before what it counts: الثَّلَاثَةُ أَيَّام, الْأَرْبَعُ وَالْعِشْرُونَ سَاعَة."""
    end = End.CONSTRUCT if number % 100 <= 10 else End.JOINED  # noqa: PLR2004
    said = cardinal(number, feminine=found.feminine, case=case, end=end)
    first, *others = said.split(" و")
    parts = [definite(first), *(and_(definite(part.removeprefix("َ"))) for part in others)]
    number_said = composed(" ".join(parts)).translate(_TANWEEN)
    if found.noun is None or not is_last:
        return number_said
    plain = counted(number, found.noun, case)
    return f"{number_said} {plain.removeprefix(said).lstrip()}"


# What is made of amounts


def _money(amount: Amount, code: str, setting: Setting) -> str:
    currency = CURRENCIES[code]
    if not amount.decimals or amount.is_too_long or len(amount.decimals) > currency.digits:
        return amount_said(amount, setting, currency.noun)
    parts = int(amount.decimals.ljust(currency.digits, "0"))
    sign = f"{MINUS} " if amount.is_negative else ""
    whole = counted(amount.value, currency.noun, setting.case, End.JOINED if parts else End.PAUSE)
    if not parts:
        return sign + whole
    small = counted(parts, currency.part, setting.case)
    return sign + (f"{whole} {and_(small)}" if amount.value else small)


def _span(first: Amount | Time, last: Figure, setting: Setting) -> str:
    genitive = Setting(Case.GENITIVE, is_governed=True)
    if isinstance(first, Time):
        is_of_24 = isinstance(last, Time) and last.half is Half.BY_CLOCK and first.half is Half.UNKNOWN
        begin = Time(first.hour, first.minute, first.second, Half.BY_CLOCK) if is_of_24 else first
        return f"{_opening(setting, _FROM_THE)}{_time(begin, genitive)} {TO} {figure_said(last, genitive)}"
    feminine = isinstance(last, Measured) and UNITS[last.unit].feminine
    feminine = feminine or (isinstance(last, Money) and CURRENCIES[last.currency].noun.feminine)
    return span_said(first, figure_said(last, genitive), setting, feminine=feminine or setting.feminine)


def span_said(first: Amount, last: str, setting: Setting, *, feminine: bool) -> str:
    """From a number to what was said already; after "between" they are joined by "and"."""
    inner = Setting(Case.GENITIVE, feminine=feminine, is_joined=first.is_whole)
    said = amount_said(first, inner)
    if setting.before == BETWEEN:
        return f"{said} {and_(last)}"
    return f"{_opening(setting)}{said} {TO} {last}"


def _opening(setting: Setting, word: str = FROM) -> str:
    return "" if setting.before == OUT_OF else f"{word} "


def _over(upper: Amount, lower: Amount | Measured, setting: Setting) -> str:
    return (
        f"{amount_said(upper, setting, end=End.JOINED)} {OVER} {figure_said(lower, Setting(Case.GENITIVE))}"
    )


# Days and times


def _day(day: Day, setting: Setting) -> str:
    parts: list[str] = []
    months = HIJRI if day.is_hijri else GREGORIAN
    month = (day.month_text or months[day.month - 1]) if day.month else ""
    if day.day:
        parts.append(ordinal(day.day, case=setting.case, end=End.JOINED if month else End.PAUSE))
        parts += [_OF] if month else []
    if month:
        parts.append(month)
    if day.year:
        end = End.JOINED if day.era in _ERAS else End.PAUSE
        parts.append(_year(day.year, setting, end, alone=not parts))
    if day.era in _ERAS:
        parts.append(_ERAS[day.era])
    return " ".join(parts)


def _year(year: int, setting: Setting, end: End, *, alone: bool) -> str:
    if alone:
        return cardinal(year, feminine=setting.feminine, case=setting.case, end=end)
    return f"{_YEAR}َ {cardinal(year, case=Case.GENITIVE, end=end)}"


def _time(time: Time, setting: Setting) -> str:
    """A time of day answers "when", and stands in the accusative unless a word before it asks otherwise."""
    case = Case.GENITIVE if setting.is_governed else Case.ACCUSATIVE
    half = _half(time)
    minutes = list(_minutes(time, case, End.JOINED if half else End.PAUSE))
    hour = _hour(time.hour, case, End.JOINED if minutes or half else End.PAUSE)
    opening = [] if setting.before == _HOUR else [_AT + _VOWEL[case]]
    return composed(" ".join([*opening, hour, *map(and_, minutes), *([half] if half else [])]))


def _hour(hour: int, case: Case, end: End) -> str:
    twelfth = (hour - 1) % 12 + 1
    if twelfth == 1:
        return definite("وَاحِدَة") + ("" if end is End.PAUSE else _VOWEL[case])
    return ordinal(twelfth, feminine=True, case=case, end=end)


def _minutes(time: Time, case: Case, end: End) -> Iterable[str]:
    named = {15: _QUARTER, 20: _THIRD, 30: _HALF}.get(time.minute)
    is_last = not time.second
    if named:
        yield named + ("" if is_last and end is End.PAUSE else _VOWEL[case])
    elif time.minute:
        yield counted(time.minute, _MINUTES, case, end if is_last else End.JOINED)
    if time.second:
        yield counted(time.second, _SECONDS, case, end)


def _half(time: Time) -> str:
    hour = time.hour % 24
    if time.half is Half.MORNING:
        return _MORNING
    if time.half is Half.AFTERNOON:
        return _NOON if hour % 12 == 0 else _EVENING
    if time.half is not Half.BY_CLOCK:
        return ""
    if hour in (0, 12):
        return _NOON if hour else _NIGHT
    return _MORNING if hour < 12 else _EVENING  # noqa: PLR2004


def _code(groups: Iterable[str], *, has_plus: bool) -> str:
    said = "، ".join(" ".join(map(digit_word, group)) for group in groups)
    return f"{PLUS} {said}" if has_plus else said
