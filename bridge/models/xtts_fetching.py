"""Fetching XTTS v2's public checkpoint, file by file, once its licence has been accepted.

What has come lies in a folder beside the place it is meant for, .NAME.part, until all of it is there and
fits; so a checkpoint is never half there, and a download that broke off goes on.
"""

import asyncio
import hashlib
import shutil
from pathlib import Path

import aiohttp
from msgspec import Struct
from tenacity.wait import wait_base

from bridge.config_speech import Xtts
from bridge.errors import ModelError
from bridge.models.downloading import (
    Download,
    FetchError,
    OnProgress,
    make_folder,
    open_session,
    size_of,
)
from bridge.speech.xtts.checkpoint import CONFIG, MODEL, SPEAKERS, VOCABULARY, Checkpoint, check_checkpoint
from bridge.speech.xtts.synthesizer import require_licence

__all__ = ["ADDRESS", "FILES", "FetchedCheckpoint", "fetch_xtts"]

ADDRESS = "https://huggingface.co/coqui/XTTS-v2/resolve/main"  # where its maker published it
FILES = "LICENSE.txt", CONFIG, VOCABULARY, SPEAKERS, MODEL
SIZE_BYTES = 1_900_000_000  # about


class FetchedCheckpoint(Struct, frozen=True):
    """A checkpoint that is here now."""

    path: Path
    is_new: bool  # False: it had been there already
    is_compared: bool  # the weights, with a sum that the server told
    checkpoint: Checkpoint


async def fetch_xtts(
    options: Xtts,
    target: Path,
    *,
    address: str = ADDRESS,
    on_progress: OnProgress = lambda _bytes, _total: None,
    pause: wait_base | None = None,
) -> FetchedCheckpoint:
    """Bring the checkpoint to `target`.

    `on_progress` is told how many bytes of a file are here, and of how many, one file after the other.

    Raises:
        ConfigError: the licence has not been accepted.
        FetchError: no network, no such files, no room, or no checkpoint of XTTS; one sentence.

    """
    require_licence(options)
    if here := await asyncio.to_thread(_already_there, target):
        return here
    staging = target.with_name(f".{target.name}.part")
    await asyncio.to_thread(make_folder, staging)
    await asyncio.to_thread(_require_room, staging)
    sums = []
    async with open_session() as session:
        for name in FILES:
            url = f"{address.rstrip('/')}/{name}"
            sums.append(await _bring(session, url, staging / name, on_progress, pause))
    checkpoint = await asyncio.to_thread(_install, staging, target)
    return FetchedCheckpoint(target, is_new=True, is_compared=bool(sums[-1]), checkpoint=checkpoint)


async def _bring(
    session: aiohttp.ClientSession, url: str, file: Path, on_progress: OnProgress, pause: wait_base | None
) -> str:
    """One file, unless it has come before; the sum that it was compared with."""
    told = file.with_name(f"{file.name}.sha256")
    if await asyncio.to_thread(file.exists):
        return await asyncio.to_thread(_read, told)
    part = file.with_name(f"{file.name}.part")
    download = Download(session, url, part, on_progress)
    await download.complete(pause)
    await asyncio.to_thread(_keep, part, file, download.sha256, told)
    return download.sha256


def _read(told: Path) -> str:
    return told.read_text(encoding="ascii") if told.exists() else ""


def _keep(part: Path, file: Path, sha256: str, told: Path) -> None:
    """Take it for whole once it is what the server said; what differs is deleted, lest it is gone on with."""
    if sha256:
        with part.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != sha256:
            part.unlink()
            raise FetchError(
                f"what came is not {file.name} as it was published: its sha256 is {found}, not {sha256}; "
                "it was deleted, so try again"
            )
        told.write_text(sha256, encoding="ascii")
    part.rename(file)


def _already_there(target: Path) -> FetchedCheckpoint | None:
    if not target.exists():
        return None
    try:
        checkpoint = check_checkpoint(target)
    except ModelError as error:
        raise FetchError(f"{target} is in the way: {error}; delete it, and fetch again") from error
    return FetchedCheckpoint(target, is_new=False, is_compared=False, checkpoint=checkpoint)


def _require_room(staging: Path) -> None:
    needed = SIZE_BYTES - sum(map(size_of, staging.iterdir()))
    free = shutil.disk_usage(staging).free
    if free < needed:
        sizes = f"{free / 2**20:.0f} MiB, and the checkpoint takes {needed / 2**20:.0f} MiB more"
        raise FetchError(f"{staging.parent} has room for {sizes}; --into names another folder")


def _install(staging: Path, target: Path) -> Checkpoint:
    """Look at it, and move it into its place in one step."""
    try:
        check_checkpoint(staging)
    except ModelError as error:
        shutil.rmtree(staging)
        raise FetchError(f"what came is no checkpoint of XTTS: {error}; it was deleted") from error
    for told in staging.glob("*.sha256"):
        told.unlink()
    staging.rename(target)
    return check_checkpoint(target)
