"""What every format of answers is: something that takes calls one by one, and is closed at the end."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from bridge.dialogue.questionnaire import Questionnaire
from bridge.interop.interviews import Interview

__all__ = ["Contents", "Wanted", "Writer"]


class Writer(Protocol):
    """Writes calls as they come, and keeps none of them."""

    def add(self, interview: Interview) -> None:
        """Write one call."""

    def close(self) -> None:
        """Write what comes last."""


class Wanted(Struct, frozen=True):
    """What is written of each answer."""

    every_revision: bool = False  # corrected answers too
    with_heard: bool = False  # the recogniser's text


class Contents(Struct, frozen=True):
    """What is known before the first call is read: the versions, and which steps have answers."""

    versions: Sequence[Questionnaire]
    answered: frozenset[str]

    def of(self, questionnaire: str) -> list[Questionnaire]:
        """The known versions of one questionnaire."""
        return [one for one in self.versions if one.id == questionnaire]
