"""What is wrong with single items: their ranges, options, guards and rules. Pure; it never raises."""

from collections import Counter
from collections.abc import Iterator

from bridge.dialogue.dialects import Dialect
from bridge.dialogue.document import Path, Problem
from bridge.dialogue.expression_checks import Scope, Type, check_expression
from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.items import (
    AudioItem,
    BloodPressureItem,
    Confirm,
    DigitsItem,
    FreeTextItem,
    GroupItem,
    InfoItem,
    Item,
    LanguageItem,
    MultiChoiceItem,
    OptionsItem,
    QuestionItem,
    Rule,
)
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scopes import scope_at, whole_scope
from bridge.dialogue.text_checks import check_wording
from bridge.understanding import normalise, read_command, read_red_flag

__all__ = ["check_items", "check_rules", "items_with_paths"]


def items_with_paths(items: tuple[Item, ...], path: Path = ("items",)) -> Iterator[tuple[Path, Item]]:
    """Every item with its place, those of groups included."""
    for at, item in enumerate(items):
        yield (*path, at), item
        if isinstance(item, GroupItem):
            yield from items_with_paths(item.items, (*path, at, "items"))


def check_items(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Find everything that is wrong with single items."""
    for path, item in items_with_paths(questionnaire.items):
        before = scope_at(questionnaire, item.id)
        if item.when is not None:
            yield from _expression((*path, "when"), item.when, before)
        if isinstance(item, GroupItem):
            yield from _group(path, item, questionnaire, before)
        elif not isinstance(item, InfoItem):
            yield from _question(path, item, questionnaire)


def check_rules(path: Path, rules: tuple[Rule, ...], scope: Scope, known: set[str]) -> Iterator[Problem]:
    """Find rules that cannot be judged, or that do not say what to do."""
    for at, rule in enumerate(rules):
        here = (*path, at)
        yield from _expression((*here, "when"), rule.when, scope)
        if rule.do == "end" and rule.disposition is None:
            yield Problem(here, "'do: end' needs a disposition: ineligible or completed")
        if rule.do != "end":
            yield from check_escalation(here, rule.escalation, known, f"'do: {rule.do}'")


def check_escalation(path: Path, name: str | None, known: set[str], who: str) -> Iterator[Problem]:
    """Find an escalation that is not named, or not there."""
    if name is None:
        yield Problem(path, f"{who} needs 'escalation', the name of one under escalations")
    elif name not in known:
        listed = ", ".join(sorted(known)) or "none is defined"
        hint = did_you_mean(name, known) or f"; known: {listed}"
        yield Problem((*path, "escalation"), f"no escalation '{name}'{hint}")


def _expression(path: Path, text: str, scope: Scope, wanted: Type = Type.BOOLEAN) -> Iterator[Problem]:
    fault = check_expression(text, scope, wanted)
    if fault is not None:
        yield Problem(path, f"column {fault.column}: {fault.text}")


def _question(path: Path, item: QuestionItem, questionnaire: Questionnaire) -> Iterator[Problem]:
    own = scope_at(questionnaire, item.id, own_answer=True)
    known = set(questionnaire.escalations)
    for at, text in enumerate(item.ask):
        yield from check_wording((*path, "ask", at), text)
    if len(set(item.allow)) < len(item.allow):
        yield Problem((*path, "allow"), "names one reply twice; keep one of the two")
    for at, constraint in enumerate(item.constraints):
        yield from _expression((*path, "constraints", at, "require"), constraint.require, own)
    yield from check_rules((*path, "on_answer"), item.on_answer, own, known)
    if item.exhausted == "escalate":
        who = f"'safety: {item.safety}'" if item.safety else "'on_exhausted: escalate'"
        yield from check_escalation(path, item.escalation, known, who)
    yield from _range(path, item)
    if isinstance(item, FreeTextItem | AudioItem) and item.confirm is Confirm.ALWAYS:
        yield Problem((*path, "confirm"), "free speech cannot be read back: no prompt says it; leave it out")
    if isinstance(item, OptionsItem):
        yield from _options(path, item)


def _range(path: Path, item: QuestionItem) -> Iterator[Problem]:
    minimum, maximum = getattr(item, "minimum", 0), getattr(item, "maximum", 0)
    if minimum > maximum:
        yield Problem((*path, "minimum"), f"{minimum} is more than the maximum, {maximum}; exchange the two")
    if isinstance(item, DigitsItem) and item.min_length > item.max_length:
        text = f"{item.min_length} is more than max_length, {item.max_length}; exchange the two"
        yield Problem((*path, "min_length"), text)
    if isinstance(item, BloodPressureItem):
        for name, ends in (("systolic", item.systolic), ("diastolic", item.diastolic)):
            if ends[0] > ends[1]:
                yield Problem((*path, name), f"{ends[0]} is more than {ends[1]}; write the lower end first")


def _group(path: Path, group: GroupItem, questionnaire: Questionnaire, before: Scope) -> Iterator[Problem]:
    repeat = group.repeat
    if repeat is None:
        return
    if (repeat.count is None) == (repeat.again is None):
        yield Problem((*path, "repeat"), "either 'count' or 'again'; keep one of the two")
    if any(isinstance(item, GroupItem) for item in group.items):
        yield Problem((*path, "items"), "a repeated group holds no other group; put its items here")
    if repeat.count is not None:
        yield from _expression((*path, "repeat", "count"), repeat.count, before, Type.NUMBER)
    if repeat.again is not None:
        inside = _inside(questionnaire, group)
        yield from _expression((*path, "repeat", "again"), repeat.again, inside)


def _inside(questionnaire: Questionnaire, group: GroupItem) -> Scope:
    """What is known at the end of a round."""
    last = group.items[-1]
    scope = scope_at(questionnaire, last.id, own_answer=True)
    return scope if not isinstance(last, InfoItem | GroupItem) else whole_scope(questionnaire)


def _options(path: Path, item: OptionsItem) -> Iterator[Problem]:
    here = (*path, "options")
    for name in ("value", "key"):
        counted = Counter(getattr(option, name) for option in item.options)
        for at, option in enumerate(item.options):
            found = getattr(option, name)
            if counted[found] > 1:
                yield Problem(
                    (*here, at, name), f"'{found}' belongs to {counted[found]} options; each needs its own"
                )
    yield from _phrases(here, item)
    values = [option.value for option in item.options]
    if isinstance(item, MultiChoiceItem) and item.none_of is not None and item.none_of not in values:
        text = f"'{item.none_of}' is none of the options: {', '.join(values)}"
        yield Problem((*path, "none_of"), text + did_you_mean(item.none_of, values))
    if isinstance(item, LanguageItem):
        yield from _languages(here, item)
    if item.safety is not None and any(option.ordinal is None for option in item.options):
        yield Problem(here, "a safety item's options need 'ordinal': 0 is no danger")


def _languages(path: Path, item: LanguageItem) -> Iterator[Problem]:
    for at, option in enumerate(item.options):
        if option.value not in tuple(Dialect):
            known = ", ".join(Dialect)
            yield Problem((*path, at, "value"), f"'{option.value}' is no dialect; one of {known}")


def _phrases(path: Path, item: OptionsItem) -> Iterator[Problem]:
    owner: dict[str, int] = {}
    for at, option in enumerate(item.options):
        for phrase in option.phrases:
            said = normalise(phrase)
            if owner.setdefault(said, at) != at:
                yield Problem(
                    (*path, at),
                    f"'{phrase}' is also said for '{item.options[owner[said]].value}'; keep it for one",
                )
            if read_command(said) or read_red_flag(said):
                yield Problem(
                    (*path, at), f"'{phrase}' is a command that works everywhere; choose other words"
                )
