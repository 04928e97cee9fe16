"""A question as it is named on the command line: `yes_no:symptom`, `number:0-10`, `choice:FILE#ITEM`."""

import re
from collections.abc import Callable
from pathlib import Path

from bridge.errors import BridgeError
from bridge.understanding import Question, YesNoKind
from bridge.understanding.questions import (
    AskBloodPressure,
    AskChoice,
    AskDate,
    AskDigits,
    AskDuration,
    AskGlucose,
    AskMultiChoice,
    AskNumber,
    AskPhone,
    AskScale,
    AskTemperature,
    AskText,
    AskTime,
    AskWeight,
    AskYesNo,
    Period,
)
from bridge.understanding.scales import SCALES

__all__ = ["QuestionNameError", "parse_question"]

_RANGE = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_GREATEST = 999_999
_UNITS = {"mg/dl": ("mg/dL", 20, 900), "mmol/l": ("mmol/L", 1, 50)}
_NAMES = (
    "yes_no:permission|symptom|fact|promise, number[:MIN-MAX], integer[:MIN-MAX], decimal[:MIN-MAX], "
    "digits, blood_pressure, temperature, glucose[:mg/dL|mmol/L], weight, date[:past|future], time, "
    "duration, phone[:REGION], scale:NAME, "
    "choice:FILE#ITEM, multi_choice:FILE#ITEM, text"
)


class QuestionNameError(BridgeError):
    """A question's name that means nothing."""

    code = "question"


def parse_question(name: str) -> Question:
    """Make the question that a name stands for.

    Raises:
        QuestionNameError: there is none of that name; the text lists those that there are.
        QuestionnaireError: the file of a choice is wrong.

    """
    kind, _, detail = name.partition(":")
    build = _BUILDERS.get(kind)
    if build is None:
        raise QuestionNameError(f"there is no question {name!r}; there are: {_NAMES}")
    return build(detail)


def _yes_no(detail: str) -> Question:
    try:
        return AskYesNo(YesNoKind(detail))
    except ValueError:
        kinds = ", ".join(f"yes_no:{kind}" for kind in YesNoKind)
        raise QuestionNameError(f"a yes/no question is one of {kinds}, not yes_no:{detail}") from None


def _numbers(detail: str, *, decimals: int) -> Question:
    if not detail:
        return AskNumber(0, _GREATEST, decimals)
    found = _RANGE.fullmatch(detail)
    if found is None or float(found[1]) > float(found[2]):
        raise QuestionNameError(f"a range is written as 0-10, not {detail!r}")
    return AskNumber(float(found[1]), float(found[2]), decimals)


def _digits(detail: str) -> Question:
    found = _RANGE.fullmatch(detail)
    return AskDigits(int(float(found[1])), int(float(found[2]))) if found else AskDigits()


def _glucose(detail: str) -> Question:
    unit = _UNITS.get(detail.lower() or "mg/dl")
    if unit is None:
        raise QuestionNameError(f"glucose is asked for in mg/dL or mmol/L, not {detail!r}")
    return AskGlucose(*unit)


def _date(detail: str) -> Question:
    try:
        return AskDate(Period(detail or "any"))
    except ValueError:
        raise QuestionNameError(f"a date is date, date:past or date:future, not date:{detail}") from None


def _scale(detail: str) -> Question:
    if detail not in SCALES:
        raise QuestionNameError(f"there is no scale {detail!r}; there are: {', '.join(SCALES)}")
    return AskScale(detail)


def _of_file(detail: str) -> Question:
    """The question of a questionnaire's item, by its id."""
    from bridge.dialogue.items import QuestionItem  # noqa: PLC0415 - most questions need no questionnaire
    from bridge.dialogue.loader import load  # noqa: PLC0415
    from bridge.dialogue.questions import question_for  # noqa: PLC0415

    file, separator, item_id = detail.rpartition("#")
    if not separator or not file:
        raise QuestionNameError(
            f"a choice is named choice:FILE#ITEM, as choice:post_discharge.yaml#sleep, not {detail!r}"
        )
    questionnaire = load(Path(file))
    asked = {item.id: item for item in questionnaire.every_item if isinstance(item, QuestionItem)}
    found = question_for(asked[item_id]) if item_id in asked else None
    if not isinstance(found, AskChoice | AskMultiChoice | AskScale):
        choices = [
            name
            for name, item in asked.items()
            if isinstance(question_for(item), AskChoice | AskMultiChoice | AskScale)
        ]
        raise QuestionNameError(f"{file} has no choice {item_id!r}; it has: {', '.join(choices) or 'none'}")
    return found


_BUILDERS: dict[str, Callable[[str], Question]] = {
    "yes_no": _yes_no,
    "number": lambda detail: _numbers(detail, decimals=2),
    "decimal": lambda detail: _numbers(detail, decimals=2),
    "integer": lambda detail: _numbers(detail, decimals=0),
    "digits": _digits,
    "blood_pressure": lambda _: AskBloodPressure(),
    "temperature": lambda _: AskTemperature(),
    "glucose": _glucose,
    "weight": lambda _: AskWeight(),
    "date": _date,
    "time": lambda _: AskTime(),
    "duration": lambda _: AskDuration(),
    "phone": lambda detail: AskPhone(detail.upper() or "SA"),
    "scale": _scale,
    "choice": _of_file,
    "multi_choice": _of_file,
    "text": lambda _: AskText(),
}
