"""A call as a stereo WAV: one party on each side, 16-bit, 8 kHz.

The header tells the true length after every second, so the file plays even when the process died in mid-call.
Samples may go into a file of another kind, such as an encrypted one.
"""

import os
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import numpy as np

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, ULAW_SILENCE, decode_ulaw

__all__ = [
    "RATE_BYTES",
    "CallRecorder",
    "HeldSamples",
    "SampleFile",
    "StereoRecorder",
    "WavFile",
    "open_for_the_owner",
    "wav_header",
]

_CHANNELS = 2
_BLOCK_BYTES = _CHANNELS * SAMPLE_WIDTH
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HELD_SECONDS = 120.0  # of a call that may not be recorded yet: 4 MB; consent is asked for within the first
RATE_BYTES = SAMPLE_RATE * _BLOCK_BYTES  # of one second: as often the header is brought up to date
_PCM_FORMAT = 1
_FORMAT_CHUNK_BYTES = 16
_RIFF_OVERHEAD = _HEADER.size - 8  # the RIFF length counts everything after itself


def wav_header(data_bytes: int) -> bytes:
    """The header of a recording with so many bytes of samples."""
    return _HEADER.pack(
        b"RIFF",
        data_bytes + _RIFF_OVERHEAD,
        b"WAVE",
        b"fmt ",
        _FORMAT_CHUNK_BYTES,
        _PCM_FORMAT,
        _CHANNELS,
        SAMPLE_RATE,
        SAMPLE_RATE * _BLOCK_BYTES,
        _BLOCK_BYTES,
        8 * SAMPLE_WIDTH,
        b"data",
        data_bytes,
    )


class SampleFile(Protocol):
    """Where the samples of a recording go."""

    def append(self, samples: bytes) -> None:
        """Write interleaved samples behind those before."""

    def close(self) -> None:
        """Finish the file; safe to repeat."""


class WavFile(SampleFile):
    """A WAV that plays at any moment."""

    def __init__(self, path: Path) -> None:
        self._file = open_for_the_owner(path)
        self._data_bytes = 0
        self._announced_bytes = 0
        self._file.write(wav_header(0))
        self._file.flush()

    def append(self, samples: bytes) -> None:
        """Write samples, and their number after every second."""
        self._file.write(samples)
        self._data_bytes += len(samples)
        if self._data_bytes - self._announced_bytes >= RATE_BYTES:
            self._announce()

    def close(self) -> None:
        """Finish the file; safe to repeat."""
        if not self._file.closed:
            self._announce()
            self._file.close()

    def _announce(self) -> None:
        """Write the samples first and their number after: the header never promises what is not there."""
        self._file.flush()
        self._file.seek(0)
        self._file.write(wav_header(self._data_bytes))
        self._file.flush()
        self._file.seek(0, 2)
        self._announced_bytes = self._data_bytes


class HeldSamples(SampleFile):
    """Samples of a call that may not be recorded yet: in memory, and of the last two minutes only.

    `keep` makes the file and writes them to it, and from then on all that comes. Without it nothing ever
    reaches the disk.
    """

    def __init__(
        self, make: Callable[[], SampleFile], remove: Callable[[], None], seconds: float = HELD_SECONDS
    ) -> None:
        """`make` begins the file, `remove` deletes it; `seconds` are held at most, the oldest go first."""
        self._make, self._remove = make, remove
        self._most_bytes = int(seconds * RATE_BYTES)
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._file: SampleFile | None = None
        self._is_over = False

    def append(self, samples: bytes) -> None:
        """Write samples, or hold them."""
        if self._is_over:
            return
        if self._file is not None:
            self._file.append(samples)
        else:
            self._held.append(samples)
            self._held_bytes += len(samples)
            while self._held_bytes > self._most_bytes:
                self._held_bytes -= len(self._held.popleft())

    def keep(self) -> None:
        """It may be recorded, what is held included. Safe to repeat; OSError where there can be no file."""
        if self._file is None and not self._is_over:
            file = self._make()
            for samples in self._held:
                file.append(samples)
            self._file = file
            self._forget()

    def discard(self) -> None:
        """It may not be recorded: forget what is held, delete what is written, and take no more."""
        self._is_over = True
        self._forget()
        if self._file is not None:
            self._file.close()
            self._file = None
            self._remove()

    def close(self) -> None:
        """Finish the file, or forget what is held; safe to repeat."""
        self._is_over = True
        self._forget()
        if self._file is not None:
            self._file.close()

    def _forget(self) -> None:
        self._held.clear()
        self._held_bytes = 0


class StereoRecorder:
    """Writes both parties side by side as the call goes on."""

    def __init__(self, to: Path | SampleFile) -> None:
        self._file = WavFile(to) if isinstance(to, Path) else to

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, left_ulaw: bytes, right_ulaw: bytes) -> None:
        """The same stretch of time of both parties; the shorter is filled up with silence."""
        samples = max(len(left_ulaw), len(right_ulaw))
        stereo = np.empty((samples, _CHANNELS), dtype="<i2")
        stereo[:, 0] = _samples(left_ulaw, samples)
        stereo[:, 1] = _samples(right_ulaw, samples)
        self._file.append(stereo.tobytes())

    def close(self) -> None:
        """Finish the file; safe to repeat."""
        self._file.close()


class CallRecorder:
    """Records a call as it goes: the caller left, Hatif right.

    What is sent runs ahead of what is heard, so it waits here and is written beside the caller's audio of the
    same moment, as the carrier plays it.
    """

    def __init__(self, to: Path | SampleFile) -> None:
        """Where `to` is `HeldSamples`, nothing is written before `keep`."""
        self._held = to if isinstance(to, HeldSamples) else None
        self._recorder = StereoRecorder(to)
        self._to_be_heard = bytearray()

    def heard(self, ulaw: bytes) -> None:
        """Write some of the caller's audio; it is the clock of the recording."""
        playing = bytes(self._to_be_heard[: len(ulaw)])
        del self._to_be_heard[: len(ulaw)]
        self._recorder.write(ulaw, playing)

    def played(self, ulaw: bytes) -> None:
        """Remember what was sent, to be played after everything sent before."""
        self._to_be_heard += ulaw

    def keep(self) -> None:
        """The caller has agreed to be recorded; OSError where there can be no file."""
        if self._held is not None:
            self._held.keep()

    def discard(self) -> None:
        """The caller has not: what is held is forgotten."""
        if self._held is not None:
            self._held.discard()

    def cleared(self) -> None:
        """Forget what was sent and not played."""
        self._to_be_heard.clear()

    def close(self) -> None:
        """Finish the file; safe to repeat."""
        self._recorder.close()


def open_for_the_owner(path: Path) -> BinaryIO:
    """A new file that others cannot read."""
    return open(path, "wb", opener=_for_the_owner_only)


def _for_the_owner_only(path: str, flags: int) -> int:
    """Open a file that others cannot read: it holds a patient's voice."""
    return os.open(path, flags, 0o600)


def _samples(ulaw: bytes, count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    filled = ulaw.ljust(count, bytes((ULAW_SILENCE,)))
    return np.frombuffer(decode_ulaw(filled), dtype="<i2")
