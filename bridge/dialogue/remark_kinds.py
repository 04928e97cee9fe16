"""What sorts of things an author is warned of, and how a questionnaire says that one of them is meant so."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

__all__ = ["AcceptedWarnings", "Kind"]


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
    DISCLOSURE = "disclosure"  # tells strangers what the call is about
    UNRENDERED = "unrendered"  # spoken only when it is first needed
    UNNEEDED = "unneeded"  # accepted, and nothing is warned of any more


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
AcceptedWarnings = dict[Kind, Reason]
