"""What is found out about questionnaires, as plain data: for the screen and for `--json`."""

from msgspec import Struct

from bridge.authoring.checking.costs import Cost
from bridge.errors import Fault

__all__ = ["Accepted", "Facts", "FileReport", "Grammars", "Report", "Warned"]


class Warned(Struct, frozen=True):
    """Something to look at, and where."""

    file: str
    line: int
    column: int
    field: str
    text: str
    kind: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: warning: {self.field}: {self.text} [{self.kind}]"


class Accepted(Struct, frozen=True):
    """A warning that its author has looked at and left, and why."""

    warning: Warned
    reason: str

    def __str__(self) -> str:
        return str(self.warning).replace(": warning: ", ": accepted: ", 1) + f" {self.reason}"


class Grammars(Struct, frozen=True):
    """How many phrases the recogniser is told to expect: each costs a little accuracy on all others."""

    smallest: int
    largest: int
    largest_item: str
    whole: int  # in all questions together


class Facts(Struct, frozen=True):
    """What a questionnaire comes to."""

    id: str
    version: str
    status: str
    title: str
    items: int  # groups and what is only said included
    questions: int
    shortest: Cost | None  # of calls that come to the end; None where none can
    longest: Cost | None
    most_turns: int  # then a call is ended
    grammars: Grammars
    prompts: int
    rendered: int  # so many of them are measured, the others' length is reckoned


class FileReport(Struct, frozen=True):
    """One file."""

    file: str
    faults: list[Fault]
    warnings: list[Warned]
    facts: Facts | None = None  # None where there are faults
    accepted: list[Accepted] = []


class Report(Struct, frozen=True):
    """All files, in order."""

    files: list[FileReport]

    @property
    def faults(self) -> int:
        """How many there are."""
        return sum(len(one.faults) for one in self.files)

    @property
    def warnings(self) -> int:
        """How many there are."""
        return sum(len(one.warnings) for one in self.files)

    @property
    def accepted(self) -> int:
        """How many warnings are accepted."""
        return sum(len(one.accepted) for one in self.files)
