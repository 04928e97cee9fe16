"""The server that is looked at, as strangers and others reach it; and what became of a check."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct

__all__ = ["Asked", "Check", "State", "Target"]

MAX_ANSWER_BYTES = 1 << 20


class State(StrEnum):
    """How a check went."""

    GOOD = "good"
    SKIPPED = "skipped"  # nothing was given to try it with, or there is nothing of the kind here
    WARNING = "warning"  # it could not be seen to be good
    BAD = "bad"


class Check(Struct, frozen=True):
    """One thing that was tried."""

    subject: str
    state: State
    detail: str
    seconds: float | None = None  # wall clock, of the request or the call
    advice: str = ""  # what to do next, in one sentence


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request was answered with."""

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)  # names in small letters
    body: Mapping[str, Any] = field(default_factory=dict)  # of a JSON object; else nothing
    failure: str = ""  # why there was no answer at all; then the status is 0

    @property
    def shown(self) -> str:
        """For a table: the status, or why there is none."""
        return self.failure or f"status {self.status}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where it is, and by what it is asked."""

    client: aiohttp.ClientSession
    url: str  # http://HOST or https://HOST, without a slash at its end

    @property
    def is_secure(self) -> bool:
        """Asked by TLS."""
        return self.url.startswith("https://")

    @property
    def is_this_machine(self) -> bool:
        """By its name or address; a proxy may stand before it all the same."""
        return urlsplit(self.url).hostname in {"localhost", "127.0.0.1", "::1"}

    @property
    def sockets(self) -> str:
        """The same place, for WebSockets."""
        return f"ws{self.url.removeprefix('http')}"

    async def get(self, path: str, bearer: str | None = None) -> Asked:
        """Ask once; whatever happens is in the answer."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with self.client.get(self.url + path, headers=headers, allow_redirects=False) as answer:
                text = await answer.content.read(MAX_ANSWER_BYTES)
                named = {name.lower(): value for name, value in answer.headers.items()}
                return Asked(answer.status, clock.time() - began, named, _object(text))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Asked(0, clock.time() - began, failure=_why(error))

    async def upgrade(self, path: str, headers: Mapping[str, str]) -> Asked:
        """Try to open a WebSocket; 101 when it opened (it is closed again)."""
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with self.client.ws_connect(self.sockets + path, headers=headers):
                return Asked(101, clock.time() - began)
        except aiohttp.WSServerHandshakeError as refusal:
            return Asked(refusal.status, clock.time() - began)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Asked(0, clock.time() - began, failure=_why(error))


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate is not good: {error.certificate_error}"
    return "no answer came in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def _object(text: bytes) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
