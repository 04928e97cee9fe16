"""A call that broke off is taken up again: which calls may be, and what of their state still stands."""

from msgspec.structs import replace

from bridge.dialogue.actions import Disposition
from bridge.dialogue.context import CallContext
from bridge.dialogue.form import Form, Step
from bridge.dialogue.items import IdentityItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, DialogueState, Tally

__all__ = ["RESUMABLE", "may_resume", "prepared_to_resume"]

RESUMABLE = frozenset(
    {
        None,  # the daemon died
        Disposition.HUNG_UP,
        Disposition.NO_ANSWER,
        Disposition.CALL_BACK,
        Disposition.VOICEMAIL,
        Disposition.FAILED,
        Disposition.INTERRUPTED,
    }
)


def may_resume(questionnaire: Questionnaire, state: DialogueState, hours_since: float) -> bool:
    """Whether a call may be taken up again: by its version, its ending, its age and how often it was."""
    policy = questionnaire.resume
    return (
        state.questionnaire == questionnaire.hash
        and state.outcome in RESUMABLE
        and state.escalated is None
        and hours_since <= policy.within_hours
        and state.resumptions < policy.attempts
    )


def prepared_to_resume(
    questionnaire: Questionnaire, state: DialogueState, context: CallContext, hours_since: float
) -> DialogueState:
    """The state from which a call goes on: the identity is to be asked for again, old scales begin anew.

    Raises:
        ValueError: `may_resume` says no.

    """
    if not may_resume(questionnaire, state, hours_since):
        raise ValueError("this call cannot be resumed with this questionnaire")
    fresh = _without(state, _stale_steps(questionnaire, state, hours_since))
    told_again = {group.id for group in _open_groups(questionnaire, fresh)}
    answers = _without(fresh, _identity_steps(questionnaire, state)).answers
    return replace(
        state,
        context=context,
        answers=answers,
        reopened=None,
        told=tuple(step for step in state.told if step not in told_again),
        asked=Asked.ITEM,
        candidate=None,
        tally=Tally(tries=1),
        silences=0,
        turns=0,
        danger=None,
        call_back_when=None,
        resumptions=state.resumptions + 1,
        recap_due=questionnaire.resume.recap and bool(answers),
        outcome=None,
    )


def _without(state: DialogueState, dropped: set[str]) -> DialogueState:
    return replace(state, answers=tuple(one for one in state.answers if one.item not in dropped))


def _identity_steps(questionnaire: Questionnaire, state: DialogueState) -> set[str]:
    form = Form(questionnaire, state)
    return {step.id for step in form.questions if isinstance(step.item, IdentityItem)}


def _stale_steps(questionnaire: Questionnaire, state: DialogueState, hours_since: float) -> set[str]:
    """Answers to groups that were begun too long ago to be gone on with: their window has moved."""
    form = Form(questionnaire, state)
    stale: set[str] = set()
    for name, steps in _steps_by_group(form).items():
        group = questionnaire.item(name)
        limit = getattr(group, "restart_after_hours", None)
        is_begun = any(step.id in form.live for step in steps)
        is_whole = all(step.id in form.live for step in steps)
        if limit is not None and is_begun and not is_whole and hours_since >= limit:
            stale |= {step.id for step in steps}
    return stale


def _open_groups(questionnaire: Questionnaire, state: DialogueState) -> list[Step]:
    """The groups that are gone on with: what introduces them is said once more."""
    form = Form(questionnaire, state)
    current = form.current()
    named = current.groups if current else ()
    return [step for step in form.steps if step.id in named]


def _steps_by_group(form: Form) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in form.questions:
        for name in step.groups:
            found.setdefault(name, []).append(step)
    return found
