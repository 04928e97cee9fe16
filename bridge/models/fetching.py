"""Fetching a public model: its archive is downloaded, compared with what was published, and unpacked.

A download goes on where it broke off, also days later: what has come lies in NAME.zip.part until it is whole.
"""

import asyncio
import hashlib
import shutil
from pathlib import Path

import aiohttp
import msgspec
from msgspec import Struct
from tenacity.wait import wait_base

from bridge.errors import ModelError
from bridge.models.downloading import (
    Download,
    DownloadInterruptedError,
    FetchError,
    OnProgress,
    make_folder,
    open_session,
    reason_of,
    require_an_answer,
    retrying,
    size_of,
    unreachable,
)
from bridge.models.unpacking import ArchiveError, NoRoomError, unpacked
from bridge.speech.vosk.model import ModelRateError, ModelSummary, check_model

__all__ = ["ADDRESS", "FetchError", "Fetched", "OnProgress", "PublicModel", "fetch"]

ADDRESS = "https://alphacephei.com/vosk/models"  # where Vosk's makers publish models
LIST_NAME = "model-list.json"
UNPACKED_TIMES = 2  # a model takes about twice the room of its archive
MAX_LIST_BYTES = 4 << 20


class PublicModel(Struct, frozen=True):
    """A model that is offered for download."""

    name: str
    size_bytes: int  # of the archive; about that, where no sum is known
    md5: str  # of the archive; '' when it is not known
    what: str
    licence: str

    def address(self, base: str) -> str:
        """Where its archive lies."""
        return f"{base.rstrip('/')}/{self.name}.zip"


class Fetched(Struct, frozen=True):
    """A model that is here now."""

    path: Path
    is_new: bool  # False: it had been there already
    is_compared: bool  # with a published sum
    summary: ModelSummary | None  # None: it cannot hear telephone calls as it is
    problem: str = ""  # and why


class _Published(Struct):
    """One line of the public list, as far as it matters."""

    name: str
    size: int | None = None
    md5: str = ""
    sha256: str = ""


async def fetch(
    model: PublicModel,
    folder: Path,
    *,
    address: str = ADDRESS,
    on_progress: OnProgress = lambda _bytes, _total: None,
    pause: wait_base | None = None,
) -> Fetched:
    """Bring `model` into `folder`.

    `on_progress` is told how many bytes are here, and of how many (None where nobody says).

    Raises:
        FetchError: no network, no such model, no room, or not what was published; one sentence.

    """
    target = folder / model.name
    if target.exists():
        return await asyncio.to_thread(_already_there, target)
    await asyncio.to_thread(make_folder, folder)
    part = folder / f"{model.name}.zip.part"
    async with open_session() as session:
        published = await _published(session, model, address, pause)
        await asyncio.to_thread(_require_room, folder, part, published.size or model.size_bytes)
        download = Download(session, model.address(address), part, on_progress)
        await download.complete(pause)
    is_compared = await asyncio.to_thread(_compare, part, published)
    return await asyncio.to_thread(_install, part, target, is_compared=is_compared)


# What was published


async def _published(
    session: aiohttp.ClientSession, model: PublicModel, address: str, pause: wait_base | None
) -> _Published:
    """What the public list says of this model today; what is known here where it says nothing."""
    url = f"{address.rstrip('/')}/{LIST_NAME}"
    known = _Published(model.name, model.size_bytes if model.md5 else None, model.md5)
    try:
        content: bytes = await retrying(pause)(_read_list, session, url)
    except DownloadInterruptedError as error:
        raise FetchError(unreachable(url, error)) from error
    try:
        listed = msgspec.json.decode(content, type=list[_Published])
    except msgspec.MsgspecError:  # a page that says there is no list
        return known
    found = next((one for one in listed if one.name == model.name), None)
    return found if found and (found.md5 or found.sha256) else known


async def _read_list(session: aiohttp.ClientSession, url: str) -> bytes:
    try:
        async with session.get(url) as answer:
            require_an_answer(answer)
            return await answer.content.read(MAX_LIST_BYTES) if answer.ok else b""
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DownloadInterruptedError(reason_of(error)) from error


# Disk


def _already_there(target: Path) -> Fetched:
    try:
        return Fetched(target, is_new=False, is_compared=False, summary=check_model(target))
    except ModelRateError as error:
        return Fetched(target, is_new=False, is_compared=False, summary=None, problem=str(error))
    except ModelError as error:
        raise FetchError(f"{target} is in the way: {error}; delete it, and fetch again") from error


def _require_room(folder: Path, part: Path, size: int) -> None:
    needed = (1 + UNPACKED_TIMES) * size - size_of(part)
    free = shutil.disk_usage(folder).free
    if free < needed:
        sizes = f"{free / 2**20:.0f} MiB, and the model takes {needed / 2**20:.0f} MiB while it is unpacked"
        raise FetchError(f"{folder} has room for {sizes}; --into names another folder")


def _compare(part: Path, published: _Published) -> bool:
    """Whether there was a sum to compare with; a file that differs is deleted, lest it is gone on with."""
    kind, sum_ = ("sha256", published.sha256) if published.sha256 else ("md5", published.md5)
    size = size_of(part)
    if published.size is not None and size != published.size:
        _refuse(part, f"it has {size} bytes, not {published.size}")
    if not sum_:
        return False
    with part.open("rb") as file:
        found = hashlib.file_digest(file, kind).hexdigest()
    if found != sum_.lower():
        _refuse(part, f"its {kind} is {found}, not {sum_.lower()}")
    return True


def _refuse(part: Path, why: str) -> None:
    part.unlink()
    name = part.name.removesuffix(".zip.part")
    raise FetchError(f"what came is not {name} as it was published: {why}; it was deleted, so try again")


def _install(part: Path, target: Path, *, is_compared: bool) -> Fetched:
    """Unpack, look at it, and move it into its place in one step; then the archive has served."""
    try:
        with unpacked(part, target.parent, target.name) as model:
            summary, problem = _judge(model)
            model.rename(target)
    except NoRoomError as error:
        raise FetchError(f"{part} {error}") from error
    except ArchiveError as error:
        part.unlink()
        raise FetchError(f"the archive of {target.name} {error}; it was deleted") from error
    except OSError as error:
        raise FetchError(f"{target} cannot be made: {error.strerror or error}") from error
    part.unlink()
    return Fetched(target, is_new=True, is_compared=is_compared, summary=summary, problem=problem)


def _judge(model: Path) -> tuple[ModelSummary | None, str]:
    """A model of another rate may be told to sample up, and so is kept; any other fault is final."""
    try:
        return check_model(model), ""
    except ModelRateError as error:
        return None, str(error)
    except ModelError as error:
        raise ArchiveError(f"holds no usable model: {error}") from error
