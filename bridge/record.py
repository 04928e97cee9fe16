"""What is written down of a call, put together from what line, listener and dialogue know. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bridge.audio.playout import PhraseProgress
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.dialogue.engine import Turn
from bridge.dialogue.inputs import Digits, HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.questionnaire import Questionnaire
from bridge.identity.principal import DEFAULT_TENANT
from bridge.listening import Heard
from bridge.storage.records import CallKind, CallRecord, TurnRecord
from protocols.events import CallDetails

__all__ = [
    "call_record",
    "described",
    "input_name",
    "milliseconds",
    "monitored_call_record",
    "turn_record",
    "withdrawn",
]

_INPUT_NAMES: dict[type[Input], str] = {
    Utterance: "speech",
    Digits: "dtmf",
    NoInput: "no_input",
    NotHeard: "not_heard",
    HungUp: "hung_up",
    Machine: "machine",
}


def call_record(
    call_id: str,
    details: CallDetails,
    *,
    provider: str,
    questionnaire: Questionnaire,
    model: str,
    started_at: datetime,
    tenant: str = DEFAULT_TENANT,
) -> CallRecord:
    """A call that begins."""
    return CallRecord(
        call_id=call_id,
        provider=provider,
        questionnaire=questionnaire.id,
        questionnaire_version=questionnaire.version,
        questionnaire_hash=questionnaire.hash,
        model=model,
        started_at=started_at,
        tenant=tenant,
        **described(details),
    )


def monitored_call_record(
    call_id: str,
    details: CallDetails,
    *,
    provider: str,
    model: str,
    started_at: datetime,
    tenant: str = DEFAULT_TENANT,
) -> CallRecord:
    """A call that begins and is listened to only."""
    return CallRecord(
        call_id=call_id,
        provider=provider,
        questionnaire="",
        questionnaire_version="",
        questionnaire_hash="",
        model=model,
        started_at=started_at,
        tenant=tenant,
        kind=CallKind.MONITORED,
        **described(details),
    )


def described(details: CallDetails) -> dict[str, Any]:
    """The call's details as the store names them."""
    return {
        "provider_call_id": details.provider_call_id,
        "stream_id": details.stream_id,
        "caller_number": details.caller_number,
        "callee_number": details.callee_number,
        "direction": details.direction,
        "custom": details.custom,
    }


def turn_record(
    heard: Heard,
    following: Turn,
    *,
    at: datetime,
    prompt: str,
    spoken_by: str,
    progress: list[PhraseProgress],
    understand_seconds: float,
) -> TurnRecord:
    """One prompt, how much of it was heard, and what came of it."""
    reading = following.reading
    return TurnRecord(
        at=at,
        item=reading.item,
        input=input_name(heard.input),
        meaning=reading.meaning,
        rule=reading.rule,
        value=reading.value,
        prompt=prompt,
        spoken_by=spoken_by,
        prompt_seconds=sum(phrase.seconds for phrase in progress),
        prompt_heard_seconds=sum(phrase.heard_seconds for phrase in progress),
        prompt_acknowledged=bool(progress) and all(phrase.acknowledged for phrase in progress),
        endpoint_ms=milliseconds(heard.endpoint_seconds),
        recognise_ms=milliseconds(heard.recognise_seconds),
        understand_ms=milliseconds(understand_seconds),
        **({} if reading.is_secret else _evidence(heard.input)),
    )


def input_name(heard: Input) -> str:
    """What kind of input it is, as the store names it."""
    return _INPUT_NAMES[type(heard)]


def withdrawn(earlier: Iterable[Answer], kept: Iterable[Answer]) -> tuple[Answer, ...]:
    """What the first part of an utterance had us store, and the whole of it does not say."""
    items = {answer.item for answer in kept}
    return tuple(
        Answer(
            item=answer.item,
            status=AnswerStatus.WITHDRAWN,
            value=None,
            via=Via.NONE,
            tries=answer.tries,
            confirmed=False,
        )
        for answer in earlier
        if answer.item not in items
    )


def _evidence(heard: Input) -> dict[str, Any]:
    """What came in, as the store names it."""
    match heard:
        case Utterance():
            return {
                "closed": heard.closed_text,
                "open": heard.open_text,
                "confidence": heard.confidence,
                "speech_seconds": heard.speech_seconds,
            }
        case Digits(keys=keys):
            return {"closed": keys}
        case _:
            return {}


def milliseconds(seconds: float | None) -> float | None:
    """As the store has durations."""
    return None if seconds is None else seconds * 1000
