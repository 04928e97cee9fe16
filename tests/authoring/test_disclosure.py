"""What strangers and machines hear names nothing of what a questionnaire asks; whoever writes it is told."""

from collections.abc import Callable
from typing import Any

import pytest
from shipped import NAMES, shipped

from bridge.authoring.checking.disclosure import remarks_on_disclosure
from bridge.content import CONTENT
from bridge.dialogue import engine
from bridge.dialogue.actions import Disposition, Say
from bridge.dialogue.context import CallContext
from bridge.dialogue.inputs import Machine
from bridge.dialogue.items import ConsentItem, IdentityItem
from bridge.dialogue.loader import load_located
from bridge.understanding import bare

ITEMS = """
- id: who
  type: identity
  ask: هَلْ أَتَحَدَّثُ مَعَ {patient.first_name}؟
- id: consent
  type: consent
  ask: هَلْ تُوَافِقُون؟
- id: sugar
  type: yes_no
  kind: symptom
  ask: هَلْ قِسْتُمُ السُّكَّر؟
"""


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ('closing: {voicemail: "نَتَّصِلُ بِخُصُوصِ السُّكَّر."}', "'سكر'"),
        ('prompts: {opening: "هُنَا هَاتِف، لِمُتَابَعَةِ سُكَّرِكُم وَالسُّكَّر."}', "'سكر'"),
        ('closing: {wrong_person: "عُذْرًا، نَسْأَلُ مَرْضَى السُّكَّر."}', "'سكر'"),
        ('closing: {voicemail: "نَتَّصِلُ فِي وَقْتٍ آخَر."}', None),
        ('closing: {completed: "شُكْرًا عَلَى قِيَاسِ السُّكَّر."}', None),  # they have agreed, and answered
    ],
)
def test_a_word_of_the_questions_is_named(look: Callable[..., Any], extra: str, named: str | None) -> None:
    """Where anybody may hear it, and nowhere else."""
    found = look(ITEMS, extra=extra + "\n")
    assert not found.faults, found.faults
    told = [one.text for one in found.warnings if one.kind == "disclosure"]
    assert bool(told) == (named is not None)
    assert named is None or named in told[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_questionnaire_tells_strangers(name: str) -> None:
    """Not one word, in all of them."""
    located = load_located(CONTENT / "questionnaires" / f"{name}.yaml")
    assert list(remarks_on_disclosure(located.questionnaire, located.layers.is_own)) == []


@pytest.mark.parametrize("name", NAMES)
def test_who_is_not_known_hears_who_calls_and_for_whom(name: str) -> None:
    """Where the name is known: an opening and the question for it; a machine, then a farewell."""
    questionnaire = shipped(name)
    context = CallContext(patient={"first_name": "مريم"})
    turn = engine.begin(questionnaire, context)
    said = [action for action in turn.actions if isinstance(action, Say)]
    assert [isinstance(questionnaire.item(say.item or ""), IdentityItem) for say in said[-1:]] == [True]
    left = engine.advance(questionnaire, turn.state, Machine())
    said += [action for action in left.actions if isinstance(action, Say)]
    assert left.state.outcome is Disposition.VOICEMAIL
    heard = " ".join(bare(say.text) for say in said)
    for item in questionnaire.questions:
        if not isinstance(item, IdentityItem | ConsentItem):
            assert all(bare(ask) not in heard for ask in item.ask)
    assert bare(questionnaire.title) not in heard
