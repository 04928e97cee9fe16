"""Built-in scales: items of type `scale` take their options from the common content."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.dialogue.document import Path, Problem
from bridge.dialogue.hints import did_you_mean

__all__ = ["fill_scales"]


def fill_scales(data: dict[str, Any]) -> list[Problem]:
    """Give every item of a built-in scale that scale's options, where it lists none of its own."""
    scales = data.pop("scales", None)
    scales = scales if isinstance(scales, dict) else {}
    problems = []
    for path, item in _items_of((), data):
        if item.get("type") != "scale" or "scale" not in item:
            continue
        name = str(item["scale"])
        if name not in scales:
            known = ", ".join(map(str, scales))
            text = f"unknown scale '{name}'{did_you_mean(name, map(str, scales))}; one of {known}"
            problems.append(Problem((*path, "scale"), text))
        item.setdefault("options", scales.get(name, []))
    return problems


def _items_of(path: Path, data: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    items = data.get("items")
    for at, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            here = (*path, "items", at)
            yield here, item
            yield from _items_of(here, item)
