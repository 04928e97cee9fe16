"""A tiny model with a Piper voice's inputs and output, made at test time: the real Piper runs on it.

Every phoneme is 256 samples at the voice's own pace, a tone of its own, and noise as loud as `scales` says.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

RATE = 16_000
HOP = 256


def make_voice(folder: Path, name: str, **changes: Any) -> Path:
    """Write NAME.onnx and NAME.onnx.json, the latter with `changes`; the path of the former."""
    model = folder / f"{name}.onnx"
    model.write_bytes(_model(["input", "input_lengths", "scales"]))
    describe(model, **changes)
    return model


def make_stranger(folder: Path, name: str) -> Path:
    """A model that is no voice of Piper."""
    model = make_voice(folder, name)
    model.write_bytes(_model(["input", "mask", "scales"]))
    return model


def describe(model: Path, **changes: Any) -> None:
    described = {
        "audio": {"sample_rate": RATE},
        "espeak": {"voice": "ar"},
        "inference": {"noise_scale": 0.5, "length_scale": 1.0, "noise_w": 0.8},
        "num_symbols": 256,
        "num_speakers": 1,
        "phoneme_type": "espeak",
        "phoneme_id_map": _phonemes(),
    }
    model.with_name(f"{model.name}.json").write_text(json.dumps(described | changes), encoding="utf-8")


def _phonemes() -> dict[str, list[int]]:
    marks = "_^$ !',-.:;?"
    letters = "abcdefghijklmnopqrstuvwxyzæðħŋɐɑɒɔəɛɜɡɣɪɬɹɾʃʊʌʒʔʕˈˌːθχβ\u032a\u02e4"
    return {letter: [number] for number, letter in enumerate(marks + letters)}


def _model(inputs: list[str]) -> bytes:
    import onnx  # noqa: PLC0415 - half a second, for those tests alone that need it
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    number, pace = np.array(HOP, dtype=np.float32), np.array([1], dtype=np.int64)
    constants = {
        "hop": number,
        "zero": np.array(0, dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
        "first": np.array(0, dtype=np.int64),
        "second": pace[0],
        "last_axis": np.array([2], dtype=np.int64),
        "step": np.array(0.03, dtype=np.float32),
        "flat": np.array([1, 1, -1], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["scales", "first"], ["noise_scale"]),
        node("Gather", ["scales", "second"], ["length_scale"]),
        node("Mul", ["hop", "length_scale"], ["long"]),
        node("Cast", ["long"], ["samples"], to=TensorProto.INT64),
        node("Range", ["zero", "samples", "one"], ["time"]),
        node("Cast", ["time"], ["times"], to=TensorProto.FLOAT),
        node("Cast", [inputs[0]], ["ids"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["ids", "last_axis"], ["columns"]),
        node("Mul", ["columns", "step"], ["pitches"]),
        node("Mul", ["pitches", "times"], ["phases"]),
        node("Sin", ["phases"], ["tones"]),
        node("RandomNormalLike", ["tones"], ["noise"]),
        node("Mul", ["noise", "noise_scale"], ["quiet_noise"]),
        node("Add", ["tones", "quiet_noise"], ["sound"]),
        node("Reshape", ["sound", "flat"], ["output"]),
    ]
    lengths = node("Identity", [inputs[1]], ["lengths"])
    graph = helper.make_graph(
        [*nodes, lengths],
        "tiny-voice",
        [
            helper.make_tensor_value_info(inputs[0], TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info(inputs[1], TensorProto.INT64, [1]),
            helper.make_tensor_value_info(inputs[2], TensorProto.FLOAT, [3]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "samples"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
