"""The lines of a chart: which way each edge takes from its source to its target. Pure."""

from msgspec import Struct

from bridge.authoring.graph.edges import AGAIN, OTHERWISE, Edge
from bridge.authoring.graph.layout import CONNECTOR, Layout, Placed

__all__ = ["Connector", "Route", "connectors_of", "route_of", "way_route"]

Point = tuple[float, float]
LABEL_RISE = 6.0  # of a word above its line
ELBOW = 18.0


class Route(Struct, frozen=True):
    """One edge's line; a line that goes on in the next column has a second part."""

    edge: Edge
    lines: tuple[tuple[Point, ...], ...]
    label: Point | None = None
    meets: Point | None = None  # where it comes back to the spine


class Connector(Struct, frozen=True):
    """A number that says where a column goes on."""

    number: int
    x: float
    y: float


def connectors_of(layout: Layout, edges: list[Edge]) -> list[Connector]:
    """A pair of numbers for every column that goes on in the next."""
    nodes = {node.id: node for node in layout.nodes}
    pairs = {(nodes[edge.source].column, nodes[edge.target].column) for edge in edges}
    found = []
    for before, after in sorted(pair for pair in pairs if pair[0] != pair[1]):
        for column, y in ((before, _end_of(layout, before)), (after, layout.columns[after].top + CONNECTOR)):
            found.append(Connector(after, layout.columns[column].spine, y))
    return found


def route_of(edge: Edge, layout: Layout) -> Route:
    """The line of an edge between two nodes of the layout."""
    nodes = {node.id: node for node in layout.nodes}
    source, target = nodes[edge.source], nodes[edge.target]
    spine = layout.columns[source.column].spine
    if edge.label == AGAIN:
        points = (*_aside(source, source.meets, spine), (spine, target.box.y))
        return Route(edge, (points,), _beside(source), (spine, source.meets))
    begun: tuple[Point, ...] = ((spine, source.box.bottom),)
    shown = (spine + 7, source.box.bottom + 15) if edge.label else None
    meets = None
    if edge.label == OTHERWISE:
        begun = _aside(source, source.meets, spine)
        shown, meets = _beside(source), begun[-1]
    if source.column == target.column:
        return Route(edge, ((*begun, (spine, target.box.y)),), shown, meets)
    there = layout.columns[target.column]
    end = (spine, _end_of(layout, source.column) - CONNECTOR)
    onward = ((there.spine, there.top + 2 * CONNECTOR), (there.spine, target.box.y))
    return Route(edge, ((*begun, end), onward), shown, meets)


def way_route(way: Placed, card: Placed) -> tuple[Point, ...]:
    """From a card to where one of its answers leads."""
    pill = way.face.pills[0]
    y = way.box.y + pill.y + 13
    start = min(y, card.box.bottom - 8)
    bend = card.box.right + ELBOW
    return ((card.box.right, start), (bend, start), (bend, y), (way.box.x, y))


def _aside(source: Placed, meets: float, spine: float) -> tuple[Point, ...]:
    """Out to the lane, along it, and back to the spine."""
    middle = source.box.y + source.box.height / 2
    return ((source.box.x, middle), (source.lane, middle), (source.lane, meets), (spine, meets))


def _beside(source: Placed) -> Point:
    return (source.box.x - 8, source.box.y + source.box.height / 2 - LABEL_RISE)


def _end_of(layout: Layout, column: int) -> float:
    """Where the number at a column's end stands."""
    last = max(node.box.bottom for node in layout.nodes if node.column == column)
    frames = [one.box.bottom for one in layout.sections if one.column == column]
    return max([last, *frames]) + 40.0 + CONNECTOR
