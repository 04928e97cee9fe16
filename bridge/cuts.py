"""Why we end calls that neither the caller nor the questionnaire has ended: for the log and the metrics."""

from enum import StrEnum

from protocols.errors import CLOSE_POLICY

__all__ = ["Cut", "CutShortError"]


class Cut(StrEnum):
    """The cause, as a label: few, and fixed."""

    IDLE = "idle"  # nothing came from the carrier for too long
    UNANSWERED = "unanswered"  # our pings were not
    UNREAD = "unread"  # the carrier reads too slowly
    TOO_FAST = "too_fast"  # it sends faster than anybody speaks
    UNHEARD = "unheard"  # more came in than could be listened to
    PROTOCOL = "protocol"  # it broke the rules
    REPLACED = "replaced"  # it opened another socket for the same call
    TOO_LONG = "too_long"  # nobody talks for so long
    DISMISSED = "dismissed"  # by an operator, or because the daemon ends
    FAILED = "failed"  # our fault


class CutShortError(Exception):
    """What a call's messages end with where it is we who end them; the text is for the log."""

    def __init__(self, cut: Cut, text: str, *, close_code: int = CLOSE_POLICY) -> None:
        super().__init__(text)
        self.cut = cut
        self.close_code = close_code
