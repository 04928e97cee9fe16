"""What an author should look at: no fault, for the questionnaire runs, but a caller may stumble over it."""

from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.document import Path

__all__ = ["Kind", "Remark"]


class Kind(StrEnum):
    """What sort of thing it is; written behind each warning."""

    UNREACHABLE = "unreachable"  # an item that no call comes to, a rule that never acts
    OVERLAP = "overlap"  # words that are, or may be taken for, something else
    UNKNOWN_WORD = "unknown-word"  # not in the recogniser's model
    NEGATIVE = "negative"  # a question that denies
    VARIANT = "variant"  # sister items have wording for women or for a dialect
    VOWELS = "vowels"  # spoken without its vowels
    LONG = "long"  # longer than people listen
    OPTIONS = "options"  # more than people keep in mind
    UNRENDERED = "unrendered"  # spoken only when it is first needed


class Remark(Struct, frozen=True):
    """One of them, and where."""

    kind: Kind
    path: Path
    text: str
