"""A long chart cut into columns, so that it is a sheet and no ribbon. Pure.

It is cut between two items; never inside what is guarded or gone through several times. A section that is cut
goes on in the next column.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from bridge.authoring.graph.faces import card_face, guard_face, panel_face, way_face
from bridge.authoring.graph.model import Card, Chart, Panel, Part, Section

__all__ = ["GAP", "Column", "columns_of"]

GAP = 40.0  # between two rows: an arrow, and where ways meet
WAY_GAP = 10.0
TALLEST_ALONE = 1500.0  # a column that still is one page
SHEET = 1.45  # as wide as that to one high, about A3 on its side
MOST_COLUMNS = 6
WIDTH = 780.0  # about that of a column with its lanes and ways out


class Column(Struct, frozen=True):
    """What stands in one column, from top to bottom."""

    parts: tuple[Part, ...]
    panels: tuple[Panel, ...] = ()


class _Block(Struct, frozen=True):
    """What is not cut, and the sections that it lies in, the outermost first."""

    content: Part | Panel
    within: tuple[Section, ...]
    height: float


def columns_of(chart: Chart) -> list[Column]:
    """Cut a chart into as many columns as make a sheet of it."""
    blocks = [*_blocks(chart.parts, ()), *(_Block(one, (), _height(one)) for one in chart.panels)]
    total = sum(block.height for block in blocks)
    count = 1 if total <= TALLEST_ALONE else min(range(2, MOST_COLUMNS + 1), key=lambda n: _misfit(n, total))
    seen: set[str] = set()
    return [_column(group, seen) for group in _grouped(blocks, count, total)]


def _misfit(count: int, total: float) -> float:
    """How far a sheet of so many columns is from the shape of paper."""
    shape = count * WIDTH / (total / count)
    return max(shape / SHEET, SHEET / shape)


def _blocks(parts: Iterable[Part], within: tuple[Section, ...]) -> Iterator[_Block]:
    for part in parts:
        if isinstance(part, Section) and part.guard is None and part.repeat is None:
            inside = (*within, part)
            if part.opening:
                yield _Block(part.opening, inside, _height(part.opening))
            yield from _blocks(part.parts, inside)
        else:
            yield _Block(part, within, _height(part))


def _height(content: Part | Panel) -> float:
    if isinstance(content, Panel):
        return panel_face(content).height + GAP
    guard = guard_face(content.guard).height + GAP if content.guard is not None else 0.0
    if isinstance(content, Card):
        ways = sum(way_face(way).height + WAY_GAP for way in content.ways_out)
        return guard + max(card_face(content).height, ways) + GAP
    opening = [content.opening] if content.opening else []
    return guard + sum(_height(part) for part in (*opening, *content.parts)) + 2 * GAP


def _grouped(blocks: Sequence[_Block], count: int, total: float) -> Iterator[list[_Block]]:
    """The blocks in so many groups of about the same height, in order."""
    middles = [
        end - block.height / 2
        for end, block in zip(accumulate(b.height for b in blocks), blocks, strict=True)
    ]
    groups: list[list[_Block]] = [[] for _ in range(count)]
    for block, middle in zip(blocks, middles, strict=True):
        groups[min(count - 1, int(middle / total * count))].append(block)
    yield from (group for group in groups if group)


def _column(blocks: Sequence[_Block], seen: set[str]) -> Column:
    """Put blocks back into their sections; one that has begun in an earlier column is continued."""
    parts = [block for block in blocks if not isinstance(block.content, Panel)]
    panels = tuple(block.content for block in blocks if isinstance(block.content, Panel))
    return Column(tuple(_rebuilt(parts, 0, seen)), panels)


def _rebuilt(blocks: Sequence[_Block], depth: int, seen: set[str]) -> Iterator[Part]:
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if len(block.within) <= depth:
            if not isinstance(block.content, Panel):
                yield block.content
            at += 1
            continue
        section = block.within[depth]
        end = at
        while end < len(blocks) and section in blocks[end].within[depth : depth + 1]:
            end += 1
        is_continued = section.id in seen
        seen.add(section.id)
        members = blocks[at:end]
        opening = members[0].content if members[0].content is section.opening else None
        rest = members[1:] if opening is not None else members
        yield replace(
            section,
            opening=section.opening if opening is not None else None,
            parts=tuple(_rebuilt(rest, depth + 1, seen)),
            is_continued=is_continued,
        )
        at = end
