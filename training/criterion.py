"""What the network is trained for: that of all that the grammar allows, what was said is the likeliest.

The criterion is maximum mutual information over words (the "LF-MMI" of Povey et al., 2016, with a loop of
whole words for its denominator instead of phones). Every utterance brings a grammar of its own, as every
question does; often what was said is not in it, and then the unknown word is what is right.

Sums run over all paths, in probabilities scaled frame by frame. One phone is one state: its first frame has
one score, every further frame another. Silence may stand wherever a word may begin or end.
"""

from collections.abc import Sequence

import numpy as np
import torch
from msgspec import Struct
from numba import njit, prange
from numpy.typing import NDArray
from torch import Tensor

from training.states import PAUSE, STAY

__all__ = ["Chains", "Criterion", "loop", "sequence"]


class Chains(Struct, frozen=True):
    """A small grammar: words as chains of phones between junctions.

    `phones` lists all chains one after the other; word w is phones[begin[w]:begin[w + 1]], leads from
    junction source[w] to target[w] and weighs weight[w]. The first junction begins, junction `final` ends.
    """

    phones: NDArray[np.int32]
    begin: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    weight: NDArray[np.float64]
    final: int


def loop(words: Sequence[tuple[tuple[int, ...], float]]) -> Chains:
    """Any of the words (phones and weight), any number of times."""
    return _chains([(phones, 0, 0, weight) for phones, weight in words], final=0)


def sequence(slots: Sequence[Sequence[tuple[tuple[int, ...], float]]]) -> Chains:
    """Exactly these words one after the other, each in any of its pronunciations; none at all is silence."""
    arcs = [(phones, place, place + 1, weight) for place, slot in enumerate(slots) for phones, weight in slot]
    return _chains(arcs, final=len(slots))


def _chains(arcs: Sequence[tuple[tuple[int, ...], int, int, float]], final: int) -> Chains:
    lengths = [len(phones) for phones, *_ in arcs]
    return Chains(
        phones=np.array([phone for phones, *_ in arcs for phone in phones], np.int32),
        begin=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        source=np.array([source for _, source, _, _ in arcs], np.int32),
        target=np.array([target for _, _, target, _ in arcs], np.int32),
        weight=np.array([weight for *_, weight in arcs], np.float64),
        final=final,
    )


class Criterion:
    """Sums over the paths of a batch."""

    def __call__(
        self, scores: Tensor, lengths: Sequence[int], right: Sequence[Chains], allowed: Sequence[Chains]
    ) -> tuple[Tensor, NDArray[np.float32]]:
        """The loss per frame, and how likely each score's state was, shape of `scores`, given what was said.

        Args:
            scores: shape (batch, time, outputs), padded.
            lengths: frames of each utterance.
            right: what was said, as a grammar.
            allowed: what could have been said; it holds what was said.

        """
        values = scores.detach().numpy()
        said, occupied = _posteriors(values, lengths, right)
        any_said, allowed_occupied = _posteriors(values, lengths, allowed)
        frames = sum(lengths)
        gradient = torch.from_numpy((allowed_occupied - occupied) / frames)
        # The loss has this gradient and the true value: sum of logarithms of posteriors of what was said.
        surrogate = (scores * gradient).sum()
        value = float((any_said - said).sum()) / frames
        return surrogate - surrogate.detach() + value, occupied


def _posteriors(
    scores: NDArray[np.float32], lengths: Sequence[int], grammars: Sequence[Chains]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Logarithm of the sum over all paths, per utterance, and the scores' posteriors; batched for numba."""
    phone_offsets = np.cumsum([0, *(len(grammar.phones) for grammar in grammars)])
    word_offsets = np.cumsum([0, *(len(grammar.source) for grammar in grammars)])
    begin = [grammar.begin[:-1] + offset for grammar, offset in zip(grammars, phone_offsets, strict=False)]
    totals = np.zeros(len(grammars))
    posteriors = np.zeros_like(scores)
    _sum_paths(
        scores,
        np.asarray(lengths, np.int64),
        np.concatenate([grammar.phones for grammar in grammars]),
        np.concatenate([*begin, [phone_offsets[-1]]]).astype(np.int64),
        np.concatenate([grammar.source for grammar in grammars]),
        np.concatenate([grammar.target for grammar in grammars]),
        np.concatenate([grammar.weight for grammar in grammars]),
        word_offsets.astype(np.int64),
        np.array([grammar.final for grammar in grammars], np.int64),
        totals,
        posteriors,
    )
    return totals, posteriors


@njit(parallel=True, cache=True, fastmath=True)
def _sum_paths(  # noqa: C901, PLR0912, PLR0915 - one forward and one backward pass, kept together for speed
    scores, lengths, phones, begin, source, target, weight, word_offsets, finals, totals, posteriors
):
    for utterance in prange(len(lengths)):
        frames = lengths[utterance]
        w0, w1 = word_offsets[utterance], word_offsets[utterance + 1]
        p0 = begin[w0]
        states = begin[w1] - p0 if w1 > w0 else 0
        final = finals[utterance]
        junctions = final + 1
        width = scores.shape[2]

        heights = np.empty((frames, width))
        shift = np.empty(frames)
        for t in range(frames):
            top = scores[utterance, t, 0]
            for k in range(width):
                top = max(top, scores[utterance, t, k])
            shift[t] = top
            for k in range(width):
                heights[t, k] = np.exp(scores[utterance, t, k] - top)

        alpha = np.zeros((frames + 1, states))
        silent = np.zeros((frames + 1, junctions))
        at = np.zeros((frames + 1, junctions))  # at a junction, after so many frames
        at[0, 0] = 1.0
        scale = np.ones(frames + 1)
        starting = np.empty(junctions)
        for t in range(frames):
            for j in range(junctions):
                starting[j] = at[t, j] * (1 - PAUSE) + silent[t, j] * (1 - STAY)
                silent[t + 1, j] = (silent[t, j] * STAY + at[t, j] * PAUSE) * heights[t, 0]
            for w in range(w0, w1):
                incoming = starting[source[w]] * weight[w]
                for p in range(begin[w], begin[w + 1]):
                    s = p - p0
                    phone = phones[p]
                    alpha[t + 1, s] = (
                        alpha[t, s] * STAY * heights[t, 2 + 2 * phone] + incoming * heights[t, 1 + 2 * phone]
                    )
                    incoming = alpha[t, s] * (1 - STAY)
                at[t + 1, target[w]] += alpha[t + 1, begin[w + 1] - 1 - p0] * (1 - STAY)
            total = 0.0
            for s in range(states):
                total += alpha[t + 1, s]
            for j in range(junctions):
                total += silent[t + 1, j]
            if total <= 0:
                total = 1e-300
            scale[t + 1] = total
            for s in range(states):
                alpha[t + 1, s] /= total
            for j in range(junctions):
                silent[t + 1, j] /= total
                at[t + 1, j] /= total
        ending = at[frames, final] + silent[frames, final] * (1 - STAY)
        if ending <= 1e-280:
            totals[utterance] = -1e30
            continue
        sum_of_logs = np.log(ending)
        for t in range(frames):
            sum_of_logs += np.log(scale[t + 1]) + shift[t]
        totals[utterance] = sum_of_logs

        beta = np.zeros(states)
        beta_silent = np.zeros(junctions)
        beta_at = np.zeros(junctions)
        beta_at[final] = 1.0 / ending
        beta_silent[final] = (1 - STAY) / ending
        for w in range(w0, w1):
            beta[begin[w + 1] - 1 - p0] = (1 - STAY) * beta_at[target[w]]
        earlier = np.empty(states)
        start = np.empty(junctions)
        earlier_silent = np.empty(junctions)
        for t in range(frames - 1, -1, -1):
            norm = 1.0 / scale[t + 1]
            for j in range(junctions):
                start[j] = 0.0
            for w in range(w0, w1):
                first, last = begin[w] - p0, begin[w + 1] - 1 - p0
                into = beta[first] * heights[t, 1 + 2 * phones[begin[w]]] * norm * weight[w]
                start[source[w]] += into
                mass = (at[t, source[w]] * (1 - PAUSE) + silent[t, source[w]] * (1 - STAY)) * into
                posteriors[utterance, t, 1 + 2 * phones[begin[w]]] += mass
                for s in range(first, last + 1):
                    phone = phones[p0 + s]
                    stay = STAY * heights[t, 2 + 2 * phone] * norm * beta[s]
                    posteriors[utterance, t, 2 + 2 * phone] += alpha[t, s] * stay
                    earlier[s] = stay
                    if s < last:
                        next_phone = phones[p0 + s + 1]
                        move = (1 - STAY) * heights[t, 1 + 2 * next_phone] * norm * beta[s + 1]
                        posteriors[utterance, t, 1 + 2 * next_phone] += alpha[t, s] * move
                        earlier[s] += move
            for j in range(junctions):
                quiet = heights[t, 0] * norm * beta_silent[j]
                posteriors[utterance, t, 0] += (silent[t, j] * STAY + at[t, j] * PAUSE) * quiet
                earlier_silent[j] = STAY * quiet + (1 - STAY) * start[j]
                beta_at[j] = PAUSE * quiet + (1 - PAUSE) * start[j]
            for w in range(w0, w1):
                last = begin[w + 1] - 1 - p0
                earlier[last] += (1 - STAY) * beta_at[target[w]]
            for s in range(states):
                beta[s] = earlier[s]
            for j in range(junctions):
                beta_silent[j] = earlier_silent[j]
