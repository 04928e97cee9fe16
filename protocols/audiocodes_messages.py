"""What VoiceAI Connect says to a bot in streaming mode, and how it is spoken to.

Sources: `protocols.audiocodes`.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from protocols.events import CallDetails, Direction, ReplyDue
from protocols.wire import MessageDecoder, read_custom

__all__ = [
    "DECODER",
    "Activities",
    "Activity",
    "End",
    "Incoming",
    "Initiate",
    "Resume",
    "UserChunk",
    "UserStart",
    "UserStop",
    "Validate",
    "activity",
    "details_of",
    "reply",
    "text",
    "transfer",
]


class Message(Struct, tag_field="type", rename="camel", frozen=True, kw_only=True):
    conversation_id: str | None = None


class Initiate(Message, tag="session.initiate", frozen=True, kw_only=True):
    supported_media_formats: tuple[str, ...] = ()
    expect_audio_messages: bool = True
    caller: str | None = None
    bot_name: str | None = None


class Resume(Message, tag="session.resume", frozen=True, kw_only=True):
    pass


class End(Message, tag="session.end", frozen=True, kw_only=True):
    pass


class Validate(Message, tag="connection.validate", frozen=True, kw_only=True):
    pass


class UserStart(Message, tag="userStream.start", frozen=True, kw_only=True):
    participant: str = "caller"


class UserChunk(Message, tag="userStream.chunk", frozen=True, kw_only=True):
    audio_chunk: bytes
    participant: str = "caller"


class UserStop(Message, tag="userStream.stop", frozen=True, kw_only=True):
    participant: str = "caller"


class Activity(Struct, rename="camel", frozen=True, kw_only=True):
    name: str = ""
    value: Raw = Raw(b"null")
    parameters: dict[str, Raw] | None = None
    stream_id: int | str | None = None


class Activities(Message, tag="activities", frozen=True, kw_only=True):
    activities: tuple[Activity, ...]


Incoming = Initiate | Resume | End | Validate | UserStart | UserChunk | UserStop | Activities
DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


def text(kind: str, **fields: Any) -> str:
    return msgspec.json.encode({"type": kind, **fields}).decode()


def reply(kind: str, **fields: Any) -> ReplyDue:
    return ReplyDue(text(kind, **fields))


def activity(name: str, **fields: Any) -> str:
    return text("activities", activities=[{"type": "event", "name": name, **fields}])


def transfer(to: str | None) -> str:
    """Without a number the target is the one that the site configured."""
    if to is None:
        return activity("transfer")
    target = to if ":" in to else f"tel:{to}"
    return activity("transfer", activityParams={"transferTarget": target})


# Who calls

_FACTS = frozenset(
    {"calleeHost", "callerHost", "callerDisplayName", "dialoutMetadata", "locale", "participants"}
)


def details_of(initiate: Initiate, parameters: dict[str, Raw]) -> CallDetails:
    """What initiation and start tell together."""
    custom = read_custom(parameters)
    target = custom.pop("outboundTarget", None)
    custom |= _attached(parameters.get("dialoutMetadata"))
    caller, callee = custom.pop("caller", None), custom.pop("callee", None)
    return CallDetails(
        provider_call_id=custom.pop("vaigConversationId", None) or initiate.conversation_id,
        caller_number=_number(caller or initiate.caller),
        callee_number=_number(target or callee),
        direction=Direction.OUTBOUND if target else None,
        custom={name: value for name, value in custom.items() if name not in _FACTS},
    )


def _attached(metadata: Raw | None) -> dict[str, str]:
    """What a dialler attached: an object, or one written as a text."""
    written = read_custom({} if metadata is None else {"metadata": metadata}).get("metadata", "{}")
    try:
        return read_custom(msgspec.json.decode(written, type=dict[str, Raw]))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}


def _number(address: str | None) -> str | None:
    """A number without its scheme and host."""
    return (address or "").removeprefix("tel:").removeprefix("sip:").partition("@")[0] or None
