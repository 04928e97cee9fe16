"""The daemon of a demonstration: the real one, as a process of its own, from the shipped configuration.

Whatever happens here, it is not left behind.
"""

import asyncio
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from msgspec import Struct

from bridge.errors import BridgeError

__all__ = ["PROGRAM", "DaemonProcess", "DaemonSetup", "DemoError"]

LOOPBACK = "127.0.0.1"
PROGRAM = ("-m", "bridge")  # what Python runs as `hatif`
READY_SECONDS = (
    180.0  # on the slowest machine: loading the model and rendering every prompt for the first time
)
READY_POLL_SECONDS = 0.2
PROBE_SECONDS = 5.0
STOP_SECONDS = 10.0  # a daemon without calls stops in well under one
LOG_LINES_SHOWN = 12

_OURS = "HATIF_"
PROMPTS = "HATIF_PROMPTS__FOLDER"
_VOICES = tuple(f"HATIF_{section}__" for section in ("VOICE", "PIPER", "XTTS", "SPEECH_SERVER", "VOICES"))


class DemoError(BridgeError):
    """The demonstration cannot go on."""

    code = "demo"


class DaemonSetup(Struct, frozen=True):
    """How the demonstration's daemon differs from the shipped configuration."""

    config: Path
    folder: Path
    port: int
    carrier_token: str
    token_secret: str
    speed: float = 1.0
    options: dict[str, str] = {}  # further ones, by their variables

    @classmethod
    def new(cls, config: Path, folder: Path, *, port: int | None, speed: float) -> Self:
        """A setup with fresh secrets, on a free port unless one is given."""
        return cls(
            config=config,
            folder=folder,
            port=port or free_port(),
            carrier_token=secrets.token_urlsafe(),
            token_secret=secrets.token_urlsafe(48),
            speed=speed,
        )

    @property
    def database(self) -> Path:
        return self.folder / "hatif.db"

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    @property
    def admin_socket(self) -> Path:
        return self.folder / "admin.sock"

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The daemon's environment; of the user's own settings a demonstration takes only who speaks.

        And where prompts lie, if that is said: they are known by their content, and need not be made again.
        """
        kept = {
            name: value
            for name, value in inherited.items()
            if name.startswith(_VOICES) or not name.upper().startswith(_OURS)
        }
        return kept | {
            "CREDENTIALS_DIRECTORY": "",  # neither the user's own secrets nor the service's
            "HATIF_SERVER__HOST": LOOPBACK,
            "HATIF_SERVER__PORT": str(self.port),
            "HATIF_STORAGE__PATH": str(self.database),
            PROMPTS: inherited.get(PROMPTS, str(self.folder / "prompts")),
            "HATIF_TOKENS__SECRET": self.token_secret,
            "HATIF_PROVIDERS__MAQSAM__TOKEN": self.carrier_token,
            "HATIF_ADMIN__SOCKET": str(self.admin_socket),
            "HATIF_CLOCK__SPEED": f"{self.speed:g}",
            "HATIF_LOG__FORMAT": "json",
            **self.options,
        }


class DaemonProcess:
    """`hatif serve`, from its start to its end; an asynchronous context manager."""

    def __init__(self, setup: DaemonSetup, *, program: Sequence[str] = PROGRAM) -> None:
        """`program`: what Python runs as `hatif`."""
        self._setup = setup
        self._program = program
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self._setup.port}"

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._running().pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._running().returncode

    async def __aenter__(self) -> Self:
        setup = self._setup
        with setup.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self._program, "serve", "--config", str(setup.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=setup.environment(os.environ),
                # A group of its own: Ctrl-C is ours to pass on, once.
                start_new_session=True,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def ready(self, on_wait: Callable[[str], None]) -> None:
        """Wait until the daemon takes calls; `on_wait` is told what it is waiting for.

        Raises:
            DemoError: it ended, or took too long; the text shows what it logged last.

        """
        try:
            async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as client:
                while not await self._is_ready(client, on_wait):  # noqa: ASYNC110 - another process gets ready
                    await asyncio.sleep(READY_POLL_SECONDS)
        except TimeoutError:
            raise DemoError(self._with_log(f"the daemon was not ready within {READY_SECONDS:g} s")) from None

    async def _is_ready(self, client: aiohttp.ClientSession, on_wait: Callable[[str], None]) -> bool:
        status = self._running().returncode
        if status is not None:
            raise DemoError(self._with_log(f"the daemon ended with status {status} instead of getting ready"))
        try:
            timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
            async with client.get(f"http://{self.address}/readyz", timeout=timeout) as answer:
                on_wait(_reason(await answer.read()))
                return answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _stop(self) -> None:
        process = self._running()
        try:
            await self._end(process)
        finally:  # also when a second Ctrl-C cuts the waiting short
            if process.returncode is None:
                process.kill()

    @staticmethod
    async def _end(process: Process) -> None:
        for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            if process.returncode is not None:
                return
            with suppress(ProcessLookupError):
                process.send_signal(number)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), seconds)

    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the daemon was not started")
        return self._process

    def _with_log(self, sentence: str) -> str:
        lines = self._setup.log.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = "\n".join(f"  {line}" for line in lines[-LOG_LINES_SHOWN:]) or "  (it logged nothing)"
        return f"{sentence}; its last words, from {self._setup.log}:\n{shown}"


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class _Readiness(Struct, frozen=True):
    reasons: list[str] = []


def _reason(body: bytes) -> str:
    """What the daemon says it is waiting for."""
    try:
        return ", ".join(msgspec.json.decode(body, type=_Readiness).reasons) or "nothing"
    except msgspec.MsgspecError:
        return "an answer that can be read"
