"""Guards as `enableWhen`, where they are simple: one comparison, or several joined by one `and` or `or`.

Each condition means what it means with us: it holds only where there is an answer. FHIR's own `!=` and
`exists` hold for what was refused or never asked, and are not used.
"""

from collections.abc import Sequence

from msgspec import Struct

from bridge.dialogue.expressions import Binary, Call, Expression, ListOf, Literal, Name, Unary, parse
from bridge.dialogue.items import BloodPressureItem, DateItem, OptionsItem, QuestionItem, TimeItem
from bridge.interop.fhir.naming import Naming
from bridge.interop.fhir.terms import Json, quantity
from bridge.interop.fhir.values import fhir_type, unit_of

__all__ = ["Condition", "enable_when"]

_SIGNS = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Condition(Struct, frozen=True):
    """What an item is enabled by."""

    enable_when: list[Json]
    behavior: str | None = None  # any or all, where there are several

    def element(self) -> Json:
        """The condition as an item holds it."""
        joined = {"enableBehavior": self.behavior} if self.behavior else {}
        return {"enableWhen": self.enable_when, **joined}


class _Joined(Struct, frozen=True):
    """Conditions that one word joins; `join` is None where there is one."""

    atoms: list[Json]
    join: str | None = None


class _NotSimpleError(Exception):
    pass


def enable_when(naming: Naming, guard: str) -> Condition | None:
    """A guard as `enableWhen`; None where it is not simple enough."""
    try:
        joined = _Conditions(naming).of(parse(guard))
    except _NotSimpleError:
        return None
    return Condition(joined.atoms, {"and": "all", "or": "any", None: None}[joined.join])


class _Conditions:
    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    def of(self, expression: Expression) -> _Joined:
        match expression:
            case Name():
                return self._truth(expression, wanted=True)
            case Unary(operator="not", operand=Name() as name):
                return self._truth(name, wanted=False)
            case Unary(operator="not", operand=Binary() as inner):
                return self.of(_negated(inner))
            case Binary(operator="and" | "or"):
                sides = (self.of(expression.left), self.of(expression.right))
                return _join(expression.operator, sides)
            case Binary(operator="in"):
                return self._membership(expression)
            case Binary():
                return self._comparison(expression)
            case _:
                raise _NotSimpleError

    def _truth(self, name: Name, *, wanted: bool) -> _Joined:
        item = self._question(name)
        if fhir_type(item) != "boolean":
            raise _NotSimpleError
        return _Joined([self._atom(self._naming.link_id(item), "=", {"answerBoolean": wanted})])

    def _question(self, expression: Expression) -> QuestionItem:
        item = self._naming.item(expression.name) if isinstance(expression, Name) else None
        if item is None or item.type in ("info", "group"):
            raise _NotSimpleError
        return item  # type: ignore[return-value]  # the two other kinds are excluded above

    def _comparison(self, expression: Binary) -> _Joined:
        named, literal, operator = expression.left, expression.right, expression.operator
        if isinstance(named, Literal):
            named, literal, operator = literal, named, _MIRRORED.get(operator, operator)
        if not isinstance(literal, Literal):
            raise _NotSimpleError
        if isinstance(named, Call):
            return self._pressure(named, operator, literal)
        if isinstance(named, Name) and named.name in self._naming.questionnaire.scores:
            return self._ordered(named.name, operator, {"answerDecimal": literal.value})
        item = self._question(named)
        if isinstance(item, OptionsItem):
            return self._option(item, operator, literal)
        if fhir_type(item) == "boolean" and operator in ("==", "!="):
            return self._truth(Name(item.id, 0), wanted=(operator == "==") is (literal.value is True))
        return self._ordered(self._naming.link_id(item), operator, _answer(item, literal))

    def _pressure(self, call: Call, operator: str, literal: Literal) -> _Joined:
        if call.function not in ("systolic", "diastolic"):
            raise _NotSimpleError
        item = self._question(call.arguments[0])
        if not isinstance(item, BloodPressureItem) or not isinstance(literal.value, int | float):
            raise _NotSimpleError
        link_id = self._naming.link_ids_of_pressure(item)[call.function == "diastolic"]
        return self._ordered(link_id, operator, {"answerQuantity": quantity(literal.value, item.unit)})

    def _ordered(self, link_id: str, operator: str, answer: Json) -> _Joined:
        if operator == "!=":  # another value, and not "no value"
            return _Joined([self._atom(link_id, sign, answer) for sign in ("<", ">")], "or")
        return _Joined([self._atom(link_id, _SIGNS[operator], answer)])

    def _option(self, item: OptionsItem, operator: str, literal: Literal) -> _Joined:
        wanted = [one for one in item.options if (one.value == literal.value) is (operator == "==")]
        if operator not in ("==", "!=") or not wanted:
            raise _NotSimpleError
        return self._one_of(item, [option.value for option in wanted])

    def _one_of(self, item: OptionsItem, names: Sequence[object]) -> _Joined:
        options = [option for option in item.options if option.value in names]
        if len(options) != len(names):
            raise _NotSimpleError
        link_id = self._naming.link_id(item)
        atoms = [
            self._atom(link_id, "=", {"answerCoding": self._naming.option(item, one)}) for one in options
        ]
        return _Joined(atoms, "or" if len(atoms) > 1 else None)

    def _membership(self, expression: Binary) -> _Joined:
        """One of several values, or a value that a multiple choice names."""
        left, right = expression.left, expression.right
        if isinstance(right, Name) and isinstance(left, Literal):
            item = self._question(right)
            return self._one_of(item, [left.value]) if isinstance(item, OptionsItem) else _never()
        item = self._question(left)
        literals = right.members if isinstance(right, ListOf) else ()
        named = [one.value for one in literals if isinstance(one, Literal)]
        if not named or len(named) < len(literals):
            raise _NotSimpleError
        if isinstance(item, OptionsItem):
            return self._one_of(item, named)
        answers = [_answer(item, one) for one in literals if isinstance(one, Literal)]
        atoms = [self._atom(self._naming.link_id(item), "=", answer) for answer in answers]
        return _Joined(atoms, "or" if len(atoms) > 1 else None)

    def _atom(self, link_id: str, operator: str, answer: Json) -> Json:
        return {"question": link_id, "operator": operator, **answer}


def _never() -> _Joined:
    raise _NotSimpleError


def _answer(item: QuestionItem, literal: Literal) -> Json:
    """A literal as the answer that an item's own values are compared with."""
    value, kind = literal.value, fhir_type(item)
    if isinstance(value, str):
        if not isinstance(item, DateItem | TimeItem):
            raise _NotSimpleError
        return {"answerDate": value} if isinstance(item, DateItem) else {"answerTime": f"{value}:00"}
    unit = unit_of(item)
    if isinstance(value, bool) or kind not in ("integer", "decimal", "quantity"):
        raise _NotSimpleError
    if unit is not None:
        return {"answerQuantity": quantity(value, unit)}
    if kind == "integer" and not isinstance(value, int):
        raise _NotSimpleError
    return {"answerInteger": value} if kind == "integer" else {"answerDecimal": value}


def _negated(inner: Binary) -> Binary:
    """The opposite of a comparison, which without an answer holds as little as the comparison itself."""
    if inner.operator == "==":
        return Binary("!=", inner.left, inner.right, inner.column)
    if inner.operator not in _NEGATED:
        raise _NotSimpleError
    return Binary(_NEGATED[inner.operator], inner.left, inner.right, inner.column)


def _join(word: str, sides: Sequence[_Joined]) -> _Joined:
    if any(side.join not in (None, word) for side in sides):
        raise _NotSimpleError
    return _Joined([atom for side in sides for atom in side.atoms], word)
