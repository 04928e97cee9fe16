"""Genesys Cloud's end of AudioHook Monitor: a caller and an agent, whose conversation may be put on hold."""

from collections.abc import Mapping, Sequence
from itertools import chain

from bridge.audio.g711 import ULAW_SILENCE
from bridge.carriers.wires.genesys_client import SAMPLE_RATE, GenesysClient

__all__ = ["WIRE", "AudioHookWire"]


class AudioHookWire(GenesysClient):
    """It offers both channels together and each alone, tells no keys and takes no audio."""

    can_play = False
    offered_channels = (("external", "internal"), ("external",), ("internal",))

    def __init__(self, *, agent: bytes = b"", hold: tuple[float, float] | None = None) -> None:
        """`agent`: what the agent says, in mu-law, from the beginning. `hold`: from when to when, seconds."""
        super().__init__()
        self._agent = bytearray(agent)
        self._hold = hold
        self._held_samples = 0  # that were not sent; 0 where there is no hold now

    def audio(self, payload: bytes) -> Sequence[str | bytes]:
        begins = self._samples
        *pings, _ = super().audio(payload)
        agent = self._agents(len(payload))
        if self._is_held(begins):
            told = () if self._held_samples else (self._message("paused", {}),)
            self._held_samples += len(payload)
            return (*pings, *told)
        return (*pings, *self._resumed(begins), self._interleaved({"external": payload, "internal": agent}))

    def _is_held(self, samples: int) -> bool:
        return self._hold is not None and self._hold[0] <= samples / SAMPLE_RATE < self._hold[1]

    def _resumed(self, samples: int) -> Sequence[str]:
        held, self._held_samples = self._held_samples, 0
        if not held:
            return ()
        unsent = {"start": _duration(samples - held), "discarded": _duration(held)}
        return (self._message("resumed", unsent),)

    def _agents(self, count: int) -> bytes:
        said = bytes(self._agent[:count]).ljust(count, bytes([ULAW_SILENCE]))
        del self._agent[:count]
        return said

    def _interleaved(self, voices: Mapping[str, bytes]) -> bytes:
        """The channels that were chosen, in the order in which they were offered."""
        return bytes(chain.from_iterable(zip(*(voices[name] for name in self.channels), strict=True)))


def _duration(samples: int) -> str:
    return f"PT{samples / SAMPLE_RATE:g}S"


WIRE = AudioHookWire
