"""What is configured of admission: the whole house's limits, and each tenant's share. Values, and pure."""

from collections.abc import Mapping

from msgspec import Struct

from bridge.admission.pace import Pace
from bridge.admission.shedding import Thresholds
from bridge.identity.principal import DEFAULT_TENANT
from bridge.privacy.numbers import NumberError, Subject

__all__ = ["Rules", "Share", "is_number", "is_same_number"]

MOST_DIGITS_OF_EXTENSION = 6


class Share(Struct, frozen=True):
    """One tenant's: which calls are its own, and how many of them there may be."""

    numbers: tuple[str, ...] = ()  # ours that its callers dial, or that are shown when it calls
    questionnaires: tuple[str, ...] = ()
    max_concurrent: int | None = None  # None: as many as there are places
    reserved: int | None = None  # places that no other tenant takes; None: half of an equal share
    pace: Pace | None = None


class Rules(Struct, frozen=True):
    """Everything but the number of places."""

    pace: Pace | None = None  # None: as many in a second as like
    thresholds: Thresholds = Thresholds()
    tenants: Mapping[str, Share] = {}

    @property
    def shares(self) -> dict[str, Share]:
        """Every tenant's, and that of calls that are nobody's in particular."""
        return {DEFAULT_TENANT: Share(), **self.tenants}

    def of_number(self, number: str | None) -> str | None:
        """Whose number it is."""
        if not number:
            return None
        owners = (name for name, share in self.tenants.items() if _has(share, number))
        return next(owners, None)

    def of_questionnaire(self, questionnaire: str) -> str | None:
        """Who alone asks it."""
        owners = [name for name, share in self.tenants.items() if questionnaire in share.questionnaires]
        return owners[0] if len(owners) == 1 else None


def is_number(text: str) -> bool:
    """Whether it is a number that somebody can be called at: with its country, or an extension."""
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS_OF_EXTENSION:
        return True
    try:
        Subject.parse(text)
    except NumberError:
        return False
    return text.startswith("+")


def is_same_number(ours: str, written: str) -> bool:
    """Whether a provider means our number, however it writes that."""
    return Subject.parse(ours).is_same(written) if ours.startswith("+") else ours == written


def _has(share: Share, number: str) -> bool:
    return any(is_same_number(ours, number) for ours in share.numbers)
