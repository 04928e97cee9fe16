"""Words of our own, in JSON tagged by `type`: the generic protocol, and what FreeSWITCH scripts say to us.

docs/generic-protocol.md is their specification.
"""

from msgspec import Raw, Struct, field, structs

from protocols.audio import OPUS, AudioFormat, Encoding
from protocols.errors import RemoteProtocolError
from protocols.events import CallDetails
from protocols.wire import read_custom, read_direction

__all__ = [
    "AudioData",
    "AudioShape",
    "Auth",
    "Clear",
    "Dtmf",
    "Hangup",
    "Mark",
    "Parties",
    "PlayedMark",
    "Ready",
    "Start",
    "Stop",
    "Transfer",
    "text_of",
]

SAMPLES = (Encoding.MULAW, Encoding.ALAW, Encoding.LINEAR)
SAMPLE_RATES = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000)
BYTE_ORDERS = ("little", "big")


class _Word(Struct, tag_field="type", frozen=True, kw_only=True, omit_defaults=True):
    pass


# Theirs


class AudioShape(Struct, frozen=True):
    """How audio is written, both ways."""

    encoding: str = Encoding.MULAW
    sample_rate: int | str = 8_000
    byte_order: str = "little"

    @property
    def format(self) -> AudioFormat:
        """The same, checked.

        Raises:
            RemoteProtocolError: it is none that we speak.

        """
        if self.encoding not in SAMPLES:
            raise RemoteProtocolError("start: audio.encoding: Expected mulaw, alaw or linear16")
        if str(self.sample_rate) not in map(str, SAMPLE_RATES):
            rates = ", ".join(map(str, SAMPLE_RATES))
            raise RemoteProtocolError(f"start: audio.sample_rate: Expected one of {rates}")
        if self.byte_order not in BYTE_ORDERS:
            raise RemoteProtocolError("start: audio.byte_order: Expected little or big")
        is_big_endian = self.encoding == Encoding.LINEAR and self.byte_order == "big"
        return AudioFormat(Encoding(self.encoding), int(self.sample_rate), big_endian=is_big_endian)

    def formats(self, *, takes_opus: bool) -> tuple[AudioFormat, AudioFormat]:
        """Theirs and ours: the same, except that Opus is answered with linear16 at `sample_rate`.

        Raises:
            RemoteProtocolError: as `format`.

        """
        if takes_opus and self.encoding == Encoding.OPUS:
            return OPUS, structs.replace(self, encoding=Encoding.LINEAR).format
        return self.format, self.format


class Parties(Struct, frozen=True, kw_only=True):
    """What is known of a call. Identifiers and numbers may be written as numbers."""

    call_id: int | str | None = None
    from_: int | str | None = field(name="from", default=None)
    to: int | str | None = None
    direction: str | None = None
    custom: dict[str, Raw] | None = None

    @property
    def details(self) -> CallDetails:
        """The same in our vocabulary."""
        return CallDetails(
            provider_call_id=text_of(self.call_id),
            caller_number=text_of(self.from_),
            callee_number=text_of(self.to),
            direction=read_direction(self.direction),
            custom=read_custom(self.custom or {}),
        )


class Start(Parties, tag_field="type", tag="start", frozen=True, kw_only=True):
    """The call begins."""

    version: int | str = 1
    token: str | None = None
    audio: AudioShape = AudioShape()
    transport: str = "binary"


class Auth(_Word, tag="auth", frozen=True):
    """A credential before `start`, from who can put none into the upgrade."""

    secret: str


class AudioData(_Word, tag="audio", frozen=True):
    """Audio both ways, where binary messages are not used."""

    audio: bytes
    timestamp_ms: int | str | None = None


class Dtmf(_Word, tag="dtmf", frozen=True):
    """The caller pressed a key."""

    key: int | str


class PlayedMark(_Word, tag="mark", frozen=True):
    """A mark comes back: what was before it was heard, or dropped."""

    name: str
    played: bool = True


class Stop(_Word, tag="stop", frozen=True):
    """The caller hung up."""


# Ours


class Ready(_Word, tag="ready", frozen=True):
    """The call is taken."""


class Mark(_Word, tag="mark", frozen=True):
    """Say when everything before this has been heard."""

    name: str


class Clear(_Word, tag="clear", frozen=True):
    """Drop what has not been played."""


class Transfer(_Word, tag="transfer", frozen=True):
    """Put the caller through to a person."""

    to: str | None = None


class Hangup(_Word, tag="hangup", frozen=True):
    """End the call."""


def text_of(value: int | str | None) -> str | None:
    """A number as its digits; nothing where there is nothing."""
    return str(value) if value not in (None, "") else None
