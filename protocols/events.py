"""What a carrier tells us, in one vocabulary whatever its wire looks like. Events are past tense."""

from enum import StrEnum

from msgspec import Struct

from protocols.audio import MULAW_8K, AudioFormat

__all__ = [
    "ANSWERED_BY",
    "AudioPaused",
    "AudioReceived",
    "AudioSkipped",
    "CallDescribed",
    "CallDetails",
    "CallEnded",
    "CallStarted",
    "Channel",
    "Complained",
    "Direction",
    "DtmfReceived",
    "Event",
    "MarkReturned",
    "ReplyDue",
]

ANSWERED_BY = "answered_by"  # among a call's custom facts: what answering-machine detection has found


class Direction(StrEnum):
    """Who called whom, as seen from the hospital."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Channel(StrEnum):
    """Whose voice it is, where a wire keeps voices apart."""

    CALLER = "caller"
    AGENT = "agent"  # whoever speaks for the site


class CallDetails(Struct, frozen=True):
    """What the carrier knows about the call. Absent facts are None, never guessed."""

    provider_call_id: str | None = None
    stream_id: str | None = None
    caller_number: str | None = None  # digits as the carrier sent them
    callee_number: str | None = None
    direction: Direction | None = None
    custom: dict[str, str] = {}  # what the campaign or the webhook attached; values as text

    @property
    def subject_number(self) -> str | None:
        """The number of the person being asked: the callee of an outbound call, else the caller."""
        return self.callee_number if self.direction is Direction.OUTBOUND else self.caller_number

    @property
    def own_number(self) -> str | None:
        """The number of whoever asks: the caller of an outbound call, else the callee."""
        return self.caller_number if self.direction is Direction.OUTBOUND else self.callee_number

    @property
    def is_machine(self) -> bool:
        """Whether answering-machine detection has found one before the call began."""
        return self.custom.get(ANSWERED_BY, "").lower() == "machine"

    def completed_by(self, known: "CallDetails") -> "CallDetails":
        """What is absent here, from what was known before."""
        return CallDetails(
            provider_call_id=self.provider_call_id or known.provider_call_id,
            stream_id=self.stream_id or known.stream_id,
            caller_number=self.caller_number or known.caller_number,
            callee_number=self.callee_number or known.callee_number,
            direction=self.direction or known.direction,
            custom={**known.custom, **self.custom},
        )


class CallStarted(Struct, frozen=True):
    """The call may begin: the carrier has introduced it and its credential is good."""

    details: CallDetails
    heard: AudioFormat = MULAW_8K  # of the caller's audio, and of the other channels'
    spoken: AudioFormat = MULAW_8K  # of ours
    channels: tuple[Channel, ...] = (Channel.CALLER,)  # of which audio will come


class CallDescribed(Struct, frozen=True):
    """More became known about a call that had already started."""

    details: CallDetails


class AudioReceived(Struct, frozen=True):
    """Some of the audio, the caller's where the wire knows no other."""

    payload: bytes  # in the format that the start named; any length
    timestamp_ms: int | None = None  # milliseconds since the stream began, where the carrier says so
    channel: Channel = Channel.CALLER


class AudioPaused(Struct, frozen=True):
    """No audio will come for a while, whatever is said: on hold, or paused by somebody who may."""


class AudioSkipped(Struct, frozen=True):
    """So much of the call has passed of which no audio was sent, or is going to be."""

    seconds: float


class DtmfReceived(Struct, frozen=True):
    """The caller pressed one key."""

    key: str  # one of 0-9 * # A-D


class MarkReturned(Struct, frozen=True):
    """A mark came back: the audio before it was `played`, or dropped because of a clear."""

    name: str
    played: bool


class CallEnded(Struct, frozen=True):
    """The carrier ended the stream in so many words. A closed socket means the same."""


class ReplyDue(Struct, frozen=True):
    """The wire itself owes the carrier this message: the answer to a ping, audio that it held back."""

    message: str | bytes


class Complained(Struct, frozen=True):
    """The carrier says that something went wrong; the call goes on unless it ends it."""

    code: str  # the carrier's own, or a few words of it: nothing of the call


Event = (
    CallStarted
    | CallDescribed
    | AudioReceived
    | AudioPaused
    | AudioSkipped
    | DtmfReceived
    | MarkReturned
    | ReplyDue
    | Complained
    | CallEnded
)
