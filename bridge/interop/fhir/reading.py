"""A FHIR resource from a file: JSON, of the type that is wanted, and sound; or refused, in one sentence."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bridge.interop.fhir.terms import Json
from bridge.interop.losses import InteropError

__all__ = ["ITEM_TYPES", "faults_of", "read_questionnaire"]

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 20  # of items within items
# hl7.org/fhir/R4/valueset-item-type.html
ITEM_TYPES = frozenset(
    {"group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url"}
    | {"choice", "open-choice", "attachment", "reference", "quantity"}
)
_OPERATORS = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})
_STATUS = frozenset({"draft", "active", "retired", "unknown"})
_NO_OPTIONS = frozenset({"group", "display", "boolean", "text", "url", "attachment", "reference"})
_NO_MAX_LENGTH = frozenset(
    {"group", "display", "choice", "quantity", "reference", "attachment", "date", "time"}
)


def read_questionnaire(path: Path) -> Json:
    """Read a FHIR R4 Questionnaire.

    Raises:
        InteropError: unreadable, not FHIR, another resource, or a Questionnaire that breaks FHIR's own rules.

    """
    resource = _object(path)
    kind = resource.get("resourceType")
    if kind != "Questionnaire":
        what = f"a FHIR {kind}" if isinstance(kind, str) else "JSON, but no FHIR resource"
        raise InteropError(f"{path.name} is {what}; a FHIR R4 Questionnaire is needed")
    faults = faults_of(resource)
    if faults:
        listed = "\n".join(f"{path.name}: {fault}" for fault in faults)
        raise InteropError(listed)
    return resource


def _object(path: Path) -> Json:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InteropError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise InteropError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB: no questionnaire is")
    if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise InteropError(f"{path.name} is XML; save the Questionnaire as FHIR JSON")
    try:
        found = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InteropError(f"{path.name} is not JSON; a FHIR R4 Questionnaire in JSON is needed") from None
    if not isinstance(found, dict):
        raise InteropError(f"{path.name} is JSON, but no FHIR resource; a FHIR R4 Questionnaire is needed")
    return found


def faults_of(resource: Mapping[str, Any]) -> list[str]:
    """Find where a Questionnaire breaks the rules of FHIR R4 (que-1 to que-13 and the required bindings)."""
    faults = (
        [] if resource.get("status") in _STATUS else [f"status should be one of {', '.join(sorted(_STATUS))}"]
    )
    items = list(_walk(resource, 0))
    seen: set[str] = set()
    for where, item in items:
        link_id = item.get("linkId")
        if not isinstance(link_id, str) or not link_id:
            faults.append(f"{where} has no linkId")
            continue
        if link_id in seen:
            faults.append(f"linkId '{link_id}' is used twice")
        seen.add(link_id)
    known = {str(item.get("linkId")) for _, item in items}
    for where, item in items:
        name = item.get("linkId")
        place = f"item '{name}'" if isinstance(name, str) else where
        faults += [f"{place}: {fault}" for fault in (*_of_item(item), *_of_conditions(item, known))]
    return faults


def _walk(element: Mapping[str, Any], depth: int, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    items = element.get("item", [])
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items) or depth > MAX_DEPTH:
        raise InteropError(
            f"{path or 'the resource'}: 'item' should be a list of items, {MAX_DEPTH} deep at most"
        )
    for number, item in enumerate(items):
        here = f"{path}item[{number}]"
        yield here, item
        yield from _walk(item, depth + 1, f"{here}.")


def _of_item(item: Mapping[str, Any]) -> Iterator[str]:
    kind = item.get("type")
    if kind not in ITEM_TYPES:
        yield f"type {kind!r} is none of FHIR R4's; one of {', '.join(sorted(ITEM_TYPES))}"
        return
    if kind == "group" and not item.get("item"):
        yield "a group holds at least one item"
    if kind == "display" and any(
        item.get(name) for name in ("item", "code", "required", "repeats", "readOnly")
    ):
        yield "what is displayed has no items, no code, and is neither required, repeated nor read-only"
    if item.get("answerOption") and item.get("answerValueSet"):
        yield "has answerOption and answerValueSet; one of them"
    if (item.get("answerOption") or item.get("answerValueSet")) and kind in _NO_OPTIONS:
        yield f"a {kind} has no options"
    if item.get("initial") and (kind in ("group", "display") or item.get("answerOption")):
        yield "has an initial value where none may be"
    if item.get("maxLength") is not None and kind in _NO_MAX_LENGTH:
        yield f"a {kind} has no maxLength"
    if item.get("text") is not None and not isinstance(item["text"], str):
        yield "text should be a text"


def _of_conditions(item: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    conditions = item.get("enableWhen", [])
    if not isinstance(conditions, list) or not all(isinstance(one, dict) for one in conditions):
        yield "enableWhen should be a list"
        return
    if len(conditions) > 1 and item.get("enableBehavior") not in ("all", "any"):
        yield "has several enableWhen; enableBehavior should be 'all' or 'any'"
    for condition in conditions:
        if condition.get("operator") not in _OPERATORS:
            yield f"enableWhen: operator {condition.get('operator')!r} is none of FHIR's"
        if condition.get("question") not in known:
            yield f"enableWhen: there is no item '{condition.get('question')}'"
        answers = [name for name in condition if name.startswith("answer")]
        if len(answers) != 1:
            yield "enableWhen: needs one answer"
        elif condition.get("operator") == "exists" and answers != ["answerBoolean"]:
            yield "enableWhen: 'exists' needs answerBoolean"
