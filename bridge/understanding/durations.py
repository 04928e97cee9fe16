"""How long: "two days", "a week and a half", "an hour less a quarter", as ISO 8601."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product

from msgspec import Struct

from bridge.understanding.calendar_words import AGO, BESIDE_TIMES, LAST, LENGTHS, RELATIVE_DAYS, THIS
from bridge.understanding.lexing import lex
from bridge.understanding.marking import longest_at
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, phrase_of, words_of
from bridge.understanding.numbers import DOUBTED, SURE, Reading, ambiguous, reading
from bridge.understanding.numerals import WORDS, Rank
from bridge.understanding.remarks import is_number
from bridge.understanding.verbs import verb_of
from bridge.understanding.vocabulary import STATES

__all__ = ["Span", "as_iso", "is_of_something", "length_of", "read_duration", "span"]

_PARTS = {
    "ونص": Decimal("0.5"),
    "ونصف": Decimal("0.5"),
    "وربع": Decimal("0.25"),
    "وثلث": Decimal(1) / 3,
    "وتلت": Decimal(1) / 3,
}
_LESS = {"ربع": Decimal("0.25"), "ثلث": Decimal(1) / 3, "تلت": Decimal(1) / 3}
_LEADING = {
    "نص": Decimal("0.5"),
    "نصف": Decimal("0.5"),
    "ربع": Decimal("0.25"),
    "ثلث": Decimal(1) / 3,
    "تلت": Decimal(1) / 3,
}
_AT_THE_END = (Rank.NOT, Rank.NONE, Rank.FROM, Rank.OVER, Rank.AND)
_COUNTS = {"ثلث": 3, "تلت": 3, "تلث": 3, "ثلت": 3, "ربع": 4}  # before a plural they count, in the dialects
_SMALLER = {
    "hour": ("minute", 60),
    "day": ("hour", 24),
    "week": ("day", 7),
    "month": ("day", 30),
    "year": ("month", 12),
}
_LETTERS = {"year": "Y", "month": "M", "week": "W", "day": "D", "hour": "H", "minute": "M", "second": "S"}
_IN_A_DAY = ("hour", "minute", "second")
_DEFINITE = words_of("اليوم النهار الليل")
_OF_DEFINITE = words_of("هذا في من")
_ONE_DAY = words_of("يوم ساعة ليلة وقت نهار")
_EACH = words_of("كل وكل بكل")
_WHOLE_UNITS = words_of("اليوم النهار الليل الليلة الأسبوع الجمعة الشهر السنة العام الساعة")
_FRIDAY, _WEEK = normalise("جمعة"), normalise("أسبوع")
_WHOLE = words_of("كاملة كامل بحالها وحدة واحدة ونص ونصف تقريبا")
_ABOUT_A = words_of("شي صارلي صارله صارلها صارلو عندي عندها قريب حوالي")
_EVENTS = words_of("العملية الفحص التحليل")
_NOT_OF = words_of("البارح البارحة الأمس الامس الحمد الحمدلله الله الحين الان اللي")
_SINCE_EVENT = frozenset(
    phrase_of(" ".join(words))
    for words in (
        *product(
            ("من", "منذ", "مذ"), ("يوم", "وقت", "ساعة", "نهار", "ليلة", "حين", "لحظة", "أول"), ("ما", "أن")
        ),
        *product(("من", "منذ"), ("أيام", "ايام", "لما", "لمن", "أن", "عهد", "زمن", "بعد", "قبل")),
        *product(("من", "منذ"), ("بعد", "قبل"), ("ما",)),
        *product(("من", "منذ"), ("يوم", "وقت", "ساعة", "نهار")),
        *(("ملي",), ("مللي",), ("من", "ملي"), ("منين",), ("من", "وقتاش"), ("بعد", "ما"), ("من", "حيث")),
    )
)
_VAGUE = frozenset(map(normalise, ["كم", "كام", "بضعة", "بضع", "عدة", "كذا", "شوية"]))


class Span(Struct, frozen=True):
    """A length of time by its units, largest first."""

    parts: Mapping[str, int]
    doubtful: bool = False


def length_of(token: str) -> tuple[str, int] | None:
    """The unit that a word names and how many of it, with or without its "and" and its article."""
    for spelling in (token, token.removeprefix("و"), token.removeprefix("ال"), token.removeprefix("وال")):
        if spelling in LENGTHS:
            return LENGTHS[spelling]
    return None


def read_duration(text: str) -> Meaning:
    """A length of time, also as "since yesterday"."""
    tokens = normalise(text).split()
    since = _since(tokens)
    if since is not None:
        return since
    tokens = [_WEEK if _is_week(tokens, at) else token for at, token in enumerate(tokens)]
    tokens, is_rate = _without_rate(_before_an_event(tokens))
    if is_of_something(tokens):
        return ambiguous("duration:since_something")
    kept = [token for token in tokens if token not in BESIDE_TIMES | AGO | LAST | THIS or length_of(token)]
    found = span(kept)
    if isinstance(found, Meaning):
        return found if kept or not tokens else nothing("no_duration")
    return Meaning(
        Finding.VALUE,
        "duration",
        value=as_iso(found),
        doubtful=found.doubtful or is_rate,
        confidence=DOUBTED if found.doubtful or is_rate else SURE,
    )


def _is_week(tokens: Sequence[str], at: int) -> bool:
    """As in "a whole jum'a", where "the jum'a" and "day jum'a" are Friday."""
    before, after = "".join(tokens[at - 1 : at] if at else []), "".join(tokens[at + 1 : at + 2])
    is_counted = before in _ABOUT_A or after in _WHOLE
    return tokens[at] == _FRIDAY and is_counted and before != "يوم"


def _without_rate(tokens: list[str]) -> tuple[list[str], bool]:
    """Two hours, of "two hours a day", and that something stood behind them."""
    behind = tokens[-1].removeprefix("ب") if tokens else ""
    length = 1 if behind != "".join(tokens[-1:]) else 2
    is_rate = behind in _WHOLE_UNITS and (length == 1 or tokens[-2:-1] == ["في"])
    return (tokens[:-length], True) if is_rate and len(tokens) > length else (tokens, False)


def _before_an_event(tokens: list[str]) -> list[str]:
    """As in "five years since the day we left": what happened then says nothing of how long.

    Nothing is cut where another length, day or number stands behind.
    """
    for at in range(1, len(tokens) - 1):
        end = next((at + n for n in (3, 2, 1) if tuple(tokens[at : at + n]) in _SINCE_EVENT), None)
        if end is None or end >= len(tokens):
            continue
        behind = tokens[end:]
        is_free = not any(length_of(one) or is_number(one) for one in behind)
        if is_free and not any(longest_at(behind, place, RELATIVE_DAYS) for place in range(len(behind))):
            return tokens[:at]
    return tokens


def is_of_something(tokens: Sequence[str]) -> bool:
    """As in "since the day of the operation", "all day", "every day": no length that anybody named."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else ""
        if (token in _DEFINITE and before not in _OF_DEFINITE) or (before in _EACH and length_of(token)):
            return True
        after = "".join(tokens[at + 1 : at + 2])
        is_named = after.startswith("ال") and after not in _NOT_OF and not length_of(after)
        is_of = after == "ما" or is_named or verb_of(after) is not None
        if token in _ONE_DAY and before in AGO and is_of and after not in BESIDE_TIMES - _EVENTS:
            return True
    return False


def _since(tokens: Sequence[str]) -> Meaning | None:
    """As in "since yesterday" is one day."""
    for at in range(len(tokens)):
        found = longest_at(tokens, at, RELATIVE_DAYS)
        if found and found[0] < 0:
            others = [*tokens[:at], *tokens[at + found[1] :]]
            if all(token in BESIDE_TIMES | AGO or _is_beside(token) for token in others):
                return Meaning(Finding.VALUE, "duration:since_a_day", value=f"P{-found[0]}D", confidence=SURE)
    return None


def _is_beside(token: str) -> bool:
    words = lex(token)
    return _is_talk(token) or (words is not None and all(word.is_beside for word in words))


def span(tokens: Sequence[str]) -> Span | Meaning:
    """Add up what is said in units, or say why it does not add up."""
    parts: dict[str, Decimal] = {}
    at, buffer, doubtful, last = 0, list[str](), False, ""
    while at < len(tokens):
        unit = length_of(tokens[at])
        if unit is None:
            buffer.append(tokens[at])
            at += 1
            continue
        amount = _amount(buffer, unit[1])
        if amount.number is None:
            return amount.meaning()
        if unit[0] in parts:  # "a month, two months", "one day better, one day worse"
            return ambiguous("duration:said_twice")
        part, at = _part_after(tokens, at + 1)
        last, buffer, doubtful = unit[0], [], doubtful or amount.doubtful
        parts[last] = parts.get(last, Decimal(0)) + amount.number + part
    if buffer:
        rest = _rest(buffer, last)
        if isinstance(rest, Meaning):
            return rest
        parts["minute"] = parts.get("minute", Decimal(0)) + rest
    return _whole(parts, doubtful=doubtful) if parts else nothing("empty")


def _rest(buffer: Sequence[str], last: str) -> Decimal | Meaning:
    """As in "an hour and ten": minutes; any other number without a unit could be anything."""
    said = " ".join(token for token in buffer if not _is_talk(token))
    words = lex(said if said in WORDS else said.removeprefix("و"))
    if words is None:
        return nothing("unknown_word")
    if all(word.is_beside or word.rank in _AT_THE_END for word in words):
        return Decimal(0) if last else nothing("no_duration")
    number = reading(words).number
    return number if number is not None and last == "hour" else ambiguous("duration:no_unit")


def _is_talk(token: str) -> bool:
    """What it did all that time, behind the last unit: "and it goes", "and still hurts"."""
    bare = token.removeprefix("و")
    is_state = bare.removesuffix("ني") in STATES
    return not {token, bare} & WORDS.keys() and (is_state or verb_of(bare) is not None)


def _amount(buffer: list[str], count: int) -> Reading:
    """How many of a unit: what was said before it, or the word's own number."""
    if buffer and buffer[-1] == "واحد":
        buffer = buffer[:-1]
    said = " ".join(buffer).removeprefix("و").strip()
    if not count and said in _COUNTS:
        return Reading(Decimal(_COUNTS[said]), "counted")
    if said in _LEADING:
        return Reading(_LEADING[said], "part")
    words = lex(said)
    if words is None:
        return Reading(None, "unknown_word", is_known=False)
    if _VAGUE & set(buffer) or (not said and not count):
        return Reading(None, "duration:how_many")
    if all(word.is_beside for word in words) and count and "كل" not in buffer:
        return Reading(Decimal(count), "counted")
    return _one_of(reading(words), count)


def _one_of(number: Reading, count: int) -> Reading:
    """The number that was said, unless the unit's dual says another one."""
    if number.number is not None and count == 2 and number.number != count:  # noqa: PLR2004
        return Reading(None, "range", alternatives=(Decimal(count), number.number))
    return number


def _part_after(tokens: Sequence[str], at: int) -> tuple[Decimal, int]:
    """As in "and a half" behind a unit, unless another unit follows: "an hour and half a day"."""
    if at < len(tokens) and tokens[at] in ("واحد", "واحده", "وحده"):
        at += 1
    ahead = tuple(tokens[at : at + 2])
    if ahead[:1] == ("و",) and len(ahead) > 1 and "و" + ahead[1] in _PARTS:
        ahead, skip = ("و" + ahead[1],), 2
    else:
        skip = 1
    if ahead and ahead[0] in _PARTS and not (at + skip < len(tokens) and length_of(tokens[at + skip])):
        return _PARTS[ahead[0]], at + skip
    if len(ahead) > 1 and ahead[0] == "الا" and ahead[1] in _LESS:
        return -_LESS[ahead[1]], at + 2
    return Decimal(0), at


def _whole(parts: Mapping[str, Decimal], *, doubtful: bool) -> Span:
    """Turn fractions into the next smaller unit: a week and a half are ten days, to be read back."""
    whole: dict[str, int] = {}
    for unit in _LETTERS:
        number = parts.get(unit, Decimal(0))
        if number == int(number):
            whole[unit] = whole.get(unit, 0) + int(number)
            continue
        smaller, factor = _SMALLER.get(unit, (unit, 1))
        rest = (number - int(number)) * factor
        doubtful = doubtful or abs(rest - round(rest)) > Decimal("0.01")
        whole[unit] = whole.get(unit, 0) + int(number)
        whole[smaller] = whole.get(smaller, 0) + int(rest + Decimal("0.01"))
    return Span({unit: whole[unit] for unit in _LETTERS if whole.get(unit)}, doubtful)


def as_iso(found: Span) -> str:
    """ISO 8601; weeks stand alone there, and are days beside another unit."""
    parts = dict(found.parts)
    if "week" in parts and len(parts) > 1:
        parts["day"] = parts.get("day", 0) + 7 * parts.pop("week")
    days = "".join(
        f"{parts[unit]}{_LETTERS[unit]}" for unit in _LETTERS if unit in parts and unit not in _IN_A_DAY
    )
    times = "".join(f"{parts[unit]}{_LETTERS[unit]}" for unit in _IN_A_DAY if unit in parts)
    return f"P{days}" + (f"T{times}" if times else "") if days or times else "PT0S"
