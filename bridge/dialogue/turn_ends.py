"""How long a silence ends what a caller has said, by what was said before it; whether it was anything. Pure.

A complete answer to a closed question is over soon, and half a number is not. An end that was found too
early costs a moment of a reply and never an answer: speech that goes on soon after it belongs to what came
before (`bridge.audio.endpointing`), and the turn is taken again. So an answer is taken as complete only where
it would be stored at once, and where nothing follows from it that cannot be taken back.
"""

from collections.abc import Iterable

from bridge.dialogue.actions import Action, HangUp, Listen, Notify, Store, Transfer
from bridge.dialogue.answer import AnswerStatus
from bridge.dialogue.engine import advance, scene_at
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.items import ConsentItem, MultiChoiceItem, OptionsItem, QuestionItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, DialogueState
from bridge.understanding import UNKNOWN_WORD

__all__ = ["COMPLETE_SILENCE_SECONDS", "UNFINISHED_SILENCE_SECONDS", "end_silence_seconds", "is_nothing"]

COMPLETE_SILENCE_SECONDS = 0.2  # the closure inside ستة lasts 160 ms
UNFINISHED_SILENCE_SECONDS = 1.2  # whoever says "a hundred and" is reading the rest

# What no answer ends with: and, over, point.
_JOINING = frozenset(("و", "على", "فاصلة", "فاصله", "نقطة", "نقطه"))


def end_silence_seconds(
    questionnaire: Questionnaire, state: DialogueState, listen: Listen, utterance: Utterance
) -> float:
    """How long a silence after `utterance`, so far, ends it."""
    if _is_unfinished(utterance.closed):
        return max(listen.end_silence_seconds, UNFINISHED_SILENCE_SECONDS)
    if _is_complete(questionnaire, state, listen, utterance):
        return min(listen.end_silence_seconds, COMPLETE_SILENCE_SECONDS)
    return listen.end_silence_seconds


def is_nothing(questionnaire: Questionnaire, state: DialogueState, utterance: Utterance) -> bool:
    """Whether it was no word that is listened for, nor any that would be understood: a cough, a hum.

    Most of the decoders that know only such words must have heard none, and those that know all words must
    differ: in a noise one finds a short word that the next does not. Whoever did say it says it again.
    """
    refusals = [set(text.split()) <= {UNKNOWN_WORD} for text in utterance.closed]
    if 2 * sum(refusals) <= len(refusals):
        return False
    turn = advance(questionnaire, state, utterance)
    is_doubted = turn.reading.meaning == "doubt" and len(set(utterance.open)) > 1
    return (is_doubted or turn.reading.meaning == "no_match") and not _follows(turn.actions)


def _follows(actions: Iterable[Action]) -> bool:
    """Whether something comes of it that cannot be taken back."""
    return any(isinstance(action, Notify | Transfer | HangUp) for action in actions)


def _is_unfinished(readings: Iterable[str]) -> bool:
    return any(words and words[-1] in _JOINING for words in map(str.split, readings))


def _is_complete(
    questionnaire: Questionnaire, state: DialogueState, listen: Listen, utterance: Utterance
) -> bool:
    item = scene_at(questionnaire, state).item
    is_closed = state.asked is Asked.READBACK or (state.asked is Asked.ITEM and _is_closed(item))
    if not is_closed or (isinstance(item, OptionsItem) and _may_be_longer(utterance.closed, listen.phrases)):
        return False
    actions = advance(questionnaire, state, utterance).actions
    stores = any(
        isinstance(action, Store) and action.answer.status is AnswerStatus.ANSWERED for action in actions
    )
    return stores and not _follows(actions)


def _is_closed(item: QuestionItem) -> bool:
    """Whether it asks for a yes or a no, or for one of a few. A consent is given time to become none."""
    if isinstance(item, ConsentItem | MultiChoiceItem) or item.safety is not None:
        return False
    return isinstance(item, OptionsItem) or getattr(item, "kind", None) is not None


def _may_be_longer(readings: Iterable[str], phrases: Iterable[str]) -> bool:
    """Whether a longer option begins like this."""
    begun = tuple(f"{text} " for text in readings if text)
    return any(phrase.startswith(begun) for phrase in phrases)
