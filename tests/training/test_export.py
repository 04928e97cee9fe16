"""What is written is what was taught: stock Vosk loads it, and weighs words as the network does."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip(
    "torch", reason="the recipe's own packages are not installed: pip install -e '.[training]'"
)
pytest.importorskip("numba")

import torch
import vosk

from bridge.speech.vosk.model import check_model
from training.export import write_model
from training.features import fbank
from training.graphs import Tuning
from training.lessons import Lesson, Speller, as_batch
from training.network import Network
from training.states import SILENCE, UNKNOWN_PHONE, first_score, further_score, outputs

GRAPH_SCALE = 0.9  # Vosk's own, of the graph's weights beside the network's scores
WORDS = {
    "لا": [("l", "aa")],
    "نعم": [("n", "a", "E", "a", "m")],
    "ستة": [("s", "i", "t", "t", "a"), ("s", "i", "t", "a")],
}


@pytest.fixture
def network() -> Network:
    """Of any weights, with normalisations that have something to fold, sharp enough that words differ."""
    torch.manual_seed(7)
    made = Network(outputs(UNKNOWN_PHONE + 1), width=32, waist=8, spans=((1, 1), (2, 1)))
    for norm in (made.first_norm, *(block.norm for block in made.layers())):
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2)
        norm.weight.data.uniform_(0.5, 2)
        norm.bias.data.uniform_(-0.5, 0.5)
    made.mean.fill_(8.0)
    made.scale.fill_(0.3)
    made.scores.weight.data *= 4
    return made.eval()


@pytest.fixture
def model(network: Network, tmp_path: Path) -> Path:
    write_model(
        tmp_path / "model",
        network,
        WORDS,
        Tuning(phone_bonus=0.0, beam=1000.0, lattice_beam=1000.0, max_active=100_000),
    )
    return tmp_path / "model"


def noise(seed: int) -> np.ndarray:
    """Half a second of something."""
    random = np.random.default_rng(seed)
    return (random.normal(0, 1, 4000).cumsum() * 40).clip(-30000, 30000).astype("<i2")


def test_it_is_a_model_directory(model: Path) -> None:
    summary = check_model(model)
    assert summary.words == {*WORDS, "[unk]"}
    assert summary.supports_grammar


def test_stock_vosk_loads_it_and_knows_its_words(model: Path) -> None:
    loaded = vosk.Model(str(model))
    assert all(loaded.vosk_model_find_word(word) > 0 for word in (*WORDS, "[unk]"))


@pytest.mark.parametrize("seed", range(4))
def test_vosk_weighs_words_as_the_network_does(network: Network, model: Path, seed: int) -> None:
    """The difference between two readings, in nats, is the one between the network's best paths."""
    samples = noise(seed)
    recognizer = vosk.KaldiRecognizer(
        vosk.Model(str(model)), 8000, json.dumps(list(WORDS), ensure_ascii=False)
    )
    recognizer.SetMaxAlternatives(50)
    recognizer.AcceptWaveform(samples.tobytes())
    readings = json.loads(recognizer.FinalResult())["alternatives"]
    found = {reading["text"]: reading["confidence"] for reading in readings}
    single = [word for word in WORDS if word in found]
    assert len(single) >= 2
    features = fbank(samples.astype(np.float32))
    expected = {word: best_path(network, features, word) for word in single}
    first, *others = single
    for other in others:
        assert found[first] - found[other] == pytest.approx(expected[first] - expected[other], abs=0.02)


def best_path(network: Network, features: np.ndarray, word: str) -> float:
    """The likeliest path through silence, one word, silence."""
    speller = Speller(WORDS)
    empty = np.zeros(0, np.int64)
    batch, _, _ = as_batch([Lesson(features, None, None, empty)], network.left, network.right)
    with torch.no_grad():
        scores = network(torch.from_numpy(batch)).numpy()[0].astype(np.float64)
    best = -np.inf
    for phones in speller.phones(word):
        for before in (False, True):
            for after in (False, True):
                states = [(first_score(phone), further_score(phone)) for phone in phones]
                chain = [(SILENCE, SILENCE)] * before + states + [(SILENCE, SILENCE)] * after
                # Every frame costs a half of its own, and leaving the last silence one more.
                graph = np.log(len(speller.phones(word))) + after * np.log(2)
                best = max(best, viterbi(scores, chain) - GRAPH_SCALE * graph)
    return best


def viterbi(scores: np.ndarray, chain: list[tuple[int, int]]) -> float:
    """Through the whole chain, at least one frame in each state."""
    values = [-np.inf] * len(chain)
    values[0] = scores[0, chain[0][0]]
    for frame in scores[1:]:
        moved = [-np.inf, *values[:-1]]
        values = [
            max(value + frame[further], before + frame[first])
            for value, before, (first, further) in zip(values, moved, chain, strict=True)
        ]
    return values[-1]
