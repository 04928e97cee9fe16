"""What a text was found to mean, and by which rule: the one result of every reader in this package."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["Command", "Finding", "Meaning", "Value", "nothing"]

Value = bool | int | float | str | tuple[str, ...]


class Finding(StrEnum):
    """What kind of sense a text made."""

    VALUE = "value"  # an answer to the question
    COMMAND = "command"  # a wish about the call itself
    OUT_OF_RANGE = "out_of_range"  # a number, but not one that the question allows
    AMBIGUOUS = "ambiguous"  # known words that do not add up to one meaning
    NOTHING = "nothing"  # words that say nothing here


class Command(StrEnum):
    """What a caller may want at any time."""

    REPEAT = "repeat"
    SLOWER = "slower"  # say it again, and slowly
    WAIT = "wait"  # give me time
    STOP = "stop"
    PERSON = "person"  # speak to a human being
    EMERGENCY = "emergency"  # words of danger: always followed up, never acted on unasked
    DONT_KNOW = "dont_know"
    REFUSE = "refuse"
    BACK = "back"  # to the question before, or to correct an answer
    CALLBACK = "callback"  # call me another time
    DO_NOT_CALL = "do_not_call"  # and never again
    WRONG_PERSON = "wrong_person"


class Meaning(Struct, frozen=True):
    """One reading of one text."""

    finding: Finding
    rule: str  # which rule decided, for the record
    value: Value | None = None
    command: Command | None = None
    doubtful: bool = False  # understood, but the words have another reading too: to be read back
    argument: str | None = None  # of a command: when to call back, in ISO 8601: day, time, both, or "PT1H"
    flag: str | None = None  # the kind of danger that was spoken of: self_harm, chest_pain …
    confidence: float = 1.0  # how surely these words mean this, 0..1, whatever the recogniser thinks of them
    alternatives: tuple[Value, ...] = ()  # what else the words may mean
    raw: str = ""  # the text as it came, for audit; `read` and `understand` fill both in
    normalised: str = ""

    def agrees_with(self, other: "Meaning") -> bool:
        """Whether both say the same, whatever rule found it."""
        said = (Finding.VALUE, Finding.COMMAND, Finding.OUT_OF_RANGE)
        return self.finding in said and (self.finding, self.value, self.command) == (
            other.finding,
            other.value,
            other.command,
        )


def nothing(rule: str) -> Meaning:
    """The text says nothing here, because of `rule`."""
    return Meaning(Finding.NOTHING, rule, confidence=0.0)
