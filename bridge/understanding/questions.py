"""What is asked, as far as understanding needs to know it: one frozen value for each kind of question."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct

from bridge.understanding.yes_no import YesNoKind

__all__ = [
    "AskBloodPressure",
    "AskChoice",
    "AskDate",
    "AskDigits",
    "AskDuration",
    "AskGlucose",
    "AskMultiChoice",
    "AskNumber",
    "AskPhone",
    "AskScale",
    "AskTemperature",
    "AskText",
    "AskTime",
    "AskWeight",
    "AskYesNo",
    "Context",
    "Period",
    "Question",
]


class Period(StrEnum):
    """On which side of today a date must lie."""

    PAST = "past"
    FUTURE = "future"
    ANY = "any"


class Context(Struct, frozen=True):
    """What is known beside the words. Only days and hours need it."""

    today: date | None = None  # without it, relative days mean nothing
    hour: int | None = None  # 0 to 23
    dialects: tuple[str, ...] = ()  # msa, glf, egy, lev, irq, mag: what the caller speaks, where it is known


class _Question(Struct, frozen=True, tag=True):
    pass


class AskYesNo(_Question, frozen=True):
    """Value: bool."""

    kind: YesNoKind


class AskNumber(_Question, frozen=True):
    """Value: int where it is whole, otherwise float of at most `decimals` decimals."""

    minimum: float = 0
    maximum: float = 999_999
    decimals: int = 0


class AskDigits(_Question, frozen=True):
    """A row of digits that counts nothing, such as a file's number. Value: str."""

    min_length: int = 1
    max_length: int = 20


class AskTemperature(_Question, frozen=True):
    """Degrees Celsius, to a tenth. Value: int or float."""

    minimum: float = 34.0
    maximum: float = 43.0


class AskBloodPressure(_Question, frozen=True):
    """Millimetres of mercury. Value: "130/80"."""

    systolic: tuple[int, int] = (50, 300)
    diastolic: tuple[int, int] = (30, 180)


class AskGlucose(_Question, frozen=True):
    """Value: int or float in `unit`."""

    unit: str = "mg/dL"  # or mmol/L
    minimum: float = 20
    maximum: float = 900


class AskWeight(_Question, frozen=True):
    """Kilogrammes. Value: int or float."""

    minimum: float = 1
    maximum: float = 400


class AskDate(_Question, frozen=True):
    """Value: "2026-11-21"."""

    period: Period = Period.ANY


class AskTime(_Question, frozen=True):
    """Value: "08:30"."""


class AskDuration(_Question, frozen=True):
    """Value: ISO 8601, "P3D", "P2W", "PT90M"."""


class AskPhone(_Question, frozen=True):
    """Value: E.164, "+966501234567"."""

    region: str = "SA"  # ISO 3166, for numbers without a country


class AskChoice(_Question, frozen=True):
    """One of the options, named by their values, each with its phrases. Value: the option's."""

    options: Mapping[str, Sequence[str]]


class AskMultiChoice(_Question, frozen=True):
    """Any of the options. Value: those named, in the options' order."""

    options: Mapping[str, Sequence[str]]
    none_of: str | None = None  # the option that excludes the others


class AskScale(_Question, frozen=True):
    """A built-in scale, or an author's options on one. Value: the option's."""

    name: str  # frequency4, frequency5, severity, satisfaction5, agreement5, comparison, amount
    options: Mapping[str, Sequence[str]] | None = None  # further phrases for the scale's values


class AskText(_Question, frozen=True):
    """Free speech. Value: what was said."""


Question = (
    AskYesNo
    | AskNumber
    | AskDigits
    | AskTemperature
    | AskBloodPressure
    | AskGlucose
    | AskWeight
    | AskDate
    | AskTime
    | AskDuration
    | AskPhone
    | AskChoice
    | AskMultiChoice
    | AskScale
    | AskText
)
