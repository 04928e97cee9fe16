"""What an author wrote in a questionnaire's own file, beside what the common content adds to it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bridge.dialogue.document import read_document
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["own_blocks", "own_items"]


def own_blocks(questionnaire: Questionnaire) -> dict[str, Any]:
    """The file's top-level fields as plain data."""
    data = read_document(questionnaire.sources[0]).data
    return data if isinstance(data, dict) else {}


def own_items(blocks: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of every item, by its id, those of groups included."""
    return {str(item["id"]): item for item in _walk(blocks.get("items", ()))}


def _walk(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        yield item
        yield from _walk(item.get("items", ()))
