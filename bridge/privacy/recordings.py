"""Recordings of calls on disk, sealed second by second as the call goes on, and read back whole.

A sealed one begins with a magic number and its key's name; then, each with its length in four bytes, come
sealed pieces. Bound to each are the file's name and the piece's number: none can be moved, left out or
repeated. The last one, which is empty, says that nothing is missing.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from bridge.audio.recording import (
    RATE_BYTES,
    CallRecorder,
    HeldSamples,
    SampleFile,
    WavFile,
    open_for_the_owner,
    wav_header,
)
from bridge.durable import give_to_owner, sync_folder
from bridge.errors import StorageError
from bridge.privacy.cipher import BrokenSealError, Cipher
from bridge.privacy.keys import PLAIN, Key, KeyRing

__all__ = [
    "SEALED_SUFFIX",
    "WAV_SUFFIX",
    "Recording",
    "SealedFile",
    "find",
    "key_of",
    "read",
    "recorder_in",
    "recordings_in",
    "rewrite",
]

SEALED_SUFFIX = ".wav.sealed"
WAV_SUFFIX = ".wav"
_UNREADY = ".unready"
_MAGIC = b"HATIFRS1"
_PURPOSE = b"hatif recordings 1"
_LENGTH = struct.Struct(">I")
_MAX_PIECE_BYTES = 1 << 24


class Recording(Struct, frozen=True):
    """A whole recording."""

    wav: bytes
    is_whole: bool  # False: its end is missing; the daemon died in mid-call, or somebody cut it off


class SealedFile(SampleFile):
    """Takes samples and writes them sealed; a second is in memory until it is whole."""

    def __init__(self, folder: Path, stem: str, key: Key, *, suffix: str = "") -> None:
        self._name, self._key = stem, key.name
        self._cipher = Cipher(key.secret, _PURPOSE)
        self._file = open_for_the_owner(folder / f"{stem}{SEALED_SUFFIX}{suffix}")
        self._file.write(_MAGIC + key.name.encode() + b"\n")
        self._file.flush()
        self._waiting = bytearray()
        self._pieces = 0

    def append(self, samples: bytes) -> None:
        """Write some samples."""
        self._waiting += samples
        while len(self._waiting) >= RATE_BYTES:
            self._write(bytes(self._waiting[:RATE_BYTES]))
            del self._waiting[:RATE_BYTES]

    def close(self) -> None:
        """Finish the file; safe to repeat."""
        if self._file.closed:
            return
        if self._waiting:
            self._write(bytes(self._waiting))
            self._waiting.clear()
        self._write(b"")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _write(self, samples: bytes) -> None:
        piece = self._cipher.seal(samples, _bound(self._name, self._key, self._pieces, not samples))
        self._file.write(_LENGTH.pack(len(piece)) + piece)
        self._file.flush()
        self._pieces += 1


def recorder_in(folder: Path, call_id: str, ring: KeyRing | None) -> CallRecorder:
    """The recorder of a call; there is no file before the caller has agreed, and none where they refuse."""
    path = folder / f"{call_id}{SEALED_SUFFIX if ring else WAV_SUFFIX}"

    def make() -> SampleFile:
        return SealedFile(folder, call_id, ring.current) if ring else WavFile(path)

    return CallRecorder(HeldSamples(make, lambda: path.unlink(missing_ok=True)))


def find(folder: Path, call_id: str) -> Path | None:
    """The recording of a call."""
    paths = (folder / f"{call_id}{suffix}" for suffix in (SEALED_SUFFIX, WAV_SUFFIX))
    return next((path for path in paths if path.is_file()), None)


def recordings_in(folder: Path) -> list[Path]:
    """All recordings, finished or not; none where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.endswith((WAV_SUFFIX, SEALED_SUFFIX)))


def key_of(path: Path) -> str:
    """The name of the key that a recording is sealed with; "plain" where it is not."""
    with path.open("rb") as file:
        head = file.read(64)
    return head[len(_MAGIC) :].partition(b"\n")[0].decode() if head.startswith(_MAGIC) else PLAIN


def read(path: Path, ring: KeyRing | None) -> Recording:
    """A recording as WAV, whether it is sealed or not.

    Raises:
        StorageError: its key is not configured, or it was changed.
        OSError: it cannot be read.

    """
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        return Recording(content, is_whole=True)
    name, _, rest = content[len(_MAGIC) :].partition(b"\n")
    key = next((key for key in ring.keys if key.name.encode() == name), None) if ring else None
    if key is None:
        raise StorageError(
            f"{path} is encrypted with the key {name.decode()}; privacy.key must hold it: where it is the "
            "credential privacy_key of the service, run this as root"
        )
    stem, cipher = path.name.removesuffix(SEALED_SUFFIX), Cipher(key.secret, _PURPOSE)
    samples: list[bytes] = []
    for number, piece in enumerate(_pieces(rest)):
        opened, is_last = _opened(path, cipher, piece, (stem, key.name, number))
        if is_last:
            return Recording(_wav(samples), is_whole=True)
        samples.append(opened)
    return Recording(_wav(samples), is_whole=False)


def rewrite(path: Path, ring: KeyRing | None, target: Key | None) -> bool:
    """Seal a recording with `target`, or with nothing; False where it is so. Nothing is lost midway."""
    if key_of(path) == (target.name if target else PLAIN):
        return False
    recording = read(path, ring)
    folder, stem = path.parent, path.name.removesuffix(SEALED_SUFFIX).removesuffix(WAV_SUFFIX)
    final = folder / f"{stem}{SEALED_SUFFIX if target else WAV_SUFFIX}"
    unready = final.with_name(final.name + _UNREADY)
    if target:
        sealed = SealedFile(folder, stem, target, suffix=_UNREADY)
        sealed.append(recording.wav[len(wav_header(0)) :])
        sealed.close()
    else:
        with open_for_the_owner(unready) as file:
            file.write(recording.wav)
            file.flush()
            os.fsync(file.fileno())
    give_to_owner(unready, folder)
    unready.replace(final)
    if final != path:
        path.unlink()
    sync_folder(folder)
    return True


def _pieces(content: bytes) -> Iterator[bytes]:
    """The sealed pieces as far as they are there whole."""
    position = 0
    while len(content) - position >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(content, position)
        position += _LENGTH.size
        if length > min(_MAX_PIECE_BYTES, len(content) - position):
            return
        yield content[position : position + length]
        position += length


def _opened(path: Path, cipher: Cipher, piece: bytes, place: tuple[str, str, int]) -> tuple[bytes, bool]:
    """A piece's samples, and whether it is the last one."""
    for is_last in (False, True):
        try:
            return cipher.open(piece, _bound(*place, is_last)), is_last
        except BrokenSealError:
            continue
    raise StorageError(
        f"{path} cannot be decrypted: it was changed, renamed, or encrypted with another key of that name"
    )


def _bound(stem: str, key: str, number: int, is_last: bool) -> bytes:
    return f"{key}\0{stem}\0{number}\0{is_last:d}".encode()


def _wav(samples: list[bytes]) -> bytes:
    content = b"".join(samples)
    return wav_header(len(content)) + content
