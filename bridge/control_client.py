"""HTTP to the daemon that runs here, over its admin socket: what commands that drive a daemon speak.

Plain `http.client`: a command that shows five lines is not to wait for a web framework's import.
"""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from msgspec import Struct

from bridge.config import Settings
from bridge.errors import DaemonError

__all__ = ["Answered", "ControlClient", "FileConnection"]

ANSWER_SECONDS = 15.0
REFUSED = 400  # and above: HTTP's statuses of requests that failed


class Answered(Struct, frozen=True):
    """What the daemon said."""

    status: int
    body: Any  # JSON, or a text


class ControlClient:
    """The daemon behind one admin socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, settings: Settings) -> "ControlClient":
        """The daemon of this configuration; DaemonError where it has no admin socket."""
        if settings.admin.socket is None:
            raise DaemonError(
                f"{settings.origin('admin.socket')}: admin.socket is null, so that no command reaches the "
                "daemon: name a file there, and restart it"
            )
        return cls(settings.admin.socket)

    def get(self, path: str) -> Any:
        """Ask for something; DaemonError where no daemon answers, or it refuses."""
        return self._done(self.ask("GET", path))

    def post(self, path: str, seconds: float = ANSWER_SECONDS) -> Any:
        """Have something done; DaemonError where no daemon answers, or it refuses."""
        return self._done(self.ask("POST", path, seconds))

    def ask(self, method: str, path: str, seconds: float = ANSWER_SECONDS) -> Answered:
        """Whatever the daemon says, refusals too; DaemonError where none answers within `seconds`."""
        connection = FileConnection(self._path, seconds)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read().decode()
        except TimeoutError:
            raise DaemonError(
                f"the daemon at {self._path} did not answer within {seconds:g} s: look at its log"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise DaemonError(_why_unreachable(error, self._path)) from None
        finally:
            connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answered(answer.status, json.loads(text) if is_json else text.strip())

    def _done(self, answered: Answered) -> Any:
        if answered.status >= REFUSED:
            raise DaemonError(f"the daemon at {self._path} refuses ({answered.status}): {answered.body}")
        return answered.body


class FileConnection(http.client.HTTPConnection):
    """HTTP over a socket that is a file."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _why_unreachable(error: Exception, path: Path) -> str:
    if isinstance(error, PermissionError):
        return f"{path} may be opened by the daemon's own user only: run the command as that user, or as root"
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return (
            f"no daemon runs here: nothing answers at {path} (admin.socket); start it with `hatif serve`, "
            "or name its configuration with --config"
        )
    return f"the daemon at {path} broke off the conversation ({type(error).__name__}): look at its log"
