"""The service manager's end of NOTIFY_SOCKET: it keeps what it is told, and when."""

import asyncio
import socket
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

__all__ = ["Manager"]

SIGN = "WATCHDOG=1"


class Manager:
    """Listens in a thread of its own until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self.lines: list[str] = []
        self._signed_at: list[float] = []  # by time.monotonic()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def _listen(self) -> None:
        while datagram := self._socket.recv(4096):
            lines = datagram.decode().splitlines()
            self.lines += lines
            if SIGN in lines:
                self._signed_at.append(time.monotonic())

    def close(self) -> None:
        """Stop listening."""
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as last:
            last.sendto(b"", self.address)
        self._listening.join()
        self._socket.close()

    def first(self, line: str) -> int:
        """Where a line stands, which begins so."""
        return next(at for at, told in enumerate(self.lines) if told.startswith(line))

    async def fed(self, daemon: Any, seconds: float) -> None:
        """Wait until there are signs of life again and again: three from here on."""
        before = len(self._signed_at)
        async with asyncio.timeout(seconds):
            while len(self._signed_at) < before + 3:
                assert daemon.process.poll() is None, daemon.log
                await asyncio.sleep(0.02)

    async def unfed(self, daemon: Any, patience_seconds: float, seconds: float) -> None:
        """Wait until there has been no sign of life for `patience_seconds`, at most `seconds` from here on.

        A service manager would now kill the daemon.
        """
        async with asyncio.timeout(seconds):
            while time.monotonic() - self._signed_at[-1] < patience_seconds:
                assert daemon.process.poll() is None, daemon.log
                await asyncio.sleep(0.02)
