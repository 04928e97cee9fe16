"""A taught network and a lexicon as a model directory that stock Vosk loads, written without Kaldi.

Formats: Kaldi's binary files (am-nnet-simple, transition-model, nnet-nnet) and OpenFst's vector FST. The
graph is a loop of all words; what a question allows is a grammar that Vosk lays over it.
"""

import math
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from torch import nn

from training.criterion import PAUSE, SILENCE, STAY, first_score, further_score
from training.features import MELS, lines_of_fbank_conf
from training.lessons import UNKNOWN_PHONE
from training.lexicon import PHONES
from training.network import FIRST_TAPS, FRAME_SHIFT, SKIP_SCALE, Network

__all__ = ["Tuning", "write_model"]

Matrix = NDArray[np.float64]

UNKNOWN_WORD = "[unk]"
POSITIONS = ("begin", "end", "internal", "singleton")
SILENCE_PHONE = 1  # Kaldi counts phones from one


class Tuning(Struct, frozen=True):
    """What is set after training, on validation speakers."""

    acoustic_scale: float = 1.0
    word_cost: float = 0.0  # nats for every word: fewer words are found
    phone_bonus: float = 0.8  # nats less for every phone: a long word has more chances to be a little wrong
    unknown_cost: float = -2.5  # nats more for the unknown word
    unknown_frame_cost: float = 0.2  # nats more for every 30 ms of it but the first: it takes no long phrases
    usual_bonus: float = 2.0  # nats less, in the open vocabulary, for words that most answers are made of
    beam: float = 10.0
    lattice_beam: float = 4.0
    max_active: int = 1500


def write_model(
    folder: Path,
    network: Network,
    words: Mapping[str, Sequence[Sequence[str]]],
    tuning: Tuning,
    usual: Collection[str] = (),
) -> None:
    """Write the whole directory.

    Args:
        folder: what to write into.
        network: the acoustic model.
        words: spellings to pronunciations.
        tuning: the costs.
        usual: the words that answers are usually made of.

    """
    for inner in ("am", "conf", "graph/phones"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    (folder / "am/final.mdl").write_bytes(b"\0B" + _transitions() + _network(network))
    (folder / "conf/fbank.conf").write_text("\n".join(lines_of_fbank_conf()) + "\n")
    (folder / "conf/model.conf").write_text("\n".join(_decoder_options(tuning)) + "\n")
    (folder / "graph/phones/word_boundary.int").write_text("\n".join(_word_boundaries()) + "\n")
    spellings = ["<eps>", *words, UNKNOWN_WORD]
    lines = (f"{word} {number}\n" for number, word in enumerate(spellings))
    (folder / "graph/words.txt").write_text("".join(lines), encoding="utf-8")
    (folder / "graph/HCLr.fst").write_bytes(_lexicon_graph(words, tuning).written(by="output"))
    (folder / "graph/Gr.fst").write_bytes(_word_loop(spellings, usual, tuning).written(by="input"))
    unused = 2 * len(_phones()) + 1
    (folder / "graph/disambig_tid.int").write_text(f"{unused}\n")


def _decoder_options(tuning: Tuning) -> Iterable[str]:
    return (
        "--min-active=200",
        f"--max-active={tuning.max_active}",
        f"--beam={tuning.beam}",
        f"--lattice-beam={tuning.lattice_beam}",
        f"--acoustic-scale={tuning.acoustic_scale}",
        f"--frame-subsampling-factor={FRAME_SHIFT}",
        "--frames-per-chunk=20",
        f"--endpoint.silence-phones={SILENCE_PHONE}",
        "--endpoint.rule2.min-trailing-silence=0.5",
        "--endpoint.rule3.min-trailing-silence=0.75",
        "--endpoint.rule4.min-trailing-silence=1.0",
    )


# Phones: silence, every phone in four positions of a word, the unknown word's own


class _Phone(Struct, frozen=True):
    number: int
    first: int  # its scores
    further: int
    position: str


def _phones() -> list[_Phone]:
    found = [_Phone(SILENCE_PHONE, SILENCE, SILENCE, "nonword")]
    for phone in range(len(PHONES)):
        for position in POSITIONS:
            found.append(_Phone(len(found) + 1, first_score(phone), further_score(phone), position))
    found.append(
        _Phone(len(found) + 1, first_score(UNKNOWN_PHONE), further_score(UNKNOWN_PHONE), "singleton")
    )
    return found


def _numbered(phone: int, place: int, length: int) -> int:
    """A phone's number at its place in a word."""
    if length == 1:
        position = "singleton"
    elif place in {0, length - 1}:
        position = "begin" if place == 0 else "end"
    else:
        position = "internal"
    return 2 + len(POSITIONS) * phone + POSITIONS.index(position)


def _word_boundaries() -> Iterable[str]:
    return (f"{phone.number} {phone.position}" for phone in _phones())


def _self_loop(number: int) -> int:
    """Kaldi's transition-id: two for every phone, all of which have one state."""
    return 2 * (number - 1) + 1


def _forward(number: int) -> int:
    return 2 * (number - 1) + 2


# Graphs


class _Graph:
    """An OpenFst vector FST in the making."""

    def __init__(self) -> None:
        self._arcs: list[list[tuple[int, int, float, int]]] = []  # input, output, weight, next
        self._final: list[float] = []

    def state(self, final: float = math.inf) -> int:
        self._arcs.append([])
        self._final.append(final)
        return len(self._arcs) - 1

    def arc(self, state: int, into: int, *, reads: int = 0, writes: int = 0, cost: float = 0.0) -> None:
        self._arcs[state].append((reads, writes, cost, into))

    def phone(
        self, state: int, number: int, *, writes: int = 0, cost: float = 0.0, frame_cost: float = 0.0
    ) -> int:
        """One phone: into a state of its own, where it may stay."""
        inner = self.state()
        self.arc(state, inner, reads=_forward(number), writes=writes, cost=cost)
        self.arc(inner, inner, reads=_self_loop(number), cost=frame_cost - math.log(STAY))
        return inner

    def written(self, by: str) -> bytes:
        """The file's bytes, the arcs sorted by input or by output."""
        key = 0 if by == "input" else 1
        count = sum(map(len, self._arcs))
        parts = [struct.pack("<i", 2125659606)]  # kFstMagicNumber
        parts += [struct.pack("<i", len(name)) + name for name in (b"vector", b"standard")]
        parts.append(struct.pack("<iiQqqq", 2, 0, 3, 0, len(self._arcs), count))
        for arcs, final in zip(self._arcs, self._final, strict=True):
            parts.append(struct.pack("<fq", final, len(arcs)))
            parts += [struct.pack("<iifi", *arc) for arc in sorted(arcs, key=lambda arc: arc[key])]
        return b"".join(parts)


def _lexicon_graph(words: Mapping[str, Sequence[Sequence[str]]], tuning: Tuning) -> _Graph:
    """Transition-ids to words: any word after any, silence between them where there is some."""
    graph = _Graph()
    junction, start = graph.state(0.0), graph.state(0.0)  # a call may end in silence
    graph.arc(junction, start, cost=-math.log(1 - PAUSE))
    silent = graph.phone(junction, SILENCE_PHONE, cost=-math.log(PAUSE))
    graph.arc(silent, start, cost=-math.log(1 - STAY))
    index = {phone: number for number, phone in enumerate(PHONES)}
    for number, pronunciations in enumerate(words.values(), 1):
        for phones in pronunciations:
            cost = tuning.word_cost - tuning.phone_bonus * len(phones) + math.log(len(pronunciations))
            _chain(graph, start, junction, [index[phone] for phone in phones], number, cost)
    unknown = graph.phone(
        start,
        len(_phones()),
        writes=len(words) + 1,
        cost=tuning.word_cost + tuning.unknown_cost,
        frame_cost=tuning.unknown_frame_cost,
    )
    graph.arc(unknown, junction, cost=-math.log(1 - STAY))
    return graph


def _chain(graph: _Graph, start: int, end: int, phones: Sequence[int], word: int, cost: float) -> None:
    state = start
    for place, phone in enumerate(phones):
        number = _numbered(phone, place, len(phones))
        writes, own = (word, cost) if place == 0 else (0, -math.log(1 - STAY))
        state = graph.phone(state, number, writes=writes, cost=own)
    graph.arc(state, end, cost=-math.log(1 - STAY))


def _word_loop(spellings: Sequence[str], usual: Collection[str], tuning: Tuning) -> _Graph:
    """Every word as likely as any other, but for the usual ones. A grammar takes this one's place."""
    graph = _Graph()
    only = graph.state(0.0)
    for word, spelling in enumerate(spellings[1:], 1):
        cost = math.log(len(spellings)) - (tuning.usual_bonus if spelling in usual else 0.0)
        graph.arc(only, only, reads=word, writes=word, cost=cost)
    return graph


# Kaldi's binary files


def _token(text: str) -> bytes:
    return text.encode() + b" "


def _int(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _ints(values: Sequence[int]) -> bytes:
    return b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()


def _vector(values: Sequence[float] | Matrix) -> bytes:
    return b"FV " + _int(len(values)) + np.asarray(values, "<f4").tobytes()


def _matrix(values: Matrix) -> bytes:
    return (
        b"FM " + _int(values.shape[0]) + _int(values.shape[1]) + np.ascontiguousarray(values, "<f4").tobytes()
    )


def _transitions() -> bytes:
    """One emitting state for every phone, in it a score for its first frame and one for the others."""
    phones = _phones()
    numbers = [phone.number for phone in phones]
    # Two topologies: silence has one score for both, the others have two.
    entry_of = [0 if phone.first == phone.further else 1 for phone in phones]
    content = _token("<TransitionModel>") + _token("<Topology>") + _ints(numbers) + _ints([-1, *entry_of])
    content += _int(-1) + _int(2) + _topology(0, 0) + _topology(0, 1) + _token("</Topology>")
    content += _token("<Tuples>") + _int(len(phones))
    content += b"".join(_int(v) for phone in phones for v in (phone.number, 0, phone.first, phone.further))
    content += _token("</Tuples>") + _token("<LogProbs>")
    content += _vector([0.0] + [math.log(STAY)] * (2 * len(phones)))
    return content + _token("</LogProbs>") + _token("</TransitionModel>")


def _topology(forward: int, stay: int) -> bytes:
    emitting = _int(forward) + _int(stay) + _int(2) + _int(0) + _float(STAY) + _int(1) + _float(1 - STAY)
    return _int(2) + emitting + _int(-1) + _int(-1) + _int(0)


def _network(network: Network) -> bytes:
    """The network with every normalisation folded into its neighbours.

    A positive scale goes before the ReLU; what a normalisation adds is constant and goes through the later
    layers into their biases.
    """
    nodes = [f"input-node name=input dim={MELS}"]
    components: list[tuple[str, bytes]] = []

    def add(name: str, component: bytes, source: str) -> str:
        nodes.append(f"component-node name={name} component={name} input={source}")
        components.append((name, component))
        return name

    def layer(name: str, weight: Matrix, bias: Matrix, source: str) -> str:
        return add(name, _affine(weight, bias), source)

    def relu(name: str, source: str, width: int) -> str:
        return add(name, _rectifier(width), source)

    mean, scale = _array(network.mean), _array(network.scale)
    weight, bias = _array(network.first.weight), _array(network.first.bias)
    taps = len(FIRST_TAPS)
    bias = bias - weight @ np.tile(mean * scale, taps)
    weight = weight * np.tile(scale, taps)
    gain, constant = _norm(network.first_norm)
    affine = layer("first.affine", weight * gain[:, None], bias * gain, _append("input", FIRST_TAPS))
    stream = relu("first.relu", affine, len(gain))
    for number, block in enumerate(network.layers(), 1):
        squeeze = _array(block.squeeze.weight)
        offsets = (-FRAME_SHIFT * block.back, 0)
        waist = layer(
            f"block{number}.squeeze", squeeze, squeeze @ np.tile(constant, 2), _append(stream, offsets)
        )
        gain, added = _norm(block.norm)
        weight, bias = _array(block.spread.weight), _array(block.spread.bias)
        offsets = (0, FRAME_SHIFT * block.ahead)
        affine = layer(f"block{number}.spread", weight * gain[:, None], bias * gain, _append(waist, offsets))
        inner = relu(f"block{number}.relu", affine, len(gain))
        summed = f"Sum(Scale({SKIP_SCALE}, {stream}), {inner})"
        stream = add(f"block{number}", _identity(len(gain)), summed)
        constant = SKIP_SCALE * constant + added
    weight = _array(network.scores.weight)
    output = layer("scores", weight, _array(network.scores.bias) + weight @ constant, stream)
    nodes.append(f"output-node name=output input={output} objective=linear")
    content = _token("<Nnet3>") + b"\n" + "\n".join(nodes).encode() + b"\n\n"
    content += _token("<NumComponents>") + _int(len(components))
    content += b"".join(_token("<ComponentName>") + _token(name) + part for name, part in components)
    content += _token("</Nnet3>")
    content += _token("<LeftContext>") + _int(network.left) + _token("<RightContext>") + _int(network.right)
    return content + _token("<Priors>") + _vector([])


def _append(source: str, offsets: Sequence[int]) -> str:
    inner = ", ".join(source if offset == 0 else f"Offset({source}, {offset})" for offset in offsets)
    return f"Append({inner})"


def _affine(weight: Matrix, bias: Matrix) -> bytes:
    content = _token("<FixedAffineComponent>") + _token("<LinearParams>") + _matrix(weight)
    return content + _token("<BiasParams>") + _vector(bias) + _token("</FixedAffineComponent>")


def _rectifier(width: int) -> bytes:
    content = _token("<RectifiedLinearComponent>") + _token("<Dim>") + _int(width)
    content += _token("<ValueAvg>") + _vector([]) + _token("<DerivAvg>") + _vector([])
    return (
        content + _token("<Count>") + b"\x08" + struct.pack("<d", 0.0) + _token("</RectifiedLinearComponent>")
    )


def _identity(width: int) -> bytes:
    content = _token("<NoOpComponent>") + _token("<Dim>") + _int(width)
    return content + _token("<BackpropScale>") + _float(1.0) + _token("</NoOpComponent>")


def _norm(norm: nn.BatchNorm1d) -> tuple[Matrix, Matrix]:
    """A normalisation as what it multiplies by and what it adds."""
    variance, mean = _array(norm.running_var), _array(norm.running_mean)
    gain = _array(norm.weight) / np.sqrt(variance + norm.eps)
    return gain, _array(norm.bias) - gain * mean


def _array(value: object) -> Matrix:
    array: Matrix = value.detach().numpy().astype(np.float64)  # type: ignore[attr-defined]
    return array
