"""A chart as SVG: one file without scripts, fonts or pictures of others, to be read, searched and printed."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from bridge.authoring.graph.edges import Edge, edges_of
from bridge.authoring.graph.faces import CHIP_HEIGHT, KEY_WIDTH, PILL_HEIGHT, Chip, Face, Line, Pill, word_of
from bridge.authoring.graph.layout import CONNECTOR, Box, Layout, Placed, lay_out
from bridge.authoring.graph.model import Card, Chart, Panel, Section
from bridge.authoring.graph.routes import Point, Route, connectors_of, route_of, way_route
from bridge.authoring.graph.style import LEGEND, STYLE

__all__ = ["draw"]

SVG = "http://www.w3.org/2000/svg"
RADIUS = 8.0


def draw(chart: Chart) -> str:
    """Draw a chart; XML with its declaration."""
    layout, edges = lay_out(chart), edges_of(chart)
    root = _sheet(chart, layout)
    for section in layout.sections:
        _section(root, section)
    ways = _group(root, "ways")
    cards = {node.id: node for node in layout.nodes}
    for way in layout.ways:
        _way_line(ways, way, cards[way.of])
    for edge in edges:
        _edge(ways, route_of(edge, layout))
    for node in layout.nodes:
        _node(root, node)
    for way in layout.ways:
        _thing(root, way, f"way {way.face.pills[0].way.outcome}")
    for panel in layout.panels:
        _panel(root, panel)
    _connectors(root, layout, edges)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


# The sheet


def _sheet(chart: Chart, layout: Layout) -> ET.Element:
    width, height = f"{layout.width:.0f}", f"{layout.height:.0f}"
    root = ET.Element(
        "svg",
        {
            "xmlns": SVG,
            "width": width,
            "height": height,
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "aria-labelledby": "title desc",
        },
    )
    ET.SubElement(root, "title", {"id": "title"}).text = f"{chart.title} ({chart.id})"
    ET.SubElement(root, "desc", {"id": "desc"}).text = chart.summary
    ET.SubElement(root, "style").text = STYLE
    _arrow(root)
    ET.SubElement(root, "rect", {"class": "paper", "width": width, "height": height})
    _text(root, chart.title, layout.width - 36, 56, "heading", is_rtl=True)
    _text(root, chart.subtitle, 36, 52, "subtitle")
    _legend(root)
    return root


def _arrow(root: ET.Element) -> None:
    defs = ET.SubElement(root, "defs")
    attributes = {"viewBox": "0 0 10 10", "refX": "9", "refY": "5", "markerWidth": "7", "markerHeight": "7"}
    marker = ET.SubElement(defs, "marker", {"id": "arrow", "orient": "auto", **attributes})
    ET.SubElement(marker, "path", {"class": "head", "d": "M0 0L10 5L0 10z"})


def _legend(root: ET.Element) -> None:
    legend = _group(root, "legend")
    x = 36.0
    for name, word, width in LEGEND:
        box = Box(x, 88, 20, 14)
        _rect(legend, box, name, 3)
        _text(legend, word, x + 26, 99.5, "legend")
        x += width


# What stands on it


def _section(root: ET.Element, placed: Placed) -> None:
    section = placed.thing
    if not isinstance(section, Section):
        return
    group = _group(root, "section", f"section.{placed.id}.{placed.column}")
    ET.SubElement(group, "title").text = f"section {section.id}"
    _rect(group, placed.box, "frame", RADIUS)
    continued = " (continued)" if section.is_continued else ""
    _text(group, f"{section.id}{continued}", placed.box.x + 14, placed.box.y + 22, "section")
    if section.title:
        _text(group, section.title, placed.box.right - 14, placed.box.y + 23, "section-title", is_rtl=True)


def _node(root: ET.Element, placed: Placed) -> None:
    card = placed.thing
    if isinstance(card, Card):
        name = f"card {card.kind} safety" if card.is_safety else f"card {card.kind}"
        group = _thing(root, placed, name, f"item.{placed.id}")
        ET.SubElement(group, "title").text = f"{card.type}: {card.text}"
        return
    name = "round" if placed.id.startswith("again.") else "guard"
    group = _group(root, name, placed.id)
    ET.SubElement(group, "title").text = f"{name}: {placed.thing}"
    box, cut = placed.box, 14.0
    middle = box.y + box.height / 2
    points = (
        *((box.x, middle), (box.x + cut, box.y), (box.right - cut, box.y)),
        *((box.right, middle), (box.right - cut, box.bottom), (box.x + cut, box.bottom)),
    )
    ET.SubElement(group, "polygon", {"class": "box", "points": " ".join(f"{x:g},{y:g}" for x, y in points)})
    _write(group, placed.face, box)


def _panel(root: ET.Element, placed: Placed) -> None:
    panel = placed.thing
    outcome = panel.outcome if isinstance(panel, Panel) else None
    _thing(root, placed, f"panel {outcome or 'plain'}", f"panel.{placed.id}")


def _thing(root: ET.Element, placed: Placed, name: str, identifier: str = "") -> ET.Element:
    """A box and what stands on it; a way out has no box of its own."""
    group = _group(root, name, identifier or placed.id)
    if not name.startswith("way"):
        _rect(group, placed.box, "box", 22 if name in ("card start", "card end") else RADIUS)
    _write(group, placed.face, placed.box)
    return group


def _write(group: ET.Element, face: Face, box: Box) -> None:
    for line in face.lines:
        _line(group, line, box)
    for chip in face.chips:
        _chip(group, chip, box)
    for pill in face.pills:
        _pill(group, pill, box)


def _line(group: ET.Element, line: Line, box: Box) -> None:
    _text(group, line.text, box.x + line.x, box.y + line.y, line.font, is_rtl=line.is_rtl)


def _chip(group: ET.Element, chip: Chip, box: Box) -> None:
    """An answer: its key at the right, as a line of Arabic begins there, then its words."""
    inner = _group(group, "choice")
    place = Box(box.x + chip.x, box.y + chip.y, chip.width, CHIP_HEIGHT)
    _rect(inner, place, "chip-box", CHIP_HEIGHT / 2)
    x, y = place.right - CHIP_HEIGHT / 2, place.y + CHIP_HEIGHT / 2
    ET.SubElement(inner, "circle", {"class": "key-box", "cx": f"{x:g}", "cy": f"{y:g}", "r": "10"})
    _text(inner, chip.choice.key, x, y + 4.5, "key")
    _text(inner, chip.choice.label, place.right - KEY_WIDTH - 6, y + 5.5, "chip", is_rtl=True)
    if chip.choice.counts:
        _text(inner, f"= {chip.choice.counts}", place.x + 11, y + 4.5, "counts")


def _pill(group: ET.Element, pill: Pill, box: Box) -> None:
    place = Box(box.x + pill.x, box.y + pill.y, pill.width, PILL_HEIGHT)
    inner = _group(group, f"pill {pill.way.outcome}")
    _rect(inner, place, "pill-box", 5)
    _text(inner, word_of(pill.way), place.middle, place.y + 17.5, "pill")


# Lines


def _edge(group: ET.Element, route: Route) -> None:
    edge = route.edge
    inner = _group(group, f"edge {edge.label}".strip())
    inner.set("data-from", edge.source)
    inner.set("data-to", edge.target)
    if edge.guard:
        inner.set("data-guard", edge.guard)
        ET.SubElement(inner, "title").text = f"{edge.label}: {edge.guard}"
    path = " ".join(_path(line) for line in route.lines)
    ET.SubElement(inner, "path", {"class": "line", "d": path, "marker-end": "url(#arrow)"})
    if route.meets is not None:
        x, y = route.meets
        ET.SubElement(inner, "circle", {"class": "meeting", "cx": f"{x:g}", "cy": f"{y:g}", "r": "3.5"})
    if route.label is not None:
        _text(inner, edge.label, *route.label, "yes" if edge.label in ("yes", "done") else "otherwise")


def _way_line(group: ET.Element, way: Placed, card: Placed) -> None:
    path = {"class": "line", "d": _path(way_route(way, card)), "marker-end": "url(#arrow)"}
    inner = _group(group, f"edge out {way.face.pills[0].way.outcome}")
    inner.set("data-from", card.id)
    ET.SubElement(inner, "path", path)


def _connectors(root: ET.Element, layout: Layout, edges: list[Edge]) -> None:
    for one in connectors_of(layout, edges):
        group = _group(root, "connector")
        ET.SubElement(group, "title").text = f"goes on in column {one.number + 1}"
        place = {"cx": f"{one.x:g}", "cy": f"{one.y:g}", "r": f"{CONNECTOR:g}"}
        ET.SubElement(group, "circle", {"class": "connector-box", **place})
        _text(group, str(one.number), one.x, one.y + 5, "connector")


def _path(points: Iterable[Point]) -> str:
    """Straight lines; a point that repeats the one before is left out."""
    distinct = list(dict.fromkeys(points))
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in distinct)


# Elements


def _group(parent: ET.Element, name: str, identifier: str = "") -> ET.Element:
    return ET.SubElement(parent, "g", {"class": name} | ({"id": identifier} if identifier else {}))


def _rect(parent: ET.Element, box: Box, name: str, radius: float) -> None:
    place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": radius}
    ET.SubElement(parent, "rect", {"class": name} | {key: f"{value:g}" for key, value in place.items()})


def _text(parent: ET.Element, text: str, x: float, y: float, name: str, *, is_rtl: bool = False) -> None:
    """One line; Arabic begins at `x` and goes to the left."""
    if not text:
        return
    attributes = {"class": f"t-{name}", "x": f"{x:g}", "y": f"{y:g}"}
    if is_rtl:
        attributes |= {"direction": "rtl", "{http://www.w3.org/XML/1998/namespace}lang": "ar"}
    ET.SubElement(parent, "text", attributes).text = text
