"""One stored call as exports see it: its answers, and the version of the questionnaire it was held with."""

import hashlib
import hmac
from collections.abc import Sequence
from functools import cached_property

import msgspec
from msgspec.structs import replace

from bridge.dialogue.answer import Answer, AnswerStatus
from bridge.dialogue.form import Form
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scoring import ScoreResult
from bridge.dialogue.state import DialogueState
from bridge.storage.consents import StoredConsent
from bridge.storage.records import StoredAnswer, StoredCall

__all__ = ["MIN_KEY_BYTES", "Interview", "subject_of"]

MIN_KEY_BYTES = 16
UNKNOWN_STATUS = "unknown"  # of a questionnaire whose text was not kept: older databases
# What a site may send along to name the patient, the surest first.
_NAMING_FIELDS = ("patient_id", "patient_code")


class Interview:
    """A call, its answers, and what can be worked out from both."""

    def __init__(
        self,
        call: StoredCall,
        answers: list[StoredAnswer],
        questionnaire: Questionnaire | None,
        *,
        state: bytes | None = None,
        subject: str | None = None,
        consents: Sequence[StoredConsent] = (),
    ) -> None:
        self.call = call
        self.revisions = answers  # every one that was read, in the order given
        self.questionnaire = questionnaire
        self.subject = subject or subject_of(call, None)
        self.consents = consents
        self._state = state

    @property
    def status(self) -> str:
        """Of the questionnaire: draft or validated. Nobody should rely on answers to a draft."""
        return self.questionnaire.status if self.questionnaire else UNKNOWN_STATUS

    @cached_property
    def answers(self) -> dict[str, StoredAnswer]:
        """The latest revision of each answer, by the step that it was given to."""
        latest: dict[str, StoredAnswer] = {}
        for answer in self.revisions:
            known = latest.get(answer.item)
            if known is None or known.revision < answer.revision:
                latest[answer.item] = answer
        return latest

    @cached_property
    def state(self) -> DialogueState:
        """The dialogue as it stood at the end; made from the answers where it was not kept."""
        try:
            kept = msgspec.json.decode(self._state or b"", type=DialogueState)
        except msgspec.DecodeError:  # none, or of an older format
            kept = DialogueState()
        given = tuple(_plain(one) for one in self.answers.values() if one.status != AnswerStatus.WITHDRAWN)
        return replace(kept, answers=given, reopened=None)

    @cached_property
    def form(self) -> Form | None:
        """Which items applied to this caller; None where the questionnaire is not known."""
        return Form(self.questionnaire, self.state) if self.questionnaire else None

    def counts(self, step: str) -> bool:
        """Whether an answer counts: its item still applies after all corrections."""
        return self.form is None or step in self.form.live

    @property
    def scores(self) -> dict[str, ScoreResult]:
        """Every score of the questionnaire, as it is at the end of the call."""
        form = self.form
        if form is None:
            return {}
        return {name: form.score(name, is_final=True) for name in form.questionnaire.scores}


def subject_of(call: StoredCall, key: bytes | None) -> str:
    """Who was called, without saying who: the same person is the same subject under the same key.

    A hash alone would not do: all telephone numbers of a country are hashed in a minute. Without a key, each
    call is a subject of its own.
    """
    person = next((found for name in _NAMING_FIELDS if (found := call.custom.get(name))), None)
    if person is None:
        person = call.callee_number if call.direction == "outbound" else call.caller_number
    if key is None or person is None:
        return hashlib.sha256(f"hatif call {call.call_id}".encode()).hexdigest()[:32]
    return hmac.new(key, f"hatif subject {person}".encode(), hashlib.sha256).hexdigest()[:32]


def _plain(stored: StoredAnswer) -> Answer:
    fields = {name: getattr(stored, name) for name in Answer.__struct_fields__}
    return Answer(**fields)
