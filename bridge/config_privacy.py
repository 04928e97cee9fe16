"""The section `privacy` of the configuration: keys, and for how long what is kept."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from bridge.config_options import Name, Secret, Section, Whole, option
from bridge.privacy.keys import KeyRing

__all__ = ["KeepCallDays", "KeepDays", "Privacy"]

_DAYS = "a whole number of days from 1 to 36500, or null for always"


def _keys(secret: SecretStr) -> SecretStr:
    KeyRing.parse(secret.get_secret_value())
    return secret


def _days() -> Whole | None:
    days: Whole | None = option(None, _DAYS, ge=1, le=36500)
    return days


class KeepCallDays(Section):
    """How many days after a call's end; null: always."""

    calls: Whole | None = _days()
    answers: Whole | None = _days()
    transcripts: Whole | None = _days()
    sounds: Whole | None = _days()
    recordings: Whole | None = _days()

    @property
    def given(self) -> dict[str, int | None]:
        """The classes that are named here: of a questionnaire, those in which it is another than the rest."""
        return {
            name: getattr(self, name) for name in KeepCallDays.model_fields if name in self.model_fields_set
        }


class KeepDays(KeepCallDays):
    """The same for all calls, and for what is no call's."""

    audit: Whole | None = _days()

    @property
    def of_calls(self) -> dict[str, int | None]:
        """The classes of what is a call's."""
        return {name: getattr(self, name) for name in KeepCallDays.model_fields}


class Privacy(Section):
    """What is kept of callers is encrypted, and forgotten in time."""

    key: Annotated[Secret, AfterValidator(_keys)] | None = option(
        None, "keys as `hatif privacy key NAME` makes them, NAME:BASE64, the current one first; or null"
    )
    keep_days: KeepDays = KeepDays()
    keep_days_of: dict[Name, KeepCallDays] = option(
        {}, "other periods for questionnaires, by id, such as {phq9: {answers: 3650, sounds: 7}}"
    )

    @property
    def ring(self) -> KeyRing | None:
        """The keys; None where nothing is encrypted."""
        return KeyRing.parse(self.key.get_secret_value()) if self.key else None
