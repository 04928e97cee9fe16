"""What came is no answer: silence, words that are not understood, an impossible value, our own deafness.

Each kind has words and a limit of its own. At the limit the keys are asked for, which cannot be misheard, or
the item's own way is taken; with the keys in vain too, the item is left.
"""

from msgspec.structs import replace

from bridge.dialogue.actions import Action, Disposition, PromptRole
from bridge.dialogue.asking import ask_again, put
from bridge.dialogue.closing import end
from bridge.dialogue.escalation import escalate, stay_or_leave, to_person
from bridge.dialogue.items import OnExhausted
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.sentences import Sentence
from bridge.dialogue.state import Asked
from bridge.dialogue.storing import leave

__all__ = [
    "can_turn_to_keypad",
    "fail",
    "no_match",
    "on_silence",
    "out_of_range",
    "turn_to_keypad",
]


def fail(scene: Scene, *before: Action) -> Turn:
    """The item was asked in vain once more."""
    tally = scene.state.tally
    if scene.is_by_keypad:
        return _fail_by_keypad(scene, *before)
    tally = replace(tally, failures=tally.failures + 1)
    if tally.failures >= (scene.item.limits.failures or scene.questionnaire.limits.failures):
        return turn_to_keypad(scene.tallied(tally))
    return ask_again(scene.tallied(tally), *before)


def no_match(scene: Scene) -> Turn:
    """What was said or pressed was not understood."""
    sentence = scene.speaker.no_match(scene.item, scene.state.tally.failures + 1)
    return fail(scene, scene.say(sentence, PromptRole.REPROMPT))


def out_of_range(scene: Scene, sentence: Sentence | None = None) -> Turn:
    """It was understood, and is impossible."""
    say = scene.say(sentence or scene.speaker.out_of_range(scene.item), PromptRole.REPROMPT)
    if scene.is_by_keypad:
        return _fail_by_keypad(scene, say)
    tally = replace(scene.state.tally, out_of_range=scene.state.tally.out_of_range + 1)
    if tally.out_of_range >= (scene.item.limits.out_of_range or scene.questionnaire.limits.out_of_range):
        return turn_to_keypad(scene.tallied(tally))
    return ask_again(scene.tallied(tally), say)


def can_turn_to_keypad(scene: Scene) -> bool:
    """Whether the item is asked by voice yet, and wants keys where the voice fails."""
    return scene.item.exhausted is OnExhausted.KEYPAD and not scene.is_by_keypad


def turn_to_keypad(scene: Scene, *before: Action) -> Turn:
    """The voice has failed: ask for keys, where the item wants that."""
    if scene.item.exhausted is not OnExhausted.KEYPAD:
        return leave(scene)
    scene = scene.tallied(replace(scene.state.tally, by_keypad=True))
    return ask_again(scene, *before, scene.prompt("to_keypad", PromptRole.REPROMPT))


def on_silence(scene: Scene) -> Turn:
    """Nothing came."""
    silences, limits = scene.state.silences + 1, scene.questionnaire.limits
    scene = scene.in_state(replace(scene.state, silences=silences))
    if scene.state.asked is Asked.HELP:
        return stay_or_leave(scene, wants_help=False, has_finished=silences >= limits.doubts)
    if scene.state.asked in (Asked.EMERGENCY, Asked.OFFER) and silences >= min(
        limits.doubts, limits.silences
    ):
        return _help_the_silent(scene)  # whoever cannot answer any more needs a person most
    if scene.state.asked is Asked.ITEM:
        return _on_silent_item(scene)
    if silences >= limits.silences:
        return _on_lost(scene)
    return put(scene, _no_input(scene))


def _fail_by_keypad(scene: Scene, *before: Action) -> Turn:
    tally = replace(scene.state.tally, keypad_failures=scene.state.tally.keypad_failures + 1)
    if tally.keypad_failures >= scene.questionnaire.limits.keypad_failures:
        return leave(scene)
    return ask_again(scene.tallied(tally), *before)


def _on_silent_item(scene: Scene) -> Turn:
    """An item's own limit of silences leads to its own way out; the common one to the end of the call."""
    tally = replace(scene.state.tally, silences=scene.state.tally.silences + 1)
    scene = scene.tallied(tally)
    own = scene.item.limits.silences
    if own is not None and tally.silences >= own:
        return fail(scene) if scene.is_by_keypad else turn_to_keypad(scene)
    if scene.state.silences >= scene.questionnaire.limits.silences:
        return _on_lost(scene)
    return ask_again(scene, _no_input(scene))


def _on_lost(scene: Scene) -> Turn:
    """The caller says nothing any more; silence at a safety item is an answer that calls for help."""
    return leave(scene) if scene.item.safety else end(scene, Disposition.NO_ANSWER)


def _help_the_silent(scene: Scene) -> Turn:
    if scene.state.asked is Asked.OFFER:
        return to_person(scene)
    name = scene.questionnaire.red_flags.get(scene.state.danger or "")
    return escalate(scene, name, "words", offers=False)


def _no_input(scene: Scene) -> Action:
    sentence = scene.speaker.no_input(scene.item, scene.state.silences)
    return scene.say(sentence, PromptRole.REPROMPT)
