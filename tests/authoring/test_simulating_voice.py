"""simulating_voice: typed words get their vowels from the questionnaire; the hearing is a call's."""

from collections.abc import Iterator
from functools import partial

import pytest
from shipped import shipped

from bridge.authoring.simulation.voice import VoiceAndEars, vowelled_words
from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.dialogue.hearing import hear
from bridge.dialogue.listening import listen_for_item
from bridge.dialogue.questions import meaning_of, question_for
from bridge.understanding import Command

SATISFACTION = shipped("patient_satisfaction")
DIABETES = shipped("diabetes_check")


@pytest.fixture(scope="module")
def ears() -> Iterator[VoiceAndEars]:
    with VoiceAndEars(SATISFACTION, load_settings(DEFAULT_CONFIG).recogniser.model) as both:
        yield both


@pytest.mark.parametrize(
    ("item_id", "words", "meant"),
    [
        ("welcome", "مو زين", "bad"),
        ("welcome", "مو منيح", "bad"),
        ("welcome", "مش كويس", "bad"),
        ("welcome", "زين", "good"),
        ("welcome", "كويس", "good"),
        ("strips", "دم كثير", Command.EMERGENCY),
        ("strips", "دم كتير", Command.EMERGENCY),
        ("strips", "كثير", "many"),
    ],
)
def test_what_the_checks_leave_alone_is_heard_apart(
    ears: VoiceAndEars, item_id: str, words: str, meant: str | Command
) -> None:
    """A denial and what it denies, "much blood" and "much": neither is taken for the other."""
    questionnaire = SATISFACTION if item_id == "welcome" else DIABETES
    item = next(one for one in questionnaire.questions if one.id == item_id)
    sounded = ears.hear(words, listen_for_item(questionnaire, item, by_keypad=False))
    assert sounded.heard is not None
    heard = hear(sounded.heard, partial(meaning_of, question=question_for(item)))
    assert (heard.meaning.command or heard.meaning.value) == meant


def test_typed_words_are_vowelled_as_the_questionnaire_has_them() -> None:
    """As they are said alone: without case endings, for it is one word that is answered."""
    words = vowelled_words(shipped("post_discharge"))
    assert (words["نعم"], words["لا"], words["سبعة"]) == ("نَعَمْ", "لَا", "سَبْعَة")
