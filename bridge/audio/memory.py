"""Sounds that are wanted again: those used last, up to a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

__all__ = ["SoundMemory"]


class SoundMemory:
    """Safe from any thread. What it holds is never larger than was agreed, however many sounds there are."""

    def __init__(self, limit: int) -> None:
        self.bytes = 0
        self._limit = limit
        self._sounds: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: Hashable) -> bytes | None:
        """The sound of this name, if it is still held."""
        with self._lock:
            if (sound := self._sounds.get(name)) is not None:
                self._sounds.move_to_end(name)
            return sound

    def put(self, name: Hashable, sound: bytes) -> None:
        """Hold a sound, and let go of what was not wanted for longest."""
        if len(sound) > self._limit:
            return
        with self._lock:
            self.bytes += len(sound) - len(self._sounds.pop(name, b""))
            self._sounds[name] = sound
            while self.bytes > self._limit:
                _, oldest = self._sounds.popitem(last=False)
                self.bytes -= len(oldest)
