"""What pydantic found wrong, in an author's words: which field, what it should be, what was meant. Pure."""

import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.dialogue.document import Path, Problem
from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.items import Item
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["field_problems"]

_TEXTS = {
    "missing": "missing",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "bool_type": "should be true or false",
    "tuple_type": "should be a list",
    "model_type": "should be a block of fields",
    "dict_type": "should be a block of fields",
    "string_too_short": "is empty; write something",
}
_BOUNDS = {
    "too_short": ("min_length", "has {1} entries; at least {0}"),
    "too_long": ("max_length", "has {1} entries; at most {0}"),
    "greater_than_equal": ("ge", "should be {} or more"),
    "less_than_equal": ("le", "should be {} or less"),
    "greater_than": ("gt", "should be more than {}"),
    "less_than": ("lt", "should be less than {}"),
    "string_too_long": ("max_length", "is longer than {} characters; say it in fewer"),
}
_PATTERNS = {
    "^[a-z]": "should begin with a small letter, and hold small letters, digits and _ only",
    "^[1-9]": 'should be a key from "1" to "9"',
    "^[A-Z]": "should be two capital letters, as in SA",
}
_TRUTHS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_PHRASES = "should be a list of phrases, or a block of lists"
_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", dict: "a block"}


def field_problems(errors: Sequence[ErrorDetails]) -> Iterator[Problem]:
    """Tell each fault of a field once; "too few" is left out where it only follows from faults inside."""
    for details in errors:
        path = details["loc"]
        is_consequence = details["type"] == "too_short" and any(
            other["loc"][: len(path)] == path and len(other["loc"]) > len(path) for other in errors
        )
        if not is_consequence:
            yield _problem(details)


def _problem(details: ErrorDetails) -> Problem:
    tagged = tuple(part for part in details["loc"] if part != "[key]")
    path = _without_tags(tagged)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(path, _unknown_field(str(path[-1]), _fields_at(tagged[:-1])))
    if kind == "union_tag_invalid":
        tags = _tags()
        text = f"unknown type '{context['tag']}'" + did_you_mean(str(context["tag"]), tags)
        return Problem((*path, "type"), f"{text}; one of {', '.join(tags)}")
    if kind == "union_tag_not_found":
        return Problem(path, f"'type' is missing; one of {', '.join(_tags())}")
    if kind == "missing":
        return Problem(path, "missing" + _wanted(_fields_at(tagged[:-1]).get(str(path[-1]))))
    return Problem(path, _sentence(kind, context, details, path))


def _unknown_field(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known) or f"; known here: {', '.join(known)}"
    return "unknown field" + (hint if known else "")


def _sentence(kind: str, context: Mapping[str, Any], details: ErrorDetails, path: Path) -> str:
    given = details["input"]
    if kind in ("enum", "literal_error"):
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return f"should be {context['expected']}" + did_you_mean(str(given), allowed)
    if kind == "value_error":
        return str(context["error"])
    if kind in _BOUNDS:
        name, text = _BOUNDS[kind]
        return text.format(context[name], context.get("actual_length"))
    if kind == "string_pattern_mismatch":
        return _pattern(context["pattern"], str(given))
    if kind == "dict_type" and ("words" in path or "accept" in path):
        return _PHRASES
    text = _TEXTS.get(kind) or details["msg"][:1].lower() + details["msg"][1:]
    return text + _remedy(kind, given)


def _remedy(kind: str, given: object) -> str:
    """What to write instead, where that is plain from what stands there."""
    if kind == "string_type" and isinstance(given, bool | int | float):
        shown = str(given).lower() if isinstance(given, bool) else given
        return f'; put it in quotes: "{shown}"'
    if kind == "bool_type" and str(given).lower() in _TRUTHS:
        return f"; write {_TRUTHS[str(given).lower()]}"
    if kind in ("int_type", "float_type") and isinstance(given, str) and re.fullmatch(r"-?[\d.]+", given):
        return "; write it without quotes"
    if kind == "tuple_type" and isinstance(given, str):
        return f"; write [{given}]"
    return "; nothing stands here" if given is None else ""


def _pattern(pattern: str, given: str) -> str:
    text = next((text for start, text in _PATTERNS.items() if pattern.startswith(start)), "is not allowed")
    if not pattern.startswith("^[a-z]"):
        return text
    slug = re.sub(r"[^a-z0-9]+", "_", given.lower()).strip("_0123456789")
    return f"{text}; did you mean '{slug}'?" if slug else text


def _wanted(field: FieldInfo | None) -> str:
    """What a missing field should be: "; it should be one of permission, symptom, fact, promise"."""
    kind = _kind(field.annotation) if field else ""
    return f"; it should be {kind}" if kind else ""


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        choices = [str(value) for value in get_args(annotation)]
        return f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return f"one of {', '.join(str(member.value) for member in annotation)}"
    if get_origin(annotation) is tuple:
        return "a list"
    if _is_model(annotation):
        return f"a block with {', '.join(annotation.model_fields)}"
    return _KINDS.get(get_origin(annotation) or annotation, "")


def _without_tags(path: Path) -> Path:
    """Leave out the item types that pydantic puts between an item's number and its fields."""
    return tuple(
        part
        for at, part in enumerate(path)
        if not (at >= 2 and path[at - 2] == "items" and isinstance(path[at - 1], int) and part in _tags())  # noqa: PLR2004
    )


def _tags() -> list[str]:
    return [get_args(item.model_fields["type"].annotation)[0] for item in get_args(Item)]


def _fields_at(path: Path) -> dict[str, FieldInfo]:
    """The fields that the block at `path` may have; the path holds a union's tag where there is one."""
    model: Any = Questionnaire
    for part in path:
        if isinstance(part, int):
            continue
        if get_origin(model) is dict:  # the part is a key, and may be any name
            model = _inner(get_args(model)[1])
            continue
        if part in _tags() and not _is_model(model):
            model = next(
                item for item in get_args(Item) if part in get_args(item.model_fields["type"].annotation)
            )
        elif _is_model(model) and part in model.model_fields:
            model = _inner(model.model_fields[part].annotation)
    return model.model_fields if _is_model(model) else {}


def _inner(annotation: Any) -> Any:
    """The model inside an optional or a sequence; the annotation itself where there are several."""
    if get_origin(annotation) is tuple:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        models = [argument for argument in get_args(annotation) if _is_model(argument)]
        return models[0] if len(models) == 1 else annotation
    if hasattr(annotation, "__metadata__"):
        return _inner(get_args(annotation)[0])
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
