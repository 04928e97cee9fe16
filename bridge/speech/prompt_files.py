"""The folder of rendered prompts: written whole or not at all, verified when read, held to a size.

What has not been used for longest goes first, across restarts, by the files' own times; what is pinned stays.
Several processes may use one folder. It knows addresses and sounds, and refuses to know texts and voices.
"""

import hashlib
import os
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.memory import SoundMemory
from bridge.durable import give_to_owner, make_folder, sync_folder

__all__ = ["CacheStatistics", "PromptFiles", "audio_of", "identity_in"]

MEMORY_BYTES = 32 << 20  # over an hour of speech: all that a dozen questionnaires say
TOUCH_SECONDS = 3600.0  # a file's time is moved on when it is used, and not more often than this
LOW_WATER = 0.9  # of the limit: how far eviction goes, so that not every prompt that is kept begins one
RESCAN_AFTER = 256  # prompts kept: another process may have kept as many
STALE_PART_SECONDS = 3600.0  # a file that nobody has finished by then was left by a process that died

# Sun audio: magic, offset of the audio, its length, encoding (1: 8-bit mu-law), rate, channels; then a text.
_HEADER = struct.Struct(">4s5I")
_MAGIC = b".snd"
_ULAW = 1
_CHECKSUM_BYTES = 64
_ALIGNMENT = 8
_MAX_ANNOTATION = 4096
_MIB = 1 << 20

log = structlog.get_logger()


class CacheStatistics(Struct, frozen=True):
    """What a cache of prompts has done since its process began, and what lies in its folder."""

    hits: int  # prompts that were there when a call asked
    misses: int  # that had to be rendered then
    rendered: int  # by this process, ahead or because a call asked
    evicted: int
    damaged: int  # files that were not as written, and counted as missing
    unkept: int  # that could not be written; the call got its sound nevertheless
    entries: int
    bytes: int
    limit_bytes: int | None
    memory_bytes: int

    def __str__(self) -> str:
        limit = "" if self.limit_bytes is None else f" of {self.limit_bytes / _MIB:.0f}"
        counts = ("hits", "misses", "rendered", "evicted", "damaged", "unkept")
        counted = ", ".join(f"{getattr(self, name)} {name}" for name in counts)
        return f"{self.entries} prompts, {self.bytes / _MIB:.1f}{limit} MiB; {counted}"


class PromptFiles:
    """All prompts of one folder, whoever speaks them."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int | None = None,
        memory_bytes: int = MEMORY_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self._max_bytes = max_bytes
        self._now = now
        self._memory = SoundMemory(memory_bytes)  # verified when they came in
        self._touched: dict[str, float] = {}
        self._pinned: dict[str, frozenset[str]] = {}  # by who wants them kept
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()  # of all that follows: prompts are kept by threads
        self._total: int | None = None  # bytes in the folder, as far as known; None: nobody has looked
        self._entries = 0
        self._since_scan = 0
        self._full_at = 0  # bytes that were found to be pinned, where that is more than the limit
        self._has_told = False  # of it

    def path_of(self, address: str) -> Path:
        """Where the prompt lies, once it is kept."""
        return self.folder / address[:2] / f"{address}.au"

    def read(self, address: str, identity: str) -> bytes | None:
        """The prompt, from memory or else from disk; None when it is not there, or damaged."""
        audio = self._memory.get(address)
        if audio is None:
            audio = self._from_disk(address, identity)
            if audio is None:
                return None
            self._memory.put(address, audio)
        self._touch(address)
        return audio

    def has(self, address: str, identity: str) -> bool:
        """Whether it lies on disk, undamaged. Changes nothing."""
        try:
            return audio_of(self.path_of(address).read_bytes(), identity) is not None
        except OSError:
            return False

    def remember(self, address: str, audio: bytes) -> None:
        """Hold a prompt in memory, though it could not be kept."""
        self._memory.put(address, audio)

    def keep(self, address: str, identity: str, audio: bytes) -> None:
        """Write a prompt, and make room where the folder has become too large; OSError if it cannot be."""
        path, content = self.path_of(address), _file_of(audio, identity)
        with self._lock:
            if self._total is None or self._since_scan >= RESCAN_AFTER:
                self._scan()
        replaced = _size_of(path)
        try:
            _write(path, content)
        except FileNotFoundError:  # somebody deletes the folder at this moment
            _write(path, content)
        self._memory.put(address, audio)
        with self._lock:
            self._touched[address] = self._now()
            self._total = (self._total or 0) + len(content) - replaced
            self._entries += not replaced
            self._since_scan += 1
            if self._max_bytes is not None and (self._total or 0) > max(self._max_bytes, self._full_at):
                self._evict(self._max_bytes, sparing=address)

    def pin(self, owner: str, addresses: Collection[str]) -> None:
        """Never evict these, in place of what that owner pinned before."""
        with self._lock:
            self._pinned[owner] = frozenset(addresses)
            self._full_at, self._has_told = 0, False

    @contextmanager
    def holding(self, addresses: Collection[str]) -> Iterator[None]:
        """Do not evict these meanwhile."""
        with self._lock:
            self._held.update(addresses)
        try:
            yield
        finally:
            with self._lock:
                self._held.subtract(addresses)

    def statistics(self) -> CacheStatistics:
        """How it does. It looks through the folder where nobody has yet."""
        with self._lock:
            if self._total is None:
                self._scan()
            return CacheStatistics(
                hits=self.counts["hits"],
                misses=self.counts["misses"],
                rendered=self.counts["rendered"],
                evicted=self.counts["evicted"],
                damaged=self.counts["damaged"],
                unkept=self.counts["unkept"],
                entries=self._entries,
                bytes=self._total or 0,
                limit_bytes=self._max_bytes,
                memory_bytes=self._memory.bytes,
            )

    def _from_disk(self, address: str, identity: str) -> bytes | None:
        try:
            with self.path_of(address).open("rb") as file:
                self._touched[address] = os.fstat(file.fileno()).st_mtime
                content = file.read()
        except OSError:
            return None
        if (audio := audio_of(content, identity)) is None:
            self.counts["damaged"] += 1
        return audio

    def _touch(self, address: str) -> None:
        now = self._now()
        if now - self._touched.get(address, 0.0) < TOUCH_SECONDS:
            return
        self._touched[address] = now
        with suppress(OSError):  # a folder that cannot be written has no order of use, and evicts nothing
            os.utime(self.path_of(address), (now, now))

    def _scan(self) -> list[tuple[float, int, Path]]:
        """Time of the last use, size and path of every prompt; what the folder holds is known afterwards."""
        found = [(stat.st_mtime, stat.st_size, path) for path, stat in _files(self.folder, "*.au")]
        self._total = sum(size for _, size, _ in found)
        self._entries = len(found)
        self._since_scan = 0
        return found

    def _evict(self, limit: int, sparing: str) -> None:
        found = sorted(self._scan())
        spared = {sparing, *(+self._held)}.union(*self._pinned.values())
        for used, size, path in found:
            if (self._total or 0) <= limit * LOW_WATER:
                break
            if path.stem not in spared and _remove_unless_used(path, used):
                self._total = (self._total or 0) - size
                self._entries -= 1
                self.counts["evicted"] += 1
        self._remove_stale_parts()
        if (total := self._total or 0) > limit:
            self._full_at = total + limit // 20
            if not self._has_told:
                log.warning("prompts_exceed_limit", setting="prompts.max_mb", bytes=total, limit=limit)
                self._has_told = True

    def _remove_stale_parts(self) -> None:
        for path, stat in _files(self.folder, ".*.part"):
            if self._now() - stat.st_mtime > STALE_PART_SECONDS:
                path.unlink(missing_ok=True)


def audio_of(content: bytes, identity: str) -> bytes | None:
    """The mu-law of a file that this voice spoke; None when anything about it is not as written."""
    if len(content) < _HEADER.size:
        return None
    audio = content[_HEADER.unpack_from(content)[1] :]
    return audio if audio and content == _file_of(audio, identity) else None


def identity_in(path: Path) -> str | None:
    """Who spoke the prompt in a file; None when it does not say so. OSError when it cannot be read."""
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_MAGIC):
            return None
        length = min(_HEADER.unpack(head)[1] - _HEADER.size, _MAX_ANNOTATION)
        annotation = file.read(max(length, 0)).rstrip(b"\0")
    identity = annotation[_CHECKSUM_BYTES + 1 :].decode(errors="replace")
    return identity or None


def _file_of(audio: bytes, identity: str) -> bytes:
    checksum = hashlib.sha256(audio).hexdigest().encode()
    annotation = b" ".join((checksum, identity.encode()[: _MAX_ANNOTATION - _CHECKSUM_BYTES - 9])) + b"\0"
    annotation += bytes(-(_HEADER.size + len(annotation)) % _ALIGNMENT)
    header = _HEADER.pack(_MAGIC, _HEADER.size + len(annotation), len(audio), _ULAW, SAMPLE_RATE, 1)
    return header + annotation + audio


def _files(folder: Path, pattern: str) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob(f"??/{pattern}"):
        with suppress(OSError):  # gone meanwhile
            yield path, path.stat()


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove_unless_used(path: Path, used: float) -> bool:
    """Remove a prompt that nobody has used since; whether it is gone."""
    with suppress(FileNotFoundError):
        try:
            if path.stat().st_mtime > used:
                return False
            path.unlink()
        except PermissionError:
            return False
    return True


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, whenever the machine stops."""
    make_folder(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    temporary = Path(name)
    try:
        give_to_owner(descriptor, path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
