"""What the main process and its workers say to each other, over a pair of sockets that nobody else can open.

Each is a value. What is asked is answered under the number that it was asked by; the rest is only told.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from bridge.admission import Busy
from bridge.following import Unfinished
from bridge.holding import Patience
from bridge.reconnection import CallKey
from bridge.running import RunningCall
from bridge.speech.condition import WorkerCondition
from bridge.storage.utterances import StoredUtterance
from bridge.telemetry.metrics import Counted
from protocols.events import CallDetails
from protocols.http import HttpRequest

__all__ = [
    "Asked",
    "Beat",
    "Claim",
    "CutCalls",
    "DismissCalls",
    "EndCall",
    "Followed",
    "GiveWay",
    "Granted",
    "HangUp",
    "LetIn",
    "Letter",
    "ListCalls",
    "Listed",
    "MachineAnswered",
    "Message",
    "NotSeated",
    "Obeyed",
    "Over",
    "PutThrough",
    "Release",
    "Said",
    "Saying",
    "Seated",
    "Settle",
    "Settled",
    "Stop",
    "TakeCall",
    "TakeUp",
    "Tell",
    "Told",
    "Up",
]


# From the main process


class Asked(Struct, frozen=True):
    """A version of a questionnaire that calls may be asked; its text is in the database."""

    hash: str
    id: str


class TakeUp(Struct, frozen=True, tag=True):
    """New calls are held so from now on."""

    questionnaires: Sequence[Asked]
    site: Mapping[str, str]
    patience: Patience


class TakeCall(Struct, frozen=True, tag=True, kw_only=True):
    """Hold this call; its connection comes beside, under the same number."""

    number: int
    call_id: str
    provider: str
    questionnaire: Asked | None  # None: listen to it
    known: CallDetails
    tenant: str | None  # of its seat; None: it has none yet, and must be let in once it is introduced
    # Of a WebSocket: the request that asked for it, and what of that its answer is made of.
    upgrade: HttpRequest | None = None
    handshake: Mapping[str, str] = {}
    is_authenticated: bool = True
    is_obeyed: bool = False  # its provider has an application socket, in the main process


class EndCall(Struct, frozen=True, tag=True):
    """Let one call end soon and properly."""

    call_id: str


class DismissCalls(Struct, frozen=True, tag=True):
    """Let all calls end soon and properly."""


class CutCalls(Struct, frozen=True, tag=True):
    """End all calls now."""


class MachineAnswered(Struct, frozen=True, tag=True):
    """No person has picked up this phone call, whoever has it."""

    key: CallKey


class GiveWay(Struct, frozen=True, tag=True):
    """Another socket has come for the phone call that this one has."""

    call_id: str


class Followed(Struct, frozen=True, tag=True):
    """Whether anybody follows what is said in a call that is listened to."""

    call_id: str
    is_so: bool


class ListCalls(Struct, frozen=True, tag=True):
    """Asks for `Listed`."""


class Tell(Struct, frozen=True, tag=True):
    """Asks for `Told`."""


class Stop(Struct, frozen=True, tag=True):
    """End every call, and the process."""


class Seated(Struct, frozen=True, tag=True):
    """The call has a place."""

    tenant: str


class NotSeated(Struct, frozen=True, tag=True):
    """It has none."""


class Settled(Struct, frozen=True, tag=True):
    """Whose call it is, now that it has said its number; `busy`: there is no place for it so."""

    tenant: str
    busy: Busy | None = None


class Granted(Struct, frozen=True, tag=True):
    """Whether the call has its phone call alone."""

    is_so: bool


class Obeyed(Struct, frozen=True, tag=True):
    """Whether the provider was told."""

    is_so: bool


# From a worker


class Up(Struct, frozen=True, tag=True):
    """Calls can be held."""


class Beat(Struct, frozen=True, tag=True, kw_only=True):
    """A sign of life, and how the worker is. Seconds of the wall clock."""

    lag_seconds: float
    waited_seconds: float  # for the recogniser, by the utterance that has waited longest
    ears: tuple[bool, str]  # whether calls can be built on the recogniser, and what is wrong
    ears_restarts: int
    utterances: int
    tasks: int
    not_begun: int
    engines: Sequence[WorkerCondition]
    voices: Mapping[str, tuple[bool, int]]
    prompts: tuple[int, int]  # that were at hand when a call asked, and that were not


class LetIn(Struct, frozen=True, tag=True):
    """May this call go on, now that its credential has come? Asks for `Seated` or `NotSeated`."""

    call_id: str
    details: CallDetails


class Settle(Struct, frozen=True, tag=True):
    """The call has said which number of ours it is about. Asks for `Settled`."""

    call_id: str
    number: str | None


class Claim(Struct, frozen=True, tag=True):
    """The call wants this phone call alone. Asks for `Granted`, until `Release`."""

    call_id: str
    key: CallKey


class Release(Struct, frozen=True, tag=True):
    """It leaves it."""

    call_id: str


class PutThrough(Struct, frozen=True, tag=True):
    """Have the provider put this call through to a number. Asks for `Obeyed`."""

    call_id: str
    to: str


class HangUp(Struct, frozen=True, tag=True):
    """Have the provider end this call. Asks for `Obeyed`."""

    call_id: str


class Said(Struct, frozen=True, tag=True):
    """An utterance of a call that is listened to, which is on disk."""

    call_id: str
    said: StoredUtterance


class Saying(Struct, frozen=True, tag=True):
    """What is being said in a call that is listened to and followed."""

    call_id: str
    saying: Unfinished


class Over(Struct, frozen=True, tag=True):
    """The call is over."""

    call_id: str


class Listed(Struct, frozen=True, tag=True):
    """The calls that are held."""

    calls: Sequence[RunningCall]


class Told(Struct, frozen=True, tag=True):
    """What was counted since the worker began; said now and then without being asked."""

    counted: Sequence[Counted]


Message = (
    TakeUp
    | TakeCall
    | EndCall
    | DismissCalls
    | CutCalls
    | MachineAnswered
    | GiveWay
    | Followed
    | ListCalls
    | Tell
    | Stop
    | Seated
    | NotSeated
    | Settled
    | Granted
    | Obeyed
    | Up
    | Beat
    | LetIn
    | Settle
    | Claim
    | Release
    | PutThrough
    | HangUp
    | Said
    | Saying
    | Over
    | Listed
    | Told
)


class Letter(Struct, frozen=True, array_like=True):
    """One of them on its way."""

    body: Message
    number: int = field(default=0)  # 0: it is only told
    is_reply: bool = False
