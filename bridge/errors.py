"""What can go wrong on our side, one class per cause, each with a stable code for logs and HTTP answers.

BridgeError
├── ConfigError          config.yaml, the environment or a credential file is wrong
├── QuestionnaireError   a questionnaire is wrong; the text names file, line and field
├── ModelError           a recognition model is missing, half there or unusable
├── WorkerError          an engine's process died, hung or refused
│   ├── WorkerLostError  it died or hung, and another process may do better
│   └── BusyError        as many wait for it as may
├── StorageError         the database cannot be opened, read or written
├── CredentialError      a token is missing, forged, expired or already used
└── DaemonError          no daemon answers at the admin socket, or it refuses

The text of an error is one sentence that says what is wrong and what would be right. It never carries what a
caller said, nor a phone number.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from msgspec import Struct

__all__ = [
    "BridgeError",
    "BusyError",
    "ConfigError",
    "CredentialError",
    "DaemonError",
    "Fault",
    "ModelError",
    "QuestionnaireError",
    "StorageError",
    "WorkerError",
    "WorkerLostError",
    "told_in_lines",
]


MOST_CHARACTERS = 500  # of one fault that is told: names in a file may be of any length
MOST_FAULTS = 100  # that are told


def told_in_lines(faults: Sequence[str]) -> str:
    """Faults as one text: of very many the first, and of a very long one its beginning."""
    told = [
        one if len(one) <= MOST_CHARACTERS else f"{one[:MOST_CHARACTERS]}..." for one in faults[:MOST_FAULTS]
    ]
    if len(faults) > MOST_FAULTS:
        told.append(f"and {len(faults) - MOST_FAULTS} more")
    return "\n".join(told)


class Fault(Struct, frozen=True):
    """One thing that is wrong in a file, and what would be right. Lines and columns count from one."""

    file: str
    line: int  # 0: the file itself, whatever is in it
    column: int
    field: str  # "items.0.kind"; '' where the file as a whole is meant
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.field}: {self.text}" if self.field else f"{place}: {self.text}"


class BridgeError(Exception):
    """The root of everything Hatif raises on purpose."""

    code: ClassVar[str] = "bridge"


class ConfigError(BridgeError):
    """The configuration is wrong."""

    code = "config"


class QuestionnaireError(BridgeError):
    """A questionnaire is wrong."""

    code = "questionnaire"

    def __init__(self, text: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(text)
        self.faults = tuple(faults)  # the same one by one, where a file was read

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> Self:
        """One error for all of them, each on a line of its own and none twice; of very many, the first."""
        distinct = tuple(dict.fromkeys(faults))
        return cls(told_in_lines([str(fault) for fault in distinct]), distinct)


class ModelError(BridgeError):
    """A recognition model is missing, half there or unusable."""

    code = "model"


class WorkerError(BridgeError):
    """An engine's worker process died, did not answer in time, or refused the request."""

    code = "worker"


class WorkerLostError(WorkerError):
    """An engine's worker process died or did not answer in time; the next process may do better."""


class BusyError(WorkerError):
    """As many requests wait for an engine as may wait."""

    code = "busy"


class StorageError(BridgeError):
    """The database cannot be opened, read or written."""

    code = "storage"


class CredentialError(BridgeError):
    """A token is missing, forged, expired or already used."""

    code = "credential"


class DaemonError(BridgeError):
    """No daemon answers at the admin socket, or it refuses what a command wants."""

    code = "daemon"
