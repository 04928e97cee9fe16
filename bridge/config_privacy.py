"""The section `privacy` of the configuration: keys, and for how long what is kept."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from bridge.config_options import Secret, Section, Whole, option
from bridge.privacy.keys import KeyRing

__all__ = ["KeepDays", "Privacy"]

_DAYS = "a whole number of days from 1 to 36500, or null for always"


def _keys(secret: SecretStr) -> SecretStr:
    KeyRing.parse(secret.get_secret_value())
    return secret


def _days() -> Whole | None:
    days: Whole | None = option(None, _DAYS, ge=1, le=36500)
    return days


class KeepDays(Section):
    """How many days after a call's end; null: always."""

    calls: Whole | None = _days()
    answers: Whole | None = _days()
    transcripts: Whole | None = _days()
    sounds: Whole | None = _days()
    recordings: Whole | None = _days()


class Privacy(Section):
    """What is kept of callers is encrypted, and forgotten in time."""

    key: Annotated[Secret, AfterValidator(_keys)] | None = option(
        None, "keys as `hatif privacy key NAME` makes them, NAME:BASE64, the current one first; or null"
    )
    keep_days: KeepDays = KeepDays()

    @property
    def ring(self) -> KeyRing | None:
        """The keys; None where nothing is encrypted."""
        return KeyRing.parse(self.key.get_secret_value()) if self.key else None
