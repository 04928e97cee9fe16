"""Genesys Cloud AudioHook: a conversation that is listened to, mu-law 8 kHz in binary messages.

Sources and envelope: `protocols.genesys_session`. A binary message of ours would be an error (415), keys are
not told, and the conversation belongs to others: hanging up ends our listening, nothing else. Pings go on
through a pause; audio that comes in one is nobody's to hear.
"""

from collections.abc import Sequence

from protocols.base import Capabilities, Ending
from protocols.commands import Command, HangUp
from protocols.errors import LocalProtocolError
from protocols.events import AudioPaused, AudioSkipped, Event
from protocols.genesys_credential import GenesysOptions, admit, is_guarded
from protocols.genesys_session import (
    BOTH_CHANNELS,
    CLOSING_SECONDS,
    EXTERNAL_ALONE,
    INTERNAL_ALONE,
    Discarded,
    GenesysSession,
    InCall,
    Paused,
    Resumed,
    session_id,
)
from protocols.provider import Door, Provider

__all__ = ["PROVIDER", "AudioHookProtocol"]

AUDIOHOOK = Capabilities(
    name="genesys_audiohook",
    plays=False,
    sends_keys=False,
    acknowledges_playback=False,
    can_clear=False,
    hang_up=Ending.NEVER,
    farewell_seconds=CLOSING_SECONDS,
)


class AudioHookProtocol(GenesysSession):
    """One session of AudioHook Monitor: both channels where they are offered, else whichever is."""

    wanted = (BOTH_CHANNELS, EXTERNAL_ALONE, INTERNAL_ALONE)

    def __init__(self, session_id: str | None = None) -> None:
        super().__init__(session_id)
        self._is_paused = False

    @property
    def capabilities(self) -> Capabilities:
        return AUDIOHOOK

    def _say(self, command: Command) -> Sequence[str]:
        if isinstance(command, HangUp):
            return self._disconnect()
        raise LocalProtocolError("AudioHook listens only: nothing can be played or handed over")

    def _in_call(self, incoming: InCall) -> Sequence[Event]:
        match incoming:
            case Paused():
                self._is_paused = True
                return (AudioPaused(),)
            case Resumed(parameters=unsent):
                self._is_paused = False
                return (AudioSkipped(unsent.seconds),)
            case Discarded(parameters=unsent):
                return (AudioSkipped(unsent.seconds),)
            case _:
                return ()

    def _audio(self, payload: bytes) -> Sequence[Event]:
        events = super()._audio(payload)
        return () if self._is_paused else events


PROVIDER = Provider(
    capabilities=AUDIOHOOK,
    title="Genesys Cloud AudioHook",
    options=GenesysOptions,
    door=Door.CREDENTIAL,
    media=lambda _options, grant: AudioHookProtocol(session_id(grant)),
    admit=admit,
    is_guarded=is_guarded,
)
