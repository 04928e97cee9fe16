"""Recordings of which is known what is said: a folder or archive of labelled folders, or a table of files.

    DIR/LABEL/anything.wav      the label is the name of the folder that the file lies in
    list.tsv                    path<TAB>text, the paths relative to the table's folder

What cannot be read is listed with its reason and does not stop the rest. Archives are read in memory, never
unpacked. It knows nothing of what labels mean.
"""

import lzma
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from msgspec import Struct

from bridge.audio.soundfiles import ANSWER_SECONDS, OTHER_SOUNDS, SOUNDS, SoundFileError, read_sound
from bridge.errors import BridgeError

__all__ = ["Recording", "Recordings", "RecordingsError", "Unreadable", "read_noise", "read_recordings"]

MAX_FILE_BYTES = 64 << 20  # a minute of 96 kHz stereo floats is 46 MB
MAX_NOISE_SECONDS = 3600

_TABLES = frozenset({".tsv", ".txt"})
_TABLE_HEADER = "path", "text"


class RecordingsError(BridgeError):
    """There are no recordings where they were said to be."""

    code = "recordings"


class Recording(Struct, frozen=True):
    """Something that was said."""

    path: str  # where it was found, within the source: "yes/00000012_NO_01.ulaw"
    label: str  # what is said, as the folder or the table has it
    pcm: bytes  # signed 16-bit little-endian, 8 kHz, mono


class Unreadable(Struct, frozen=True):
    """A file that cannot be used."""

    path: str
    reason: str  # the rest of a sentence that begins with the path


class Recordings(Struct, frozen=True):
    """Everything that a source holds."""

    readable: list[Recording]
    unreadable: list[Unreadable]


class _File(Struct, frozen=True):
    """One sound file before it is looked into."""

    path: PurePath
    label: str
    content: bytes | Unreadable


def read_recordings(source: Path) -> Recordings:
    """Read every recording of a folder, an archive (.tar, .tar.xz …) or a table (.tsv).

    Raises:
        RecordingsError: the source does not exist, is of another kind, or holds no recording at all.

    """
    found = _read(_labelled(source), ANSWER_SECONDS)
    if not found.readable and not found.unreadable:
        raise RecordingsError(f"{source} holds no recordings: DIR/LABEL/*.wav or *.ulaw are expected")
    return found


def read_noise(source: Path) -> tuple[list[bytes], list[Unreadable]]:
    """The sound of every file of a folder or archive, 16-bit PCM at 8 kHz, and what cannot be read.

    Raises:
        RecordingsError: there is nothing to be read.

    """
    found = _read(_files(source), MAX_NOISE_SECONDS)
    if not found.readable:
        first = next((f"{one.path} {one.reason}; " for one in found.unreadable), "")
        raise RecordingsError(f"{source} holds no noise: {first}*.wav or *.ulaw are expected")
    return [one.pcm for one in found.readable], found.unreadable


def _read(files: Iterable[_File], max_seconds: float) -> Recordings:
    found = Recordings([], [])
    for file in files:
        path = file.path.as_posix()
        if isinstance(file.content, Unreadable):
            found.unreadable.append(file.content)
            continue
        try:
            pcm = read_sound(file.path, file.content, max_seconds=max_seconds)
        except SoundFileError as error:
            found.unreadable.append(Unreadable(path, str(error)))
        else:
            found.readable.append(Recording(path, file.label, pcm))
    return found


def _labelled(source: Path) -> Iterator[_File]:
    if source.suffix.lower() in _TABLES and source.is_file():
        yield from _of_table(source)
        return
    for file in _files(source):
        if file.label:
            yield file
        else:
            path = file.path.as_posix()
            reason = "lies in no folder that says what is said in it"
            yield _File(file.path, "", Unreadable(path, reason))


def _files(source: Path) -> Iterator[_File]:
    """Every sound file, labelled with its folder."""
    if source.is_dir():
        return _of_folder(source)
    if not source.is_file():
        raise RecordingsError(f"{source}: there is no such folder, archive or table of recordings")
    return _of_archive(source)


def _is_sound(path: PurePath) -> bool:
    return path.suffix.lower() in SOUNDS | OTHER_SOUNDS and not path.name.startswith(".")


def _of_folder(folder: Path) -> Iterator[_File]:
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if _is_sound(within) and path.is_file():
            yield _File(within, within.parent.name, _content(path, within))


def _content(path: Path, within: PurePath) -> bytes | Unreadable:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return Unreadable(within.as_posix(), _too_large(path.stat().st_size))
        return path.read_bytes()
    except OSError as error:
        return Unreadable(within.as_posix(), f"cannot be read: {error.strerror or type(error).__name__}")


def _too_large(size: int) -> str:
    return f"has {size >> 20} MiB; {MAX_FILE_BYTES >> 20} MiB are the limit"


def _of_archive(archive: Path) -> Iterator[_File]:
    try:
        with tarfile.open(archive) as members:
            for member in members:
                path = PurePath(member.name)
                if not member.isfile() or not _is_sound(path):
                    continue
                if member.size > MAX_FILE_BYTES:
                    yield _File(path, path.parent.name, Unreadable(member.name, _too_large(member.size)))
                elif (content := members.extractfile(member)) is not None:
                    yield _File(path, path.parent.name, content.read())
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        raise RecordingsError(
            f"{archive} is neither a folder, nor a table (.tsv), nor an archive that can be read ({error})"
        ) from error


def _of_table(table: Path) -> Iterator[_File]:
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingsError(f"{table} cannot be read as a table in UTF-8 ({error})") from error
    for number, line in enumerate(lines, start=1):
        name, text = (part.strip() for part in line.partition("\t")[::2])
        if not line.strip() or (number == 1 and (name, text) == _TABLE_HEADER):
            continue
        if not (name and text):
            where = f"{table.name}:{number}"
            yield _File(PurePath(where), "", Unreadable(where, "is not path<TAB>text"))
        else:
            yield _File(PurePath(name), text, _content(table.parent / name, PurePath(name)))
