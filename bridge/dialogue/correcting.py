"""A read-back that is answered with another value: "no, seven".

The new value becomes the candidate and is read back in its turn. The stale one is never stored.
"""

from collections.abc import Iterable

from bridge.dialogue.answer import AnswerStatus
from bridge.dialogue.dialects import Dialect, phrases_in
from bridge.dialogue.hearing import Trust, hear
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.questions import meaning_of, question_for
from bridge.dialogue.scene import Scene
from bridge.dialogue.state import Candidate
from bridge.understanding import Finding, normalise

__all__ = ["correction", "without_denial"]


def correction(scene: Scene, utterance: Utterance) -> Candidate | bool | None:
    """Find the value that is to stand instead.

    True: the same value again, agreed by all readings and without a "no" before it, which is a yes. None: no
    value, or a "no" and the same value, which is anybody's guess.
    """
    candidate = scene.state.candidate
    questionnaire, question = scene.questionnaire, question_for(scene.item)
    heard = hear(
        utterance, lambda text: meaning_of(without_denial(questionnaire, text), question, scene.known)
    )
    if candidate is None or heard.meaning.finding is not Finding.VALUE or heard.trust is Trust.NONE:
        return None
    if isinstance(heard.meaning.value, bool):  # "yes" and "no" are replies here
        return None
    if heard.meaning.value == candidate.value:
        denies = any(_denies(questionnaire, text) for text in (*utterance.closed, *utterance.open))
        return True if heard.trust is Trust.AGREED and not denies else None
    return Candidate(
        AnswerStatus.ANSWERED,
        heard.meaning.value,
        utterance.closed_text,
        utterance.open_text,
        utterance.confidence,
    )


def without_denial(questionnaire: Questionnaire, text: str) -> str:
    """What follows the "no" that a text begins with; the whole text where it begins otherwise."""
    words = text.split()
    length = _denial_length(questionnaire, words)
    return " ".join(words[length:]) if length < len(words) else text


def _denies(questionnaire: Questionnaire, text: str) -> bool:
    return _denial_length(questionnaire, text.split()) > 0


def _denial_length(questionnaire: Questionnaire, words: list[str]) -> int:
    """How many words at the beginning say "no", the longest phrase first; it may be said twice."""
    normalised = normalise(" ".join(words)).split()
    if len(normalised) != len(words):  # a word that is two to the reader: left to the grammar of answers
        return 0
    phrases = _denials(questionnaire)
    position = 0
    while (found := _phrase_at(normalised, position, phrases)) is not None:
        position += found
    return position


def _phrase_at(words: list[str], position: int, phrases: Iterable[tuple[str, ...]]) -> int | None:
    lengths = [len(phrase) for phrase in phrases if tuple(words[position : position + len(phrase)]) == phrase]
    return max(lengths, default=None)


def _denials(questionnaire: Questionnaire) -> list[tuple[str, ...]]:
    words = questionnaire.words
    listed = (*phrases_in(words.no.phrases, Dialect), *phrases_in(words.wrong, Dialect))
    return [tuple(normalise(phrase).split()) for phrase in listed]
