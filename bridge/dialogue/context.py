"""What is known about a call before anybody has spoken: the day, the patient, the site. It is passed in."""

from msgspec import Struct

from bridge.dialogue.dialects import Dialect

__all__ = ["CallContext", "Fact"]

Fact = bool | int | float | str | None


class CallContext(Struct, frozen=True):
    """One call's circumstances. They are stored with the dialogue's state."""

    today: str | None = None  # as ISO 8601 writes it; without it, days are keyed and never spoken
    hour: int | None = None  # 0 to 23
    attempt: int = 1
    direction: str | None = None
    dialect: Dialect | None = None
    patient: dict[str, Fact] = {}
    parameters: dict[str, Fact] = {}
    site: dict[str, str] = {}
    can_transfer: bool = True  # the carrier can hand the caller over
    has_open_vocabulary: bool = False  # free speech is worth keeping as text

    @property
    def gender(self) -> str | None:
        """The patient's, as f or m."""
        gender = self.patient.get("gender")
        return gender if isinstance(gender, str) else None

    def fact(self, name: str) -> Fact:
        """What is known as patient.NAME, call.NAME or site.NAME."""
        domain, _, field = name.partition(".")
        if domain == "patient":
            return self.patient.get(field)
        if domain == "site":
            return self.site.get(field)
        own: dict[str, Fact] = {
            "attempt": self.attempt,
            "direction": self.direction,
            "today": self.today,
            "hour": self.hour,
            "dialect": self.dialect,
        }
        return own[field] if field in own else self.parameters.get(field)
