"""What an export of answers holds: a call, its answers and scores, and all that traces them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from bridge.dialogue.answer import Answer, AnswerStatus, Value
from bridge.dialogue.items import OptionsItem, QuestionItem
from bridge.dialogue.scoring import ordinal_of
from bridge.interop.interviews import Interview
from bridge.storage.consents import StoredConsent
from bridge.storage.records import StoredAnswer
from bridge.understanding import YesNoKind, bare

__all__ = [
    "ExportedAnswer",
    "ExportedCall",
    "ExportedConsent",
    "ExportedScore",
    "exported",
    "label_of",
    "question_of",
]

YES, NO = "نعم", "لا"


class ExportedAnswer(Struct, frozen=True, kw_only=True):
    """One answer, in one of its revisions."""

    item: str
    round: int | None  # in a repeated group
    revision: int
    status: AnswerStatus
    value: Value
    label: str | None  # the value as an Arabic reader would write it
    ordinal: float | None
    counts: bool  # its item still applies; what a correction made superfluous is kept and does not count
    via: str
    tries: int
    confirmed: bool
    confidence: float | None
    audio: bool
    answered_at: datetime
    turn: int
    heard: str | None = None  # the recogniser's text; exported on request only


class ExportedScore(Struct, frozen=True):
    """A score at the end of a call."""

    score: str
    value: float | None
    band: str | None
    missing: int


class ExportedConsent(Struct, frozen=True):
    """What the caller agreed to, refused or took back; the hashes that prove it stay in the database."""

    item: str
    purpose: str
    status: str
    at: datetime
    turn: int
    heard_seconds: float
    prompt_seconds: float
    acknowledged: bool
    via: str
    confidence: float | None
    read_back: bool


class ExportedCall(Struct, frozen=True, kw_only=True):
    """One call."""

    call_id: str
    subject: str  # a pseudonym
    questionnaire: str
    questionnaire_version: str
    questionnaire_hash: str
    questionnaire_status: str  # draft, validated, or unknown where its text was not kept
    provider: str
    model: str
    started_at: datetime
    ended_at: datetime | None
    disposition: str | None  # None: it is going on
    answers: tuple[ExportedAnswer, ...]
    scores: tuple[ExportedScore, ...]
    consents: tuple[ExportedConsent, ...] = ()


def exported(interview: Interview, *, every_revision: bool = False, with_heard: bool = False) -> ExportedCall:
    """Put together what is exported of one call."""
    call = interview.call
    chosen: Sequence[StoredAnswer] = (
        interview.revisions if every_revision else list(interview.answers.values())
    )
    return ExportedCall(
        call_id=call.call_id,
        subject=interview.subject,
        questionnaire=call.questionnaire,
        questionnaire_version=call.questionnaire_version,
        questionnaire_hash=call.questionnaire_hash,
        questionnaire_status=interview.status,
        provider=call.provider,
        model=call.model,
        started_at=call.started_at,
        ended_at=call.ended_at,
        disposition=call.disposition,
        answers=tuple(_answer(interview, answer, with_heard=with_heard) for answer in chosen),
        scores=tuple(_scores(interview)),
        consents=tuple(map(_consent, interview.consents)),
    )


def _consent(consent: StoredConsent) -> ExportedConsent:
    return ExportedConsent(
        consent.item,
        consent.purpose,
        consent.status,
        consent.at,
        consent.turn_index,
        consent.heard_seconds,
        consent.prompt_seconds,
        consent.acknowledged,
        consent.via,
        consent.confidence,
        consent.read_back,
    )


def _answer(interview: Interview, stored: StoredAnswer, *, with_heard: bool) -> ExportedAnswer:
    name, _, round_ = stored.item.partition("#")
    item = question_of(interview, name)
    is_latest = interview.answers[stored.item].revision == stored.revision
    return ExportedAnswer(
        item=name,
        round=int(round_) if round_ else None,
        revision=stored.revision,
        status=stored.status,
        value=stored.value,
        label=label_of(item, stored.value),
        ordinal=ordinal_of(item, stored.value) if item else None,
        counts=is_latest and stored.status != AnswerStatus.WITHDRAWN and interview.counts(stored.item),
        via=str(stored.via),
        tries=stored.tries,
        confirmed=stored.confirmed,
        confidence=stored.confidence,
        audio=stored.audio,
        answered_at=stored.at,
        turn=stored.turn_index,
        heard=_heard(stored) if with_heard else None,
    )


def question_of(interview: Interview, name: str) -> QuestionItem | None:
    """The item of that id, where the questionnaire is known and asks it."""
    item = interview.questionnaire.item(name) if interview.questionnaire else None
    return None if item is None or item.type in ("info", "group") else item  # type: ignore[return-value]


def label_of(item: QuestionItem | None, value: Value) -> str | None:
    """A value as an Arabic reader would write it; None where the value itself serves."""
    if isinstance(value, bool):
        is_yes_no = item is None or isinstance(getattr(item, "kind", None), YesNoKind)
        return (YES if value else NO) if is_yes_no else None
    if not isinstance(item, OptionsItem) or value is None:
        return None
    options = [item.option(one) for one in (value if isinstance(value, tuple) else (value,))]
    return "، ".join(bare(option.say) for option in options if option)


def _heard(answer: Answer) -> str | None:
    return answer.closed or answer.open or None


def _scores(interview: Interview) -> Iterator[ExportedScore]:
    for name, result in interview.scores.items():
        yield ExportedScore(name, result.value, result.band, result.missing)
