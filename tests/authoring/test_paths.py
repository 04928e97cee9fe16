"""All ways through a questionnaire: what is called unreachable is; no call is longer than told."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.authoring.checking.costs import Cost, Span
from bridge.authoring.checking.guards import Guards
from bridge.authoring.checking.paths import Ways, follow
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.form import Form
from bridge.dialogue.items import ChoiceItem, IntegerItem, Item, MultiChoiceItem, QuestionItem, YesNoItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import DialogueState

Look = Any  # conftest.Look
YES_NO = "type: yes_no, kind: fact, ask: هَلْ هٰذَا صَحِيح؟"
NUMBER = "type: integer, minimum: 0, maximum: 10, ask: كَمْ؟"
CHOICE = (
    "type: choice, ask: كَيْفَ؟, options: [{value: good, say: جَيِّد, key: '1'}, {value: poor, say: سَيِّئ, key: '2'}]"
)
ONE = Span(Cost(1, 1, 1.0), Cost(1, 2, 2.0))


def unreachable(look: Look, items: str, extra: str = "") -> list[str]:
    found = look(items, extra=extra)
    assert not found.faults, found.faults
    return [str(one) for one in found.warnings if one.kind == "unreachable"]


@pytest.mark.parametrize(
    "when",
    [
        "fever and not fever",
        "pain > 8 and pain < 3",
        "pain > 10",
        "pain == 11",
        "pain > 3 and pain < 4",
        "sleep == 'good' and sleep == 'poor'",
        "sleep in ['good'] and sleep != 'good'",
        "refused(fever)",
        "not asked(fever)",
        "false",
        "1 > 2",
        "temp >= 38 and not fever",
        "temp >= 38 and temp < 37",
        "hot and not fever",
        "'cough' in signs and 'nothing' in signs",
        "count(signs) > 2",
        "patient.gender == 'f' and patient.gender == 'm'",
        "call.attempt > 3 and call.attempt <= 3",
        "systolic(bp) < 90 and systolic(bp) > 180",
        "ordinal(often) > 4",
        "not consent",
    ],
)
def test_an_item_whose_guard_can_never_hold_is_named(look: Look, when: str) -> None:
    """Sound arithmetic over what the earlier answers can be, and over when they are asked at all."""
    (warning,) = unreachable(look, ITEMS.replace("WHEN", when), EXTRA)
    assert "short.yaml:23:16: warning: " in warning
    assert "items.8.when: 'last' is never asked: its guard can never hold" in warning


@pytest.mark.parametrize(
    "when",
    [
        "fever",
        "not fever",
        "pain > 9",
        "pain == 10",
        "not answered(fever)",
        "unknown(fever)",
        "not_obtained(pain)",
        "pain + 1 > 100",  # more than is decided
        "not answered(temp)",
        "temp >= 38 and temp < 38.1",
        "hot",
        "'cough' in signs and count(signs) == 2",
        "patient.gender == 'f' and sleep == 'poor'",
        "patient.age < 18 or call.today == '2026-11-21'",
        "systolic(bp) >= 180 and diastolic(bp) < 90",
        "total > 3",
        "band(total) == 'high'",
        "ordinal(often) == 4",
    ],
)
def test_an_item_that_may_be_asked_is_left_alone(look: Look, when: str) -> None:
    """Whatever is not decided is possible."""
    assert unreachable(look, ITEMS.replace("WHEN", when), EXTRA) == []


ITEMS = f"""
- {{id: consent, type: consent, ask: هَلْ تُوَافِقُون؟}}
- {{id: fever, {YES_NO}, allow: [dont_know]}}
- {{id: temp, type: temperature, when: fever, ask: كَمْ؟}}
- {{id: pain, {NUMBER}}}
- {{id: sleep, {CHOICE}}}
- id: signs
  type: multi_choice
  none_of: nothing
  ask: مَاذَا؟
  options:
    - {{value: cough, say: سُعَال, key: "1"}}
    - {{value: ache, say: صُدَاع, key: "2"}}
    - {{value: nothing, say: لَا شَيْء, key: "3"}}
- {{id: bp, type: blood_pressure, ask: كَم؟}}
- {{id: often, type: scale, scale: frequency5, ask: كَم؟}}
- {{id: last, when: "WHEN", {YES_NO}}}
"""
EXTRA = """
computed: {hot: "fever and temp >= 38"}
scores: {total: {items: [pain], bands: [{from: 0, name: low}, {from: 5, name: high}]}}
"""


def test_what_stands_behind_an_end_for_everybody_is_named_once(look: Look) -> None:
    """Where some answer goes on, it is not."""
    items = f"""
    - {{id: first, {YES_NO}, on_answer: [{{when: "WHEN", do: end, disposition: ineligible}}]}}
    - {{id: second, {YES_NO}}}
    - {{id: third, {YES_NO}}}
    """
    always = items.replace("WHEN", "answered(first) or not answered(first)")
    (warning,) = unreachable(look, always)
    assert "short.yaml:9:5: warning: items.1: 'second' and what follows are never reached" in warning
    assert unreachable(look, items.replace("WHEN", "not value")) == []
    behind = items.replace("WHEN", "not value").replace("id: third", "id: third, when: first == false")
    (warning,) = unreachable(look, behind)
    assert "'third' is never asked" in warning


def test_a_rule_that_never_acts_is_named(look: Look) -> None:
    """And no rule that may."""
    items = f"""
    - id: pain
      {NUMBER.replace(", ", chr(10) + "      ")}
      on_answer:
        - {{when: "value >= 8", do: notify, escalation: e}}
        - {{when: "value > 10", do: notify, escalation: e}}
    """
    extra = "escalations: {e: {say: سَلَام, fallback: سَلَام, notify: [oncall]}}\n"
    (warning,) = unreachable(look, items, extra)
    assert "items.0.on_answer.1: never acts" in warning


def test_a_group_that_is_never_entered_is_named_and_not_what_it_holds(look: Look) -> None:
    """One fault, one warning."""
    items = f"""
    - {{id: fever, {YES_NO}}}
    - id: more
      type: group
      when: fever and not fever
      items:
        - {{id: inner, {YES_NO}}}
    """
    (warning,) = unreachable(look, items)
    assert "items.1.when: 'more' is never asked" in warning


# Against the engine's own form: every way that answers can take


GUARDS = st.recursive(
    st.sampled_from(
        [
            "a",
            "b",
            "n > 1",
            "n <= 1",
            "n == 3",
            "c == 'x'",
            "c in ['y']",
            "'p' in m",
            "count(m) > 1",
            "answered(a)",
            "asked(n)",
            "not_obtained(c)",
            "n > 5",
            "true",
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: "({} {} {})".format(*parts)
        ),
    ),
    max_leaves=4,
)


def item_of(kind: str, item_id: str, when: str | None) -> Item:
    fields: dict[str, Any] = {"id": item_id, "ask": ("هَلْ؟",), "when": when}
    options = [{"value": value, "say": "نَعَم", "key": key} for value, key in (("x", "1"), ("y", "2"))]
    if kind == "yes_no":
        return YesNoItem.model_validate(fields | {"type": kind, "kind": "fact"}, strict=False)
    if kind == "integer":
        return IntegerItem.model_validate(fields | {"type": kind, "minimum": 0, "maximum": 5}, strict=False)
    if kind == "multi_choice":
        options = [one | {"value": value} for one, value in zip(options, ("p", "q"), strict=True)]
        return MultiChoiceItem.model_validate(fields | {"type": kind, "options": options}, strict=False)
    return ChoiceItem.model_validate(fields | {"type": kind, "options": options}, strict=False)


KINDS = {"a": "yes_no", "n": "integer", "c": "choice", "m": "multi_choice", "b": "yes_no", "z": "yes_no"}
VALUES: dict[str, tuple[Value, ...]] = {
    "yes_no": (True, False),
    "integer": tuple(range(6)),
    "choice": ("x", "y"),
    "multi_choice": ((), ("p",), ("q",), ("p", "q")),
}


def every_call(questionnaire: Questionnaire, state: DialogueState) -> Iterator[tuple[str, ...]]:
    """The questions of every call that the form allows."""
    step = Form(questionnaire, state).current()
    if step is None:
        yield tuple(answer.item for answer in state.answers)
        return
    item: QuestionItem = step.item  # type: ignore[assignment]
    for status, value in (
        *((AnswerStatus.ANSWERED, value) for value in VALUES[item.type]),
        (AnswerStatus.NOT_OBTAINED, None),
    ):
        answer = Answer(step.id, status, value, Via.SPEECH, tries=1, confirmed=False)
        yield from every_call(
            questionnaire, DialogueState(answers=(*state.answers, answer), questionnaire="")
        )


def before(guard: str, position: int) -> str | None:
    """The guard, unless it asks about what is asked only later."""
    later = list(KINDS)[position:]
    words = guard.replace("(", " ").replace(")", " ").split()
    return None if set(words) & set(later) else guard


@settings(deadline=None, max_examples=60)
@given(st.lists(GUARDS, min_size=6, max_size=6))
def test_the_ways_are_those_that_the_form_allows(shipped: Questionnaire, guards: list[str]) -> None:
    """No item more and none less is reached; the shortest and the longest call have as many questions."""
    named = enumerate(zip(KINDS.items(), guards, strict=True))
    items = tuple(item_of(kind, name, before(guard, at)) for at, ((name, kind), guard) in named)
    questionnaire = shipped.model_copy(update={"items": items, "computed": {}, "scores": {}, "rules": ()})
    calls = list(every_call(questionnaire, DialogueState(questionnaire="")))
    ways = follow(Guards(questionnaire), lambda _: ONE)
    assert ways.reached == {item for call in calls for item in call}
    assert ways.whole is not None
    lengths = [len(call) for call in calls]
    assert (ways.whole.least.questions, ways.whole.most.questions) == (min(lengths), max(lengths))


def test_too_many_ways_are_joined_and_nothing_is_called_unreachable(shipped: Questionnaire) -> None:
    """Twenty answers that all count have a million ways: the walk forgets some and stays on the safe side."""
    names = [f"q{number}" for number in range(20)]
    first = [item_of("yes_no", name, None) for name in names]
    last = item_of("yes_no", "last", " and ".join(names))
    questionnaire = shipped.model_copy(update={"items": (*first, last), "rules": ()})
    ways: Ways = follow(Guards(questionnaire), lambda _: ONE)
    assert "last" in ways.reached
    assert ways.whole is not None
    assert ways.whole.most.questions == 21


def test_a_repeated_group_counts_as_often_as_it_may_be_gone_through(look: Look) -> None:
    """Where a number decides, perhaps never."""
    items = f"""
    - {{id: children, {NUMBER}}}
    - {{id: each, type: group, repeat: {{count: children, maximum: 4}}, items: [{{id: well, {YES_NO}}}]}}
    """
    facts = look(items).facts
    assert (facts.shortest.questions, facts.longest.questions) == (1, 5)
    again = items.replace("count: children", "again: well")
    facts = look(again).facts
    assert (facts.shortest.questions, facts.longest.questions) == (2, 5)
