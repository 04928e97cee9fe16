"""Words that the speakers never said, cut from words that they did say.

Synthetic voices teach which phones a word has, recordings teach how people sound, but only in forty words.
Once a network can tell where each phone lies in a recording, the pieces of one speaker are joined into other
words of the lexicon: real voices and real microphones saying what nobody recorded.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
import torch
from msgspec import Struct
from numba import njit
from numpy.typing import NDArray

from training.corpus import Clip
from training.features import SHIFT, fbank
from training.lessons import Speller
from training.network import FRAME_SHIFT, Network
from training.states import SILENCE, first_score, further_score

__all__ = ["Cutting", "cut", "splice"]

Floats = NDArray[np.float32]

OUTPUT_SAMPLES = FRAME_SHIFT * SHIFT  # 30 ms
JOIN = 80  # samples over which one piece fades into the next
PIECE_COST, EDGE_COST = 1.0, 0.4  # few pieces, and with the neighbours that they had
PEAK = 8000.0  # of the recordings that are aligned, in the scale of 16 bits


class Cutting(Struct, frozen=True):
    """A recording with its phones, and where each begins; the last number is where the speech ends."""

    clip: Clip
    phones: tuple[int, ...]
    starts: tuple[int, ...]  # samples, one more than phones


def cut(network: Network, speller: Speller, clips: Sequence[Clip]) -> list[Cutting]:
    """Find the likeliest pronunciation and its phones' places in each recording of one word."""
    found = []
    for clip in clips:
        scores = _scores(network, clip)
        best: tuple[float, tuple[int, ...], NDArray[np.int64]] | None = None
        for phones in speller.phones(clip.words[0]):
            total, starts = _align(scores, np.array(phones))
            if best is None or total > best[0]:
                best = total, phones, starts
        if best is not None and np.isfinite(best[0]):
            _, phones, starts = best
            # An output speaks of the 30 ms around its middle feature, whose window is 25 ms.
            places = tuple(int(start) * OUTPUT_SAMPLES for start in starts)
            found.append(Cutting(clip, phones, places))
    return found


@torch.no_grad()
def _scores(network: Network, clip: Clip) -> Floats:
    samples = clip.samples.astype(np.float32)
    samples *= PEAK / (np.abs(samples).max() + 1)
    features = fbank(samples)
    count = (len(features) + 2) // FRAME_SHIFT
    needed = FRAME_SHIFT * (count - 1) + 1 + network.left + network.right
    after = max(0, needed - network.left - len(features))
    padded = np.concatenate([features[:1].repeat(network.left, 0), features, features[-1:].repeat(after, 0)])
    scores: Floats = network(torch.from_numpy(padded[None, :needed])).numpy()[0]
    return scores


def _align(scores: Floats, phones: NDArray[np.int64]) -> tuple[float, NDArray[np.int64]]:
    """The likeliest places of the phones between two silences: where each begins, in outputs, and the end."""
    first = np.array([SILENCE, *(first_score(phone) for phone in phones), SILENCE])
    further = np.array([SILENCE, *(further_score(phone) for phone in phones), SILENCE])
    return _best_path(scores, first, further)


@njit(cache=True)
def _best_path(scores, first, further):
    frames, states = len(scores), len(first)
    best = np.full(states, -np.inf)
    best[0] = scores[0, first[0]]
    best[1] = scores[0, first[1]]
    moved = np.zeros((frames, states), np.bool_)
    for t in range(1, frames):
        for s in range(states - 1, -1, -1):
            stay = best[s] + scores[t, further[s]]
            move = best[s - 1] + scores[t, first[s]] if s else -np.inf
            moved[t, s] = move > stay
            best[s] = max(stay, move)
    state = states - 1
    starts = np.zeros(states, np.int64)
    for t in range(frames - 1, 0, -1):
        if moved[t, state]:
            starts[state] = t
            state -= 1
    return best[states - 1], starts[1:]


def splice(
    cuttings: Sequence[Cutting], words: Sequence[str], speller: Speller, count: int, random: Random
) -> list[Clip]:
    """Make `count` words, each from one speaker's pieces; what a speaker has no pieces for is skipped."""
    by_speaker: dict[str, _Pieces] = {}
    for cutting in cuttings:
        by_speaker.setdefault(cutting.clip.speaker, _Pieces()).add(cutting)
    speakers = sorted(by_speaker)
    made: list[Clip] = []
    for _ in range(count * 4):
        if len(made) == count:
            break
        word, speaker = random.choice(words), random.choice(speakers)
        phones = random.choice(speller.phones(word))
        samples = by_speaker[speaker].say(phones, random)
        if samples is not None:
            names = (speller.named(phones),)
            made.append(Clip((word,), speaker, samples, (JOIN, len(samples) - JOIN), names))
    return made


class _Pieces:
    """One speaker's phones, with every run of phones that leads on from each."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, ...], list[tuple[Cutting, int]]] = {}

    def add(self, cutting: Cutting) -> None:
        for begin in range(len(cutting.phones)):
            for end in range(begin + 1, len(cutting.phones) + 1):
                self._places.setdefault(cutting.phones[begin:end], []).append((cutting, begin))

    def say(self, phones: tuple[int, ...], random: Random) -> NDArray[np.int16] | None:
        """The word from as few pieces as there are; None where a phone is missing."""
        runs = self._runs(phones)
        if runs is None:
            return None
        pieces = []
        for begin, end in runs:
            cutting, place = self._fitting(phones, begin, end, random)
            first = max(0, cutting.starts[place] - JOIN // 2)
            last = cutting.starts[place + end - begin] + JOIN // 2
            piece = cutting.clip.samples[first:last].astype(np.float32)
            peak = np.abs(cutting.clip.samples.astype(np.float32)).max() + 1
            pieces.append(piece * (PEAK / peak))
        return _joined(pieces)

    def _runs(self, phones: tuple[int, ...]) -> list[tuple[int, int]] | None:
        """The cheapest way to cover the word: (begin, end) of each piece."""
        costs = [0.0] + [np.inf] * len(phones)
        back = [0] * (len(phones) + 1)
        for end in range(1, len(phones) + 1):
            for begin in range(end):
                if phones[begin:end] in self._places and costs[begin] + PIECE_COST < costs[end]:
                    costs[end], back[end] = costs[begin] + PIECE_COST, begin
        if not np.isfinite(costs[-1]):
            return None
        runs, end = [], len(phones)
        while end:
            runs.append((back[end], end))
            end = back[end]
        return runs[::-1]

    def _fitting(self, phones: tuple[int, ...], begin: int, end: int, random: Random) -> tuple[Cutting, int]:
        """Any of the places, rather one between the neighbours that the phones will have here."""

        def cost(place: tuple[Cutting, int]) -> float:
            cutting, at = place
            before = cutting.phones[at - 1] if at else None
            after = cutting.phones[at + end - begin] if at + end - begin < len(cutting.phones) else None
            wrong = (before != (phones[begin - 1] if begin else None)) + (
                after != (phones[end] if end < len(phones) else None)
            )
            return EDGE_COST * wrong + 0.3 * random.random()

        places = self._places[phones[begin:end]]
        return min(random.sample(places, min(12, len(places))), key=cost)


def _joined(pieces: Sequence[Floats]) -> NDArray[np.int16] | None:
    """Pieces faded into one another."""
    if any(len(piece) < 2 * JOIN for piece in pieces):
        return None
    rise = np.linspace(0, 1, JOIN, dtype=np.float32)
    word = pieces[0]
    for piece in pieces[1:]:
        seam = word[-JOIN:] * rise[::-1] + piece[:JOIN] * rise
        word = np.concatenate([word[:-JOIN], seam, piece[JOIN:]])
    return np.clip(word, -32768, 32767).astype(np.int16)
