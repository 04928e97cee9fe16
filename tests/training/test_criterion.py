"""The criterion's sums over all paths, against sums over paths written out."""

import itertools

import numpy as np
import pytest

pytest.importorskip(
    "torch", reason="the recipe's own packages are not installed: pip install -e '.[training]'"
)
pytest.importorskip("numba")

import torch

from training.criterion import Chains, Criterion, loop, sequence
from training.states import PAUSE, SILENCE, STAY, first_score, further_score, outputs

PHONES = 3
FRAMES = 5
ONE, TWO = (0, 1), (2,)


def paths(grammar: Chains, frames: int) -> list[tuple[float, list[int]]]:  # noqa: C901 - one small automaton
    """Every path through a grammar: its probability and the score of each frame. Slow and plain."""
    found: list[tuple[float, list[int]]] = []
    chains = [grammar.phones[grammar.begin[w] : grammar.begin[w + 1]] for w in range(len(grammar.source))]

    def at_junction(place: int, probability: float, scores: list[int]) -> None:
        if len(scores) == frames:
            if place == grammar.final:
                found.append((probability, scores))
            return
        in_silence(place, probability * PAUSE, [*scores, SILENCE])
        begin_words(place, probability * (1 - PAUSE), scores)

    def in_silence(place: int, probability: float, scores: list[int]) -> None:
        if len(scores) == frames:
            if place == grammar.final:
                found.append((probability * (1 - STAY), scores))
            return
        in_silence(place, probability * STAY, [*scores, SILENCE])
        begin_words(place, probability * (1 - STAY), scores)

    def begin_words(place: int, probability: float, scores: list[int]) -> None:
        for word, phones in enumerate(chains):
            if grammar.source[word] == place:
                in_word(word, 0, probability * grammar.weight[word], [*scores, first_score(phones[0])])

    def in_word(word: int, inner: int, probability: float, scores: list[int]) -> None:
        phones = chains[word]
        if inner + 1 == len(phones):
            at_junction(grammar.target[word], probability * (1 - STAY), scores)
        if len(scores) == frames:
            return
        in_word(word, inner, probability * STAY, [*scores, further_score(phones[inner])])
        if inner + 1 < len(phones):
            in_word(word, inner + 1, probability * (1 - STAY), [*scores, first_score(phones[inner + 1])])

    at_junction(0, 1.0, [])
    return found


def total(scores: np.ndarray, grammar: Chains) -> float:
    frames = range(len(scores))
    return float(
        np.log(
            sum(
                probability * np.exp(sum(scores[t, k] for t, k in zip(frames, path, strict=True)))
                for probability, path in paths(grammar, len(scores))
            )
        )
    )


@pytest.fixture
def scores() -> torch.Tensor:
    random = np.random.default_rng(1)
    return torch.from_numpy(random.normal(size=(1, FRAMES, outputs(PHONES))).astype(np.float32))


ALLOWED = loop([(ONE, 0.5), (TWO, 0.5)])


@pytest.mark.parametrize(
    "said",
    [
        sequence([[(ONE, 0.5)]]),
        sequence([[(TWO, 0.5)], [(ONE, 0.5)]]),
        sequence([[(ONE, 0.5), (TWO, 0.5)]]),
        sequence([]),
    ],
    ids=["a word", "two words", "either word", "nothing"],
)
def test_it_is_the_share_of_what_was_said(scores: torch.Tensor, said: Chains) -> None:
    loss, _ = Criterion()(scores, [FRAMES], [said], [ALLOWED])
    expected = total(scores[0].numpy(), ALLOWED) - total(scores[0].numpy(), said)
    assert float(loss) * FRAMES == pytest.approx(expected, abs=1e-4)


def test_its_gradient_is_its_slope(scores: torch.Tensor) -> None:
    said = sequence([[(ONE, 0.5)]])
    scores.requires_grad_()
    loss, _ = Criterion()(scores, [FRAMES], [said], [ALLOWED])
    loss.backward()
    step = 1e-2
    for t, k in itertools.product(range(FRAMES), range(outputs(PHONES))):
        moved = scores.detach().clone()
        moved[0, t, k] += step
        higher, _ = Criterion()(moved, [FRAMES], [said], [ALLOWED])
        moved[0, t, k] -= 2 * step
        lower, _ = Criterion()(moved, [FRAMES], [said], [ALLOWED])
        assert scores.grad is not None
        assert float(scores.grad[0, t, k]) == pytest.approx(float(higher - lower) / (2 * step), abs=2e-3)


def test_what_lies_behind_an_utterance_does_not_count(scores: torch.Tensor) -> None:
    said = sequence([[(ONE, 0.5)]])
    longer = torch.cat([scores, 9 * torch.ones(1, 3, scores.shape[2])], 1)
    alone, _ = Criterion()(scores, [FRAMES], [said], [ALLOWED])
    padded, occupied = Criterion()(longer, [FRAMES], [said], [ALLOWED])
    assert float(alone) == pytest.approx(float(padded), abs=1e-6)
    assert occupied[0, FRAMES:].sum() == 0


def test_every_frame_is_in_some_state(scores: torch.Tensor) -> None:
    _, occupied = Criterion()(scores, [FRAMES], [sequence([[(ONE, 0.5)]])], [ALLOWED])
    assert occupied.sum(axis=2) == pytest.approx(np.ones((1, FRAMES)), abs=1e-5)
