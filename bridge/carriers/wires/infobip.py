"""Infobip's end of a WebSocket endpoint, strict. Its source is that of `protocols.infobip`.

Audio is binary, both ways and whole packets only; the first message alone is a text. There is nothing else.
"""

from collections.abc import Sequence

from bridge.carriers.base import AudioToPlay, CarrierCall, CarrierEvent, CarrierWire, Dialling
from bridge.carriers.strict import require_audio
from protocols import RemoteProtocolError
from protocols.audio import AudioFormat, Encoding
from protocols.http import basic, json_body

__all__ = ["InfobipWire"]

L16_16K = AudioFormat(Encoding.LINEAR, 16000)
PACKET_MS = 20
USER = "hatif"  # of the registered endpoint; its password is the call's token


class InfobipWire(CarrierWire):
    """One leg, from Infobip's end."""

    caller_audio = L16_16K
    our_audio = L16_16K

    def __init__(self) -> None:
        self._unsent = b""  # less than a packet

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        return Dialling(url, {"Authorization": basic(USER, token)} if token else {})

    def open(self, call: CarrierCall) -> Sequence[str]:
        introduction = {
            "callId": call.call_id,
            "sampleRate": self.caller_audio.sample_rate,
            "packetizationTime": PACKET_MS,
        }
        return (json_body(introduction).decode(),)

    def audio(self, payload: bytes) -> Sequence[bytes]:
        """As many packets as are complete, in one message."""
        audio = self._unsent + payload
        whole = len(audio) - len(audio) % self.caller_audio.frame_bytes
        self._unsent = audio[whole:]
        return (audio[:whole],) if whole else ()

    def digit(self, key: str) -> Sequence[str]:  # noqa: ARG002
        return ()  # tones in the audio

    def mark(self, name: str) -> Sequence[str]:  # noqa: ARG002
        return ()  # never asked for

    def stop(self) -> Sequence[str]:
        return ()  # the socket closes

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, str):
            raise RemoteProtocolError("a text where only audio is spoken")
        if len(message) % self.our_audio.frame_bytes:
            raise RemoteProtocolError("audio: Expected whole packets of 20 ms")
        return (AudioToPlay(require_audio(message, message="audio")),)


WIRE = InfobipWire
