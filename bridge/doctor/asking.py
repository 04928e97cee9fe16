"""One question to the daemon on this machine, over its admin socket or its port."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from msgspec import Struct

__all__ = ["Said", "ask"]

ANSWER_SECONDS = 5.0


class Said(Struct, frozen=True):
    """What came back."""

    status: int
    body: Any  # of JSON; None where it was no JSON


class _FileConnection(http.client.HTTPConnection):
    """HTTP over a socket that is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(str(self._path))


def ask(target: Path | tuple[str, int], path: str) -> Said:
    """GET `path` of a socket's file, or of a host and port.

    Raises:
        OSError: nobody listens there, it may not be opened, or no answer came in time.
        http.client.HTTPException: somebody answered, but not in HTTP.

    """
    connection: http.client.HTTPConnection
    if isinstance(target, Path):
        connection = _FileConnection(target)
    else:
        connection = http.client.HTTPConnection(*target, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    try:
        return Said(answer.status, json.loads(content))
    except ValueError:
        return Said(answer.status, None)
