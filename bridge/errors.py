"""What can go wrong on our side, one class per cause, each with a stable code for logs and HTTP answers.

BridgeError
├── ConfigError          config.yaml, the environment or a credential file is wrong
├── QuestionnaireError   a questionnaire is wrong; the text names file, line and field
├── ModelError           a recognition model is missing, half there or unusable
├── WorkerError          an engine's process died, hung or refused
├── StorageError         the database cannot be opened, read or written
└── CredentialError      a token is missing, forged, expired or already used

The text of an error is one sentence that says what is wrong and what would be right. It never carries what a
caller said, nor a phone number.
"""

from typing import ClassVar

__all__ = [
    "BridgeError",
    "ConfigError",
    "CredentialError",
    "ModelError",
    "QuestionnaireError",
    "StorageError",
    "WorkerError",
]


class BridgeError(Exception):
    """The root of everything Hatif raises on purpose."""

    code: ClassVar[str] = "bridge"


class ConfigError(BridgeError):
    """The configuration is wrong."""

    code = "config"


class QuestionnaireError(BridgeError):
    """A questionnaire is wrong."""

    code = "questionnaire"


class ModelError(BridgeError):
    """A recognition model is missing, half there or unusable."""

    code = "model"


class WorkerError(BridgeError):
    """An engine's worker process died, did not answer in time, or refused the request."""

    code = "worker"


class StorageError(BridgeError):
    """The database cannot be opened, read or written."""

    code = "storage"


class CredentialError(BridgeError):
    """A token is missing, forged, expired or already used."""

    code = "credential"
