"""What a Vosk model directory is: which files, with which beginnings and lengths, and which words.

Vosk answers a bad model with an exception without a reason, or with the end of the process; so every file
that it would open is looked at first, as far as a file can be judged without Kaldi. It never loads a model.
"""

import hashlib
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from bridge.errors import ModelError

__all__ = ["UNKNOWN_WORD", "ModelSummary", "check_model", "written"]

UNKNOWN_WORD = "[unk]"  # the word by which a model says "something else was said"
IDENTITY_DIGITS = 12

_NEEDED = "am/final.mdl", "conf/model.conf", "graph/words.txt"
_STATIC_GRAPH = "graph/HCLG.fst"
_DYNAMIC_GRAPH = "graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"
_FEATURES = "conf/mfcc.conf", "conf/fbank.conf"
_WHAT_IS_NEEDED = (
    "a Vosk model directory needs am/final.mdl, conf/model.conf, conf/mfcc.conf or conf/fbank.conf, "
    "graph/words.txt, and either graph/HCLr.fst with graph/Gr.fst and graph/disambig_tid.int, "
    "or graph/HCLG.fst"
)

_NETWORK_BEGINNINGS = b"\0B<TransitionModel>", b"<TransitionModel>"  # binary, text
_NETWORK_END = b"</Nnet3>"
_FST_MAGIC = struct.pack("<i", 2125659606)  # OpenFst, fst.h: kFstMagicNumber
_FST_NUMBERS = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_FST_MAX_NAME_BYTES = 64
_FST_STATE_BYTES = 12  # a vector state: final weight and number of arcs; a const state has 20
_FST_ARC_BYTES = 16


class ModelSummary(Struct, frozen=True):
    """What a model directory holds."""

    name: str
    identity: str  # its name and a short hash over every file: two models with one identity hear alike
    words: frozenset[str]  # as the model spells them: "لا_أعرف"
    size_bytes: int
    supports_grammar: bool  # False with a static graph (HCLG.fst): then only the open vocabulary is decoded

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words as people write them: "لا أعرف"."""
        return frozenset(map(written, self.words))

    def spell(self, phrase: str) -> str | None:
        """The phrase in words of the model, the longest joined ones first; None when it lacks one.

        "لا أعرف" is لا_أعرف when the model has that word, and else its two words when it has both.
        """
        rest = phrase.split()
        found: list[str] = []
        while rest:
            lengths = range(len(rest), 0, -1)
            taken = next((length for length in lengths if "_".join(rest[:length]) in self.words), 0)
            if not taken:
                return None
            found.append("_".join(rest[:taken]))
            del rest[:taken]
        return " ".join(found) or None


def written(text: str) -> str:
    """A text in words of the model, as people write it."""
    return text.replace("_", " ")


def check_model(path: Path) -> ModelSummary:
    """Look at every file that Vosk would open.

    Raises:
        ModelError: one sentence with everything that is missing, empty or cut short.

    """
    try:
        if problems := list(_problems(path)):
            raise ModelError(f"{path} is no usable model: {', '.join(problems)}; {_WHAT_IS_NEEDED}")
        return _summarise(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error


def _problems(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield "it is not a directory" if path.exists() else "it does not exist"
        return
    graph = [_STATIC_GRAPH] if (path / _STATIC_GRAPH).exists() else list(_DYNAMIC_GRAPH)
    features = next((name for name in _FEATURES if (path / name).exists()), " or ".join(_FEATURES))
    for name in (*_NEEDED, features, *graph):
        if problem := _problem(path / name):
            yield f"{name} {problem}"


def _problem(file: Path) -> str:
    """What is wrong with this file; '' when nothing is."""
    if not file.is_file():
        return "is missing"
    if file.stat().st_size == 0:
        return "is empty"
    match file.name, file.suffix:
        case "final.mdl", _:
            return _network_problem(file)
        case "words.txt", _:
            return "" if _read_words(file) else "has no words in it"
        case _, ".fst":
            return _graph_problem(file)
        case _:
            return ""


def _network_problem(file: Path) -> str:
    with file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if not content[:32].startswith(_NETWORK_BEGINNINGS):
            return "is no acoustic model"
        return "" if content.find(_NETWORK_END) >= 0 else "is cut short"


def _graph_problem(file: Path) -> str:
    """Compare the length with what the header announces, for the types of graph whose layout is known."""
    with file.open("rb") as source:
        header = source.read(512)
    if not header.startswith(_FST_MAGIC):
        return "is no graph"
    try:
        kind, offset = _fst_name(header, len(_FST_MAGIC))
        _, offset = _fst_name(header, offset)
        *_, states, arcs = _FST_NUMBERS.unpack_from(header, offset)
    except struct.error:
        return "is cut short"
    announced = offset + _FST_NUMBERS.size + max(states, 0) * _FST_STATE_BYTES + max(arcs, 0) * _FST_ARC_BYTES
    is_short = kind in {b"vector", b"const"} and file.stat().st_size < announced
    return "is cut short" if is_short else ""


def _fst_name(header: bytes, offset: int) -> tuple[bytes, int]:
    """A length-prefixed name, and where it ends."""
    (length,) = struct.unpack_from("<i", header, offset)
    if not 0 <= length <= _FST_MAX_NAME_BYTES:
        raise struct.error
    begin = offset + 4
    return header[begin : begin + length], begin + length


def _read_words(file: Path) -> frozenset[str]:
    """Every word that can be heard: no <eps>, no #0, no other mark of the graph's own."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = (line.split() for line in lines)
    words = (entry[0] for entry in entries if len(entry) == 2)  # noqa: PLR2004 - "word id"
    return frozenset(word for word in words if not word.startswith(("<", "#")))


def _summarise(path: Path) -> ModelSummary:
    name = path.resolve().name
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix != ".md")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as source:
            inner = hashlib.file_digest(source, "sha256").hexdigest()
        digest.update(f"{file.relative_to(path).as_posix()}\0{inner}\n".encode())
    return ModelSummary(
        name=name,
        identity=f"{name}@{digest.hexdigest()[:IDENTITY_DIGITS]}",
        words=_read_words(path / "graph" / "words.txt"),
        size_bytes=sum(file.stat().st_size for file in files),
        supports_grammar=not (path / _STATIC_GRAPH).exists(),
    )
