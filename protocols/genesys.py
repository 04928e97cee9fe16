"""Genesys Cloud Audio Connector: a bot in an Architect flow, mu-law 8 kHz both ways in binary messages.

Sources and envelope: `protocols.genesys_session`; `dtmf`, `playback_started`, `playback_completed`,
`barge_in` and `outputVariables` are in the types of the audioconnector sample.

- Nothing acknowledges single pieces of audio. `playback_completed` says that the buffer ran dry, so every
  mark returns with it. If it ran dry while more was on its way, marks return early, by no more than the lead.
- A clear is the event `barge_in`. Whether `playback_completed` follows is not said, so after a clear one
  counts only if `playback_started` has come first, from a Genesys that had seen the clear (`serverseq`).
- Messages, not bytes, are limited, so audio is sent in pieces of 200 ms and never above 64,000 bytes.
- `disconnect` gives the call back to the flow, which branches on `outputVariables`: the variable that
  `outcome_variable` names is `completed` or `transfer`; on a transfer `transfer_to` is the number, if any.
  The flow hangs up or transfers; the wire can do neither.
"""

from collections.abc import Sequence
from typing import Annotated, assert_never

from msgspec import Meta

from protocols.base import Capabilities, Ending
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import LocalProtocolError
from protocols.events import DtmfReceived, Event, MarkReturned
from protocols.genesys_credential import GenesysOptions, admit, is_guarded
from protocols.genesys_session import (
    BOTH_CHANNELS,
    CLOSING_SECONDS,
    EXTERNAL_ALONE,
    MAX_BINARY_BYTES,
    Dtmf,
    GenesysSession,
    InCall,
    PlaybackCompleted,
    PlaybackStarted,
    State,
    session_id,
)
from protocols.provider import Door, Provider
from protocols.wire import read_key

__all__ = ["PROVIDER", "AudioConnectorOptions", "GenesysProtocol"]

GENESYS = Capabilities(
    name="genesys",
    hang_up=Ending.IN_BAND,
    transfer=Ending.IN_BAND,
    lead_seconds=0.6,  # the messages are long, and a buffer that runs dry returns marks early
    chunk_seconds=0.2,
    farewell_seconds=CLOSING_SECONDS,
)


class AudioConnectorOptions(GenesysOptions, frozen=True, kw_only=True):
    """What a site configures of the Audio Connector."""

    outcome_variable: Annotated[
        str, Meta(description="the output variable on which the flow branches: completed or transfer")
    ] = "action"


class GenesysProtocol(GenesysSession):
    """One session of the Audio Connector. Of an offer of both channels the caller's is what matters."""

    wanted = (EXTERNAL_ALONE, BOTH_CHANNELS)

    def __init__(self, session_id: str | None = None, *, outcome_variable: str = "action") -> None:
        super().__init__(session_id)
        self._outcome_variable = outcome_variable
        self._marks: list[str] = []  # asked for since the last clear, and not returned
        self._cleared_at = 0  # the seq of our last `barge_in`
        self._is_playing = False  # something that was sent after it

    @property
    def capabilities(self) -> Capabilities:
        return GENESYS

    def _say(self, command: Command) -> Sequence[str | bytes]:
        match command:
            case HangUp():
                return self._disconnect({self._outcome_variable: "completed"})
            case TransferCall():
                number = {} if command.to is None else {"transfer_to": command.to}
                return self._disconnect({self._outcome_variable: "transfer"} | number)
            case _ if self.state is not State.OPENED:
                raise LocalProtocolError(f"{type(command).__name__} when the session is {self.state}")
            case AcceptCall():
                return ()
            case PlayAudio():
                return _pieces(command.payload)
            case SendMark():
                self._ask(command.name)
                return ()
            case ClearAudio():
                return (self._clear(),)
            case _:
                assert_never(command)

    def _in_call(self, incoming: InCall) -> Sequence[Event]:
        match incoming:
            case Dtmf():
                return (DtmfReceived(read_key(incoming.parameters.digit, message="dtmf")),)
            case PlaybackStarted():
                seen = self._cleared_at if incoming.serverseq is None else incoming.serverseq
                self._is_playing = self._is_playing or seen >= self._cleared_at
                return ()
            case PlaybackCompleted():
                return self._played() if self._is_playing else ()
            case _:
                return ()  # pauses: nothing is sent meanwhile, and nothing is missed

    def _ask(self, name: str) -> None:
        if name in self._marks:
            raise LocalProtocolError("a mark of that name has not come back yet")
        self._marks.append(name)

    def _clear(self) -> str:
        self._marks.clear()
        self._is_playing = False
        message = self._compose("event", {"entities": [{"type": "barge_in", "data": {}}]})
        self._cleared_at = self.seq
        return message

    def _played(self) -> Sequence[Event]:
        self._is_playing = False
        returned = [MarkReturned(name, played=True) for name in self._marks]
        self._marks.clear()
        return returned


def _pieces(payload: bytes) -> Sequence[bytes]:
    starts = range(0, len(payload), MAX_BINARY_BYTES)
    return [payload[start : start + MAX_BINARY_BYTES] for start in starts]


PROVIDER = Provider(
    capabilities=GENESYS,
    title="Genesys Cloud Audio Connector",
    options=AudioConnectorOptions,
    door=Door.CREDENTIAL,
    media=lambda options, grant: GenesysProtocol(
        session_id(grant), outcome_variable=options.outcome_variable
    ),
    admit=admit,
    is_guarded=is_guarded,
)
