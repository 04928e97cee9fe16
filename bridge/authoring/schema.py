"""The JSON Schema of a questionnaire's file, made from the very types that the loader fills.

It differs from them where a file may say less: whatever the common content supplies is never required.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema

from bridge.dialogue.items import Option
from bridge.dialogue.layers import SHARED_BLOCKS
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.wording import Model

__all__ = ["questionnaire_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Blocks that are merged with the common content, field by field: a file may say any part of them.
_PARTIAL = frozenset(
    {
        "Closing",
        "CountedWord",
        "HearingPolicy",
        "Limits",
        "Prompts",
        "RedFlags",
        "SpokenParts",
        "Word",
        "Words",
    }
)
_COMMENTED = re.compile(r"^ {4}([a-z_]+):.*?\S {2}# (.+)$", re.MULTILINE)


class _Generator(GenerateJsonSchema):
    """Without the titles that pydantic makes of field names: they tell an author nothing new."""

    schema_dialect = DIALECT

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        made = super().generate(schema, mode)
        return {"$schema": DIALECT, **_plain(made)}


def questionnaire_schema() -> dict[str, Any]:
    """The schema as plain data."""
    made = Questionnaire.model_json_schema(schema_generator=_Generator, by_alias=True)
    definitions = made["$defs"]
    for model in _models(Model):
        _describe(made if model is Questionnaire else definitions.get(model.__name__, {}), model)
    for name in _PARTIAL:
        definitions[name].pop("required", None)
    _let_scales_bring_their_options(definitions["ScaleItem"])
    made["properties"]["scales"] = _scales()
    made["required"] = [name for name in made["required"] if name not in SHARED_BLOCKS]
    return made | {
        "title": "A questionnaire of Hatif, format 1",
        "description": "Everything is explained in questionnaires/README.md.",
    }


def _models(model: type[Model]) -> Iterator[type[Model]]:
    for one in model.__subclasses__():
        yield one
        yield from _models(one)


def _describe(schema: dict[str, Any], model: type[Model]) -> None:
    """Give fields the remarks that stand behind them where they are defined."""
    for one in reversed(model.__mro__):
        if not issubclass(one, Model):
            continue
        for name, remark in _COMMENTED.findall(inspect.getsource(one)):
            field = schema.get("properties", {}).get(name)
            if field is not None and not remark.startswith(("noqa", "type:")):
                field["description"] = remark


def _let_scales_bring_their_options(scale: dict[str, Any]) -> None:
    scale["required"] = [name for name in scale["required"] if name != "options"]


def _scales() -> dict[str, Any]:
    option = {"$ref": f"#/$defs/{Option.__name__}"}
    return {
        "type": "object",
        "description": "Scales of one's own, or others for built-in ones: their options, by name.",
        "additionalProperties": {"type": "array", "items": option, "minItems": 2, "maxItems": 9},
    }


def _plain(node: Any) -> Any:
    """The schema without made-up titles, and with docstrings on one line."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _plain(inner) for name, inner in node.items() if not _is_foreign(name, inner)}
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split())
    return kept


def _is_foreign(name: str, inner: object) -> bool:
    """Whether it is a title made of a field's name, or a word of OpenAPI; a field may be called so too."""
    if name == "title":
        return isinstance(inner, str)
    return name == "discriminator" and isinstance(inner, dict) and "mapping" in inner
