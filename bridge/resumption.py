"""A call that goes on with an earlier one: its state, and the very questionnaire that it began with."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.circumstances import PATIENT_PREFIX
from bridge.dialogue.engine import DialogueState
from bridge.dialogue.items import IdentityItem
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import RESUMABLE, may_resume
from bridge.errors import QuestionnaireError
from bridge.identity.principal import DEFAULT_TENANT
from bridge.privacy.numbers import NumberError, Subject
from bridge.privacy.subjects import is_with
from bridge.storage.store import Store, StoredState
from protocols.events import CallDetails

__all__ = ["RESUMES", "Earlier", "call_cut_off", "find_earlier"]

RESUMES = "resumes"  # the custom field that names the call to go on with
SECONDS_IN_HOUR = 3600
MOST_LOOKED_AT = 500  # calls of a questionnaire in the time in which it may be gone on with
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


async def call_cut_off(
    store: Store, details: CallDetails, present: Questionnaire, *, now: datetime, tenant: str
) -> str | None:
    """The id of the call in which whoever calls now was cut off; None where there is none.

    Theirs is the last call with this number that was asked the same questionnaire within the hours of its
    policy. Others of a household share a telephone, and an answer must not be put to the wrong one's: the
    carrier has to tell of the same patient in both calls, and the questionnaire to ask whom it speaks with,
    which it does again when it goes on. Numbers may be encrypted, and are read and compared one by one.

    Raises:
        StorageError: the database cannot be read.

    """
    patient = _patient(details.custom)
    if not patient or not any(isinstance(item, IdentityItem) for item in present.items):
        return None
    try:
        subject = Subject.parse(details.subject_number or "")
    except NumberError:  # withheld, or without its country: nobody's
        return None
    since = now - timedelta(hours=present.resume.within_hours)
    for call in await store.calls_asked(present.id, tenant=tenant, since=since, limit=MOST_LOOKED_AT):
        if _patient(call.custom) == patient and is_with(call, subject):
            is_over = call.disposition is not None  # else they are still talking
            return call.call_id if is_over and call.disposition in RESUMABLE else None
    return None


def _patient(custom: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in custom.items() if name.startswith(PATIENT_PREFIX)}


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
