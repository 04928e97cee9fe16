"""Fetching a public model: its archive is downloaded, compared with what was published, and unpacked.

A download goes on where it broke off, also days later: what has come lies in NAME.zip.part until it is whole.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from tenacity.wait import wait_base

from bridge.errors import BridgeError, ModelError
from bridge.models.unpacking import ArchiveError, NoRoomError, unpacked
from bridge.speech.vosk_model import ModelRateError, ModelSummary, check_model

__all__ = ["ADDRESS", "FetchError", "Fetched", "PublicModel", "fetch"]

ADDRESS = "https://alphacephei.com/vosk/models"  # where Vosk's makers publish models
LIST_NAME = "model-list.json"
ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 1.0
CHUNK_BYTES = 256 * 1024
CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 60.0  # without a single byte: the connection is dead
UNPACKED_TIMES = 2  # a model takes about twice the room of its archive
MAX_LIST_BYTES = 4 << 20

OnProgress = Callable[[int, int | None], None]


class FetchError(BridgeError):
    """A model cannot be fetched."""

    code = "fetch"


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


class _InterruptedError(Exception):
    """The download broke off; it may go on."""


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
    await asyncio.to_thread(_make, folder)
    part = folder / f"{model.name}.zip.part"
    async with _session() as session:
        published = await _published(session, model, address, pause)
        await asyncio.to_thread(_require_room, folder, part, published.size or model.size_bytes)
        download = _Download(session, model.address(address), part, on_progress)
        await download.complete(pause)
    is_compared = await asyncio.to_thread(_compare, part, published)
    return await asyncio.to_thread(_install, part, target, is_compared=is_compared)


def _session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    # Compressed on the way, a range of bytes would not be one of the file.
    return aiohttp.ClientSession(timeout=timeout, trust_env=True, headers={"Accept-Encoding": "identity"})


def _retrying(pause: wait_base | None) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception_type(_InterruptedError),
        stop=stop_after_attempt(ATTEMPTS),
        wait=pause or wait_exponential(multiplier=FIRST_PAUSE_SECONDS),
        reraise=True,
    )


# What was published


async def _published(
    session: aiohttp.ClientSession, model: PublicModel, address: str, pause: wait_base | None
) -> _Published:
    """What the public list says of this model today; what is known here where it says nothing."""
    url = f"{address.rstrip('/')}/{LIST_NAME}"
    known = _Published(model.name, model.size_bytes if model.md5 else None, model.md5)
    try:
        content: bytes = await _retrying(pause)(_read_list, session, url)
    except _InterruptedError as error:
        raise FetchError(_unreachable(url, error)) from error
    try:
        listed = msgspec.json.decode(content, type=list[_Published])
    except msgspec.MsgspecError:  # a page that says there is no list
        return known
    found = next((one for one in listed if one.name == model.name), None)
    return found if found and (found.md5 or found.sha256) else known


async def _read_list(session: aiohttp.ClientSession, url: str) -> bytes:
    try:
        async with session.get(url) as answer:
            _require_an_answer(answer)
            return await answer.content.read(MAX_LIST_BYTES) if answer.ok else b""
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _InterruptedError(_reason(error)) from error


def _require_an_answer(answer: aiohttp.ClientResponse) -> None:
    """Servers in trouble are asked again."""
    if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - HTTP
        raise _InterruptedError(f"it answers {answer.status} {answer.reason}")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__


def _unreachable(url: str, error: Exception) -> str:
    need = "fetching needs the Internet, directly or by the proxy that HTTPS_PROXY names"
    return f"{urlsplit(url).netloc} cannot be reached ({error}); {need}"


# The download


class _Download:
    """One archive on its way into one file."""

    def __init__(self, session: aiohttp.ClientSession, url: str, part: Path, on_progress: OnProgress) -> None:
        self._session = session
        self._url = url
        self._part = part
        self._on_progress = on_progress
        self._bytes = 0

    async def complete(self, pause: wait_base | None) -> None:
        """Bring the rest of the file, in several attempts if need be; FetchError when it cannot be had."""
        try:
            await _retrying(pause)(self._go_on)
        except _InterruptedError as error:
            if not self._bytes:
                raise FetchError(_unreachable(self._url, error)) from error
            kept = f"{self._bytes / 2**20:.1f} MiB are kept in {self._part}"
            broken = f"the download broke off {ATTEMPTS} times ({error})"
            raise FetchError(f"{broken}; {kept}, and the same command goes on from there") from error
        except OSError as error:
            raise FetchError(f"{self._part} cannot be written: {error.strerror or error}") from error

    async def _go_on(self) -> None:
        self._bytes = await asyncio.to_thread(_size, self._part)
        headers = {"Range": f"bytes={self._bytes}-"} if self._bytes else {}
        try:
            async with self._session.get(self._url, headers=headers) as answer:
                _require_an_answer(answer)
                if answer.status != 416:  # noqa: PLR2004 - nothing is left to bring; the sum will tell
                    await self._receive(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _InterruptedError(_reason(error)) from error

    async def _receive(self, answer: aiohttp.ClientResponse) -> None:
        match answer.status:
            case 206 if answer.headers.get("Content-Range", "").startswith(f"bytes {self._bytes}-"):
                mode = "ab"
            case 200:
                mode, self._bytes = "wb", 0  # it sends everything, whatever was asked for
            case 206:
                await asyncio.to_thread(self._part.unlink)
                raise _InterruptedError("it sends another part of the file than it was asked for")
            case 404 | 410:
                raise FetchError(f"there is no model at {self._url} ({answer.status} {answer.reason})")
            case _:
                raise FetchError(f"{self._url} is not given away: {answer.status} {answer.reason}")
        total = None if answer.content_length is None else self._bytes + answer.content_length
        with await asyncio.to_thread(self._part.open, mode) as file:
            self._on_progress(self._bytes, total)
            async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                await asyncio.to_thread(file.write, chunk)
                self._bytes += len(chunk)
                self._on_progress(self._bytes, total)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


# Disk


def _already_there(target: Path) -> Fetched:
    try:
        return Fetched(target, is_new=False, is_compared=False, summary=check_model(target))
    except ModelRateError as error:
        return Fetched(target, is_new=False, is_compared=False, summary=None, problem=str(error))
    except ModelError as error:
        raise FetchError(f"{target} is in the way: {error}; delete it, and fetch again") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"{folder} cannot be made: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FetchError(f"{folder} cannot be written to by this user; --into names another folder")


def _require_room(folder: Path, part: Path, size: int) -> None:
    needed = (1 + UNPACKED_TIMES) * size - _size(part)
    free = shutil.disk_usage(folder).free
    if free < needed:
        sizes = f"{free / 2**20:.0f} MiB, and the model takes {needed / 2**20:.0f} MiB while it is unpacked"
        raise FetchError(f"{folder} has room for {sizes}; --into names another folder")


def _compare(part: Path, published: _Published) -> bool:
    """Whether there was a sum to compare with; a file that differs is deleted, lest it is gone on with."""
    kind, sum_ = ("sha256", published.sha256) if published.sha256 else ("md5", published.md5)
    size = _size(part)
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
