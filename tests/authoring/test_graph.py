"""The drawing of a questionnaire: all of it is there, it says what the engine does, nothing is covered."""

import subprocess
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace
from shipped import NAMES, shipped
from typed import typed

from bridge.authoring.graph.columns import columns_of
from bridge.authoring.graph.edges import Edge, edges_of
from bridge.authoring.graph.faces import Face
from bridge.authoring.graph.layout import Box, Layout, Placed, lay_out
from bridge.authoring.graph.model import Card, Chart, Part, Section, cards_of
from bridge.authoring.graph.reading import END, START, chart_of
from bridge.authoring.graph.routes import route_of, way_route
from bridge.authoring.graph.svg import SVG, draw
from bridge.authoring.graph.text import ARABIC, MONO, SANS, width_of, wrapped
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.context import CallContext
from bridge.dialogue.evaluation import holds
from bridge.dialogue.expressions import parse
from bridge.dialogue.form import Facts, Form
from bridge.dialogue.items import GroupItem
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import DialogueState

LONG = load(Path(__file__).with_name("long.yaml"))
ALL = (LONG.id, *NAMES)
every = pytest.mark.parametrize("questionnaire", ALL, indirect=True)


def known(name: str) -> Questionnaire:
    """One that ships, or the long one."""
    return LONG if name == LONG.id else shipped(name)


@pytest.fixture
def questionnaire(request: pytest.FixtureRequest) -> Questionnaire:
    """The one whose name is the parameter."""
    return known(request.param)


def drawn(questionnaire: Questionnaire) -> ET.Element:
    return ET.fromstring(draw(chart_of(questionnaire)))  # noqa: S314 - our own


def named(root: ET.Element, name: str) -> list[ET.Element]:
    """The groups of a class."""
    return [one for one in root.iter(f"{{{SVG}}}g") if name in (one.get("class") or "").split()]


def texts(root: ET.Element) -> str:
    return " ".join(one.text or "" for one in root.iter(f"{{{SVG}}}text"))


# All of it is there


@every
def test_every_item_is_drawn_once_with_its_question_and_its_answers(questionnaire: Questionnaire) -> None:
    root = drawn(questionnaire)
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    for item in questionnaire.every_item:
        if isinstance(item, GroupItem):
            assert [one for one in ids if str(one).startswith(f"section.{item.id}.")]
        else:
            assert f"item.{item.id}" in ids
    for card in cards_of(chart_of(questionnaire).parts):
        (group,) = [one for one in root.iter() if one.get("id") == f"item.{card.id}"]
        assert " ".join(card.text.split()) in " ".join(texts(group).split())
        assert len(named(group, "choice")) == len(card.choices)
        assert all(choice.label in texts(group) for choice in card.choices)


@every
def test_it_can_be_read_out_and_needs_nothing_else(questionnaire: Questionnaire) -> None:
    """A title, a description with every item in order, Arabic marked as such; nothing is fetched or run."""
    text = draw(chart_of(questionnaire))
    root = ET.fromstring(text)  # noqa: S314 - our own
    title, description = (root.find(f"{{{SVG}}}{name}") for name in ("title", "desc"))
    assert root.get("aria-labelledby") == "title desc"
    assert title is not None
    assert questionnaire.title in (title.text or "")
    assert description is not None
    listed = (description.text or "").partition("to bottom: ")[2].partition(". ")[0]
    told = [one.partition(" if ")[0] for one in listed.split(", ")]
    assert [one for one in told if questionnaire.item(one) in questionnaire.questions] == [
        item.id for item in questionnaire.questions
    ]
    assert not any(word in text for word in ("href", "<script", "<image", "url(http", "@import"))
    arabic = [one for one in root.iter(f"{{{SVG}}}text") if one.get("direction") == "rtl"]
    assert arabic
    assert all(one.get("{http://www.w3.org/XML/1998/namespace}lang") == "ar" for one in arabic)


def test_escalations_endings_and_notices_have_ways_of_their_own() -> None:
    root = drawn(LONG)
    ways = {(one.get("class"), texts(one)) for one in named(root, "way")}
    assert ("way escalation", "value >= 41 escalation: urgent") in ways
    assert ("way notice", "value >= 39 tells: review") in ways
    assert ("way person", "asked in vain a person") in ways
    assert ("way ending", "anything but yes ends: refused") in ways
    assert any(name == "way ending" and "ends: ineligible" in text for name, text in ways)
    assert len(named(root, "way")) == len(named(root, "out"))
    panels = {str(one.get("id")): texts(one) for one in named(root, "panel")}
    assert "put through to {site.crisis_number}" in panels["panel.escalation-urgent"]
    assert "hot and systolic(pressure) > 200" in panels["panel.rules"]
    assert "ends: completed" in panels["panel.rules"]
    assert "words of self harm" in panels["panel.at-any-time"]
    (harm,) = named(root, "safety")
    assert harm.get("id") == "item.harm"


# It says what the engine does


def drawn_edges(questionnaire: Questionnaire) -> list[Edge]:
    """The edges as they stand in the file."""
    return [
        Edge(
            str(one.get("data-from")),
            str(one.get("data-to")),
            " ".join(str(one.get("class")).split()[1:]),
            one.get("data-guard") or "",
        )
        for one in named(drawn(questionnaire), "edge")
        if one.get("data-to")
    ]


def walk(questionnaire: Questionnaire, form: Form, edges: list[Edge]) -> Iterator[str]:
    """Follow the drawing from its beginning to its end, deciding guards by what is known."""
    here, rounds = START, dict.fromkeys(_groups(questionnaire), 1)
    while here != END:
        onward = [edge for edge in edges if edge.source == here]
        if here.startswith("if."):
            round_ = next((rounds[one] for one in rounds if _is_in(questionnaire, here[3:], one)), None)
            wanted = "yes" if holds(parse(onward[0].guard), form.facts_in(round_)) else "otherwise"
        elif here.startswith("again."):
            group = here.removeprefix("again.")
            first = questionnaire.item(group).items[0].id
            wanted = "again" if form.step(f"{first}#{rounds[group] + 1}") else "done"
            rounds[group] += wanted == "again"
        else:
            wanted = ""
        (edge,) = [edge for edge in onward if edge.label == wanted]
        here = edge.target
        if not here.startswith(("if.", "again.")):
            yield here.removesuffix(".said")


def _groups(questionnaire: Questionnaire) -> list[str]:
    return [one.id for one in questionnaire.every_item if isinstance(one, GroupItem) and one.repeat]


def _is_in(questionnaire: Questionnaire, item: str, group: str) -> bool:
    return item in [one.id for one in questionnaire.item(group).items]


class Judged(Form):
    """A form that judges guards in a round, as it does itself."""

    def facts_in(self, round_: int | None) -> object:

        return Facts(self, round_)


def answered(values: dict[str, Value]) -> tuple[Answer, ...]:
    return tuple(
        Answer(item, AnswerStatus.ANSWERED, value, Via.DTMF, 1, confirmed=False)
        for item, value in values.items()
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"fever": True, "temp": 38},
        {"fever": True, "temp": 39, "shiver": True, "children": 2, "ill#1": True, "ill#2": False},
        {"fever": False, "children": 1, "ill#1": False, "another#1": True, "another#2": False},
        {"fever": True, "temp": 40, "pressure": "190/90"},
        {"children": 0, "fever": True, "pressure": "190/90"},
    ],
)
@pytest.mark.parametrize("doctor", ["سالم", ""])
def test_the_ways_of_the_drawing_are_those_of_the_engine(values: dict[str, Value], doctor: str) -> None:
    """Whatever is answered: who follows the arrows meets what the caller is asked, in that order."""
    context = CallContext(today="2026-11-21", parameters={"doctor": doctor})
    form = Judged(LONG, DialogueState(context=context, answers=answered(values)))
    met = [*walk(LONG, form, drawn_edges(LONG))]
    assert met == [*(step.id.partition("#")[0] for step in form.steps), END]


@every
def test_every_guard_has_a_way_through_and_a_way_past(questionnaire: Questionnaire) -> None:
    edges = drawn_edges(questionnaire)
    assert edges == edges_of(chart_of(questionnaire))
    for item in questionnaire.every_item:
        labels = sorted(edge.label for edge in edges if edge.source == f"if.{item.id}")
        assert labels == (["otherwise", "yes"] if item.when is not None else [])
        if item.when is not None:
            assert {edge.guard for edge in edges if edge.source == f"if.{item.id}"} == {item.when}
    reached = {edge.target for edge in edges}
    asked = {item.id for item in questionnaire.every_item if not isinstance(item, GroupItem)}
    assert asked <= reached


# Nothing covers anything


def renamed(part: Part) -> Part:
    """The same under another name."""
    if isinstance(part, Card):
        return replace(part, id=f"{part.id}_too")
    opening = renamed(part.opening) if part.opening else None
    return replace(part, id=f"{part.id}_too", opening=opening, parts=tuple(map(renamed, part.parts)))


def longer() -> Chart:
    """The long one, with everything in it twice."""
    whole = chart_of(LONG)
    twice = [renamed(part) for part in whole.parts[1:-1]]
    return replace(whole, parts=(*whole.parts[:-1], *twice, whole.parts[-1]))


@pytest.fixture
def chart(request: pytest.FixtureRequest) -> Chart:
    """Of the questionnaire whose name is the parameter, or the longer one."""
    return longer() if request.param == "longer" else chart_of(known(request.param))


charts = pytest.mark.parametrize("chart", [*ALL, "longer"], indirect=True)


def solid(layout: Layout) -> list[Placed]:
    return [*layout.nodes, *layout.ways, *layout.panels]


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x <= inner.x
        and inner.right <= outer.right
        and outer.y <= inner.y
        and inner.bottom <= outer.bottom
    )


@charts
def test_no_two_boxes_overlap(chart: Chart) -> None:
    layout = lay_out(chart)
    sheet = Box(0, 0, layout.width, layout.height)
    assert [one.id for one in solid(layout) if not inside(one.box, sheet)] == []
    covered = [(a.id, b.id) for a, b in combinations(solid(layout), 2) if a.box.overlaps(b.box)]
    assert covered == []


@charts
def test_sections_hold_their_own_and_nothing_else(chart: Chart) -> None:
    layout = lay_out(chart)
    for section in layout.sections:
        own = {card.id for card in cards_of([section.thing])}
        for node in [*layout.nodes, *layout.ways]:
            name = node.of or node.id.removeprefix("if.").removeprefix("again.")
            nested = {one.id for one in layout.sections if inside(one.box, section.box)}
            belongs = node.column == section.column and (
                name in own or (name in nested and name != section.id)
            )
            is_own_round = node.id == f"again.{section.id}"
            if belongs or is_own_round:
                assert inside(node.box, section.box), (node.id, section.id)
            else:
                assert not node.box.overlaps(section.box), (node.id, section.id)
    for one, other in combinations(layout.sections, 2):
        assert not one.box.overlaps(other.box) or inside(other.box, one.box)


def segments(layout: Layout, chart: Chart) -> Iterator[tuple[str, Box]]:
    """Every stretch of every line, as a thin box, with the ends of its edge."""
    cards = {node.id: node for node in layout.nodes}
    for edge in edges_of(chart):
        for line in route_of(edge, layout).lines:
            yield from ((f"{edge.source} {edge.target}", one) for one in _thin(line))
    for way in layout.ways:
        yield from ((f"{way.of} {way.id}", one) for one in _thin(way_route(way, cards[way.of])))


def _thin(points: tuple[tuple[float, float], ...]) -> Iterator[Box]:
    for (x, y), (u, v) in pairwise(points):
        assert x == u or y == v, "lines are upright or level"
        yield Box(min(x, u), min(y, v), max(abs(u - x), 0.1), max(abs(v - y), 0.1))


@charts
def test_no_line_runs_through_a_box(chart: Chart) -> None:
    layout = lay_out(chart)
    crossed = []
    for name, stretch in segments(layout, chart):
        for one in solid(layout):
            shrunk = Box(one.box.x + 1, one.box.y + 1, one.box.width - 2, one.box.height - 2)
            if shrunk.overlaps(stretch) and one.id not in layout.ways:
                crossed.append((name, one.id))
    assert crossed == []


@charts
def test_words_stay_inside_their_boxes(chart: Chart) -> None:
    """By the estimate of their width, which is on the wide side."""
    for placed in solid(lay_out(chart)):
        face: Face = placed.face
        for line in face.lines:
            assert 0 <= line.y <= face.height, (placed.id, line)
            font = ARABIC if line.font == "arabic" else None
            if font is not None:
                assert line.x - width_of(line.text, font) >= 0, (placed.id, line)
        for chip in face.chips:
            assert chip.x >= 0
            assert chip.x + chip.width <= face.width
        for one, other in combinations(face.chips, 2):
            assert not Box(one.x, one.y, one.width, 28).overlaps(Box(other.x, other.y, other.width, 28))


@charts
def test_columns_hold_every_card_once_in_order(chart: Chart) -> None:
    """Wherever a chart is cut; what is guarded or repeated is in one piece."""
    columns = columns_of(chart)
    held = [card.id for column in columns for card in cards_of(column.parts)]
    assert held == [card.id for card in cards_of(chart.parts)]
    whole = [part for column in columns for part in column.parts if isinstance(part, Section)]
    for part in whole:
        if part.guard is not None or part.repeat is not None:
            assert part in chart.parts
    assert [panel for column in columns for panel in column.panels] == list(chart.panels)


@pytest.mark.parametrize(
    "kept", [{"guard": "fever"}, {"repeat": "3 times, at most 3"}], ids=["guard", "rounds"]
)
def test_what_is_guarded_or_repeated_is_never_cut(kept: dict[str, str]) -> None:
    """However long it is: a way past it, or back, would have to run from column to column."""
    chart = chart_of(LONG)
    section = Section("all", "", chart.parts[1:-1])
    cut = replace(chart, parts=(chart.parts[0], section, chart.parts[-1]))
    whole = replace(chart, parts=(chart.parts[0], replace(section, **kept), chart.parts[-1]))
    assert [part.id for column in columns_of(cut) for part in column.parts].count("all") > 1
    assert [part.id for column in columns_of(whole) for part in column.parts].count("all") == 1


def test_a_long_chart_is_a_sheet_and_a_short_one_a_column() -> None:
    layout = lay_out(chart_of(LONG))
    assert 0.7 < layout.width / layout.height < 2.1
    assert len(layout.columns) > 1
    chart = chart_of(LONG)
    short = replace(chart, parts=(chart.parts[0], chart.parts[1], chart.parts[-1]), panels=())
    assert len(lay_out(short).columns) == 1


# Words and commands


def test_words_are_wrapped_by_their_width() -> None:
    assert wrapped("واحد اثنان ثلاثة", ARABIC, width_of("واحد اثنان", ARABIC)) == ["واحد اثنان", "ثلاثة"]
    assert wrapped("", SANS, 100) == []
    cut = wrapped("a_very_long_name_indeed", MONO, 60)
    assert "".join(cut) == "a_very_long_name_indeed"
    assert all(width_of(one, MONO) <= 60 for one in cut)
    assert width_of("نَعَمْ", ARABIC) == width_of("نعم", ARABIC)


def graph(*arguments: object) -> subprocess.CompletedProcess[str]:
    return typed("questionnaire", "graph", *arguments)


def test_the_command_writes_a_file_or_standard_output(tmp_path: Path) -> None:
    target = tmp_path / "phq2.svg"
    ended = graph("phq2", "--to", target)
    assert ended.returncode == 0, ended.stderr
    assert ET.parse(target).getroot().tag == f"{{{SVG}}}svg"  # noqa: S314 - our own
    assert graph("phq2").stdout == target.read_text(encoding="utf-8")
    refused = graph("phq2", "--to", tmp_path / "none" / "x.svg")
    assert (refused.returncode, "cannot be written" in refused.stderr) == (2, True)
    assert graph("nothing").returncode == 2
