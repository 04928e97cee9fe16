"""Where a dialogue stands. It is stored after every turn, so that any process can go on from it.

The item to be asked is not in it: it is the first without an answer, so a dropped call, a crash and an
ordinary next question take the same path.
"""

from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import Answer, AnswerStatus, Value
from bridge.dialogue.context import CallContext
from bridge.dialogue.dialects import Dialect

__all__ = ["Asked", "Candidate", "DialogueState", "Escalated", "Tally"]


class Asked(StrEnum):
    """Which question the caller has before them."""

    ITEM = "item"
    READBACK = "readback"  # is this what you said?
    STOP = "stop"  # do you want to end the call?
    PERSON = "person"  # do you want to speak to a person?
    CALL_BACK = "call_back"  # shall we call another time?
    DO_NOT_CALL = "do_not_call"  # shall we never call again?
    WRONG_PERSON = "wrong_person"  # is this somebody else's number?
    EMERGENCY = "emergency"  # do you need help now?
    OFFER = "offer"  # shall we put you through?
    HELP = "help"  # no question: the caller has been told where help is, and is not hung up on at once


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
    out_of_range: int = 0
    silences: int = 0
    by_keypad: bool = False
    keypad_failures: int = 0
    doubts: int = 0  # unclear replies to the question of ours that is open
    repeats: int = 0
    not_heard: int = 0


class Escalated(Struct, frozen=True):
    """The escalation that is going on."""

    name: str | None  # None: the common one
    reason: str


class DialogueState(Struct, frozen=True):
    """A dialogue between two turns."""

    format: int = 2
    questionnaire: str = ""  # the hash of the version that the call began with, and finishes on
    context: CallContext = CallContext()
    dialect: Dialect | None = None  # which the caller chose
    answers: tuple[Answer, ...] = ()  # one for each item that is done with, asked for or no longer
    reopened: str | None = None  # an item that is asked once more, to correct its answer
    told: tuple[str, ...] = ()  # what was said and not asked
    acted: tuple[str, ...] = ()  # rules that have had their effect
    asked: Asked = Asked.ITEM
    candidate: Candidate | None = None
    tally: Tally = Tally()
    silences: int = 0  # in a row
    corrections: int = 0
    turns: int = 0
    danger: str | None = None  # which words of danger the caller is being asked about
    escalated: Escalated | None = None
    call_back_when: str | None = None
    resumptions: int = 0
    recap_due: bool = False
    outcome: Disposition | None = None  # None while the call goes on
