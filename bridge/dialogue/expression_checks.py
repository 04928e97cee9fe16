"""Whether expressions can mean anything: names, order, types, arguments. Pure; it never raises."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.evaluation import FUNCTIONS, REFERENCE_FUNCTIONS
from bridge.dialogue.expressions import (
    Binary,
    Call,
    Expression,
    ExpressionError,
    ListOf,
    Literal,
    Name,
    Unary,
    parse,
)
from bridge.dialogue.hints import did_you_mean

__all__ = ["Fault", "Scope", "Type", "check_expression"]


class Type(StrEnum):
    """What kind of value an expression has."""

    BOOLEAN = "yes or no"
    NUMBER = "a number"
    TEXT = "a text"
    DATE = "a date"
    TIME = "a time"
    DURATION = "a duration"
    PRESSURE = "a blood pressure"
    LIST = "a list of options"
    ANY = "anything"  # told with the call: not known before


class Scope(Struct, frozen=True):
    """What may be named at one place of a questionnaire."""

    known: Mapping[str, Type]  # every name that has a value here
    later: frozenset[str] = frozenset()  # items that exist, and are asked only afterwards
    options: Mapping[str, tuple[str, ...]] = {}  # of choices: which values they can have


class Fault(Struct, frozen=True):
    """What is wrong, and at which column of the expression."""

    text: str
    column: int


class _UnsoundError(Exception):
    def __init__(self, text: str, column: int) -> None:
        super().__init__(text)
        self.fault = Fault(text, column)


def check_expression(text: str, scope: Scope, wanted: Type = Type.BOOLEAN) -> Fault | None:
    """Find the first fault of an expression that should give `wanted`."""
    try:
        expression = parse(text)
        found = _Checker(scope).type_of(expression)
    except ExpressionError as error:
        return Fault(error.text, error.column)
    except _UnsoundError as error:
        return error.fault
    if not _fit(found, wanted):
        return Fault(f"gives {found}; {wanted} is needed", _column(expression))
    return None


def _fit(one: Type, other: Type) -> bool:
    return one is other or Type.ANY in (one, other)


def _column(expression: Expression) -> int:
    return _column(expression.left) if isinstance(expression, Binary) else expression.column


# A function's arguments and its result. A star: as many more of the last as one likes.
_SIGNATURES: dict[str, tuple[tuple[Type, ...], str, Type]] = {
    "count": ((Type.ANY,), "*", Type.NUMBER),
    "sum": ((Type.NUMBER,), "*", Type.NUMBER),
    "min": ((Type.NUMBER,), "*", Type.NUMBER),
    "max": ((Type.NUMBER,), "*", Type.NUMBER),
    "abs": ((Type.NUMBER,), "", Type.NUMBER),
    "round": ((Type.NUMBER, Type.NUMBER), "?", Type.NUMBER),
    "systolic": ((Type.PRESSURE,), "", Type.NUMBER),
    "diastolic": ((Type.PRESSURE,), "", Type.NUMBER),
    "days": ((Type.DURATION,), "", Type.NUMBER),
    "hours": ((Type.DURATION,), "", Type.NUMBER),
    "days_between": ((Type.DATE, Type.DATE), "", Type.NUMBER),
}
_REFERENCES = dict.fromkeys(REFERENCE_FUNCTIONS, Type.BOOLEAN) | {"ordinal": Type.NUMBER, "band": Type.TEXT}
_ORDERED = (Type.NUMBER, Type.DATE, Type.TIME, Type.ANY)


class _Checker:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def type_of(self, expression: Expression) -> Type:
        match expression:
            case Literal(value=value):
                return _type_of_literal(value)
            case Name():
                return self._name(expression)
            case ListOf():
                raise _UnsoundError("a list stands only behind 'in'", expression.column)
            case Call():
                return self._call(expression)
            case Unary():
                wanted = Type.BOOLEAN if expression.operator == "not" else Type.NUMBER
                self._expect(expression.operand, wanted, f"'{expression.operator}'")
                return wanted
            case Binary():
                return self._binary(expression)

    def _name(self, name: Name) -> Type:
        if name.name in self._scope.known:
            return self._scope.known[name.name]
        if name.name in self._scope.later:
            raise _UnsoundError(f"'{name.name}' is asked only later", name.column)
        hint = did_you_mean(name.name, self._scope.known)
        raise _UnsoundError(f"unknown name '{name.name}'{hint}", name.column)

    def _expect(self, expression: Expression, wanted: Type, who: str) -> None:
        found = self.type_of(expression)
        if not _fit(found, wanted):
            raise _UnsoundError(f"{who} needs {wanted}, and this is {found}", _column(expression))

    def _binary(self, expression: Binary) -> Type:
        operator = expression.operator
        if operator in ("and", "or"):
            self._expect(expression.left, Type.BOOLEAN, f"'{operator}'")
            self._expect(expression.right, Type.BOOLEAN, f"'{operator}'")
            return Type.BOOLEAN
        if operator in ("+", "-", "*", "/"):
            self._expect(expression.left, Type.NUMBER, f"'{operator}'")
            self._expect(expression.right, Type.NUMBER, f"'{operator}'")
            return Type.NUMBER
        if operator == "in":
            self._membership(expression)
        else:
            self._comparison(expression)
        return Type.BOOLEAN

    def _comparison(self, expression: Binary) -> None:
        left, right = self.type_of(expression.left), self.type_of(expression.right)
        if not _comparable(left, right):
            raise _UnsoundError(f"{left} and {right} cannot be compared", expression.column)
        if expression.operator not in ("==", "!=") and (left not in _ORDERED or right not in _ORDERED):
            dates = {left, right} & {Type.DATE, Type.TIME}  # compared with a text that writes one
            if not dates:
                raise _UnsoundError(f"{left} is neither more nor less than another", expression.column)
        self._option(expression.left, expression.right)
        self._option(expression.right, expression.left)

    def _membership(self, expression: Binary) -> None:
        sought = self.type_of(expression.left)
        if isinstance(expression.right, ListOf):
            for member in expression.right.members:
                if not _comparable(sought, self.type_of(member)):
                    text = f"{sought} is never among these: {self.type_of(member)}"
                    raise _UnsoundError(text, _column(member))
                self._option(expression.left, member)
            return
        self._expect(expression.right, Type.LIST, "'in'")
        self._option(expression.right, expression.left)

    def _option(self, name: Expression, value: Expression) -> None:
        """A choice that is compared with a value that it cannot have is a slip."""
        if not isinstance(name, Name) or not isinstance(value, Literal):
            return
        options = self._scope.options.get(name.name)
        if options is not None and value.value not in options:
            hint = did_you_mean(str(value.value), options) or f"; one of {', '.join(options)}"
            raise _UnsoundError(f"'{name.name}' is never '{value.value}'{hint}", value.column)

    def _call(self, call: Call) -> Type:
        if call.function in _REFERENCES:
            if len(call.arguments) != 1 or not isinstance(call.arguments[0], Name):
                raise _UnsoundError(f"{call.function}() takes the name of one item", call.column)
            self._name(call.arguments[0])
            return _REFERENCES[call.function]
        if call.function not in FUNCTIONS:
            known = (*FUNCTIONS, *_REFERENCES)
            hint = did_you_mean(call.function, known) or f"; one of {', '.join(sorted(known))}"
            raise _UnsoundError(f"unknown function '{call.function}'{hint}", call.column)
        return self._function(call)

    def _function(self, call: Call) -> Type:
        wanted, more, result = _SIGNATURES[call.function]
        least = len(wanted) - (more == "?")
        if len(call.arguments) < least or (len(call.arguments) > len(wanted) and more != "*"):
            raise _UnsoundError(
                f"{call.function}() takes {least} values, not {len(call.arguments)}", call.column
            )
        for at, argument in enumerate(call.arguments):
            self._expect(argument, wanted[min(at, len(wanted) - 1)], f"{call.function}()")
        return result


def _type_of_literal(value: object) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    return Type.TEXT if isinstance(value, str) else Type.NUMBER


def _comparable(left: Type, right: Type) -> bool:
    """Dates and times are written as texts."""
    written = {Type.TEXT, Type.DATE, Type.TIME}
    return _fit(left, right) or (Type.TEXT in (left, right) and {left, right} <= written)
