"""Where a dialogue stands. It is stored after every turn, so that any process can go on from it.

The item to be asked is not in it: it is the first without an answer, so a dropped call, a crash and an
ordinary next question take the same path.
"""

from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import Answer, AnswerStatus, Value
from bridge.dialogue.questionnaire import Item, Questionnaire

__all__ = ["Asked", "Candidate", "DialogueState", "Tally", "current_item"]


class Asked(StrEnum):
    """Which question the caller has before them."""

    ITEM = "item"
    READBACK = "readback"  # is this what you said?
    STOP = "stop"  # do you want to end the call?
    PERSON = "person"  # do you want to speak to a person?
    EMERGENCY = "emergency"  # do you need help now?


class Candidate(Struct, frozen=True):
    """What was heard and is not yet believed."""

    status: AnswerStatus
    value: Value
    closed: str
    open: str
    confidence: float | None


class Tally(Struct, frozen=True):
    """What has happened to the current item so far."""

    tries: int = 0  # how often it was asked
    failures: int = 0
    by_keypad: bool = False
    keypad_failures: int = 0
    doubts: int = 0  # unclear replies to the question of ours that is open
    repeats: int = 0
    not_heard: int = 0


class DialogueState(Struct, frozen=True):
    """A dialogue between two turns."""

    format: int = 1
    answers: tuple[Answer, ...] = ()  # one for each item that is done with
    asked: Asked = Asked.ITEM
    candidate: Candidate | None = None
    tally: Tally = Tally()
    silences: int = 0  # in a row
    turns: int = 0
    outcome: Disposition | None = None  # None while the call goes on


def current_item(questionnaire: Questionnaire, state: DialogueState) -> Item | None:
    """Find the item to be asked: the first without an answer; None when all are done with."""
    done = {answer.item for answer in state.answers}
    return next((item for item in questionnaire.items if item.id not in done), None)
