"""A model directory loaded into Vosk: for questions' grammars, and for all of its words.

Vosk lays a grammar over a graph when it decodes. For all words at once that costs six times as much as a
graph made for them, and loses right words on the way; but a directory is one or the other to Vosk. So a
directory with both is shown to it twice.
"""

import tempfile
from pathlib import Path
from typing import Any

from bridge.speech.vosk.model import OPEN_GRAPH, has_open_graph

__all__ = ["load"]

_GRAPH = "graph"
_OF_GRAMMARS = {"HCLr.fst", "Gr.fst", "disambig_tid.int", Path(OPEN_GRAPH).name}


def load(path: Path) -> tuple[Any, Any]:
    """The `vosk.Model` for grammars and the one for all words, which is the same where there is no other.

    Raises:
        ImportError: there is no vosk package.
        Exception: Vosk cannot load it; its reasons go to stderr.

    """
    import vosk  # noqa: PLC0415 - only in processes that may crash, once their pipe is safe from its prints

    vosk.SetLogLevel(-1)
    model = vosk.Model(str(path))
    if not has_open_graph(path):
        return model, model
    with tempfile.TemporaryDirectory(prefix="hatif-model-") as shown:
        _show_open(path.resolve(), Path(shown))
        return model, vosk.Model(shown)


def _show_open(path: Path, shown: Path) -> None:
    """The same directory with the graph of all words in the other's place; Vosk reads it while it loads."""
    for entry in path.iterdir():
        if entry.name != _GRAPH:
            (shown / entry.name).symlink_to(entry)
    (shown / _GRAPH).mkdir()
    for entry in (path / _GRAPH).iterdir():
        if entry.name not in _OF_GRAMMARS:
            (shown / _GRAPH / entry.name).symlink_to(entry)
    (shown / _GRAPH / "HCLG.fst").symlink_to(path / OPEN_GRAPH)
