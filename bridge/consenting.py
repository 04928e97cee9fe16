"""Consent that can be proved: what was asked, whether it was heard to its end, and the reply. Pure.

A yes to a question that the caller has not heard to its end is no consent: it is taken as premature, and the
question is put again. What proves a consent is kept of the question itself, also where the reply that counts
was given to "I heard: yes. Is that right?" afterwards.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bridge.audio.playout import PhraseProgress
from bridge.dialogue.actions import Action, Disposition, PromptRole, Say
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.dialogue.form import Form, Step
from bridge.dialogue.inputs import Digits, Input, Utterance
from bridge.dialogue.items import ConsentItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, DialogueState
from bridge.speech.mouth import Phrase
from bridge.storage.consents import ConsentRecord

__all__ = [
    "CALL_RECORDING",
    "GIVEN",
    "REFUSED",
    "WITHDRAWN",
    "ConsentQuestion",
    "asks_to_record_the_call",
    "consents_of_turn",
    "is_void",
    "may_record_the_call",
    "question_of",
    "unless_unheard",
]

GIVEN, REFUSED, WITHDRAWN = "given", "refused", "withdrawn"
CALL_RECORDING = "call_recording"
_PURPOSES = {"questions": "questionnaire", "recording": "answer_sound", "call_recording": CALL_RECORDING}
_ENDING = (Asked.STOP, Asked.DO_NOT_CALL)  # said yes to, the caller wants no more of it


class ConsentQuestion(Struct, frozen=True):
    """The question for a consent, as it was put last. Seconds are of the whole prompt that it stood in."""

    item: str
    prompt_hash: str
    audio_hash: str
    prompt_seconds: float = 0.0
    heard_seconds: float = 0.0
    is_whole: bool = False  # heard to its end
    acknowledged: bool = False

    def heard(self, progress: Sequence[PhraseProgress]) -> "ConsentQuestion":
        """The same, with how much of it was heard."""
        return replace(
            self,
            prompt_seconds=sum(phrase.seconds for phrase in progress),
            heard_seconds=sum(phrase.heard_seconds for phrase in progress),
            is_whole=_is_whole(progress),
            acknowledged=bool(progress) and all(phrase.acknowledged for phrase in progress),
        )


def question_of(
    questionnaire: Questionnaire, actions: Sequence[Action], phrases: Mapping[str, Phrase]
) -> ConsentQuestion | None:
    """The question for a consent among what is about to be said; None where there is none."""
    says = [action for action in actions if isinstance(action, Say) and action.role in _ASKING]
    says = [say for say in says if say.item and isinstance(questionnaire.item(say.item), ConsentItem)]
    if not any(say.role is PromptRole.ASK for say in says):
        return None
    words = " ".join(say.text for say in says)
    audio = b"".join(phrases[piece].audio for say in says for piece in say.pieces)
    return ConsentQuestion(str(says[0].item), _sha256(words.encode()), _sha256(audio))


_ASKING = (PromptRole.ASK, PromptRole.KEYPAD)


def unless_unheard(
    questionnaire: Questionnaire,
    state: DialogueState,
    heard: Input,
    question: ConsentQuestion | None,
    progress: Sequence[PhraseProgress],
) -> Input:
    """What came in; premature where it would answer a consent that was not heard to its end."""
    step = Form(questionnaire, state).current()
    asks = state.asked in (Asked.ITEM, Asked.READBACK)
    if step is None or not isinstance(step.item, ConsentItem) or not asks or state.escalated is not None:
        return heard
    is_known = question is not None and question.item == step.item.id and question.is_whole
    if not isinstance(heard, Utterance | Digits) or (is_known and _is_whole(progress)):
        return heard
    return replace(heard, premature=True)


def consents_of_turn(
    questionnaire: Questionnaire,
    before: DialogueState,
    after: DialogueState,
    stored: Iterable[Answer],
    question: ConsentQuestion | None,
    *,
    heard: Input,
) -> tuple[ConsentRecord, ...]:
    """What a turn has the caller agree to, refuse or take back, given the answers that it stores."""
    found = [_of_answer(questionnaire, answer, question) for answer in stored]
    if before.asked in _ENDING and after.outcome in _WANTS_NO_MORE and isinstance(heard, Utterance | Digits):
        found += [
            _record(questionnaire, step, WITHDRAWN, via=_via(heard), confidence=_confidence(heard))
            for step in _given(Form(questionnaire, before))
        ]
    return tuple(one for one in found if one is not None)


_WANTS_NO_MORE = (Disposition.STOPPED, Disposition.PARTIAL, Disposition.DO_NOT_CALL)


def asks_to_record_the_call(questionnaire: Questionnaire) -> bool:
    """Whether callers may be asked if their call may be recorded; where not, it never is."""
    return any(
        isinstance(item, ConsentItem) and item.purpose == CALL_RECORDING for item in questionnaire.questions
    )


def may_record_the_call(questionnaire: Questionnaire, state: DialogueState) -> bool:
    """Whether the caller has agreed to that already, before the line was lost."""
    given = _given(Form(questionnaire, state))
    return any(isinstance(step.item, ConsentItem) and step.item.purpose == CALL_RECORDING for step in given)


def is_void(consent: ConsentRecord) -> bool:
    """Whether nothing was ever agreed to. Who ends the call later takes back nothing of what was before."""
    return consent.status == REFUSED or (consent.status == WITHDRAWN and consent.via == Via.NONE)


def _of_answer(
    questionnaire: Questionnaire, answer: Answer, question: ConsentQuestion | None
) -> ConsentRecord | None:
    """None where an answer is about something else, or is none: then there is nothing to rely on."""
    item = questionnaire.item(answer.item.partition("#")[0])
    if not isinstance(item, ConsentItem):
        return None
    status = _status(answer)
    if status is None:
        return None
    proof = question if question is not None and question.item == item.id and status != WITHDRAWN else None
    return _record(
        questionnaire,
        Step(answer.item, item),
        status,
        via=answer.via,
        confidence=answer.confidence,
        read_back=answer.confirmed,
        proof=proof,
    )


def _status(answer: Answer) -> str | None:
    match answer.status:
        case AnswerStatus.WITHDRAWN:
            return WITHDRAWN
        case AnswerStatus.ANSWERED:
            return GIVEN if answer.value is True else REFUSED
        case AnswerStatus.REFUSED:
            return REFUSED
        case _:
            return None


def _record(
    questionnaire: Questionnaire,
    step: Step,
    status: str,
    *,
    via: Via,
    confidence: float | None,
    read_back: bool = False,
    proof: ConsentQuestion | None = None,
) -> ConsentRecord | None:
    if not isinstance(step.item, ConsentItem):
        return None
    record = ConsentRecord(
        item=step.id,
        purpose=_PURPOSES[step.item.purpose],
        status=status,
        questionnaire_version=questionnaire.version,
        questionnaire_hash=questionnaire.hash,
        via=str(via),
        confidence=confidence,
        read_back=read_back,
    )
    if proof is None:
        return record
    return replace(
        record,
        prompt_hash=proof.prompt_hash,
        audio_hash=proof.audio_hash,
        prompt_seconds=proof.prompt_seconds,
        heard_seconds=proof.heard_seconds,
        acknowledged=proof.acknowledged,
    )


def _given(form: Form) -> list[Step]:
    """The consents that stand."""
    agreed = [step for step in form.questions if isinstance(step.item, ConsentItem) and step.id in form.live]
    return [step for step in agreed if form.live[step.id].value is True]


def _via(heard: Input) -> Via:
    return Via.SPEECH if isinstance(heard, Utterance) else Via.DTMF


def _confidence(heard: Input) -> float | None:
    return heard.confidence if isinstance(heard, Utterance) else None


def _is_whole(progress: Sequence[PhraseProgress]) -> bool:
    return bool(progress) and all(phrase.finished for phrase in progress)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
