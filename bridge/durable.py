"""What it takes for a file to be there after the machine has stopped, and to be open to the daemon."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["give_to_owner", "make_folder", "sync_folder"]


def sync_folder(folder: Path) -> None:
    """Make the names in it last: a file that was written and synced may else be gone with its name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner(made: int | Path, folder: Path) -> None:
    """Let what root made in a folder, an open file or a path, belong to whoever owns the folder.

    Root types commands that make files which the daemon's user has to open. Where that is not allowed, as in
    a container without the right to, the file stays root's.
    """
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    with suppress(OSError):
        os.chown(made, owner.st_uid, owner.st_gid)


def make_folder(folder: Path, *, mode: int = 0o777) -> None:
    """Make a folder, where there is none, for the owner of the one that it is in."""
    if not folder.exists():
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        give_to_owner(folder, folder.parent)
