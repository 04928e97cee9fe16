"""All ways through a questionnaire at once: which items no call comes to, how short and how long a call is.

Every answer that later guards can tell apart is followed. Where there are too many, the answer that has split
the ways most is forgotten, and from then on it may have been anything: an item that is called unreachable is
so, and the longest way is never longer than told. Pure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import product

from msgspec import Struct

from bridge.authoring.checking.costs import NOTHING, Cost, Span
from bridge.authoring.checking.guards import Guards
from bridge.authoring.checking.possibilities import Known, State, answers_of, truths
from bridge.dialogue.items import GroupItem, InfoItem, Item, QuestionItem, Rule

__all__ = ["Ways", "follow"]

MAX_STATES = 2000

Way = frozenset[tuple[str, Known]]
Frontier = dict[Way, Span]
CostOf = Callable[[Item], Span]


class Ways(Struct, frozen=True):
    """What was found on all ways."""

    reached: frozenset[str]  # items that some call comes to and asks or says
    cut_off: frozenset[str]  # items before which every call has ended
    idle: frozenset[tuple[str, int]]  # rules of items that never act: the item, and the rule's number
    whole: Span | None  # of calls that come to the end; None where none does


def follow(guards: Guards, cost_of: CostOf) -> Ways:
    """Follow every way from the first item to the end."""
    walk = _Walk(guards, cost_of)
    ended = walk.through(guards.questionnaire.items, walk.beginnings())
    spans = list(ended.values())
    every = {
        (item.id, at)
        for item in guards.questionnaire.questions
        if item.id in walk.reached
        for at in range(len(item.on_answer))
    }
    return Ways(
        frozenset(walk.reached),
        frozenset(walk.cut_off),
        frozenset(every - walk.acting),
        _either(spans) if spans else None,
    )


class _Walk:
    def __init__(self, guards: Guards, cost_of: CostOf) -> None:
        self._guards = guards
        self._cost_of = cost_of
        self.reached: set[str] = set()
        self.cut_off: set[str] = set()
        self.acting: set[tuple[str, int]] = set()

    def beginnings(self) -> Frontier:
        """One way for everything that is known before the call and told apart in it."""
        frontier: Frontier = {frozenset(): NOTHING}
        for name, kinds in self._guards.facts.items():
            pairs = product(frontier, kinds)
            frontier = self._limited({way | {(name, known)}: NOTHING for way, known in pairs})
        return frontier

    def through(self, items: Iterable[Item], frontier: Frontier) -> Frontier:
        """Follow these items, and return the ways that go on behind them."""
        for item in items:
            frontier = self._limited(self._forgetting(item, self._past(item, frontier)))
        return frontier

    def _past(self, item: Item, frontier: Frontier) -> Frontier:
        if not frontier:
            self.cut_off.add(item.id)
            return {}
        entering: Frontier = {}
        passing: Frontier = {}
        for way, span in frontier.items():
            found = truths(self._guards.when(item), dict(way))
            if True in found:
                _add(entering, way, span)
            if found != {True}:
                _add(passing, self._unasked(item, way), span)
        if entering:
            self.reached.add(item.id)
        for way, span in self._asked(item, entering):
            _add(passing, way, span)
        return passing

    def _unasked(self, item: Item, way: Way) -> Way:
        """Nothing becomes of what is passed over."""
        return way | {(name, Known()) for name in _ids_in(item) if self._guards.is_tracked(name)}

    def _asked(self, item: Item, entering: Frontier) -> Iterator[tuple[Way, Span]]:
        if isinstance(item, GroupItem):
            yield from self._group(item, entering)
            return
        cost = self._cost_of(item)
        if isinstance(item, InfoItem):
            yield from ((way, span + cost) for way, span in entering.items())
            return
        outcomes = answers_of(item, self._guards.terms)
        if not self._guards.is_tracked(item.id) and not item.on_answer:
            outcomes = outcomes[:1]
        for way, span in entering.items():
            for known in outcomes:
                if not self._ends(item, known, dict(way)):
                    yield (self._remembering(item, known, way), span + cost)

    def _remembering(self, item: QuestionItem, known: Known, way: Way) -> Way:
        return way | {(item.id, known)} if self._guards.is_tracked(item.id) else way

    def _group(self, group: GroupItem, entering: Frontier) -> Iterator[tuple[Way, Span]]:
        cost = self._cost_of(group)
        if not entering:
            return
        if group.repeat is None:
            inner = self.through(group.items, {way: span + cost for way, span in entering.items()})
            yield from inner.items()
            return
        for way, span in entering.items():
            round_ = list(self.through(group.items, {way: NOTHING}).values())
            once = _either(round_) if round_ else NOTHING
            least = once.least if group.repeat.count is None else Cost()
            yield way, span + Span(least, cost.most + once.most * group.repeat.maximum)

    def _ends(self, item: QuestionItem, known: Known, state: State) -> bool:
        """Whether a rule certainly ends the call at this answer, and note which rules may act."""
        own = {**state, item.id: known, "value": known}
        may_go_elsewhere = item.safety is not None
        for at, rule in enumerate(item.on_answer):
            found = truths(self._guards.rule(rule), own)
            if True not in found:
                continue
            self.acting.add((item.id, at))
            may_go_elsewhere |= rule.do == "escalate"
            is_certain = found == {True} and self._is_about_itself(item, rule)
            if rule.do == "end" and is_certain and not may_go_elsewhere:
                return True
        return False

    def _is_about_itself(self, item: QuestionItem, rule: Rule) -> bool:
        """Other answers may be corrected later, and the rule is not judged again then."""
        return self._guards.names_of(rule.when) <= {"value", item.id}

    def _forgetting(self, item: Item, frontier: Frontier) -> Frontier:
        """The ways without what nothing behind this item asks about."""
        shorter: Frontier = {}
        for way, span in frontier.items():
            kept = frozenset(pair for pair in way if self._guards.is_asked_about_after(item.id, pair[0]))
            _add(shorter, kept, span)
        return shorter

    def _limited(self, frontier: Frontier) -> Frontier:
        while len(frontier) > MAX_STATES:
            kinds: Counter[str] = Counter(name for name, _ in {pair for way in frontier for pair in way})
            (widest, _), *_ = kinds.most_common(1)
            fewer: Frontier = {}
            for way, span in frontier.items():
                _add(fewer, frozenset(pair for pair in way if pair[0] != widest), span)
            frontier = fewer
        return frontier


def _ids_in(item: Item) -> Iterator[str]:
    yield item.id
    for inner in item.items if isinstance(item, GroupItem) else ():
        yield from _ids_in(inner)


def _add(frontier: Frontier, way: Way, span: Span) -> None:
    frontier[way] = frontier[way] | span if way in frontier else span


def _either(spans: list[Span]) -> Span:
    first, *others = spans
    for other in others:
        first |= other
    return first
