"""Every condition, with computed values written out: who asks about whom, and where. Pure."""

from collections.abc import Iterable, Iterator

from bridge.authoring.checking.possibilities import Known, facts_of, terms_of
from bridge.dialogue.evaluation import REFERENCE_FUNCTIONS
from bridge.dialogue.expressions import (
    Binary,
    Call,
    Expression,
    ListOf,
    Literal,
    Name,
    Unary,
    names_in,
    parse,
)
from bridge.dialogue.items import GroupItem, InfoItem, Item, Rule
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scopes import whole_scope

__all__ = ["Guards"]

ALWAYS = Literal(value=True, column=1)
MAX_NESTED = 6  # computed values within computed values; what lies deeper may be anything


class Guards:
    """The conditions of one questionnaire."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        self._order = [item.id for item in questionnaire.every_item]
        self._last_use = self._last_uses()
        every = [*self._conditions(), *(self.rule(rule) for rule in questionnaire.rules)]
        self.terms = terms_of(every)
        self.facts = self._facts()

    def when(self, item: Item) -> Expression:
        """The guard of an item."""
        return ALWAYS if item.when is None else self._read(item.when)

    def rule(self, rule: Rule) -> Expression:
        """When a rule acts."""
        return self._read(rule.when)

    def names_of(self, text: str) -> frozenset[str]:
        """Whom a condition asks about; computed values are gone, scores are not."""
        return frozenset(name.name for name in names_in(self._read(text)))

    def is_tracked(self, name: str) -> bool:
        """Whether any condition asks about this item or fact."""
        return name in self._last_use

    def is_asked_about_after(self, item_id: str, name: str) -> bool:
        """Whether a condition behind this item asks about the name."""
        return self._last_use.get(name, -1) > self._order.index(item_id)

    def _facts(self) -> dict[str, tuple[Known, ...]]:
        kinds = whole_scope(self.questionnaire).known
        named = [name for name in self._last_use if "." in name]
        found = {
            name: facts_of(kinds[name], self.terms.get(name, frozenset())) for name in named if name in kinds
        }
        return {name: known for name, known in found.items() if known}

    def _last_uses(self) -> dict[str, int]:
        """Each name, and the number of the last item whose conditions ask about it."""
        found: dict[str, int] = {}
        for at, item in enumerate(self.questionnaire.every_item):
            for condition in self._conditions_of(item):
                found |= dict.fromkeys((name.name for name in names_in(condition)), at)
        for name in self.questionnaire.scores:
            found.pop(name, None)
        return found

    def _conditions(self) -> Iterator[Expression]:
        for item in self.questionnaire.every_item:
            yield from self._conditions_of(item)

    def _conditions_of(self, item: Item) -> Iterator[Expression]:
        yield self.when(item)
        if not isinstance(item, InfoItem | GroupItem):
            yield from (self.rule(rule) for rule in item.on_answer)

    def _read(self, text: str) -> Expression:
        return self._written_out(parse(text), 0)

    def _written_out(self, expression: Expression, depth: int) -> Expression:
        """The expression with computed values in the place of their names."""
        column = expression.column
        match expression:
            case Name(name=name) if name in self.questionnaire.computed and depth < MAX_NESTED:
                return self._written_out(parse(self.questionnaire.computed[name]), depth + 1)
            case ListOf(members=members):
                return ListOf(self._all(members, depth), column)
            case Call(function=function, arguments=arguments) if function not in REFERENCE_FUNCTIONS:
                return Call(function, self._all(arguments, depth), column)
            case Unary(operator=operator, operand=operand):
                return Unary(operator, self._written_out(operand, depth), column)
            case Binary(operator=operator, left=left, right=right):
                sides = self._written_out(left, depth), self._written_out(right, depth)
                return Binary(operator, *sides, column)
            case _:
                return expression

    def _all(self, expressions: Iterable[Expression], depth: int) -> tuple[Expression, ...]:
        return tuple(self._written_out(one, depth) for one in expressions)
