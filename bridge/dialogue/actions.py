"""What the dialogue wants done, in order. The session does it."""

from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.answer import Answer

__all__ = ["Action", "Disposition", "HangUp", "Keys", "Listen", "PromptRole", "Say", "Store", "Transfer"]


class PromptRole(StrEnum):
    """Why something is said."""

    OPENING = "opening"
    ASK = "ask"
    REPROMPT = "reprompt"
    KEYPAD = "keypad"  # asks for keys only
    READBACK = "readback"
    COMMAND = "command"  # confirms a command: "do you want to end the call?"
    APOLOGY = "apology"
    ESCALATION = "escalation"
    CLOSING = "closing"


class Disposition(StrEnum):
    """How a call ended."""

    COMPLETED = "completed"
    NO_CONSENT = "no_consent"
    STOPPED = "stopped"  # the caller asked to end it
    TRANSFERRED = "transferred"
    HUNG_UP = "hung_up"
    NO_ANSWER = "no_answer"  # nobody spoke or pressed a key
    FAILED = "failed"  # our fault
    INTERRUPTED = "interrupted"  # the daemon died or was stopped in mid-call


class Say(Struct, frozen=True, tag=True):
    """Speak one prompt."""

    text: str
    role: PromptRole
    item: str | None = None
    barge_in: bool = True  # may the caller speak over it?


class Keys(Struct, frozen=True):
    """Which keys may be pressed, and when the entry is over."""

    max_digits: int
    terminator: str = "#"
    interdigit_seconds: float = 3.0


class Listen(Struct, frozen=True, tag=True):
    """Wait for the caller."""

    phrases: tuple[str, ...]  # the closed vocabulary, spelled as the recogniser spells; () means keys only
    keys: Keys
    no_input_seconds: float = 6.0
    end_silence_seconds: float = 0.6
    max_speech_seconds: float = 10.0


class Store(Struct, frozen=True, tag=True):
    """Commit this answer before anything else is said."""

    answer: Answer


class Transfer(Struct, frozen=True, tag=True):
    """Hand the caller over to a person; the call is over for us."""


class HangUp(Struct, frozen=True, tag=True):
    """End the call once everything said has been heard."""

    disposition: Disposition


Action = Say | Listen | Store | Transfer | HangUp
