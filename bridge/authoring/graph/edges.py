"""How the parts of a chart hang together: who comes after whom, and under which guard. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from bridge.authoring.graph.model import Card, Chart, Part, Section

__all__ = ["Edge", "again_of", "decision_of", "edges_of", "entry_of"]

YES, OTHERWISE, AGAIN, DONE = "yes", "otherwise", "again", "done"


class Edge(Struct, frozen=True):
    """One way from a card or decision to the next."""

    source: str
    target: str
    label: str = ""  # "yes" and "otherwise" behind a guard, "again" and "done" behind a round
    guard: str = ""  # what has to hold, or not to hold


def decision_of(part: Part) -> str:
    """The id of a part's guard."""
    return f"if.{part.id}"


def again_of(section: Section) -> str:
    """The id of the question whether a section is gone through once more."""
    return f"again.{section.id}"


def entry_of(part: Part) -> str:
    """Where a part begins: its guard, or its first card."""
    return decision_of(part) if part.guard is not None else _first_of(part)


def _first_of(part: Part) -> str:
    """Where a part begins behind its guard."""
    if isinstance(part, Card):
        return part.id
    return part.opening.id if part.opening else entry_of(part.parts[0])


def edges_of(chart: Chart) -> list[Edge]:
    """Every way through the chart, from its first card to its last."""
    edges, _ = _through(chart.parts, [])
    return edges


Sources = list[tuple[str, str, str]]  # where ways come from, each with its label and guard


def _through(parts: Iterable[Part], sources: Sources) -> tuple[list[Edge], Sources]:
    """The edges through `parts`, and where the ways lead out of them."""
    edges: list[Edge] = []
    for part in parts:
        edges += [Edge(source, entry_of(part), label, guard) for source, label, guard in sources]
        decision, guard = decision_of(part), part.guard
        if guard is not None:
            edges.append(Edge(decision, _first_of(part), YES, guard))
        inner, sources = _inside(part)
        edges += inner
        if guard is not None:
            sources = [*sources, (decision, OTHERWISE, guard)]
    return edges, sources


def _inside(part: Part) -> tuple[list[Edge], Sources]:
    if isinstance(part, Card):
        return [], [(part.id, "", "")]
    edges, sources = _through(part.parts, [(part.opening.id, "", "")] if part.opening else [])
    if part.repeat is None:
        return edges, sources
    again = again_of(part)
    edges += [Edge(source, again, label, guard) for source, label, guard in sources]
    edges.append(Edge(again, entry_of(part.parts[0]), AGAIN, part.repeat))
    return edges, [(again, DONE, part.repeat)]
