"""What the dialogue wants done, in order. The session does it."""

from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.answer import Answer

__all__ = [
    "Action",
    "Disposition",
    "HangUp",
    "Keys",
    "Listen",
    "Notify",
    "PromptRole",
    "Say",
    "Store",
    "Transfer",
]


class PromptRole(StrEnum):
    """Why something is said."""

    OPENING = "opening"
    INFO = "info"
    ASK = "ask"
    REPROMPT = "reprompt"
    KEYPAD = "keypad"  # asks for keys only
    READBACK = "readback"
    COMMAND = "command"  # confirms a command: "do you want to end the call?"
    APOLOGY = "apology"
    ESCALATION = "escalation"
    CLOSING = "closing"


class Disposition(StrEnum):
    """How a call ended; docs/dispositions.md sets them beside AAPOR's codes."""

    COMPLETED = "completed"
    PARTIAL = "partial"  # ended early, with at least half of the answers
    REFUSED = "refused"  # no consent
    STOPPED = "stopped"  # the caller asked to end it, with less than half of the answers
    INELIGIBLE = "ineligible"
    WRONG_PERSON = "wrong_person"  # or one who could not be identified
    CALL_BACK = "call_back"
    DO_NOT_CALL = "do_not_call"
    TRANSFERRED = "transferred"
    ESCALATED = "escalated"  # in danger, perhaps: see what was notified
    HUNG_UP = "hung_up"
    NO_ANSWER = "no_answer"  # nobody spoke or pressed a key
    VOICEMAIL = "voicemail"
    FAILED = "failed"  # our fault
    INTERRUPTED = "interrupted"  # the daemon died or was stopped in mid-call


class Say(Struct, frozen=True, tag=True):
    """Speak one prompt."""

    text: str
    role: PromptRole
    item: str | None = None
    barge_in: bool = True  # may the caller speak over it?
    parts: tuple[str, ...] = ()  # the pieces that it is put together from; () where it is one piece

    @property
    def pieces(self) -> tuple[str, ...]:
        """What is to be played, piece by piece."""
        return self.parts or (self.text,)


class Keys(Struct, frozen=True):
    """Which keys may be pressed, and when the entry is over."""

    max_digits: int  # stars included
    terminator: str = "#"
    stars: int = (
        0  # so many stars may stand inside an entry: the point of a decimal, the "over" of a pressure
    )
    interdigit_seconds: float = 3.0


class Listen(Struct, frozen=True, tag=True):
    """Wait for the caller."""

    phrases: tuple[str, ...]  # the closed vocabulary, spelled as the recogniser spells; () means keys only
    keys: Keys
    no_input_seconds: float = 6.0
    end_silence_seconds: float = 0.6
    look_seconds: float | None = None  # of silence: then what was said so far may end it sooner, or later
    max_speech_seconds: float = 10.0
    keep_audio: bool = False  # the sound of the answer is part of it
    is_new: bool = False  # put for the first time: what began before it was heard does not answer it


class Store(Struct, frozen=True, tag=True):
    """Commit this answer before anything else is said."""

    answer: Answer


class Notify(Struct, frozen=True, tag=True):
    """Tell somebody who is not on the line, and have them say that they have seen it."""

    escalation: str
    reason: str  # answer, refused, not_obtained, stopped, hung_up, words, rule …: never what was said
    recipients: tuple[str, ...]
    acknowledge_seconds: int
    item: str | None = None


class Transfer(Struct, frozen=True, tag=True):
    """Hand the caller over to a person; the call is over for us."""

    target: str | None = None  # a number; None: wherever the carrier hands over to
    disposition: Disposition = Disposition.TRANSFERRED


class HangUp(Struct, frozen=True, tag=True):
    """End the call once everything said has been heard."""

    disposition: Disposition
    call_back_when: str | None = None  # when the caller wants to be called, in the caller's words


Action = Say | Listen | Store | Notify | Transfer | HangUp
