"""What is asked: the open question in the right words, and what is listened for behind it."""

from msgspec.structs import replace

from bridge.dialogue.actions import Action, Listen, PromptRole, Say
from bridge.dialogue.form import Form, Step
from bridge.dialogue.items import GroupItem, InfoItem
from bridge.dialogue.listening import listen_for_item, listen_for_nothing, listen_for_yes_no
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.state import Asked, DialogueState

__all__ = ["ask_again", "listen", "put", "put_step", "resume_question", "tell_the_rest"]

_OWN_QUESTIONS = {
    Asked.STOP: ("stop_question", PromptRole.COMMAND),
    Asked.PERSON: ("person_question", PromptRole.COMMAND),
    Asked.CALL_BACK: ("callback_question", PromptRole.COMMAND),
    Asked.DO_NOT_CALL: ("do_not_call_question", PromptRole.COMMAND),
    Asked.WRONG_PERSON: ("wrong_person_question", PromptRole.COMMAND),
    Asked.EMERGENCY: ("emergency_question", PromptRole.ESCALATION),
}


def put(scene: Scene, *before: Action) -> Turn:
    """Put the open question, after whatever is to be said or stored before it."""
    return Turn(scene.state, (*before, *_question(scene), listen(scene)), scene.reading)


def put_step(scene: Scene, form: Form, step: Step, *before: Action) -> Turn:
    """Put the first question of a step, after what is to be told on the way to it."""
    if isinstance(step.item, InfoItem | GroupItem):  # no step that is asked is one of these
        return put(scene, *before)
    scene = scene.at(step, step.item)
    untold = _untold(scene, form.before(step), step.groups)
    recap = scene.state.recap_due and step.item.type not in ("identity", "language")
    state = replace(
        scene.state,
        told=(*scene.state.told, *(one.id for one in untold)),
        recap_due=scene.state.recap_due and not recap,
    )
    scene = scene.in_state(state)
    recapped = (scene.prompt("recap", PromptRole.INFO),) if recap else ()
    return put(scene, *before, *recapped, *(_tell(scene, one) for one in untold))


def tell_the_rest(scene: Scene) -> tuple[Say, ...]:
    """What is told after the last question."""
    return tuple(_tell(scene, one) for one in _untold(scene, scene.form.steps, ()))


def ask_again(scene: Scene, *before: Action) -> Turn:
    """Put the item's question once more, in other words where there are any."""
    state = replace(scene.state, asked=Asked.ITEM, candidate=None)
    tally = replace(state.tally, tries=state.tally.tries + 1, doubts=0)
    return put(scene.in_state(replace(state, tally=tally)), *before)


def resume_question(scene: Scene, *before: Action) -> Turn:
    """Go back to the question that a command interrupted."""
    return put(scene.asking(Asked.ITEM if scene.state.candidate is None else Asked.READBACK), *before)


def listen(scene: Scene) -> Listen:
    """What is listened for behind the open question."""
    questionnaire = scene.questionnaire
    match scene.state.asked:
        case Asked.ITEM:
            listen = listen_for_item(
                questionnaire, scene.item, by_keypad=scene.is_by_keypad, keep_audio=scene.keeps_audio
            )
        case Asked.HELP:
            return listen_for_nothing(questionnaire)
        case Asked.READBACK:
            listen = listen_for_yes_no(questionnaire, is_readback=True, item=scene.item)
        case _:
            listen = listen_for_yes_no(questionnaire)
    return replace(listen, is_new=not _was_put_before(scene.state))


def _was_put_before(state: DialogueState) -> bool:
    """Whether the open question has been heard once, and what came was no answer to it."""
    tally = state.tally
    if state.asked is Asked.ITEM:
        return tally.tries > 1 or tally.not_heard > 0
    return tally.doubts > 0 or state.silences > 0


def _untold(scene: Scene, steps: list[Step], groups: tuple[str, ...]) -> list[Step]:
    """What is to be told among these steps; a group is introduced only where one of its questions follows."""
    return [
        one
        for one in steps
        if one.id not in scene.state.told
        and (isinstance(one.item, InfoItem) or (isinstance(one.item, GroupItem) and one.item.id in groups))
    ]


def _tell(scene: Scene, step: Step) -> Say:
    item = step.item
    if not isinstance(item, InfoItem | GroupItem):
        raise TypeError(f"{step.id} is asked and not told")
    sentence = scene.speaker.tell(item)
    may_interrupt = item.barge_in if isinstance(item, InfoItem) else True
    return Say(sentence.text, PromptRole.INFO, item.id, may_interrupt, sentence.parts)


def _question(scene: Scene) -> tuple[Say, ...]:
    match scene.state.asked:
        case Asked.ITEM:
            return _item_question(scene)
        case Asked.READBACK:
            return (_readback(scene),)
        case Asked.OFFER:
            return _offer(scene)
        case Asked.HELP:
            return ()
        case asked:
            name, role = _OWN_QUESTIONS[asked]
            return (scene.prompt(name, role),)


def _item_question(scene: Scene) -> tuple[Say, ...]:
    item, speaker = scene.item, scene.speaker
    if scene.is_by_keypad:
        asked = scene.say(speaker.ask(item, 1), PromptRole.ASK)
        return (asked, scene.say(speaker.keypad(item), PromptRole.KEYPAD))
    return (scene.say(speaker.ask(item, scene.state.tally.tries), PromptRole.ASK),)


def _readback(scene: Scene) -> Say:
    candidate = scene.state.candidate
    if candidate is None:  # no state of ours has this; asking the item is always right
        return scene.say(scene.speaker.ask(scene.item, 1), PromptRole.ASK)
    return scene.say(
        scene.speaker.readback(scene.item, candidate.status, candidate.value), PromptRole.READBACK
    )


def _offer(scene: Scene) -> tuple[Say, ...]:
    name = scene.state.escalated.name if scene.state.escalated else None
    escalation = scene.questionnaire.escalations.get(name or "")
    if escalation is None or escalation.offer is None:
        return (scene.prompt("emergency_question", PromptRole.ESCALATION),)
    return (scene.say(scene.speaker.say(escalation.offer), PromptRole.ESCALATION, barge_in=True),)
