"""What an expression amounts to, given the answers. Total: it never raises.

None is the third value: not asked, not answered, not known. It is neither true nor false, spreads through
arithmetic and comparisons, and yields to certainty in logic: `false and missing` is false, `true or missing`
is true. A guard holds only where it is true. `answered(x)` is how to ask about it.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from bridge.dialogue.answer import Value
from bridge.dialogue.expressions import Binary, Call, Expression, ListOf, Literal, Name, Unary

__all__ = ["FUNCTIONS", "REFERENCE_FUNCTIONS", "Facts", "evaluate", "holds"]

Number = int | float

_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
# A month is 30 days and a year 365: durations are said, not measured.
_SECONDS = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)


class Facts(Protocol):
    """What an expression can ask about."""

    def value(self, name: str) -> Value:
        """The value of an answer, a computed value, a score or a fact; None where there is none."""

    def status(self, name: str) -> str | None:
        """What became of an item: "answered", "refused" …; None where it was not reached."""

    def ordinal(self, name: str) -> Number | None:
        """What the chosen option counts."""

    def band(self, name: str) -> str | None:
        """The name of the band that a score lies in."""


def holds(expression: Expression, facts: Facts) -> bool:
    """Whether it is certainly true."""
    return evaluate(expression, facts) is True


def evaluate(expression: Expression, facts: Facts) -> Value:
    """Work out a value; None where anything that it needs is missing."""
    match expression:
        case Literal(value=value):
            return value
        case Name(name=name):
            return facts.value(name)
        case ListOf():
            return None  # only `in` looks into one
        case Call():
            return _call(expression, facts)
        case Unary():
            return _unary(expression, facts)
        case Binary():
            return _binary(expression, facts)


def _unary(expression: Unary, facts: Facts) -> Value:
    operand = evaluate(expression.operand, facts)
    if expression.operator == "not":
        truth = _truth(operand)
        return None if truth is None else not truth
    number = _number(operand)
    return None if number is None else -number


def _binary(expression: Binary, facts: Facts) -> Value:
    if expression.operator in ("and", "or"):
        return _logic(expression, facts)
    if expression.operator == "in":
        return _is_in(expression, facts)
    left, right = evaluate(expression.left, facts), evaluate(expression.right, facts)
    return _OPERATORS[expression.operator](left, right)


def _truth(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Value) -> Number | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _logic(expression: Binary, facts: Facts) -> bool | None:
    """Kleene's: certainty on one side decides; otherwise a missing side leaves it open."""
    deciding = expression.operator == "or"
    sides = [_truth(evaluate(side, facts)) for side in (expression.left, expression.right)]
    if deciding in sides:
        return deciding
    return None if None in sides else not deciding


def _is_in(expression: Binary, facts: Facts) -> bool | None:
    sought = evaluate(expression.left, facts)
    if isinstance(expression.right, ListOf):
        members: Sequence[Value] = [evaluate(member, facts) for member in expression.right.members]
    else:
        found = evaluate(expression.right, facts)
        if not isinstance(found, tuple):
            return None
        members = found
    if sought is None:
        return None
    if any(_equal(sought, member) for member in members):
        return True
    return None if None in members else False


def _equal(left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _unequal(left: Value, right: Value) -> bool | None:
    equal = _equal(left, right)
    return None if equal is None else not equal


def _ordered(compare: Callable[[Number | str, Number | str], bool]) -> Callable[[Value, Value], Value]:
    """Compare two numbers, or two texts: dates and times as ISO writes them are in order."""

    def judged(left: Value, right: Value) -> Value:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        numbers = _number(left), _number(right)
        if numbers[0] is None or numbers[1] is None:
            return None
        return compare(numbers[0], numbers[1])

    return judged


def _arithmetic(work: Callable[[Number, Number], Number]) -> Callable[[Value, Value], Value]:
    def worked(left: Value, right: Value) -> Value:
        numbers = _number(left), _number(right)
        if numbers[0] is None or numbers[1] is None:
            return None
        try:
            return work(numbers[0], numbers[1])
        except (ZeroDivisionError, OverflowError):
            return None

    return worked


_OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "==": _equal,
    "!=": _unequal,
    "<": _ordered(lambda left, right: left < right),  # type: ignore[operator]  # both numbers or both texts
    "<=": _ordered(lambda left, right: left <= right),  # type: ignore[operator]
    ">": _ordered(lambda left, right: left > right),  # type: ignore[operator]
    ">=": _ordered(lambda left, right: left >= right),  # type: ignore[operator]
    "+": _arithmetic(lambda left, right: left + right),
    "-": _arithmetic(lambda left, right: left - right),
    "*": _arithmetic(lambda left, right: left * right),
    "/": _arithmetic(lambda left, right: left / right),
}


# Functions of a name: they ask about the item itself, not about its value.


def _status_is(*statuses: str) -> Callable[[Facts, str], Value]:
    return lambda facts, name: facts.status(name) in statuses


REFERENCE_FUNCTIONS: dict[str, Callable[[Facts, str], Value]] = {
    "answered": _status_is("answered"),
    "asked": lambda facts, name: facts.status(name) is not None,
    "refused": _status_is("refused"),
    "unknown": _status_is("dont_know"),
    "not_obtained": _status_is("not_obtained"),
    "ordinal": lambda facts, name: facts.ordinal(name),
    "band": lambda facts, name: facts.band(name),
}


def _call(call: Call, facts: Facts) -> Value:
    if call.function in REFERENCE_FUNCTIONS:
        name = call.arguments[0] if call.arguments else None
        return REFERENCE_FUNCTIONS[call.function](facts, name.name) if isinstance(name, Name) else None
    values = [evaluate(argument, facts) for argument in call.arguments]
    function = FUNCTIONS.get(call.function)
    return function(values) if function else None


def _count(values: Sequence[Value]) -> Value:
    """How many of these are true; of a multiple choice, how many options were named."""
    return sum(len(value) if isinstance(value, tuple) else value is True for value in values)


def _numbers(work: Callable[[list[Number]], Value]) -> Callable[[Sequence[Value]], Value]:
    def worked(values: Sequence[Value]) -> Value:
        numbers = [number for value in values if (number := _number(value)) is not None]
        if not values or len(numbers) < len(values):
            return None
        try:
            return work(numbers)
        except (OverflowError, ValueError):  # of numbers beyond all measure
            return None

    return worked


def _round(numbers: list[Number]) -> Value:
    digits = int(numbers[1]) if len(numbers) > 1 else 0
    rounded = round(numbers[0], max(0, min(digits, 6)))
    return int(rounded) if digits <= 0 else rounded


def _pressure(part: int) -> Callable[[Sequence[Value]], Value]:
    def read(values: Sequence[Value]) -> Value:
        parts = values[0].split("/") if values and isinstance(values[0], str) else []
        return int(parts[part]) if len(parts) == 2 and parts[part].isdecimal() else None  # noqa: PLR2004

    return read


def _duration_in(seconds: int) -> Callable[[Sequence[Value]], Value]:
    def read(values: Sequence[Value]) -> Value:
        match = _DURATION.fullmatch(values[0]) if values and isinstance(values[0], str) else None
        if match is None:
            return None
        total = sum(int(part or 0) * length for part, length in zip(match.groups(), _SECONDS, strict=True))
        return total / seconds if total % seconds else total // seconds

    return read


def _days_between(values: Sequence[Value]) -> Value:
    try:
        first, second = (date.fromisoformat(str(value)) for value in values)
    except ValueError:  # not two, or no dates
        return None
    return (second - first).days


FUNCTIONS: dict[str, Callable[[Sequence[Value]], Value]] = {
    "count": _count,
    "sum": _numbers(sum),
    "min": _numbers(min),
    "max": _numbers(max),
    "abs": _numbers(lambda numbers: abs(numbers[0])),
    "round": _numbers(_round),
    "systolic": _pressure(0),
    "diastolic": _pressure(1),
    "days": _duration_in(86_400),
    "hours": _duration_in(3600),
    "days_between": _days_between,
}
