"""A call as a stereo WAV: one party on each side, 16-bit, 8 kHz.

The header tells the true length after every second, so the file plays even when the process died in mid-call.
"""

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, ULAW_SILENCE, decode_ulaw

__all__ = ["CallRecorder", "StereoRecorder"]

_CHANNELS = 2
_BLOCK_BYTES = _CHANNELS * SAMPLE_WIDTH
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_HEADER_UPDATE_BYTES = SAMPLE_RATE * _BLOCK_BYTES  # one second
_PCM_FORMAT = 1
_FORMAT_CHUNK_BYTES = 16
_RIFF_OVERHEAD = _HEADER.size - 8  # the RIFF length counts everything after itself


def _header(data_bytes: int) -> bytes:
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


class StereoRecorder:
    """Writes both parties side by side as the call goes on."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "wb", opener=_for_the_owner_only)  # noqa: SIM115 - closed by `close`
        self._data_bytes = 0
        self._announced_bytes = 0
        self._file.write(_header(0))
        self._file.flush()

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
        self._file.write(stereo.tobytes())
        self._data_bytes += samples * _BLOCK_BYTES
        if self._data_bytes - self._announced_bytes >= _HEADER_UPDATE_BYTES:
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
        self._file.write(_header(self._data_bytes))
        self._file.flush()
        self._file.seek(0, 2)
        self._announced_bytes = self._data_bytes


class CallRecorder:
    """Records a call as it goes: the caller left, Hatif right.

    What is sent runs ahead of what is heard, so it waits here and is written beside the caller's audio of the
    same moment, as the carrier plays it.
    """

    def __init__(self, path: Path) -> None:
        self._recorder = StereoRecorder(path)
        self._to_be_heard = bytearray()

    def heard(self, ulaw: bytes) -> None:
        """Write some of the caller's audio; it is the clock of the recording."""
        playing = bytes(self._to_be_heard[: len(ulaw)])
        del self._to_be_heard[: len(ulaw)]
        self._recorder.write(ulaw, playing)

    def played(self, ulaw: bytes) -> None:
        """Remember what was sent, to be played after everything sent before."""
        self._to_be_heard += ulaw

    def cleared(self) -> None:
        """Forget what was sent and not played."""
        self._to_be_heard.clear()

    def close(self) -> None:
        """Finish the file; safe to repeat."""
        self._recorder.close()


def _for_the_owner_only(path: str, flags: int) -> int:
    """Open a file that others cannot read: it holds a patient's voice."""
    return os.open(path, flags, 0o600)


def _samples(ulaw: bytes, count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    filled = ulaw.ljust(count, bytes((ULAW_SILENCE,)))
    return np.frombuffer(decode_ulaw(filled), dtype="<i2")
