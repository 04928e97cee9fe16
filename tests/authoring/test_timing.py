"""How long a call takes: measured where it can be, reckoned where not."""

from typing import Any

import pytest

from bridge.authoring.checking.costs import Cost, Span
from bridge.authoring.checking.timing import Timing, reckoned_seconds
from bridge.dialogue.items import Item
from bridge.dialogue.questionnaire import Questionnaire
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

Look = Any  # conftest.Look


def item(questionnaire: Questionnaire, name: str) -> Item:
    found = questionnaire.item(name)
    assert found is not None
    return found


async def test_reckoned_times_are_near_what_the_voice_takes(shipped: Questionnaire) -> None:
    """On questions that were not all used to find the rule: within a fifth in sum."""
    voice = EspeakSynthesizer(words_per_minute=140)
    await voice.start()
    try:
        texts = [text for one in shipped.questions for text in one.ask if "{" not in text]
        spoken = [await voice.synthesise(text) for text in texts]
    finally:
        await voice.stop()
    measured = sum(len(speech.pcm) / 2 / speech.rate for speech in spoken)
    assert sum(map(reckoned_seconds, texts)) == pytest.approx(measured, rel=0.2)


def test_a_slower_voice_takes_longer() -> None:
    """In proportion to its pace."""
    assert reckoned_seconds("هَلْ هُنَاكَ أَلَم؟", 70) == pytest.approx(2 * reckoned_seconds("هَلْ هُنَاكَ أَلَم؟", 140))


def test_what_is_rendered_is_measured(shipped: Questionnaire) -> None:
    """Every piece by itself; a value that is piped in takes a second."""
    timing = Timing(shipped, lambda _: 100.0)
    assert timing.spoken("هَلْ أَتَحَدَّثُ مَعَ {patient.first_name}؟") == 101.0
    assert timing.spoken("سَلَام {value} سَلَام") == 201.0
    assert timing.of(item(shipped, "pain")).least.seconds > 100


def test_what_is_always_read_back_is_a_turn_more(shipped: Questionnaire) -> None:
    """A yes/no may be, and a question about safety never is."""
    timing = Timing(shipped, lambda _: 1.0)
    maybe = timing.of(item(shipped, "pain"))
    assert (maybe.least.turns, maybe.most.turns) == (1, 2)
    pain = item(shipped, "pain")
    always = timing.of(pain.model_copy(update={"confirm": "always"}))
    assert (always.least.turns, always.most.turns) == (1, 2) or always.least.turns == 2
    never = timing.of(pain.model_copy(update={"safety": "self_harm"}))
    assert (never.least.turns, never.most.turns) == (1, 1)


def test_costs_add_up_and_span_alternatives() -> None:
    """Number by number."""
    one, other = Span(Cost(1, 1, 5.0), Cost(1, 2, 8.0)), Span(Cost(2, 2, 3.0), Cost(2, 2, 4.0))
    assert (one | other) == Span(Cost(1, 1, 3.0), Cost(2, 2, 8.0))
    assert (one + other) == Span(Cost(3, 3, 8.0), Cost(3, 4, 12.0))
    assert Cost(1, 2, 3.0) * 3 == Cost(3, 6, 9.0)


def test_a_call_has_a_beginning_and_an_end(look: Look) -> None:
    """The greeting and the farewell count."""
    facts = look('- {id: a, type: info, say: "سَلَام."}\n').facts
    assert facts.shortest.questions == 0
    assert facts.shortest.seconds > reckoned_seconds("سَلَام.") + 5
