"""What an author should look at: no fault, for the questionnaire runs, but a caller may stumble over it."""

from msgspec import Struct

from bridge.dialogue.document import Path
from bridge.dialogue.remark_kinds import Kind

__all__ = ["Kind", "Remark"]


class Remark(Struct, frozen=True):
    """One of them, and where."""

    kind: Kind
    path: Path
    text: str
