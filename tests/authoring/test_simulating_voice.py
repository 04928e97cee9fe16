"""simulating_voice: typed words get their vowels from the questionnaire; the hearing is a call's."""

from bridge.authoring.simulation.voice import vowelled_words
from bridge.content import CONTENT
from bridge.dialogue.loader import load


def test_typed_words_are_vowelled_as_the_questionnaire_has_them() -> None:
    """As they are said alone: without case endings, for it is one word that is answered."""
    words = vowelled_words(load(CONTENT / "questionnaires" / "post_discharge.yaml"))
    assert (words["نعم"], words["لا"], words["سبعة"]) == ("نَعَمْ", "لَا", "سَبْعَة")
