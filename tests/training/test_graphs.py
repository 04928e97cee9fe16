"""The graphs that ship are those of the table of words, and the open one allows what the other two do."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from training.graphs import UNKNOWN_WORD, Tuning, grammar_of_all, lexicon_graph, open_graph
from training.lexicon import read_words, usual_spellings

TABLE = read_words(Path(__file__).parents[2] / "training" / "words.tsv")
WORDS = {word.spelling: word.pronunciations for word in TABLE}
GRAPHS = load_settings(DEFAULT_CONFIG, environ={}).recogniser.model / "graph"
FEW = {
    "لا": [("l", "aa")],
    "لأ": [("l", "a", "Q")],
    "ستة": [("s", "i", "t", "t", "a"), ("s", "i", "t", "a")],
    "ست": [("s", "i", "t")],
}
MOST_PHONES = 7  # of the sayings that are compared: two words, with silences

States = list[tuple[float, list[tuple[int, int, float, int]]]]  # final weight; input, output, weight, next


def read(content: bytes) -> States:
    """An OpenFst vector FST of the standard arcs."""
    at = 4
    for _ in range(2):
        at += 4 + struct.unpack_from("<i", content, at)[0]
    count = struct.unpack_from("<iiQqqq", content, at)[4]
    at += struct.calcsize("<iiQqqq")
    states: States = []
    for _ in range(count):
        final, arcs = struct.unpack_from("<fq", content, at)
        end = at + 12 + 16 * arcs
        states.append((final, list(struct.iter_unpack("<iifi", content[at + 12 : end]))))
        at = end
    return states


def sayings(
    states: States, state: int = 0, said: tuple[int, ...] = (), words: tuple[int, ...] = (), cost: float = 0.0
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """Every short saying: its phones, each for one frame, its words, and what it costs."""
    final, arcs = states[state]
    if final != math.inf:
        yield said, words, cost + final
    for reads, writes, weight, into in arcs:
        if into == state or len(said) == MOST_PHONES:
            continue
        found = (*said, reads) if reads else said
        yield from sayings(states, into, found, (*words, writes) if writes else words, cost + weight)


def cheapest(found: Iterator[tuple[tuple[int, ...], tuple[int, ...], float]]) -> dict[object, float]:
    costs: dict[object, float] = {}
    for said, words, cost in found:
        costs[said, words] = min(cost, costs.get((said, words), math.inf))
    return costs


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("HCLr.fst", lexicon_graph(WORDS, Tuning()).written(by="output")),
        (
            "Gr.fst",
            grammar_of_all(["<eps>", *WORDS, UNKNOWN_WORD], usual_spellings(TABLE), Tuning()).written(
                by="input"
            ),
        ),
        ("HCLG.open.fst", open_graph(WORDS, usual_spellings(TABLE), Tuning()).written(by="input")),
    ],
    ids=["lexicon", "grammar", "open"],
)
def test_the_model_that_ships_has_the_graphs_of_the_table(name: str, content: bytes) -> None:
    """Whoever changes a word or a cost makes the model anew."""
    assert (GRAPHS / name).read_bytes() == content


def test_the_model_that_ships_is_searched_as_it_was_tuned() -> None:
    """Its decoder's options are the tuning's: a model that is made anew costs and hears the same."""
    shipped = (GRAPHS.parent / "conf" / "model.conf").read_text().splitlines()
    assert list(Tuning().search_options()) == shipped[:5]


def test_the_open_graph_allows_what_the_grammar_over_the_lexicon_does() -> None:
    """The same sayings at the same costs, whatever is shared on the way."""
    usual, tuning = {"لا"}, Tuning(word_cost=0.3)
    grammar = read(grammar_of_all(["<eps>", *FEW, UNKNOWN_WORD], usual, tuning).written(by="input"))
    cost_of = {reads: weight for reads, _, weight, _ in grammar[0][1]}
    lexicon = cheapest(
        (said, words, cost + sum(cost_of[word] for word in words))
        for said, words, cost in sayings(read(lexicon_graph(FEW, tuning).written(by="output")))
    )
    tree = cheapest(sayings(read(open_graph(FEW, usual, tuning).written(by="input"))))

    assert len(tree) > 100
    assert tree == pytest.approx(lexicon, abs=1e-4)


def test_the_open_graph_shares_the_beginnings_of_words() -> None:
    """That is what makes it fast."""
    lexicon, tree = (
        read(graph.written(by="input"))
        for graph in (lexicon_graph(WORDS, Tuning()), open_graph(WORDS, set(), Tuning()))
    )
    assert len(tree) < len(lexicon) / 2
    assert len(tree[1][1]) < len(lexicon[1][1]) / 10  # what opens where a word ends
