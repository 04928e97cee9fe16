"""What a Vosk model directory is: which files, which words, for speech of which rate.

Vosk answers a bad model with an exception without a reason, with the end of the process, or by hearing
nothing; so every file that it would open is looked at first. It never loads a model.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from bridge.errors import ModelError
from bridge.speech.messages import SAMPLE_RATE
from bridge.speech.vosk.files import (
    can_be_heard,
    graph_problem,
    network_problem,
    options_problem,
    read_numbers,
    read_options,
    word_numbers,
    words_problem,
)

__all__ = [
    "OPEN_GRAPH",
    "UNKNOWN_WORD",
    "ModelRateError",
    "ModelSummary",
    "check_model",
    "has_open_graph",
    "unfit_for_transcripts",
    "written",
]

OPEN_VOCABULARY_WORDS = 20_000  # what everyday speech needs; models of answers have hundreds
UNKNOWN_WORD = "[unk]"  # the word by which a model says "something else was said"
IDENTITY_DIGITS = 12

_NETWORK = "am/final.mdl"
_WORDS = "graph/words.txt"
_STATIC_GRAPH = "graph/HCLG.fst"
_GRAMMAR = "graph/Gr.fst"
OPEN_GRAPH = "graph/HCLG.open.fst"  # ours: a dynamic model may bring it, for all words at once
_DYNAMIC_GRAPH = "graph/HCLr.fst", _GRAMMAR, "graph/disambig_tid.int"
_NEEDED = _NETWORK, "conf/model.conf", _WORDS
_FEATURES = "conf/mfcc.conf", "conf/fbank.conf"  # Vosk looks for them in this order
_WHAT_IS_NEEDED = (
    "a Vosk model directory needs am/final.mdl, conf/model.conf, conf/mfcc.conf or conf/fbank.conf, "
    "graph/words.txt, and either graph/HCLr.fst with graph/Gr.fst and graph/disambig_tid.int, "
    "or graph/HCLG.fst"
)

_DEFAULT_HZ = 16_000.0  # Kaldi's FrameExtractionOptions, where the file does not say
_TRUE = "true", "t", "1", ""  # as Kaldi reads a switch


class ModelRateError(ModelError):
    """The model is whole, but Vosk would not let it hear a telephone call."""


class ModelSummary(Struct, frozen=True):
    """What a model directory holds."""

    name: str
    identity: str  # its name and a short hash over every file: two models with one identity hear alike
    words: frozenset[str]  # as the model spells them: "لا_أعرف"
    size_bytes: int
    supports_grammar: bool  # False with a static graph (HCLG.fst): then only the open vocabulary is decoded
    sample_rate: int = SAMPLE_RATE  # hertz, of the speech that it was made for

    @property
    def has_unknown_word(self) -> bool:
        """Whether it can say that something else was said."""
        return UNKNOWN_WORD in self.words

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words as people write them: "لا أعرف"."""
        return frozenset(map(written, self.words))

    @property
    def has_open_vocabulary(self) -> bool:
        """Whether it has words for whatever a caller may tell, and not for answers only."""
        return len(self.vocabulary) >= OPEN_VOCABULARY_WORDS

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

    def lacking(self, phrases: Iterable[str]) -> list[str]:
        """Those of `phrases` that no caller can be heard saying."""
        return [phrase for phrase in phrases if self.spell(phrase) is None]


def unfit_for_transcripts(summary: ModelSummary) -> str:
    """Why what is said between others cannot be written down with this model; '' when it can."""
    if summary.has_open_vocabulary:
        return ""
    return (
        f"the model {summary.name} knows {len(summary.vocabulary)} words, too few to write down what is said "
        f"between others; recogniser.model must be one with {OPEN_VOCABULARY_WORDS} or more, or "
        "monitoring.enabled be false"
    )


def written(text: str) -> str:
    """A text in words of the model, as people write it."""
    return text.replace("_", " ")


def check_model(path: Path) -> ModelSummary:
    """Look at every file that Vosk would open.

    Raises:
        ModelRateError: the model is made for speech that a telephone does not bring.
        ModelError: one sentence with everything that is missing, empty, cut short or unreadable.

    """
    try:
        if problems := list(_problems(path)):
            raise ModelError(f"{path} is no usable model: {', '.join(problems)}; {_WHAT_IS_NEEDED}")
        if problem := _rate_problem(path / _features(path)):
            raise ModelRateError(f"{path} cannot hear telephone calls: {_features(path)} {problem}")
        return _summarise(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error


def _problems(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield "it is not a directory" if path.exists() else "it does not exist"
        return
    graph = [_STATIC_GRAPH] if _is_static(path) else list(_DYNAMIC_GRAPH)
    graph += [OPEN_GRAPH] if has_open_graph(path) else []
    names = (*_NEEDED, _features(path), *graph)
    problems = [f"{name} {problem}" for name in names if (problem := _problem(path / name))]
    yield from problems
    if not problems and not _is_static(path):
        yield from _unwritten_words(path)


def has_open_graph(path: Path) -> bool:
    """Whether a dynamic model brings a graph of all its words; to a static one it would be of no use."""
    return not _is_static(path) and (path / OPEN_GRAPH).exists()


def _is_static(path: Path) -> bool:
    return (path / _STATIC_GRAPH).exists()


def _features(path: Path) -> str:
    """The file that says what sound the network is given."""
    return next((name for name in _FEATURES if (path / name).exists()), " or ".join(_FEATURES))


def _problem(file: Path) -> str:
    """What is wrong with this file; '' when nothing is."""
    if not file.is_file():
        return "is missing"
    if file.stat().st_size == 0:
        return "is empty"
    judges = {".mdl": network_problem, ".txt": words_problem, ".conf": options_problem, ".fst": graph_problem}
    judge = judges.get(file.suffix)
    return judge(file) if judge else ""


def _unwritten_words(path: Path) -> Iterator[str]:
    """Vosk loads a model whose words.txt is cut short, and hears the words that it lacks as nothing."""
    numbered = set(read_numbers(path / _WORDS).values())
    for graph in (_GRAMMAR, OPEN_GRAPH) if has_open_graph(path) else (_GRAMMAR,):
        if missing := word_numbers(path / graph) - numbered:
            yield f"{_WORDS} lacks {len(missing)} words that {graph} leads to"


def _rate_problem(features: Path) -> str:
    """What Vosk would refuse only when the first call speaks: it samples down, but not up unless told to."""
    options = read_options(features)
    try:
        rate = _rate(options)
    except ValueError:
        return f"says --sample-frequency={options['sample-frequency']}, which is no number of hertz"
    may_sample_up = options.get("allow-upsample", "false").lower() in _TRUE
    if rate == SAMPLE_RATE or (rate > SAMPLE_RATE and may_sample_up):
        return ""
    way_out = f", or {features.name} say --allow-upsample=true" if rate > SAMPLE_RATE else ""
    return f"is for speech of {rate:g} Hz; the model must be one for {SAMPLE_RATE} Hz{way_out}"


def _rate(options: dict[str, str]) -> float:
    """The rate of the speech that the network was trained on, in hertz; ValueError when it is no number."""
    rate = float(options.get("sample-frequency", _DEFAULT_HZ))
    if not math.isfinite(rate):
        raise ValueError("no number of hertz")
    return rate


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
        words=frozenset(filter(can_be_heard, read_numbers(path / _WORDS))),
        size_bytes=sum(file.stat().st_size for file in files),
        supports_grammar=not _is_static(path),
        sample_rate=int(_rate(read_options(path / _features(path)))),
    )
