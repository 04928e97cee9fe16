"""Where everything of a chart stands: columns from left to right, each with a spine from top to bottom. Pure.

Guards stand on the spine, before what they guard. Left of it run the ways past what is passed over, the inner
ones nearer; right of it stand the ways out. So nothing crosses but what meets.
"""

from collections.abc import Iterable

from msgspec import Struct

from bridge.authoring.graph.columns import GAP, WAY_GAP, Column, columns_of
from bridge.authoring.graph.edges import again_of, decision_of
from bridge.authoring.graph.faces import (
    CARD_WIDTH,
    WAY_WIDTH,
    Face,
    card_face,
    guard_face,
    panel_face,
    way_face,
)
from bridge.authoring.graph.model import Card, Chart, Panel, Part, Section, WayOut

__all__ = ["CONNECTOR", "Box", "Layout", "Placed", "PlacedColumn", "lay_out"]

MARGIN = 36.0
HEAD = 118.0  # title, what it is, legend
LANE = 30.0  # between two ways past something
SECTION_INSET = 18.0
SECTION_HEADER = 34.0
SECTION_FOOT = 34.0
WAY_DISTANCE = 46.0  # from a card to its ways out
COLUMN_DISTANCE = 46.0
CONNECTOR = 15.0  # the radius of the numbers that join two columns
MEET = 15.0  # below what was passed over, where the ways meet


class Box(Struct, frozen=True):
    """A rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    def overlaps(self, other: "Box") -> bool:
        """Whether they have more than an edge in common."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )


class Placed(Struct, frozen=True):
    """A thing, its place, and what stands on it."""

    id: str
    thing: Card | Section | Panel | WayOut | str  # a text: a guard, or a round
    box: Box
    face: Face
    column: int
    lane: float = 0.0  # of a guard or a round: where the way past it, or back, runs
    meets: float = 0.0  # of a guard: how deep what it guards reaches; of a round: where it goes back to
    of: str = ""  # of a way out: its card


class PlacedColumn(Struct, frozen=True):
    """One column's spine."""

    spine: float
    top: float
    bottom: float


class Layout(Struct, frozen=True):
    """The whole sheet."""

    width: float
    height: float
    columns: list[PlacedColumn]
    nodes: list[Placed]  # cards, guards and rounds, on a spine
    ways: list[Placed]
    sections: list[Placed]  # the outer ones first
    panels: list[Placed]


def lay_out(chart: Chart) -> Layout:
    """Find a place for everything."""
    layout = Layout(0.0, 0.0, [], [], [], [], [])
    x = MARGIN
    columns = columns_of(chart)
    for number, column in enumerate(columns):
        left = max((_span(part) for part in column.parts), default=0.0)
        right = max((_right(part) for part in column.parts), default=0.0)
        placing = _Placing(layout, number, x + left, is_last=number == len(columns) - 1)
        placing.place(column)
        x += left + CARD_WIDTH + right + COLUMN_DISTANCE
    bottom = max(column.bottom for column in layout.columns)
    return Layout(
        x - COLUMN_DISTANCE + MARGIN,
        bottom + MARGIN,
        layout.columns,
        layout.nodes,
        layout.ways,
        layout.sections,
        layout.panels,
    )


def _left(part: Part) -> float:
    """How far a part reaches to the left of its cards."""
    if isinstance(part, Card):
        return 0.0
    rounds = LANE if part.repeat is not None else 0.0
    return _inner_left(part) + rounds + SECTION_INSET


def _inner_left(section: Section) -> float:
    return max((_span(part) for part in section.parts), default=0.0)


def _span(part: Part) -> float:
    """The same, with the way past it."""
    return _left(part) + (LANE if part.guard is not None else 0.0)


def _right(part: Part) -> float:
    """How far a part reaches to the right of its cards."""
    if isinstance(part, Card):
        return WAY_DISTANCE + WAY_WIDTH if part.ways_out else 0.0
    return max((_right(one) for one in part.parts), default=0.0) + SECTION_INSET


class _Placing:
    """One column, from its top to its bottom."""

    def __init__(self, layout: Layout, number: int, x: float, *, is_last: bool) -> None:
        self._layout = layout
        self._number = number
        self._x = x
        self._is_last = is_last
        self._y = HEAD + MARGIN

    def place(self, column: Column) -> None:
        """Place what stands in the column."""
        top = self._y
        if self._number:
            self._y += 2 * CONNECTOR + GAP
        self._parts(column.parts)
        continues = not self._is_last and not column.panels
        if continues:
            self._y += 2 * CONNECTOR
        for panel in column.panels:
            face = panel_face(panel)
            box = Box(self._x, self._y, face.width, face.height)
            self._layout.panels.append(Placed(panel.id, panel, box, face, self._number))
            self._y = box.bottom + GAP
        bottom = self._y if continues else self._y - GAP
        self._layout.columns.append(PlacedColumn(self._spine, top, bottom))

    @property
    def _spine(self) -> float:
        return self._x + CARD_WIDTH / 2

    def _parts(self, parts: Iterable[Part]) -> None:
        """One part under the other; behind each is a gap."""
        for part in parts:
            guard = self._guard(decision_of(part), part.guard) if part.guard is not None else None
            if isinstance(part, Card):
                self._card(part)
            else:
                self._section(part)
            if guard is not None:
                self._pass_by(guard, part)

    def _guard(self, name: str, text: str) -> int:
        """Place a guard; which of the nodes it is."""
        face = guard_face(text)
        box = Box(self._spine - face.width / 2, self._y, face.width, face.height)
        self._layout.nodes.append(Placed(name, text, box, face, self._number))
        self._y = box.bottom + GAP
        return len(self._layout.nodes) - 1

    def _pass_by(self, at: int, part: Part) -> None:
        """Now that the guarded part has its place, the way past it has one, too."""
        placed = self._layout.nodes[at]
        lane = self._x - _left(part) - LANE
        meets = self._y - GAP + MEET
        self._layout.nodes[at] = Placed(
            placed.id, placed.thing, placed.box, placed.face, placed.column, lane, meets
        )

    def _card(self, card: Card) -> None:
        face = card_face(card)
        box = Box(self._x, self._y, face.width, face.height)
        self._layout.nodes.append(Placed(card.id, card, box, face, self._number))
        y = self._y
        for at, way in enumerate(card.ways_out):
            shown = way_face(way)
            place = Box(box.right + WAY_DISTANCE, y, shown.width, shown.height)
            self._layout.ways.append(
                Placed(f"{card.id}.way.{at}", way, place, shown, self._number, of=card.id)
            )
            y = place.bottom + WAY_GAP
        self._y = max(box.bottom, y - WAY_GAP if card.ways_out else 0.0) + GAP

    def _section(self, section: Section) -> None:
        top, at = self._y, len(self._layout.sections)
        frame = Placed(section.id, section, Box(0, 0, 0, 0), Face(0, 0), self._number)
        self._layout.sections.append(frame)  # before those inside it
        self._y += SECTION_HEADER + GAP / 2
        if section.opening:
            self._card(section.opening)
        first = self._y
        self._parts(section.parts)
        if section.repeat is not None:
            self._round(section, first)
        left, right = _left(section), CARD_WIDTH + _right(section)
        bottom = self._y - GAP + SECTION_FOOT
        box = Box(self._x - left, top, left + right, bottom - top)
        self._layout.sections[at] = Placed(
            section.id, section, box, Face(box.width, box.height), self._number
        )
        self._y = bottom + GAP

    def _round(self, section: Section, first: float) -> None:
        at = self._guard(again_of(section), section.repeat or "")
        placed = self._layout.nodes[at]
        lane = self._x - _inner_left(section) - LANE
        self._layout.nodes[at] = Placed(
            placed.id, placed.thing, placed.box, placed.face, placed.column, lane, first - MEET
        )
