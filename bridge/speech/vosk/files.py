"""The single files of a Vosk model, read and judged as far as that can be done without Kaldi.

A problem is the rest of a sentence that begins with the file's name; '' is none. It knows layouts and
lengths, but no directories, and not what a model is for.
"""

import mmap
import struct
from pathlib import Path

__all__ = [
    "can_be_heard",
    "graph_problem",
    "network_problem",
    "options_problem",
    "read_numbers",
    "read_options",
    "word_numbers",
    "words_problem",
]

_NETWORK_BEGINNINGS = b"\0B<TransitionModel>", b"<TransitionModel>"  # binary, text
_NETWORK_END = b"</Nnet3>"

_FST_MAGIC = struct.pack("<i", 2125659606)  # OpenFst, fst.h: kFstMagicNumber
_FST_NUMBERS = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_FST_MAX_NAME_BYTES = 64
_FST_STATE = struct.Struct("<fq")  # of a vector: final weight, number of arcs; a const state has 20 bytes
_FST_ARC = struct.Struct("<iifi")  # input label, output label, weight, next state
_FST_HAS_SYMBOLS = 0b11  # flags: the graph brings words of its own
_MAX_LOOKED_INTO_BYTES = 8 << 20  # a greater grammar is a general model's, and would be read for seconds


def network_problem(file: Path) -> str:
    """Of am/final.mdl: another kind of file, or one that ends before the network does."""
    with file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if not content[:32].startswith(_NETWORK_BEGINNINGS):
            return "is no acoustic model"
        return "" if content.find(_NETWORK_END) >= 0 else "is cut short"


def graph_problem(file: Path) -> str:
    """Of a graph: its length against what its header announces, for the types whose layout is known."""
    with file.open("rb") as source:
        header = source.read(512)
    if not header.startswith(_FST_MAGIC):
        return "is no graph"
    try:
        kind, _, states, arcs, begin = _fst_header(header)
    except struct.error:
        return "is cut short"
    announced = begin + max(states, 0) * _FST_STATE.size + max(arcs, 0) * _FST_ARC.size
    is_short = kind in {b"vector", b"const"} and file.stat().st_size < announced
    return "is cut short" if is_short else ""


def word_numbers(grammar: Path) -> set[int]:
    """The words that a small vector graph leads to; none for a graph whose inside is not known here."""
    if grammar.stat().st_size > _MAX_LOOKED_INTO_BYTES:
        return set()
    content = grammar.read_bytes()
    kind, flags, states, _, offset = _fst_header(content)
    if kind != b"vector" or flags & _FST_HAS_SYMBOLS:
        return set()
    found: set[int] = set()
    for _ in range(states):
        _, arcs = _FST_STATE.unpack_from(content, offset)
        begin = offset + _FST_STATE.size
        offset = begin + arcs * _FST_ARC.size
        found.update(word for _, word, _, _ in _FST_ARC.iter_unpack(content[begin:offset]))
    return found


def _fst_header(content: bytes) -> tuple[bytes, int, int, int, int]:
    """Kind, flags, numbers of states and arcs, where the states begin; struct.error when it is cut short."""
    kind, offset = _fst_name(content, len(_FST_MAGIC))
    _, offset = _fst_name(content, offset)
    _, flags, _, _, states, arcs = _FST_NUMBERS.unpack_from(content, offset)
    return kind, flags, states, arcs, offset + _FST_NUMBERS.size


def _fst_name(content: bytes, offset: int) -> tuple[bytes, int]:
    """A length-prefixed name, and where it ends."""
    (length,) = struct.unpack_from("<i", content, offset)
    if not 0 <= length <= _FST_MAX_NAME_BYTES:
        raise struct.error
    begin = offset + 4
    return content[begin : begin + length], begin + length


def words_problem(file: Path) -> str:
    """Of graph/words.txt: what is not a list of words and their numbers, or holds none that can be heard."""
    try:
        numbers = read_numbers(file)
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except ValueError as error:
        return str(error)
    return "" if any(map(can_be_heard, numbers)) else "has no words in it"


def read_numbers(file: Path) -> dict[str, int]:
    """Every word with its number; ValueError says which line is neither that nor empty."""
    numbers: dict[str, int] = {}
    for position, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        entry = line.split()
        if not entry:
            continue
        if len(entry) != 2 or not (entry[1].isascii() and entry[1].isdigit()):  # noqa: PLR2004
            raise ValueError(f"is unreadable: line {position} is not a word and its number")
        numbers[entry[0]] = int(entry[1])
    return numbers


def can_be_heard(word: str) -> bool:
    """Not <eps>, not #0, not another mark of the graph's own."""
    return not word.startswith(("<", "#"))


def options_problem(file: Path) -> str:
    """Of a *.conf: a line that Kaldi would end the process for."""
    try:
        read_options(file)
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except ValueError as error:
        return str(error)
    return ""


def read_options(file: Path) -> dict[str, str]:
    """The options of one of Kaldi's files, `--name=value` a line; ValueError says which line is none."""
    options: dict[str, str] = {}
    for position, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if not text.startswith("--"):
            raise ValueError(f"is unreadable: line {position} is no option such as --name=value")
        name, _, value = text.removeprefix("--").partition("=")
        options[name.strip().replace("_", "-").lower()] = value.strip()
    return options
