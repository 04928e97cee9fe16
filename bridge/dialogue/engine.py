"""The dialogue: a state and an input give a new state and what is to be done. Pure and total.

Form interpretation as VoiceXML describes it: the item asked is the first without an answer whose guard
holds; what comes is weighed, stored, read back or asked again; counters decide when another way is tried.
Every turn ends in listening, in a transfer or in hanging up, and every call ends: each kind of trouble has
its limit, and all turns together have one.

What is stored was said so that the readings agree, or was confirmed, or was keyed. Nothing else ever is.
"""

from typing import assert_never

from msgspec.structs import replace

from bridge.dialogue.actions import Disposition, HangUp, PromptRole, Say, Store
from bridge.dialogue.answering import on_digits, on_utterance
from bridge.dialogue.asking import put_step
from bridge.dialogue.closing import end, leave_message
from bridge.dialogue.commands import on_not_heard
from bridge.dialogue.context import CallContext
from bridge.dialogue.escalation import escalate, help_text, notification, to_person
from bridge.dialogue.form import Form, Step
from bridge.dialogue.inputs import Digits, HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.items import GroupItem, InfoItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import prepared_to_resume
from bridge.dialogue.scene import Reading, Scene, Turn
from bridge.dialogue.sentences import Speaker
from bridge.dialogue.state import Asked, DialogueState, Tally
from bridge.dialogue.trouble import on_silence
from bridge.dialogue.wording import Text

__all__ = [
    "DialogueState",
    "Reading",
    "Turn",
    "advance",
    "apology",
    "begin",
    "goodbye",
    "hold",
    "is_over",
    "not_put_through",
    "resume",
    "scene_at",
]


def begin(questionnaire: Questionnaire, context: CallContext | None = None) -> Turn:
    """Open the call and ask the first item."""
    state = DialogueState(
        questionnaire=questionnaire.hash, context=context or CallContext(), tally=Tally(tries=1)
    )
    return _open(questionnaire, state, "begin")


def resume(
    questionnaire: Questionnaire, state: DialogueState, context: CallContext, hours_since: float
) -> Turn:
    """Take up a call that broke off `hours_since` ago: who is there, where we were, and on.

    Raises:
        ValueError: the questionnaire is another version than the call began with, or the call had an end that
            nothing is resumed after; `resuming.may_resume` tells before.

    """
    return _open(questionnaire, prepared_to_resume(questionnaire, state, context, hours_since), "resume")


def advance(questionnaire: Questionnaire, state: DialogueState, heard: Input) -> Turn:
    """Take one input in any state."""
    if state.outcome is not None:
        return Turn(state, (HangUp(state.outcome),), Reading(None, "over"))
    scene = scene_at(questionnaire, replace(state, turns=state.turns + 1))
    if state.escalated is None and scene.form.current() is None:  # a questionnaire that has become shorter
        return end(scene.read_as("over"), Disposition.COMPLETED)
    return _within_bounds(scene, _respond(scene, heard))


def scene_at(questionnaire: Questionnaire, state: DialogueState) -> Scene:
    """What a caller has before them in this state."""
    step = Form(questionnaire, state).current() if state.escalated is None else None
    step = step or _last_step(questionnaire, state)
    return _scene(questionnaire, state, step, Reading(step.id, "no_match"))


def is_over(state: DialogueState) -> bool:
    """Whether the call has come to its end."""
    return state.outcome is not None


def apology(questionnaire: Questionnaire) -> Say:
    """What is said when the call cannot go on through a fault of ours."""
    return _last_words(questionnaire, questionnaire.closing.failed)


def hold(questionnaire: Questionnaire, state: DialogueState) -> Say:
    """What is said while a provider takes its time to put a caller through."""
    scene = scene_at(questionnaire, state)
    has_own = scene.speaker.template("prompts", "hold") is not None
    return scene.say(
        scene.speaker.prompt("hold" if has_own else "transfer"), PromptRole.ESCALATION, barge_in=False
    )


def not_put_through(questionnaire: Questionnaire, state: DialogueState) -> tuple[Say, ...]:
    """What is said when a provider does not put a caller through: where help is, twice, if it is needed."""
    if state.escalated is None:
        return (apology(questionnaire),)
    return help_text(scene_at(questionnaire, state)) or (apology(questionnaire),)


def goodbye(questionnaire: Questionnaire) -> Say:
    """What is said when the daemon must end in mid-call."""
    closing = questionnaire.closing
    return _last_words(questionnaire, closing.interrupted or closing.failed)


def _last_words(questionnaire: Questionnaire, text: Text) -> Say:
    sentence = Speaker(questionnaire).say(text)
    return Say(sentence.text, PromptRole.CLOSING, barge_in=False, parts=sentence.parts)


def _open(questionnaire: Questionnaire, state: DialogueState, meaning: str) -> Turn:
    form = Form(questionnaire, state)
    step = form.current()
    scene = _scene(questionnaire, state, step or _last_step(questionnaire, state), Reading(None, meaning))
    if step is None:
        return end(scene, Disposition.COMPLETED)
    return put_step(scene, form, step, scene.prompt("opening", PromptRole.OPENING))


def _scene(questionnaire: Questionnaire, state: DialogueState, step: Step, reading: Reading) -> Scene:
    item = step.item
    if isinstance(item, InfoItem | GroupItem):
        raise TypeError(f"{step.id} is told and not asked")
    return Scene(questionnaire, state, step, item, reading)


def _last_step(questionnaire: Questionnaire, state: DialogueState) -> Step:
    """Any step to speak about where none is asked any more: the one answered last, or else the first of all.

    Never one after a question that is open: its id would say what the call is about to somebody who has not
    agreed to hear it, or is not known yet to be whoever answered it in an earlier call.
    """
    answered = state.answers[-1].item if state.answers else ""
    form = Form(questionnaire, state)
    possible = {step.id for step in (form.step(answered), form.current()) if step is not None}
    first = Step(questionnaire.questions[0].id, questionnaire.questions[0])
    return next((step for step in form.questions if step.id in possible), first)


def _respond(scene: Scene, heard: Input) -> Turn:
    if isinstance(heard, NoInput):
        return on_silence(scene.read_as("no_input"))
    if isinstance(heard, HungUp):
        return _on_hang_up(scene.read_as("hung_up"))
    if isinstance(heard, Machine):
        return leave_message(scene.read_as("machine"))
    scene = scene.in_state(replace(scene.state, silences=0))
    match heard:
        case NotHeard(lasting=lasting):
            return on_not_heard(scene.read_as("not_heard"), is_lasting=lasting)
        case Digits():
            return on_digits(scene, heard)
        case Utterance():
            return on_utterance(scene, heard)
        case _:
            assert_never(heard)


def _on_hang_up(scene: Scene) -> Turn:
    """Nobody listens any more; whoever hangs up on a question of safety is not forgotten."""
    if scene.state.escalated is not None:
        disposition = Disposition.ESCALATED
        return Turn(replace(scene.state, outcome=disposition), (HangUp(disposition),), scene.reading)
    state = replace(scene.state, outcome=Disposition.HUNG_UP)
    actions = (HangUp(Disposition.HUNG_UP),)
    if scene.state.asked is Asked.EMERGENCY:
        name = scene.questionnaire.red_flags.get(scene.state.danger or "")
        return Turn(state, (notification(scene, name, "hung_up"), *actions), scene.reading)
    if scene.item.safety is not None:
        lost = notification(scene, scene.item.escalation, "hung_up")
        return Turn(state, (lost, *actions), scene.reading)
    return Turn(state, actions, scene.reading)


def _within_bounds(scene: Scene, turn: Turn) -> Turn:
    """End a call that has had all its turns; what its last turn stored stays stored.

    A caller who has just spoken of danger is not hung up on.
    """
    if turn.state.outcome is not None or turn.state.turns < scene.questionnaire.max_turns:
        return turn
    kept = tuple(action for action in turn.actions if not isinstance(action, Say))[:-1]
    last = Scene(scene.questionnaire, turn.state, scene.step, scene.item, turn.reading)
    if turn.state.asked is Asked.EMERGENCY:
        name = scene.questionnaire.red_flags.get(turn.state.danger or "")
        return _surely_over(escalate(last, name, "words", *kept, offers=False), last)
    if turn.state.escalated is not None:
        return _surely_over(to_person(last, *kept), last)
    stored = tuple(action for action in kept if isinstance(action, Store))
    return end(last, Disposition.FAILED, *stored)


def _surely_over(turn: Turn, scene: Scene) -> Turn:
    """Where nobody can be put through, the help that was named is the last word."""
    if turn.state.outcome is not None:
        return turn
    return end(scene, Disposition.ESCALATED, *turn.actions[:-1])
