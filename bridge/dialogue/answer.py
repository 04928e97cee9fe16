"""An answer: one typed value, and how it came about."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["Answer", "AnswerStatus", "Value", "Via"]

Value = bool | int | float | str | tuple[str, ...] | None


class Via(StrEnum):
    """By which channel the value came."""

    SPEECH = "speech"
    DTMF = "dtmf"
    NONE = "none"  # no value came


class AnswerStatus(StrEnum):
    """What became of the item."""

    ANSWERED = "answered"
    DONT_KNOW = "dont_know"
    REFUSED = "refused"
    NOT_OBTAINED = "not_obtained"  # asked as often as allowed, in vain
    WITHDRAWN = "withdrawn"  # taken too early: the caller was still speaking, and meant something else


class Answer(Struct, frozen=True):
    """What is stored for one item. A correction is a new `Answer` to it; storage numbers the revisions."""

    item: str
    status: AnswerStatus
    value: Value
    via: Via
    tries: int  # how often the item was asked until this came, the first time included
    confirmed: bool  # read back, and the caller said yes
    closed: str = ""  # the text that the value was read from, under the question's grammar
    open: str = ""  # and under the open vocabulary
    confidence: float | None = None
    audio: bool = False  # what was said is kept as sound
