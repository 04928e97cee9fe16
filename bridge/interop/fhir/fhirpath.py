"""Our expressions as FHIRPath over a QuestionnaireResponse (hl7.org/fhirpath).

Both languages know a third truth value and treat it alike: what is missing is neither true nor false. Answers
are looked up from the root, so an expression inside a repeated group, where each round has its own, is not
translated; nor is what FHIRPath does not know: facts about the call, bands, days between dates.
"""

from collections.abc import Callable, Sequence

from bridge.dialogue.expressions import Binary, Call, Expression, ListOf, Literal, Name, Unary, parse
from bridge.dialogue.items import (
    BloodPressureItem,
    DateItem,
    DurationItem,
    Item,
    MultiChoiceItem,
    OptionsItem,
    QuestionItem,
    TimeItem,
)
from bridge.dialogue.questionnaire import Score
from bridge.dialogue.scopes import is_repeated
from bridge.interop.fhir.naming import Naming
from bridge.interop.fhir.terms import DATA_ABSENT, ORDINAL
from bridge.interop.fhir.values import fhir_type
from bridge.understanding import YesNoKind

__all__ = ["FhirPath", "UntranslatableError"]

_ITEMS = "%resource.repeat(item)"
_IS_VALUE = f"extension('{DATA_ABSENT}').empty()"
_OPERATORS = {"==": "=", "!=": "!="}
_ABSENT_CODES = {"refused": "asked-declined", "unknown": "asked-unknown", "not_obtained": "unknown"}
_IN_SECONDS = (
    "iif(code = 's', 1, iif(code = 'min', 60, iif(code = 'h', 3600, iif(code = 'd', 86400, "
    "iif(code = 'wk', 604800, iif(code = 'mo', 2592000, 31536000))))))"
)


class UntranslatableError(Exception):
    """FHIRPath has no word for this; the text says for what."""


class FhirPath:
    """The translation of one questionnaire's expressions."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._own: QuestionItem | None = None

    def of(self, text: str, own: QuestionItem | None = None) -> str:
        """Translate an expression; `value` in it is the answer to `own`.

        Raises:
            UntranslatableError: FHIRPath cannot say it.

        """
        self._own = own
        return self._expression(parse(text))

    def of_score(self, score: Score) -> str:
        """The sum of a score's items, with its rule for missing ones."""
        points, wanted = self._all_points(score.items), len(score.items)
        there, total = f"{points}.count()", f"{points}.aggregate($total + $this, 0)"
        if score.missing.maximum and score.missing.method == "prorate":
            total = f"iif({there} = {wanted}, {total}, ({total} * {wanted} / {there} + 0.5).floor())"
        factor = "" if score.factor == 1 else f" * {score.factor}"
        least = max(1, wanted - score.missing.maximum)
        return f"iif({there} >= {least}, {total}{factor}, {{}})"

    def _all_points(self, names: Sequence[str]) -> str:
        """What each of these answers counts, one after the other: options together, the rest one by one."""
        questions = [self._question(name) for name in names]
        options = [self._naming.link_id(item) for item in questions if isinstance(item, OptionsItem)]
        others = [self._points(item.id) for item in questions if not isinstance(item, OptionsItem)]
        if not options:
            first, *others = others
        else:
            listed = " | ".join(map(_quoted, options))
            first = f"{_ITEMS}.where(linkId in ({listed})).answer.value.extension('{ORDINAL}').value"
        return first + "".join(f".combine({other})" for other in others)

    def _points(self, name: str) -> str:
        """What an answer counts: an option's ordinal, one for a yes, a number itself."""
        item = self._question(name)
        if isinstance(item, OptionsItem):
            return f"{self._answers(item)}.extension('{ORDINAL}').value"
        if isinstance(getattr(item, "kind", None), YesNoKind):
            return f"{self._answers(item)}.select(iif($this = true, 1, 0))"
        return self._value(item)

    def _expression(self, expression: Expression) -> str:
        match expression:
            case Literal(value=value):
                return _literal(value)
            case Name(name=name):
                return self._named(name)
            case Unary(operator="not", operand=operand):
                return f"({self._expression(operand)}).not()"
            case Unary(operand=operand):
                return f"(-{self._expression(operand)})"
            case Binary():
                return self._binary(expression)
            case Call():
                return self._call(expression)
            case ListOf():
                raise UntranslatableError("a list of its own")

    def _named(self, name: str) -> str:
        questionnaire = self._naming.questionnaire
        if name in questionnaire.computed:
            return f"({self._expression(parse(questionnaire.computed[name]))})"
        if name in questionnaire.scores:
            return f"{_ITEMS}.where(linkId = {_quoted(name)}).answer.value"
        return self._value(self._question(name))

    def _question(self, name: str) -> QuestionItem:
        item: Item | None = self._own if name == "value" else self._naming.item(name)
        if item is None or item.type in ("info", "group"):
            raise UntranslatableError(f"'{name}', which is no answer")
        if is_repeated(self._naming.questionnaire, item.id):
            raise UntranslatableError(f"'{item.id}', which is asked in several rounds")
        return item  # type: ignore[return-value]  # the two other kinds are excluded above

    def _given(self, item: QuestionItem) -> str:
        """The elements of an answer: values, or what says why there is none."""
        return f"{_ITEMS}.where(linkId = {_quoted(self._naming.link_id(item))}).answer.value"

    def _answers(self, item: QuestionItem) -> str:
        """The values: a plain element that only says why it has none is not one of them."""
        is_plain = fhir_type(item) not in ("choice", "quantity", "attachment")
        return self._given(item) + (f".where({_IS_VALUE})" if is_plain else "")

    def _value(self, item: QuestionItem) -> str:
        """The value itself, as a literal of FHIRPath could be compared with it."""
        if isinstance(item, BloodPressureItem):
            raise UntranslatableError("a blood pressure as a whole")
        suffix = {"choice": ".code", "quantity": ".value"}.get(fhir_type(item), "")
        return f"{self._answers(item)}{suffix}"

    def _binary(self, expression: Binary) -> str:
        if expression.operator == "in":
            return self._membership(expression)
        left, right = (self._side(one, other) for one, other in _both_ways(expression))
        return f"({left} {_OPERATORS.get(expression.operator, expression.operator)} {right})"

    def _side(self, side: Expression, other: Expression) -> str:
        """One side of a comparison: an option by its code, a date and a time as such literals."""
        if isinstance(side, Literal) and isinstance(side.value, str) and isinstance(other, Name):
            return self._text_for(other.name, side.value)
        return self._expression(side)

    def _text_for(self, name: str, text: str) -> str:
        item = self._question(name)
        if isinstance(item, DurationItem):
            raise UntranslatableError("a duration as a text")
        if isinstance(item, DateItem | TimeItem):
            return f"@{text}" if isinstance(item, DateItem) else f"@T{text}:00"
        if isinstance(item, OptionsItem) and (option := item.option(text)) is not None:
            return _quoted(str(self._naming.option(item, option)["code"]))
        return _quoted(text)

    def _membership(self, expression: Binary) -> str:
        left, right = expression.left, expression.right
        if isinstance(right, ListOf):
            sought = self._expression(left)
            options = " or ".join(f"{sought} = {self._side(member, left)}" for member in right.members)
            return f"({options})"
        found = self._expression(right)
        return f"iif({found}.exists(), {found} contains {self._side(left, right)}, {{}})"

    def _call(self, call: Call) -> str:
        if call.function not in _FUNCTIONS:
            raise UntranslatableError(f"{call.function}()")
        return _FUNCTIONS[call.function](self, call)

    # Functions

    def _reference(self, call: Call) -> QuestionItem:
        name = call.arguments[0]
        if not isinstance(name, Name):
            raise UntranslatableError(f"{call.function}() of more than a name")
        return self._question(name.name)

    def _answered(self, call: Call) -> str:
        item = self._reference(call)
        if isinstance(item, BloodPressureItem):
            return f"{self._part(item, 0)}.exists()"
        return f"{self._given(item)}.where({_IS_VALUE}).exists()"

    def _absent(self, call: Call) -> str:
        code = _ABSENT_CODES[call.function]
        reasons = f"{self._given(self._reference(call))}.extension('{DATA_ABSENT}')"
        return f"{reasons}.where(value = '{code}').exists()"

    def _ordinal(self, call: Call) -> str:
        return self._points(self._reference(call).id)

    def _part(self, item: BloodPressureItem, part: int) -> str:
        link_id = self._naming.link_ids_of_pressure(item)[part]
        return f"{_ITEMS}.where(linkId = {_quoted(link_id)}).answer.value.value"

    def _pressure(self, call: Call) -> str:
        item = self._reference(call)
        if not isinstance(item, BloodPressureItem):
            raise UntranslatableError(f"{call.function}() of something else")
        return self._part(item, int(call.function == "diastolic"))

    def _length(self, call: Call) -> str:
        item = self._reference(call)
        if not isinstance(item, DurationItem):
            raise UntranslatableError(f"{call.function}() of something else")
        unit = {"days": 86_400, "hours": 3600}[call.function]
        return f"{self._answers(item)}.select(value * {_IN_SECONDS} / {unit})"

    def _count(self, call: Call) -> str:
        counted = []
        for argument in call.arguments:
            name = argument.name if isinstance(argument, Name) else ""
            item = self._naming.item(name)
            if isinstance(item, MultiChoiceItem):
                counted.append(f"{self._value(self._question(name))}.count()")
            else:
                counted.append(f"iif({self._expression(argument)} = true, 1, 0)")
        return f"({' + '.join(counted)})"

    def _sum(self, call: Call) -> str:
        return f"({' + '.join(map(self._expression, call.arguments))})"

    def _extreme(self, call: Call) -> str:
        sign = "<" if call.function == "min" else ">"
        best, *others = map(self._expression, call.arguments)
        for other in others:
            best = f"iif({best} {sign} {other}, {best}, {other})"
        return best

    def _arithmetic(self, call: Call) -> str:
        number, *digits = map(self._expression, call.arguments)
        return f"({number}).{call.function}({', '.join(digits)})"


_FUNCTIONS: dict[str, Callable[[FhirPath, Call], str]] = {
    "answered": FhirPath._answered,  # noqa: SLF001 - the class's own table
    **dict.fromkeys(_ABSENT_CODES, FhirPath._absent),  # noqa: SLF001
    "ordinal": FhirPath._ordinal,  # noqa: SLF001
    **dict.fromkeys(("systolic", "diastolic"), FhirPath._pressure),  # noqa: SLF001
    **dict.fromkeys(("days", "hours"), FhirPath._length),  # noqa: SLF001
    "count": FhirPath._count,  # noqa: SLF001
    "sum": FhirPath._sum,  # noqa: SLF001
    **dict.fromkeys(("min", "max"), FhirPath._extreme),  # noqa: SLF001
    **dict.fromkeys(("abs", "round"), FhirPath._arithmetic),  # noqa: SLF001
}


def _both_ways(expression: Binary) -> tuple[tuple[Expression, Expression], tuple[Expression, Expression]]:
    return (expression.left, expression.right), (expression.right, expression.left)


def _literal(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
