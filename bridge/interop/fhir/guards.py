"""`enableWhen` as an expression of our own language."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from bridge.interop.fhir.terms import Json

__all__ = ["Guards", "Target", "UnknownAnswerError"]

_SIGNS = {"=": "==", "!=": "!=", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
_NUMBERS = ("answerDecimal", "answerInteger")


class UnknownAnswerError(Exception):
    """A condition asks for what no answer of ours can be; the text says what."""


class Target(Struct, frozen=True):
    """What a linkId has become with us."""

    expression: str  # the id, or systolic(id)
    kind: str  # the item's type with us
    options: Mapping[tuple[str | None, str], str] = {}  # values by system and code


class Guards:
    """The conditions of one questionnaire."""

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._targets = targets

    def of(self, item: Mapping[str, Any]) -> str | None:
        """An item's guard; None where it has none.

        Raises:
            UnknownAnswerError: it asks about what was not carried over.

        """
        conditions: Sequence[Json] = item.get("enableWhen", ())
        word = " or " if item.get("enableBehavior") == "any" else " and "
        parts = [self._condition(condition) for condition in conditions]
        if len(parts) > 1:
            parts = [f"({part})" if " or " in part else part for part in parts]
        return word.join(parts) or None

    def _condition(self, condition: Json) -> str:
        target = self._targets.get(condition["question"])
        if target is None:
            raise UnknownAnswerError(f"item '{condition['question']}', which was not carried over")
        name, value = next((name, value) for name, value in condition.items() if name.startswith("answer"))
        operator = condition["operator"]
        if operator == "exists":
            return f"answered({target.expression})" if value else f"not answered({target.expression})"
        compared = self._compared(target, name, value, operator)
        # FHIR's "not equal" holds where there is no answer; ours does not.
        return f"not answered({target.expression}) or {compared}" if operator == "!=" else compared

    def _compared(self, target: Target, name: str, value: Any, operator: str) -> str:
        sign = _SIGNS[operator]
        if name == "answerBoolean" and target.kind in ("yes_no", "consent", "identity"):
            return target.expression if value is (operator == "=") else f"not {target.expression}"
        if name in ("answerCoding", "answerString") and target.options:
            option = _option(target, value)
            if target.kind == "multi_choice":
                return (
                    f'"{option}" in {target.expression}'
                    if sign == "=="
                    else f'not "{option}" in {target.expression}'
                )
            return f'{target.expression} {sign} "{option}"'
        if name == "answerQuantity":
            value = value.get("value") if isinstance(value, dict) else None
            if target.kind == "duration":
                raise UnknownAnswerError("how long a duration is")
        if name in (*_NUMBERS, "answerQuantity") and isinstance(value, int | float):
            return f"{target.expression} {sign} {value}"
        if name == "answerDate" and target.kind == "date":
            return f'{target.expression} {sign} "{value}"'
        if name == "answerTime" and target.kind == "time":
            return f'{target.expression} {sign} "{str(value)[:5]}"'
        raise UnknownAnswerError(f"an answer of another kind ({name})")


def _option(target: Target, value: Any) -> str:
    key = (value.get("system"), str(value.get("code"))) if isinstance(value, dict) else (None, str(value))
    found = target.options.get(key) or next(
        (ours for (_, code), ours in target.options.items() if code == key[1] and key[0] is None), None
    )
    if found is None:
        raise UnknownAnswerError(f"the option '{key[1]}', which was not carried over")
    return found
