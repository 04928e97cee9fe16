"""May this call start? Answered before the call is, so that a running call never pays for a new one."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from msgspec import Struct

__all__ = ["Accept", "Admission", "Busy", "BusyReason"]

RETRY_SECONDS = 5  # about how long a questionnaire call's turn takes; soon enough for a carrier to try again


class BusyReason(StrEnum):
    """Why a call is not taken."""

    NOT_READY = "not_ready"
    DRAINING = "draining"
    FULL = "full"
    NOT_RENDERED = "not_rendered"  # prompts of the questionnaire are missing yet


class Accept(Struct, frozen=True):
    """The call may start."""


class Busy(Struct, frozen=True):
    """The call may not start now."""

    reason: BusyReason
    retry_after_seconds: int = RETRY_SECONDS


class Admission:
    """Counts the calls in progress against the limit."""

    def __init__(self, max_concurrent: int) -> None:
        self.most = max_concurrent
        self.active = 0

    def ask(self, *, is_ready: bool, is_draining: bool) -> Accept | Busy:
        """Decide on one more call."""
        if is_draining:
            return Busy(BusyReason.DRAINING)
        if not is_ready:
            return Busy(BusyReason.NOT_READY)
        if self.active >= self.most:
            return Busy(BusyReason.FULL)
        return Accept()

    def limit(self, max_concurrent: int) -> None:
        """Allow so many from now on; more calls than that may go on, and none may start."""
        self.most = max_concurrent

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one call's place."""
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
