"""Sound as a server sends it, bare samples or WAV in pieces that end anywhere; out come whole samples.

What is compressed, has several channels or ends too soon is refused: as samples it would be noise in a
caller's ear, or half a question.
"""

import struct

from bridge.errors import WorkerError

__all__ = ["ReceivedSound"]

SAMPLE_BYTES = 2
MAX_HEADER_BYTES = 65536  # chunks before the sound, such as a list of titles
RATES = range(8000, 48001)

_SNIFFED_BYTES = 12  # RIFF, a length, WAVE
_COMPRESSED = {b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC"}
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes a second, bytes a frame, bits a sample
_PCM, _EXTENSIBLE = 1, 0xFFFE
_UNKNOWN_LENGTHS = {0, 0x7FFFFFFF, 0xFFFFFFFF}  # of a header that was written before the sound was made


class ReceivedSound:
    """One answer on its way; signed 16-bit little-endian, mono."""

    def __init__(self, *, rate: int, max_seconds: float) -> None:
        """`rate` is that of bare samples; a WAV file says its own."""
        self.rate = rate
        self._max_seconds = max_seconds
        self._head: bytearray | None = bytearray()  # None once it is known what comes
        self._left: int | None = (
            None  # bytes of a WAV file's sound that are still to come; None: until the end
        )
        self._has_format = False  # of a WAV file
        self._half = b""  # of a sample
        self._bytes = 0

    def feed(self, data: bytes) -> bytes:
        """Take a piece; the samples that are whole now. WorkerError when it is no sound, or too much."""
        if self._head is not None:
            self._head += data
            if not self._is_known(self._head):
                return b""
            data, self._head = bytes(self._head), None
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._bytes += len(data)
        if self._bytes > self._max_seconds * self.rate * SAMPLE_BYTES:
            raise WorkerError(f"the speech server's answer is longer than {self._max_seconds:g} s")
        data = self._half + data
        whole = len(data) - len(data) % SAMPLE_BYTES
        self._half = data[whole:]
        return data[:whole]

    def finish(self) -> bytes:
        """The answer has ended; what was kept back of it. WorkerError when something is missing."""
        rest = b""
        if self._head is not None and not self._head.startswith(b"RIFF"):
            rest, self._head = bytes(self._head), None
            self._bytes += len(rest)
        if self._head is not None or self._left or (len(rest) + len(self._half)) % SAMPLE_BYTES:
            raise WorkerError("the speech server's answer ends in the middle")
        if not self._bytes:
            raise WorkerError("the speech server's answer is empty")
        return rest

    def _is_known(self, head: bytearray) -> bool:
        """Whether it can be told what comes; `head` begins with the sound then."""
        if len(head) < _SNIFFED_BYTES:
            return False
        for magic, name in _COMPRESSED.items():
            if head.startswith(magic):
                raise WorkerError(f"the speech server sends {name}; it must send bare samples (pcm) or WAV")
        if not (head.startswith(b"RIFF") and head[8:12] == b"WAVE"):
            return True
        return self._has_header(head)

    def _has_header(self, head: bytearray) -> bool:
        """Read a WAV file's header and take it off, once all of it has come."""
        at = _SNIFFED_BYTES
        while len(head) >= at + _CHUNK.size:
            name, length = _CHUNK.unpack_from(head, at)
            at += _CHUNK.size
            if name == b"data":
                if not self._has_format:
                    break
                self._left = None if length in _UNKNOWN_LENGTHS else length
                del head[:at]
                return True
            if name == b"fmt " and len(head) >= at + _FORMAT.size:
                self._take_format(*_FORMAT.unpack_from(head, at))
            at += length + length % 2  # chunks begin at even places
        if len(head) > MAX_HEADER_BYTES:
            raise WorkerError("the speech server's WAV file has no sound where it should begin")
        return False

    def _take_format(self, tag: int, channels: int, rate: int, _speed: int, _frame: int, bits: int) -> None:
        if tag not in {_PCM, _EXTENSIBLE} or (channels, bits) != (1, 16) or rate not in RATES:
            raise WorkerError(
                f"the speech server sends format {tag} of WAV, {channels} channels, {bits} bits, {rate} Hz; "
                "it must be one channel of 16 bits (format 1) at 8000 to 48000 Hz"
            )
        self.rate = rate
        self._has_format = True
