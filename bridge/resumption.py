"""A call that goes on with an earlier one: its state, and the very questionnaire that it began with."""

from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue.engine import DialogueState
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import may_resume
from bridge.errors import QuestionnaireError
from bridge.identity.principal import DEFAULT_TENANT
from bridge.storage.store import Store, StoredState

__all__ = ["RESUMES", "Earlier", "find_earlier"]

RESUMES = "resumes"  # the custom field that names the call to go on with
SECONDS_IN_HOUR = 3600
MOST_IN_VAIN = 10  # calls in a row that ended before their first turn


class Earlier(Struct, frozen=True):
    """The call to go on with."""

    questionnaire: Questionnaire
    state: DialogueState
    hours_since: float


async def find_earlier(
    store: Store,
    call_id: str,
    present: Questionnaire,
    *,
    now: datetime,
    tenant: str = DEFAULT_TENANT,
    is_same_call: bool = False,
) -> Earlier | None:
    """Find what a call goes on with; None where it cannot, and begins afresh.

    The same phone call whose line was gone for a moment is no new attempt: the policy of the questionnaire
    neither forbids that nor counts it. A call that ended before its first turn leads to the one that it was
    itself to go on with. What belongs to another tenant is not there.

    The questionnaire is the present one where nothing of it has changed, and otherwise the version that was
    kept when the earlier call began.

    Raises:
        StorageError: the database cannot be read.

    """
    earlier = await store.call(call_id)
    kept = await _last_state(store, call_id)
    if earlier is None or kept is None or earlier.tenant != tenant:
        return None
    try:
        state = msgspec.json.decode(kept.state, type=DialogueState)
    except msgspec.DecodeError:  # of an earlier version of Hatif, whose calls are too old by now
        return None
    questionnaire = await _version(store, state.questionnaire, present)
    hours = (now - kept.at).total_seconds() / SECONDS_IN_HOUR
    if is_same_call:
        state, hours = replace(state, resumptions=state.resumptions - 1), 0.0
    if questionnaire is None or questionnaire.id != present.id or not may_resume(questionnaire, state, hours):
        return None
    return Earlier(questionnaire, state, hours)


async def _last_state(store: Store, call_id: str) -> StoredState | None:
    """A call's; or, where it ended before its first turn, that of the call that it was to go on with."""
    for _ in range(MOST_IN_VAIN):
        kept = await store.dialogue_state_at(call_id)
        if kept is not None:
            return kept
        call = await store.call(call_id)
        if call is None or RESUMES not in call.custom:
            return None
        call_id = call.custom[RESUMES]
    return None


async def _version(store: Store, digest: str, present: Questionnaire) -> Questionnaire | None:
    if digest == present.hash:
        return present
    sources = await store.questionnaire_sources(digest)
    if sources is None:
        return None
    try:
        return parse(sources[0], name=f"{present.id}.yaml", common=sources[1])
    except QuestionnaireError:  # what was right once is not any more
        return None
