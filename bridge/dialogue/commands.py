"""What the caller wants of the call itself: once more, a moment, the question before, a person, an end."""

from collections.abc import Callable

from msgspec.structs import replace

from bridge.dialogue.actions import PromptRole
from bridge.dialogue.asking import ask_again, listen, put, put_step
from bridge.dialogue.closing import hand_over
from bridge.dialogue.escalation import escalate, stay_or_leave, to_person
from bridge.dialogue.form import Step
from bridge.dialogue.hearing import Heard, Trust
from bridge.dialogue.listening import listen_longer
from bridge.dialogue.replies import give_up_reply, on_reply, on_unclear_reply
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.state import Asked, Tally
from bridge.dialogue.trouble import can_turn_to_keypad, no_match, turn_to_keypad
from bridge.understanding import Command

__all__ = ["on_command", "on_not_heard", "person_by_key", "repeat"]

OFFERING = (Asked.EMERGENCY, Asked.OFFER)
NOT_REOPENED = ("consent", "identity", "language")  # to go back there would be to begin anew


def on_command(scene: Scene, heard: Heard) -> Turn | None:
    """Do what the caller wants; None when that is nothing, or a reply to the question."""
    is_agreed = heard.trust is Trust.AGREED
    command = heard.meaning.command
    if command is None:
        return None
    if scene.state.asked is Asked.HELP and command not in (Command.REPEAT, Command.SLOWER):
        wants_help = command in (Command.EMERGENCY, Command.PERSON)
        return stay_or_leave(scene, wants_help=wants_help, has_finished=command is Command.STOP)
    if command is Command.EMERGENCY:
        return _on_emergency(scene, heard.meaning.flag or "emergency", is_agreed=is_agreed)
    if command is Command.PERSON:
        return _on_person(scene, is_agreed=is_agreed)
    if scene.state.asked in OFFERING:  # nothing else matters now
        return on_unclear_reply(scene) if command in _COMMANDS else None
    do = _COMMANDS.get(command)
    return do(scene, heard) if do else None


def person_by_key(scene: Scene) -> Turn:
    """The key for a person needs no question."""
    if scene.state.asked in (*OFFERING, Asked.HELP):
        return _confirmed_danger(scene)
    return hand_over(scene)


def repeat(scene: Scene) -> Turn:
    """Say the open question once more."""
    again = _repeated(scene)
    return put(again) if again else _help_along(scene)


def on_not_heard(scene: Scene, *, is_lasting: bool = False) -> Turn:
    """Our ears failed: an apology costs no try, and then the keys, which do not fail.

    Where that is going to last, an item that can be answered by keys is asked for them at once.
    """
    apology = scene.prompt("not_heard", PromptRole.APOLOGY)
    if is_lasting and scene.state.asked is Asked.ITEM and can_turn_to_keypad(scene):
        return turn_to_keypad(scene, apology)
    tally = replace(scene.state.tally, not_heard=scene.state.tally.not_heard + 1)
    scene = scene.tallied(tally)
    if tally.not_heard < scene.questionnaire.limits.not_heard:
        return put(scene, apology)
    if scene.state.asked is not Asked.ITEM:
        return give_up_reply(scene)
    return no_match(scene) if scene.is_by_keypad else turn_to_keypad(scene)


def _repeated(scene: Scene) -> Scene | None:
    """Count a wish that costs nothing; None when there were as many as there may be."""
    tally = scene.state.tally
    if tally.repeats >= scene.questionnaire.limits.repeats:
        return None
    return scene.tallied(replace(tally, repeats=tally.repeats + 1))


def _help_along(scene: Scene) -> Turn:
    return no_match(scene) if scene.state.asked is Asked.ITEM else on_unclear_reply(scene)


def _on_emergency(scene: Scene, kind: str, *, is_agreed: bool) -> Turn:
    if scene.state.asked in OFFERING:
        return _confirmed_danger(scene) if is_agreed else on_unclear_reply(scene)
    return put(scene.in_state(replace(scene.state, danger=kind)).asking(Asked.EMERGENCY))


def _confirmed_danger(scene: Scene) -> Turn:
    if scene.state.asked is not Asked.EMERGENCY:
        return to_person(scene)
    name = scene.questionnaire.red_flags.get(scene.state.danger or "")
    return escalate(scene, name, "words", offers=False)


def _on_person(scene: Scene, *, is_agreed: bool) -> Turn:
    """Ask before handing over: of 600 digits one was heard as this word by every decoder.

    Whoever says it again is not asked a third time.
    """
    if scene.state.asked in OFFERING:
        return _confirmed_danger(scene) if is_agreed else on_unclear_reply(scene)
    if scene.state.asked is Asked.PERSON:
        return hand_over(scene) if is_agreed else on_unclear_reply(scene)
    return put(scene.asking(Asked.PERSON))


def _asks(asked: Asked) -> Callable[[Scene, Heard], Turn]:
    """A wish that ends the call is confirmed first; said again, it is."""

    def ask(scene: Scene, heard: Heard) -> Turn:
        if scene.state.asked is asked:
            return on_reply(scene, reply=True)
        at = heard.meaning.argument if asked is Asked.CALL_BACK else scene.state.call_back_when
        return put(scene.in_state(replace(scene.state, call_back_when=at)).asking(asked))

    return ask


def _wait(scene: Scene, _: Heard) -> Turn:
    """Give the caller time; when it is over, or if nothing comes, the question is put again."""
    again = _repeated(scene)
    if again is None:
        return _help_along(scene)
    say = scene.prompt("wait", PromptRole.COMMAND)
    return Turn(again.state, (say, listen_longer(listen(again))), again.reading)


def _go_back(scene: Scene, _: Heard) -> Turn:
    """Open the question before once more; its answer stands until there is another."""
    if scene.state.corrections >= scene.questionnaire.limits.corrections:
        return _help_along(scene)
    scene = scene.in_state(replace(scene.state, corrections=scene.state.corrections + 1))
    if scene.state.asked is not Asked.ITEM:  # of what was just said, which is the question before
        return ask_again(scene)
    step = _answered_before(scene)
    if step is None:
        return put(scene, scene.prompt("nothing_before", PromptRole.COMMAND))
    state = replace(scene.state, reopened=step.id, candidate=None, tally=Tally(tries=1))
    back = scene.prompt("back", PromptRole.COMMAND)
    scene = scene.in_state(state)
    return put_step(scene, scene.form, step, back)


def _answered_before(scene: Scene) -> Step | None:
    """The last question before this one that was answered and may be answered anew."""
    answered = [
        step
        for step in scene.form.before(scene.step)
        if step.id in scene.form.live and step.item.type not in NOT_REOPENED
    ]
    return answered[-1] if answered else None


_COMMANDS: dict[Command, Callable[[Scene, Heard], Turn]] = {
    Command.STOP: _asks(Asked.STOP),
    Command.CALLBACK: _asks(Asked.CALL_BACK),
    Command.DO_NOT_CALL: _asks(Asked.DO_NOT_CALL),
    Command.WRONG_PERSON: _asks(Asked.WRONG_PERSON),
    # The voice has one pace: once more is what it can do.
    Command.REPEAT: lambda scene, _: repeat(scene),
    Command.SLOWER: lambda scene, _: repeat(scene),
    Command.WAIT: _wait,
    Command.BACK: _go_back,
}
