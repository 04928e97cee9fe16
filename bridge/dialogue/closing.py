"""How calls end: the last sentence, and the disposition. Nothing said here tells what it was about."""

from msgspec.structs import replace

from bridge.dialogue.actions import Action, Disposition, HangUp, PromptRole, Say, Transfer
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.sentences import Sentence

__all__ = ["end", "end_early", "hand_over", "leave_message"]

PARTIAL_SHARE = 0.5  # AAPOR calls less than half of the answers a break-off


def end(scene: Scene, disposition: Disposition, *before: Action) -> Turn:
    """Say goodbye and hang up."""
    sentence = scene.speaker.closing(disposition) or scene.speaker.closing(Disposition.FAILED)
    state = replace(scene.state, outcome=disposition)
    hang_up = HangUp(disposition, scene.state.call_back_when)
    return Turn(state, (*before, *_goodbye(sentence), hang_up), scene.reading)


def end_early(scene: Scene, *before: Action) -> Turn:
    """End because the caller wants to: with half of the answers it is a partial interview."""
    is_partial = scene.form.share_answered >= PARTIAL_SHARE
    return end(scene, Disposition.PARTIAL if is_partial else Disposition.STOPPED, *before)


def hand_over(
    scene: Scene,
    *before: Action,
    target: str | None = None,
    disposition: Disposition = Disposition.TRANSFERRED,
) -> Turn:
    """Tell the caller, and put them through to a person."""
    sentence = scene.speaker.prompt("transfer")
    say = Say(sentence.text, PromptRole.ESCALATION, barge_in=False, parts=sentence.parts)
    state = replace(scene.state, outcome=disposition)
    return Turn(state, (*before, say, Transfer(target, disposition)), scene.reading)


def leave_message(scene: Scene) -> Turn:
    """A machine has answered: what may be said to anybody, or nothing."""
    state = replace(scene.state, outcome=Disposition.VOICEMAIL)
    sentence = scene.speaker.closing(Disposition.VOICEMAIL)
    return Turn(state, (*_goodbye(sentence), HangUp(Disposition.VOICEMAIL)), scene.reading)


def _goodbye(sentence: Sentence | None) -> tuple[Say, ...]:
    if sentence is None:
        return ()
    return (Say(sentence.text, PromptRole.CLOSING, barge_in=False, parts=sentence.parts),)
