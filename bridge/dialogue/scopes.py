"""Which names an expression or a sentence may use at which place, and of what type they are."""

from collections.abc import Iterator

from bridge.dialogue.expression_checks import Scope, Type
from bridge.dialogue.items import (
    AudioItem,
    BloodPressureItem,
    DateItem,
    DurationItem,
    GlucoseItem,
    GroupItem,
    InfoItem,
    IntegerItem,
    Item,
    MultiChoiceItem,
    NumberItem,
    OptionsItem,
    QuestionItem,
    TemperatureItem,
    TimeItem,
    WeightItem,
)
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import YesNoKind

__all__ = ["CALL_FACTS", "PATIENT_FACTS", "is_repeated", "scope_at", "type_of_item", "whole_scope"]

CALL_FACTS = {
    "call.attempt": Type.NUMBER,  # 1 for the first call
    "call.direction": Type.TEXT,  # inbound, outbound
    "call.today": Type.DATE,
    "call.hour": Type.NUMBER,  # 0 to 23, where the caller is
    "call.dialect": Type.TEXT,
    "call.is_resumed": Type.BOOLEAN,
}
PATIENT_FACTS = {
    "patient.first_name": Type.TEXT,
    "patient.name": Type.TEXT,
    "patient.gender": Type.TEXT,  # f or m
    "patient.age": Type.NUMBER,
    "patient.birth_year": Type.NUMBER,
    "patient.code": Type.TEXT,
}
_PARAMETER_TYPES = {
    "text": Type.TEXT,
    "number": Type.NUMBER,
    "date": Type.DATE,
    "time": Type.TIME,
    "boolean": Type.BOOLEAN,
}
_NUMBERS = (NumberItem, IntegerItem, TemperatureItem, GlucoseItem, WeightItem)


def type_of_item(item: QuestionItem) -> Type:
    """Which type an item's value has."""
    if isinstance(item, _NUMBERS):
        return Type.NUMBER
    by_class: dict[type, Type] = {
        BloodPressureItem: Type.PRESSURE,
        DateItem: Type.DATE,
        TimeItem: Type.TIME,
        DurationItem: Type.DURATION,
        MultiChoiceItem: Type.LIST,
        AudioItem: Type.BOOLEAN,
    }
    if type(item) in by_class:
        return by_class[type(item)]
    return Type.BOOLEAN if isinstance(getattr(item, "kind", None), YesNoKind) else Type.TEXT


def whole_scope(questionnaire: Questionnaire) -> Scope:
    """What may be named where all items are done with: in computed values, rules and scores."""
    return _scope(questionnaire, [item for item, repeated in _questions(questionnaire) if not repeated], ())


def scope_at(questionnaire: Questionnaire, item_id: str, *, own_answer: bool = False) -> Scope:
    """What may be named at an item: what is asked before it, and `value` where its own answer is judged.

    What a repeated group asks has a value for each round, so it is known within the group only.
    """
    own_group = _group_of(questionnaire.items, item_id)
    before: list[QuestionItem] = []
    found: QuestionItem | None = None
    for item in questionnaire.every_item:
        if item.id == item_id:
            found = None if isinstance(item, InfoItem | GroupItem) else item
            break
        if isinstance(item, InfoItem | GroupItem):
            continue
        group = _repeated_group_of(questionnaire, item.id)
        if group is None or group is own_group:
            before.append(item)
    known = {item.id for item in before}
    later = [item.id for item in questionnaire.questions if item.id not in known]
    return _scope(questionnaire, before, later, found if own_answer else None)


def is_repeated(questionnaire: Questionnaire, item_id: str) -> bool:
    """Whether an item is asked once for each of several things."""
    return _repeated_group_of(questionnaire, item_id) is not None


def _scope(
    questionnaire: Questionnaire,
    items: list[QuestionItem],
    later: tuple[str, ...] | list[str],
    own: QuestionItem | None = None,
) -> Scope:
    known = {item.id: type_of_item(item) for item in items}
    options = {item.id: _values(item) for item in items if isinstance(item, OptionsItem)}
    if own is not None:
        known |= {own.id: type_of_item(own), "value": type_of_item(own)}
        if isinstance(own, OptionsItem):
            options |= {own.id: _values(own), "value": _values(own)}
    known |= dict.fromkeys(questionnaire.computed, Type.ANY)
    known |= dict.fromkeys(questionnaire.scores, Type.NUMBER)
    known |= CALL_FACTS | PATIENT_FACTS
    known |= {f"call.{name}": _PARAMETER_TYPES[kind] for name, kind in questionnaire.parameters.items()}
    return Scope(known, frozenset(later) - known.keys(), options)


def _values(item: OptionsItem) -> tuple[str, ...]:
    return tuple(option.value for option in item.options)


def _questions(questionnaire: Questionnaire) -> Iterator[tuple[QuestionItem, bool]]:
    for item in questionnaire.questions:
        yield item, is_repeated(questionnaire, item.id)


def _repeated_group_of(questionnaire: Questionnaire, item_id: str) -> GroupItem | None:
    group = _group_of(questionnaire.items, item_id)
    return group if group is not None and group.repeat is not None else None


def _group_of(items: tuple[Item, ...], item_id: str) -> GroupItem | None:
    """The innermost group that holds the item."""
    for group in items:
        if isinstance(group, GroupItem):
            inner = _group_of(group.items, item_id)
            if inner is not None:
                return inner
            if any(item.id == item_id for item in group.items):
                return group
    return None
