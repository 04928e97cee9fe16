"""Downloading a file that may be large, over a line that may break: it goes on where it broke off."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from tenacity.wait import wait_base

from bridge.errors import BridgeError

__all__ = [
    "Download",
    "DownloadInterruptedError",
    "FetchError",
    "OnProgress",
    "make_folder",
    "open_session",
    "reason_of",
    "require_an_answer",
    "retrying",
    "size_of",
    "unreachable",
]

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 1.0
CHUNK_BYTES = 256 * 1024
CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 60.0  # without a single byte: the connection is dead
LINKED_SUM = "X-Linked-Etag"  # where hubs that keep large files elsewhere say their SHA-256

_SHA256 = re.compile(r"[0-9a-f]{64}")

OnProgress = Callable[[int, int | None], None]


class FetchError(BridgeError):
    """A model cannot be fetched."""

    code = "fetch"


class DownloadInterruptedError(Exception):
    """The download broke off; it may go on."""


def open_session() -> aiohttp.ClientSession:
    """A client that waits for long downloads, and not for dead servers."""
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    # Compressed on the way, a range of bytes would not be one of the file.
    return aiohttp.ClientSession(timeout=timeout, trust_env=True, headers={"Accept-Encoding": "identity"})


def retrying(pause: wait_base | None) -> AsyncRetrying:
    """Interrupted downloads are gone on with."""
    return AsyncRetrying(
        retry=retry_if_exception_type(DownloadInterruptedError),
        stop=stop_after_attempt(ATTEMPTS),
        wait=pause or wait_exponential(multiplier=FIRST_PAUSE_SECONDS),
        reraise=True,
    )


def require_an_answer(answer: aiohttp.ClientResponse) -> None:
    """Servers in trouble are asked again."""
    if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - HTTP
        raise DownloadInterruptedError(f"it answers {answer.status} {answer.reason}")


def reason_of(error: Exception) -> str:
    """Why a server gave no answer, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__


def unreachable(url: str, error: Exception) -> str:
    """The sentence for a server that cannot be reached."""
    need = "fetching needs the Internet, directly or by the proxy that HTTPS_PROXY names"
    return f"{urlsplit(url).netloc} cannot be reached ({error}); {need}"


class Download:
    """One file on its way.

    `sha256` is its sum as the server tells it, once it is here; '' where none is told.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, part: Path, on_progress: OnProgress) -> None:
        self._session = session
        self._url = url
        self._part = part
        self._on_progress = on_progress
        self._bytes = 0
        self.sha256 = ""

    async def complete(self, pause: wait_base | None) -> None:
        """Bring the rest of the file, in several attempts if need be; FetchError when it cannot be had."""
        try:
            await retrying(pause)(self._go_on)
        except DownloadInterruptedError as error:
            if not self._bytes:
                raise FetchError(unreachable(self._url, error)) from error
            kept = f"{self._bytes / 2**20:.1f} MiB are kept in {self._part}"
            broken = f"the download broke off {ATTEMPTS} times ({error})"
            raise FetchError(f"{broken}; {kept}, and the same command goes on from there") from error
        except OSError as error:
            raise FetchError(f"{self._part} cannot be written: {error.strerror or error}") from error

    async def _go_on(self) -> None:
        self._bytes = await asyncio.to_thread(size_of, self._part)
        headers = {"Range": f"bytes={self._bytes}-"} if self._bytes else {}
        try:
            async with self._session.get(self._url, headers=headers) as answer:
                require_an_answer(answer)
                self.sha256 = _linked_sum(answer)
                if answer.status != 416:  # noqa: PLR2004 - nothing is left to bring; the sum will tell
                    await self._receive(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DownloadInterruptedError(reason_of(error)) from error

    async def _receive(self, answer: aiohttp.ClientResponse) -> None:
        match answer.status:
            case 206 if answer.headers.get("Content-Range", "").startswith(f"bytes {self._bytes}-"):
                mode = "ab"
            case 200:
                mode, self._bytes = "wb", 0  # it sends everything, whatever was asked for
            case 206:
                await asyncio.to_thread(self._part.unlink)
                raise DownloadInterruptedError("it sends another part of the file than it was asked for")
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


def _linked_sum(answer: aiohttp.ClientResponse) -> str:
    """What the hub that sent us on to where the file lies said of it."""
    told = (one.headers.get(LINKED_SUM, "").strip('"').lower() for one in (*answer.history, answer))
    return next(filter(_SHA256.fullmatch, told), "")


def size_of(file: Path) -> int:
    """How many bytes of it are here."""
    return file.stat().st_size if file.exists() else 0


def make_folder(folder: Path) -> None:
    """FetchError when it cannot be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"{folder} cannot be made: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FetchError(f"{folder} cannot be written to by this user; --into names another folder")
