"""One question to the daemon on this machine, over its admin socket or its port."""

import http.client
import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from bridge.control_client import FileConnection

__all__ = ["Said", "ask"]

ANSWER_SECONDS = 5.0


class Said(Struct, frozen=True):
    """What came back."""

    status: int
    body: Any  # of JSON; None where it was no JSON


def ask(target: Path | tuple[str, int], path: str) -> Said:
    """GET `path` of a socket's file, or of a host and port.

    Raises:
        OSError: nobody listens there, it may not be opened, or no answer came in time.
        http.client.HTTPException: somebody answered, but not in HTTP.

    """
    connection: http.client.HTTPConnection
    if isinstance(target, Path):
        connection = FileConnection(target, ANSWER_SECONDS)
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
