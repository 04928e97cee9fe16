"""A model's archive becomes a folder, and nothing else: no file outside it, no link, no half of one.

What an archive says is believed nowhere: names, sizes and kinds are judged before anything is written.
"""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from bridge.errors import BridgeError

__all__ = ["ArchiveError", "NoRoomError", "unpacked"]

MAX_FILES = 10_000  # a model has thirty
MAX_BYTES = 16 << 30  # the largest public model unpacks to two gigabytes


class ArchiveError(BridgeError):
    """An archive cannot be used; the text is the rest of a sentence that begins with its name."""

    code = "archive"


class NoRoomError(ArchiveError):
    """There is nothing wrong with the archive but the disk."""


@contextmanager
def unpacked(archive: Path, folder: Path, name: str) -> Iterator[Path]:
    """Unpack into a new hidden folder inside `folder`; a directory called `name`, to be moved away.

    What has not been moved when the context ends is deleted.

    Raises:
        ArchiveError: the archive is damaged, unsafe, or there is no room for it.

    """
    with TemporaryDirectory(dir=folder, prefix=".unpacking-") as temporary:
        inside = Path(temporary, "archive")
        inside.mkdir()
        try:
            with zipfile.ZipFile(archive) as source:
                _require_safety(source.infolist())
                _require_room(source.infolist(), folder)
                source.extractall(inside)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise ArchiveError(f"is damaged ({error})") from error
        except OSError as error:
            raise NoRoomError(f"cannot be unpacked into {folder}: {error.strerror or error}") from error
        yield _model_in(inside).rename(Path(temporary, name))


def _require_safety(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise ArchiveError(f"holds {len(members)} files, and a model has some thirty")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise ArchiveError(f"is unsafe: it holds {member.filename!r}, a file outside its own folder")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError(f"is unsafe: {member.filename!r} is neither a file nor a folder")
        if member.flag_bits & 1:
            raise ArchiveError(f"is encrypted: {member.filename!r} cannot be read")


def _require_room(members: list[zipfile.ZipInfo], folder: Path) -> None:
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if needed > MAX_BYTES:
        raise ArchiveError(f"would unpack to {needed / 2**30:.0f} GiB, which no model has")
    if needed > free:
        sizes = f"{needed / 2**20:.0f} MiB, and {folder} has room for {free / 2**20:.0f} MiB"
        raise NoRoomError(f"unpacks to {sizes}")


def _model_in(inside: Path) -> Path:
    """The only folder of the archive, or all of it where it has several."""
    entries = [entry for entry in inside.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    if len(entries) == 1 and entries[0].is_dir():
        return entries[0]
    return inside
