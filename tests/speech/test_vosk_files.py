"""One file at a time, of layouts that the embedded model does not have."""

import struct
from pathlib import Path

import pytest

from bridge.speech.vosk.files import graph_problem, options_problem, read_options, word_numbers, words_problem

MAGIC = struct.pack("<i", 2125659606)


def graph(kind: bytes, *, flags: int = 0, states: list[list[int]]) -> bytes:
    """A graph of the vector layout: for each state, the words of its arcs."""
    names = b"".join(struct.pack("<i", len(name)) + name for name in (kind, b"standard"))
    arcs = sum(map(len, states))
    header = MAGIC + names + struct.pack("<iiQqqq", 2, flags, 3, 0, len(states), arcs)
    body = b"".join(
        struct.pack("<fq", 0.0, len(words))
        + b"".join(struct.pack("<iifi", 1, word, 0.0, 0) for word in words)
        for words in states
    )
    return header + body


def test_the_words_of_a_graph_are_found(tmp_path: Path) -> None:
    """Of every state; 0 is the arc that says nothing."""
    file = tmp_path / "Gr.fst"
    file.write_bytes(graph(b"vector", states=[[0, 3], [], [7, 3]]))

    assert word_numbers(file) == {0, 3, 7}
    assert graph_problem(file) == ""


@pytest.mark.parametrize(("kind", "flags"), [(b"ngram", 0), (b"olabel_lookahead", 0), (b"vector", 1)])
def test_a_graph_of_an_unknown_inside_is_not_judged_by_it(tmp_path: Path, kind: bytes, flags: int) -> None:
    """Nothing is claimed about words that cannot be read."""
    file = tmp_path / "Gr.fst"
    file.write_bytes(graph(kind, flags=flags, states=[[5]]))

    assert word_numbers(file) == set()
    assert graph_problem(file) == ""


@pytest.mark.parametrize("length", [3, 8, 40, -1])
def test_a_graph_cut_anywhere_is_no_graph(tmp_path: Path, length: int) -> None:
    """In its magic number, its names, its numbers or its arcs."""
    file = tmp_path / "Gr.fst"
    file.write_bytes(graph(b"vector", states=[[1], [2]])[:length])

    assert graph_problem(file) in {"is cut short", "is no graph"}


@pytest.mark.parametrize("line", ["word", "word 1 2", "word x", "word -1", "word ٣"])
def test_a_line_of_words_is_a_word_and_its_number(tmp_path: Path, line: str) -> None:
    """What Vosk would not read is named by its line; empty lines are none."""
    file = tmp_path / "words.txt"
    file.write_text(f"<eps> 0\n\n{line}\n", encoding="utf-8")

    assert words_problem(file) == "is unreadable: line 3 is not a word and its number"


def test_options_are_read_as_kaldi_reads_them(tmp_path: Path) -> None:
    """Comments, spaces, underscores and switches without a value."""
    file = tmp_path / "mfcc.conf"
    file.write_text("# features\n\n  --Sample_Frequency=8000 # hertz\n--allow-upsample\n", encoding="utf-8")

    assert read_options(file) == {"sample-frequency": "8000", "allow-upsample": ""}
    file.write_bytes(b"\xff--beam=3")
    assert options_problem(file) == "is not UTF-8 text"
