"""What answers there can be, and what an expression can then amount to: sound, so that "never" means never.

A number stands for all numbers by those that its comparisons tell apart: the ends of its range, what it is
compared with, and what lies next to that. Where an expression does more than that, or asks about something
that is not known beforehand, everything is possible. Pure.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations, product

from msgspec import Struct

from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.evaluation import REFERENCE_FUNCTIONS, evaluate
from bridge.dialogue.expression_checks import Type
from bridge.dialogue.expressions import (
    Binary,
    Call,
    Expression,
    ListOf,
    Literal,
    Name,
    Unary,
    names_in,
)
from bridge.dialogue.items import (
    AllowedReply,
    BloodPressureItem,
    ConsentItem,
    GlucoseItem,
    IdentityItem,
    IntegerItem,
    MultiChoiceItem,
    NumberItem,
    OptionsItem,
    QuestionItem,
    TemperatureItem,
    WeightItem,
)
from bridge.dialogue.scoring import ordinal_of

__all__ = ["Known", "State", "Terms", "Truths", "answers_of", "facts_of", "terms_of", "truths"]

Number = int | float
Truths = frozenset[bool | None]

ANYTHING: Truths = frozenset({True, False, None})
_STATUS_ONLY = frozenset(REFERENCE_FUNCTIONS) - {"ordinal", "band"}
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
OTHER_TEXT = "\0"  # a text that nothing is compared with
_PRESSURES = ("systolic", "diastolic")


class Known(Struct, frozen=True):
    """What became of an item: nothing yet, no answer, or an answer that stands for all like it."""

    status: str | None = None
    value: Value = None
    ordinal: Number | None = None
    is_exact: bool = True  # every value that there can be has a Known of its own

    @property
    def stands_for_all(self) -> bool:
        """Whether a comparison of this value alone decides for all that it stands for."""
        return self.is_exact or self.value is not None


State = Mapping[str, Known]  # what is not in it may be anything
Terms = Mapping[str, frozenset[Value]]  # by "name" or "systolic(name)": what it is compared with


class _StateFacts:
    """A state, as `evaluate` asks about it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def value(self, name: str) -> Value:
        return self._state[name].value

    def status(self, name: str) -> str | None:
        return self._state[name].status

    def ordinal(self, name: str) -> Number | None:
        return self._state[name].ordinal

    def band(self, name: str) -> str | None:  # noqa: ARG002 - no score is ever known here
        return None


def truths(expression: Expression, state: State) -> Truths:
    """Everything that an expression can amount to in this state; None is "not known"."""
    match expression:
        case Unary(operator="not", operand=operand):
            return frozenset(None if one is None else not one for one in truths(operand, state))
        case Binary(operator="and" | "or" as operator, left=left, right=right):
            sides = product(truths(left, state), truths(right, state))
            return frozenset(_joined(operator, *pair) for pair in sides)
        case _ if _is_decided(expression, state):
            found = evaluate(expression, _StateFacts(state))
            return frozenset({found if isinstance(found, bool) else None})
        case _:
            return ANYTHING


def _joined(operator: str, left: bool | None, right: bool | None) -> bool | None:
    deciding = operator == "or"
    if deciding in (left, right):
        return deciding
    return None if None in (left, right) else not deciding


def _is_decided(atom: Expression, state: State) -> bool:
    """Whether the state says what this comes to, for every answer that it stands for."""
    if any(name.name not in state for name in names_in(atom)):
        return False
    if all(state[name.name].is_exact for name in _by_value(atom)):
        return not any(isinstance(part, Call) and part.function == "band" for part in _parts(atom))
    has_values = all(state[name.name].stands_for_all for name in _by_value(atom))
    return has_values and any(True for _ in _compared(atom))


def _by_value(expression: Expression) -> Iterator[Name]:
    """The names whose value counts, and not only what became of them."""
    for part in _parts(expression, skipping=_STATUS_ONLY):
        if isinstance(part, Name):
            yield part


def _parts(expression: Expression, skipping: frozenset[str] = frozenset()) -> Iterator[Expression]:
    if isinstance(expression, Call) and expression.function in skipping:
        return
    yield expression
    match expression:
        case ListOf(members=inner) | Call(arguments=inner):
            parts: tuple[Expression, ...] = inner
        case Unary(operand=operand):
            parts = (operand,)
        case Binary(left=left, right=right):
            parts = (left, right)
        case _:
            parts = ()
    for part in parts:
        yield from _parts(part, skipping)


def terms_of(expressions: Iterable[Expression]) -> dict[str, frozenset[Value]]:
    """What every name, and the two numbers of every pressure, is compared with."""
    found: dict[str, set[Value]] = {}
    for expression in expressions:
        for part in _parts(expression):
            for term, value in _compared(part):
                found.setdefault(term, set()).add(value)
    return {term: frozenset(values) for term, values in found.items()}


def _compared(atom: Expression) -> Iterator[tuple[str, Value]]:
    """A term and a literal, where this is a comparison of just these; with `in`, with each literal."""
    if not isinstance(atom, Binary):
        return
    if atom.operator in _COMPARISONS:
        for one, other in ((atom.left, atom.right), (atom.right, atom.left)):
            if (term := _term(one)) is not None and (value := _constant(other)) is not None:
                yield term, value
    elif atom.operator == "in" and isinstance(atom.right, ListOf) and (term := _term(atom.left)) is not None:
        constants = [_constant(member) for member in atom.right.members]
        if None not in constants:
            yield from ((term, constant) for constant in constants)


def _term(expression: Expression) -> str | None:
    match expression:
        case Name(name=name):
            return name
        case Call(function=function, arguments=(Name(name=name),)) if function in _PRESSURES:
            return f"{function}({name})"
        case _:
            return None


def _constant(expression: Expression) -> Value:
    match expression:
        case Literal(value=value):
            return value
        case Unary(operator="-", operand=Literal(value=int() | float() as value)):
            return -value
        case _:
            return None


# What can be known of a call, and what can become of an item


def facts_of(kind: Type, compared: frozenset[Value]) -> tuple[Known, ...]:
    """What a fact about the call or the patient can be; () where comparisons tell too much apart."""
    if kind is Type.BOOLEAN:
        return (Known(value=True), Known(value=False), Known())
    if kind is Type.TEXT:
        texts = (*(one for one in compared if isinstance(one, str)), OTHER_TEXT)
        return (*(Known(value=text, is_exact=False) for text in texts), Known())
    if kind is Type.NUMBER:
        numbers = _numbers(compared, -math.inf, math.inf, 1)
        return (*(Known(value=number, is_exact=False) for number in numbers), Known())
    return ()


def answers_of(item: QuestionItem, terms: Terms) -> tuple[Known, ...]:
    """Everything that can become of an item that is asked, where the call goes on after it."""
    answered = [
        Known(AnswerStatus.ANSWERED, value, ordinal_of(item, value), is_exact)
        for value, is_exact in _values(item, terms)
    ]
    return (*answered, *(Known(status) for status in _without_value(item)))


def _without_value(item: QuestionItem) -> Iterator[AnswerStatus]:
    if _must_be_yes(item):
        return
    yield AnswerStatus.NOT_OBTAINED
    if AllowedReply.DONT_KNOW in item.allow:
        yield AnswerStatus.DONT_KNOW
    if AllowedReply.REFUSE in item.allow or not item.required or item.safety is not None:
        yield AnswerStatus.REFUSED


def _must_be_yes(item: QuestionItem) -> bool:
    """Whether anything but a yes ends the call."""
    return isinstance(item, IdentityItem) or (isinstance(item, ConsentItem) and item.purpose == "questions")


def _values(item: QuestionItem, terms: Terms) -> Iterator[tuple[Value, bool]]:
    if _must_be_yes(item):
        yield True, True
    elif isinstance(item, MultiChoiceItem):
        yield from ((chosen, True) for chosen in _choices(item))
    elif isinstance(item, OptionsItem):
        yield from ((option.value, True) for option in item.options)
    elif hasattr(item, "kind"):
        yield from ((True, True), (False, True))
    elif isinstance(item, BloodPressureItem):
        ends = zip(_PRESSURES, (item.systolic, item.diastolic), strict=True)
        numbers = [_numbers(_terms_for(terms, item.id, part), *range_, 0) for part, range_ in ends]
        yield from ((f"{upper}/{lower}", False) for upper, lower in product(*numbers))
    elif isinstance(item, NumberItem | IntegerItem | TemperatureItem | GlucoseItem | WeightItem):
        compared = _terms_for(terms, item.id)
        yield from ((one, False) for one in _numbers(compared, item.minimum, item.maximum, item.decimals))
    else:
        yield None, False


def _terms_for(terms: Terms, item_id: str, function: str = "") -> frozenset[Value]:
    """What an item is compared with, by its own name or as `value`."""
    names = [f"{function}({name})" if function else name for name in (item_id, "value")]
    return frozenset().union(*(terms.get(name, frozenset()) for name in names))


def _choices(item: MultiChoiceItem) -> Iterator[tuple[str, ...]]:
    alone = (item.none_of,) if item.none_of else ()
    values = [option.value for option in item.options if option.value not in alone]
    every = chain.from_iterable(combinations(values, count) for count in range(len(values) + 1))
    return chain(every, (alone,) if alone else ())


def _numbers(compared: Iterable[Value], minimum: Number, maximum: Number, decimals: int) -> list[Number]:
    """The numbers that stand for all from `minimum` to `maximum`: comparisons tell no others apart."""
    found: set[Number] = {minimum, maximum}
    for value in compared:
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        near = (math.floor(value), math.floor(value) + 1, math.ceil(value) - 1)
        between = (value, math.nextafter(value, -math.inf), math.nextafter(value, math.inf))
        found.update(between if decimals else near)
    return sorted(number for number in found if minimum <= number <= maximum)
