"""Genesys Cloud AudioHook: a conversation that is listened to, mu-law 8 kHz in binary messages.

Sources and envelope: `protocols.genesys_session`. A binary message of ours would be an error (415), keys are
not told, and the conversation belongs to others: hanging up ends our listening, nothing else.
"""

from collections.abc import Sequence

from protocols.base import Capabilities, Ending
from protocols.commands import Command, HangUp
from protocols.errors import LocalProtocolError
from protocols.genesys_credential import GenesysOptions, admit, is_guarded
from protocols.genesys_session import (
    CLOSING_SECONDS,
    GenesysSession,
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
    """One session of AudioHook Monitor."""

    @property
    def capabilities(self) -> Capabilities:
        return AUDIOHOOK

    def _say(self, command: Command) -> Sequence[str]:
        if isinstance(command, HangUp):
            return self._disconnect()
        raise LocalProtocolError("AudioHook listens only: nothing can be played or handed over")


PROVIDER = Provider(
    capabilities=AUDIOHOOK,
    title="Genesys Cloud AudioHook",
    options=GenesysOptions,
    door=Door.CREDENTIAL,
    media=lambda _options, grant: AudioHookProtocol(session_id(grant)),
    admit=admit,
    is_guarded=is_guarded,
)
