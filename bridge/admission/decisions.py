"""What a call that wants to start is told."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["RETRY_SECONDS", "Accept", "Busy", "BusyReason"]

RETRY_SECONDS = 5  # about how long a questionnaire call's turn takes; soon enough for a carrier to try again


class BusyReason(StrEnum):
    """Why a call is not taken."""

    NOT_READY = "not_ready"
    DRAINING = "draining"
    FULL = "full"
    TENANT_FULL = "tenant_full"  # its tenant has as many calls as it may
    KEPT_FREE = "kept_free"  # the places that are left are other tenants'
    RATE = "rate"  # too many calls have begun in the last moment
    TENANT_RATE = "tenant_rate"  # too many of its tenant's
    OVERLOADED = "overloaded"  # the calls in progress need what is left of this machine
    NOT_RENDERED = "not_rendered"  # prompts of the questionnaire are missing yet


class Accept(Struct, frozen=True):
    """The call may start."""


class Busy(Struct, frozen=True):
    """The call may not start now."""

    reason: BusyReason
    retry_after_seconds: int = RETRY_SECONDS
