"""What figures can mean: numbers, dates, times and so on, whatever the language they are said in."""

from enum import StrEnum

from msgspec import Struct

__all__ = [
    "MOST_FIGURES",
    "Amount",
    "Code",
    "Day",
    "Dotted",
    "Era",
    "Figure",
    "Half",
    "ListMark",
    "Measured",
    "Money",
    "Over",
    "Percent",
    "Place",
    "Span",
    "Time",
]


MOST_FIGURES = 12  # of a whole number: thousands of millions


class Half(StrEnum):
    """Which half of the day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    BY_CLOCK = "by clock"  # of 24 hours: it is told by the hour
    TOLD = "told"  # the text itself goes on to say it
    UNKNOWN = "unknown"


class Era(StrEnum):
    """Which calendar's years, where that is written."""

    COMMON = "common"
    HIJRI = "hijri"
    NONE = ""


class Amount(Struct, frozen=True):
    """A number as it is written: digits of the whole, digits behind the point, a fraction."""

    whole: str  # '' where there is only a fraction
    decimals: str = ""
    fraction: tuple[int, int] | None = None
    is_negative: bool = False
    is_grouped: bool = False  # with separators of thousands

    @property
    def value(self) -> int:
        """The whole part; of one that is too long to be said, something that is too great."""
        return int(self.whole[: MOST_FIGURES + 1] or "0")

    @property
    def is_too_long(self) -> bool:
        """Whether it is beyond what there are words for."""
        return len(self.whole) > MOST_FIGURES

    @property
    def is_whole(self) -> bool:
        """Whether nothing stands behind the point."""
        return not self.decimals and self.fraction is None


class Percent(Struct, frozen=True):
    """So many of a hundred (of a thousand: `per` is 1000)."""

    amount: Amount
    per: int = 100


class Measured(Struct, frozen=True):
    """So much of a unit."""

    amount: Amount
    unit: str  # a key of UNITS


class Money(Struct, frozen=True):
    """So much of a currency."""

    amount: Amount
    currency: str  # ISO 4217


class Span(Struct, frozen=True):
    """From here to there, of numbers or of times."""

    first: "Amount | Time"
    last: "Amount | Measured | Money | Percent | Time"


class Over(Struct, frozen=True):
    """A blood pressure, a score, a ratio: this over that."""

    upper: Amount
    lower: Amount | Measured


class Day(Struct, frozen=True):
    """A date, or the part of one that is written."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    era: Era = Era.NONE
    month_text: str = ""  # as its author wrote it, with vowels
    is_hijri: bool = False


class Time(Struct, frozen=True):
    """A time of day."""

    hour: int
    minute: int = 0
    second: int = 0
    half: Half = Half.UNKNOWN


class Code(Struct, frozen=True):
    """Digit by digit, in groups: telephone numbers, numbers of files."""

    groups: tuple[str, ...]
    has_plus: bool = False


class Dotted(Struct, frozen=True):
    """Numbers with points between them: versions, addresses of machines."""

    numbers: tuple[str, ...]


class Place(Struct, frozen=True):
    """An ordinal: 1st."""

    number: int


class ListMark(Struct, frozen=True):
    """The number of an item at the beginning of a line."""

    number: int


Figure = Amount | Percent | Measured | Money | Span | Over | Day | Time | Code | Dotted | Place | ListMark
