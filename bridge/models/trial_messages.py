"""What a trial of a model and its worker process say to each other, in the frames of `bridge.speech.pipe`."""

from msgspec import Struct

from bridge.speech.messages import Message, Request

__all__ = [
    "Decode",
    "Decoded",
    "OpenTrial",
    "Reading",
    "TrialFailed",
    "TrialOpened",
    "TrialReply",
    "TrialRequest",
]


class OpenTrial(Message, frozen=True):
    """Load this model; later messages name grammars by their place in the list."""

    path: str
    grammars: tuple[tuple[str, ...], ...]  # spelled in words of the model; () is the open vocabulary


class TrialOpened(Message, frozen=True):
    """The model is loaded."""

    version: str  # of the engine
    load_seconds: float
    bytes_before: int  # resident memory of the process; 0 where the system does not say
    bytes_after: int


class TrialFailed(Message, frozen=True):
    """The model cannot be loaded; the process ends after saying so."""

    reason: str


class Decode(Request, frozen=True):
    """Decode one recording under several grammars, one after the other."""

    ulaw: bytes  # mu-law, 8 kHz
    grammars: tuple[int, ...]


class Reading(Struct, frozen=True):
    """What was heard under one grammar."""

    text: str  # in words of the model; '' is nothing
    confidence: float  # 0..1, the lowest of its words
    cpu_seconds: float  # of the thread that decoded, from making the decoder to its last word


class Decoded(Request, frozen=True):
    """The readings, in the order in which their grammars were asked for."""

    readings: tuple[Reading, ...]
    bytes_resident: int


TrialRequest = OpenTrial | Decode
TrialReply = TrialOpened | TrialFailed | Decoded
