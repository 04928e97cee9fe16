"""The caller has replied to a question of our own: is this right, shall we stop, do you need help?"""

from collections.abc import Callable

from msgspec.structs import replace

from bridge.dialogue.actions import Disposition, PromptRole
from bridge.dialogue.asking import put, resume_question
from bridge.dialogue.closing import end, end_early, hand_over
from bridge.dialogue.escalation import escalate, give_help, notification, stay_or_leave, to_person
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.state import Asked
from bridge.dialogue.storing import leave, store_said
from bridge.dialogue.trouble import fail, turn_to_keypad

__all__ = ["give_up_reply", "on_reply", "on_unclear_reply", "reply_name"]


def reply_name(reply: bool | None) -> str:
    """What a reply is called in the turn's record."""
    return {True: "yes", False: "no", None: "no_match"}[reply]


def on_reply(scene: Scene, reply: bool | None) -> Turn:
    """Take a yes or a no; None is neither."""
    if scene.state.asked is Asked.HELP:
        return stay_or_leave(scene, wants_help=reply is True, has_finished=reply is False)
    if reply is None:
        return on_unclear_reply(scene)
    if not reply:
        return _on_no(scene)
    return _ON_YES[scene.state.asked](scene)


def on_unclear_reply(scene: Scene) -> Turn:
    """Ask once more, and then take the way that does the least harm."""
    if scene.state.asked is Asked.HELP:
        return stay_or_leave(scene, wants_help=False, has_finished=False)
    tally = replace(scene.state.tally, doubts=scene.state.tally.doubts + 1)
    scene = scene.tallied(tally)
    if tally.doubts >= scene.questionnaire.limits.doubts:
        return give_up_reply(scene)
    return put(scene, scene.prompt("no_match", PromptRole.REPROMPT))


def give_up_reply(scene: Scene) -> Turn:
    """No clear reply to our question is to be had."""
    match scene.state.asked:
        case Asked.PERSON:
            return hand_over(scene)
        case Asked.EMERGENCY:
            return _escalate_danger(scene)
        case Asked.OFFER | Asked.HELP:
            return to_person(scene)
        case Asked.READBACK:
            return turn_to_keypad(scene)
        case _:
            return resume_question(scene)


def _on_no(scene: Scene) -> Turn:
    match scene.state.asked:
        case Asked.READBACK:
            return fail(scene)
        case Asked.OFFER:
            return give_help(scene)
        case Asked.EMERGENCY:
            return _deny_danger(scene)
        case _:
            return resume_question(scene)


def _deny_danger(scene: Scene) -> Turn:
    """Words of self-harm are passed on though the caller denies them: somebody should know."""
    kind = scene.state.danger or ""
    scene = scene.in_state(replace(scene.state, danger=None))
    name = scene.questionnaire.red_flags.get(kind)
    if kind != SELF_HARM:
        return resume_question(scene)
    return resume_question(scene, notification(scene, name, "words_denied"))


def _confirm(scene: Scene) -> Turn:
    candidate = scene.state.candidate
    return fail(scene) if candidate is None else store_said(scene, candidate, confirmed=True)


def _stop(scene: Scene) -> Turn:
    """To stop at a safety item is to refuse it."""
    return leave(scene) if scene.item.safety else end_early(scene)


def _escalate_danger(scene: Scene) -> Turn:
    name = scene.questionnaire.red_flags.get(scene.state.danger or "")
    return escalate(scene, name, "words", offers=False)


def _ending(disposition: Disposition) -> Callable[[Scene], Turn]:
    return lambda scene: leave(scene) if scene.item.safety else end(scene, disposition)


SELF_HARM = "self_harm"
_ON_YES: dict[Asked, Callable[[Scene], Turn]] = {
    Asked.ITEM: resume_question,  # no state of ours takes a reply to an item
    Asked.READBACK: _confirm,
    Asked.STOP: _stop,
    Asked.PERSON: hand_over,
    Asked.CALL_BACK: _ending(Disposition.CALL_BACK),
    Asked.DO_NOT_CALL: _ending(Disposition.DO_NOT_CALL),
    Asked.WRONG_PERSON: _ending(Disposition.WRONG_PERSON),
    Asked.EMERGENCY: _escalate_danger,
    Asked.OFFER: to_person,
    Asked.HELP: to_person,
}
