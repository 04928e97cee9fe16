"""A taught network and a lexicon as a model directory that stock Vosk loads, written without Kaldi.

Kaldi's binary formats are written here (am-nnet-simple, transition-model, nnet-nnet), the graphs in `graphs`.
"""

import math
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.features import MELS, lines_of_fbank_conf
from training.graphs import (
    SILENCE_PHONE,
    UNKNOWN_WORD,
    Tuning,
    grammar_of_all,
    lexicon_graph,
    open_graph,
    phone_inventory,
    word_boundaries,
)
from training.network import FIRST_TAPS, FRAME_SHIFT, SKIP_SCALE, Network
from training.states import STAY

__all__ = ["write_model"]

Matrix = NDArray[np.float64]


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
    (folder / "graph/phones/word_boundary.int").write_text("\n".join(word_boundaries()) + "\n")
    spellings = ["<eps>", *words, UNKNOWN_WORD]
    lines = (f"{word} {number}\n" for number, word in enumerate(spellings))
    (folder / "graph/words.txt").write_text("".join(lines), encoding="utf-8")
    (folder / "graph/HCLr.fst").write_bytes(lexicon_graph(words, tuning).written(by="output"))
    (folder / "graph/Gr.fst").write_bytes(grammar_of_all(spellings, usual, tuning).written(by="input"))
    (folder / "graph/HCLG.open.fst").write_bytes(open_graph(words, usual, tuning).written(by="input"))
    unused = 2 * len(phone_inventory()) + 1
    (folder / "graph/disambig_tid.int").write_text(f"{unused}\n")


def _decoder_options(tuning: Tuning) -> Iterable[str]:
    return (
        *tuning.search_options(),
        f"--frame-subsampling-factor={FRAME_SHIFT}",
        "--frames-per-chunk=20",
        f"--endpoint.silence-phones={SILENCE_PHONE}",
        "--endpoint.rule2.min-trailing-silence=0.5",
        "--endpoint.rule3.min-trailing-silence=0.75",
        "--endpoint.rule4.min-trailing-silence=1.0",
    )


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
    phones = phone_inventory()
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
