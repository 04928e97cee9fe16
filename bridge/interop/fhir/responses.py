"""A stored call as a FHIR R4 QuestionnaireResponse.

Items stand in the questionnaire's order, groups hold what they asked, a repeated group comes once a round.
What was asked and not answered says why (data-absent-reason); what did not apply to the caller is not there.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import Answer, AnswerStatus
from bridge.dialogue.form import Form
from bridge.dialogue.items import BloodPressureItem, GroupItem, InfoItem, Item, OptionsItem, QuestionItem
from bridge.dialogue.resuming import may_resume
from bridge.interop.fhir.naming import Naming, fhir_id
from bridge.interop.fhir.terms import (
    COMPLETION_MODE,
    DATA_ABSENT,
    OWN_ANSWER_STATUS,
    OWN_DISPOSITION,
    OWN_HASH,
    OWN_REVISION,
    OWN_STATUS,
    PARTICIPATION_MODE,
    Json,
    extension,
    quantity,
)
from bridge.interop.fhir.values import pressure, value_element, values
from bridge.interop.interviews import Interview
from bridge.interop.losses import InteropError
from bridge.understanding import bare

__all__ = ["export_response"]

# hl7.org/fhir/R4/valueset-data-absent-reason.html
_REASONS = {
    AnswerStatus.DONT_KNOW: "asked-unknown",
    AnswerStatus.REFUSED: "asked-declined",
    AnswerStatus.NOT_OBTAINED: "unknown",
    AnswerStatus.WITHDRAWN: "unknown",
    AnswerStatus.ANSWERED: "unsupported",  # kept as sound, or a value that no longer fits the item
}
_NOT_ASKED = "not-asked"
_SUBJECT = "urn:hatif:subject"
_PHONE = {"system": PARTICIPATION_MODE, "code": "PHONE", "display": "telephone"}


def export_response(interview: Interview, *, now: datetime, canonical: str | None = None) -> Json:
    """Write one call as FHIR R4; `canonical` is where the site publishes its questionnaires.

    Raises:
        InteropError: the questionnaire's text was not kept with the call.

    """
    call, questionnaire, form = interview.call, interview.questionnaire, interview.form
    if questionnaire is None or form is None:
        version = f"{call.questionnaire} {call.questionnaire_version}"
        text = f"the text of {version} was not kept with call {call.call_id}"
        raise InteropError(f"{text}; export it as jsonl, which needs none")
    naming = Naming(questionnaire, canonical)
    items = [*_Items(interview, form, naming).of(questionnaire.items, None), *_scores(interview)]
    subject = {"type": "Patient", "identifier": {"system": _SUBJECT, "value": interview.subject}}
    return {
        "resourceType": "QuestionnaireResponse",
        "id": fhir_id(call.call_id),
        "language": questionnaire.language,
        "extension": [
            extension(COMPLETION_MODE, valueCodeableConcept={"coding": [_PHONE]}),
            extension(OWN_STATUS, valueCode=interview.status),
            extension(OWN_DISPOSITION, valueCode=call.disposition or "in_progress"),
            extension(OWN_HASH, valueString=call.questionnaire_hash),
        ],
        "identifier": {"system": "urn:hatif:call", "value": call.call_id},
        "questionnaire": f"{naming.url}|{questionnaire.version}",
        "status": _status(interview, now),
        "subject": subject,
        "authored": _authored(interview).isoformat(timespec="seconds"),
        "author": {"type": "Device", "display": "Hatif"},
        "source": subject,
        **({"item": items} if items else {}),
    }


def _status(interview: Interview, now: datetime) -> str:
    """Completed, stopped, or in progress: while the call lasts, and as long as it may be taken up again."""
    call, questionnaire = interview.call, interview.questionnaire
    if call.disposition == Disposition.COMPLETED:
        return "completed"
    if call.ended_at is None:
        return "in-progress"
    hours = (now - call.ended_at) / timedelta(hours=1)
    is_open = questionnaire is not None and may_resume(questionnaire, interview.state, hours)
    return "in-progress" if is_open else "stopped"


def _authored(interview: Interview) -> datetime:
    given = [answer.at for answer in interview.answers.values()]
    return interview.call.ended_at or max(given, default=interview.call.started_at)


class _Items:
    def __init__(self, interview: Interview, form: Form, naming: Naming) -> None:
        self._interview = interview
        self._naming = naming
        self._steps = {step.id: step for step in form.steps}
        self._live = form.live

    def of(self, items: Sequence[Item], round_: int | None) -> Iterator[Json]:
        """The items that applied to this caller, in one round of their group."""
        for item in items:
            if isinstance(item, GroupItem):
                yield from self._group(item, round_)
            elif not isinstance(item, InfoItem) and self._step(item, round_) in self._steps:
                yield self._question(item, self._step(item, round_))

    def _step(self, item: Item, round_: int | None) -> str:
        return item.id if round_ is None else f"{item.id}#{round_}"

    def _group(self, group: GroupItem, round_: int | None) -> Iterator[Json]:
        rounds = range(1, group.repeat.maximum + 1) if group.repeat else (round_,)
        for number in rounds:
            inside = list(self.of(group.items, number))
            if inside:
                text = bare(group.title or group.say or group.id)
                yield {"linkId": self._naming.link_id(group), "text": text, "item": inside}

    def _question(self, item: QuestionItem, step: str) -> Json:
        answer = self._live.get(step)
        head: Json = {"linkId": self._naming.link_id(item)}
        stored = self._interview.answers.get(step)
        if answer is None:  # never reached, or taken too early and not given again
            reason = _NOT_ASKED if stored is None else "unknown"
            return {
                **head,
                "extension": [extension(DATA_ABSENT, valueCode=reason)],
                "text": bare(item.ask[0]),
            }
        marks = [extension(OWN_ANSWER_STATUS, valueCode=str(answer.status))]
        if stored is not None:
            marks.append(extension(OWN_REVISION, valueInteger=stored.revision))
        head |= {"extension": marks, "text": bare(item.ask[0])}
        if isinstance(item, BloodPressureItem):
            return head | {"item": self._pressure(item, answer)}
        return head | {"answer": _answered(self._naming, item, answer)}

    def _pressure(self, item: BloodPressureItem, answer: Answer) -> list[Json]:
        numbers = pressure(answer.value) if answer.status is AnswerStatus.ANSWERED else None
        names = self._naming.link_ids_of_pressure(item)
        if numbers is None:
            missing = _missing("valueQuantity", answer.status)
            return [{"linkId": name, "answer": [missing]} for name in names]
        return [
            {"linkId": name, "answer": [{"valueQuantity": quantity(number, item.unit)}]}
            for name, number in zip(names, numbers, strict=True)
        ]


def _answered(naming: Naming, item: QuestionItem, answer: Answer) -> list[Json]:
    given = values(naming, item, answer.value) if answer.status is AnswerStatus.ANSWERED else []
    return given or [_missing(value_element(item), answer.status, is_complex=_is_complex(item))]


def _missing(element: str, status: AnswerStatus, *, is_complex: bool = True) -> Json:
    """An answer without a value, and why: inside a complex element, beside a plain one."""
    why = {"extension": [extension(DATA_ABSENT, valueCode=_REASONS[status])]}
    return {element if is_complex else f"_{element}": why}


def _is_complex(item: QuestionItem) -> bool:
    return isinstance(item, OptionsItem) or value_element(item) in ("valueQuantity", "valueAttachment")


def _scores(interview: Interview) -> Iterator[Json]:
    """Every score that has a value; one with too much missing says so."""
    for name, score in interview.scores.items():
        answer = {"valueDecimal": score.value}
        if score.value is None:
            answer = _missing("valueDecimal", AnswerStatus.NOT_OBTAINED, is_complex=False)
        yield {"linkId": name, "text": name, "answer": [answer]}
