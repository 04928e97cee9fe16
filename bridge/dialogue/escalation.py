"""What is done for a caller who may be in danger. It is never suppressed, and never ends in silence.

The fixed message, said to its end; somebody told who has to acknowledge it; a person on the line where one
can be had; and otherwise the place where help is, said twice, with the line left open.
"""

from msgspec.structs import replace

from bridge.dialogue.actions import Action, Disposition, Notify, PromptRole, Say
from bridge.dialogue.asking import put
from bridge.dialogue.closing import end, hand_over
from bridge.dialogue.questionnaire import Escalation
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.state import Asked, Escalated

__all__ = ["escalate", "give_help", "help_text", "notification", "stay_or_leave", "to_person"]

COMMON = "emergency"  # what an escalation is called that no questionnaire has described
COMMON_RECIPIENTS = ("oncall",)
COMMON_ACKNOWLEDGE_SECONDS = 120


def escalate(scene: Scene, name: str | None, reason: str, *before: Action, offers: bool = True) -> Turn:
    """Begin an escalation; from here on the call has no other purpose.

    Without an offer, to whoever has just said that they need help, they are put through at once.
    """
    state = replace(
        scene.state, escalated=Escalated(name, reason), asked=Asked.OFFER, candidate=None, danger=None
    )
    scene = scene.in_state(replace(state, tally=replace(state.tally, doubts=0)))
    notify = notification(scene, name, reason)
    escalation = scene.questionnaire.escalations.get(name or "")
    if escalation is None:
        return to_person(scene, *before, notify)
    message = scene.say(scene.speaker.say(escalation.say), PromptRole.ESCALATION, barge_in=False)
    if not scene.state.context.can_transfer or _target(scene, escalation) is None:
        return give_help(scene, *before, notify, message)
    if escalation.offer is None or not offers:
        return to_person(scene, *before, notify, message)
    return put(scene, *before, notify, message)


def notification(scene: Scene, name: str | None, reason: str) -> Notify:
    """Tell those whom the escalation names."""
    escalation = scene.questionnaire.escalations.get(name or "")
    if escalation is None:
        return Notify(name or COMMON, reason, COMMON_RECIPIENTS, COMMON_ACKNOWLEDGE_SECONDS, scene.step.id)
    return Notify(name or COMMON, reason, escalation.notify, escalation.acknowledge_seconds, scene.step.id)


def to_person(scene: Scene, *before: Action) -> Turn:
    """Put the caller through."""
    escalation = _escalation(scene)
    if escalation is None:
        return hand_over(scene, *before, disposition=Disposition.ESCALATED)
    target = _target(scene, escalation)
    if target is None or not scene.state.context.can_transfer:
        return give_help(scene, *before)
    return hand_over(scene, *before, target=target, disposition=Disposition.ESCALATED)


def give_help(scene: Scene, *before: Action) -> Turn:
    """Say twice where help is, and stay on the line."""
    where = help_text(scene)
    if not where:
        return hand_over(scene, *before, disposition=Disposition.ESCALATED)
    told = scene if scene.state.asked is Asked.HELP else scene.asking(Asked.HELP)
    return put(told, *before, *where)


def help_text(scene: Scene) -> tuple[Say, ...]:
    """Where help is, twice; nothing where no questionnaire has described it."""
    escalation = _escalation(scene)
    if escalation is None:
        return ()
    return (scene.say(scene.speaker.say(escalation.fallback), PromptRole.ESCALATION, barge_in=False),) * 2


def stay_or_leave(scene: Scene, *, wants_help: bool, has_finished: bool) -> Turn:
    """Go on after the caller has been told where help is; we are not the first to hang up."""
    tally = replace(scene.state.tally, doubts=scene.state.tally.doubts + 1)
    counted = scene.tallied(tally)
    if has_finished or tally.doubts > scene.questionnaire.limits.doubts:
        return end(scene, Disposition.ESCALATED)
    return to_person(counted) if wants_help else put(counted)


def _escalation(scene: Scene) -> Escalation | None:
    name = scene.state.escalated.name if scene.state.escalated else None
    return scene.questionnaire.escalations.get(name or "")


def _target(scene: Scene, escalation: Escalation) -> str | None:
    """The number to put through to, with the site's own filled in; None where there is none."""
    if escalation.transfer is None:
        return None
    target = escalation.transfer
    for name, number in scene.state.context.site.items():
        target = target.replace(f"{{site.{name}}}", number)
    return target if target and "{" not in target else None
