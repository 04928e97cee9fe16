"""Teaching the network: lessons from processes of their own, one optimiser, a state that survives a stop.

The weights that count are a running mean over the steps (Polyak and Juditsky, 1992): steadier on strangers'
voices than the last ones.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import cos, pi
from pathlib import Path
from random import Random

import numba
import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor, nn

from training.criterion import Chains, Criterion
from training.lessons import NOTHING, Lesson, Lessons, as_batch
from training.network import Network
from training.states import UNKNOWN_PHONE, outputs

__all__ = ["Plan", "Progress", "build_network", "teach"]

Floats = NDArray[np.float32]
Batch = tuple[Floats, NDArray[np.int64], list[int], list[Chains], list[Chains]]

SCORE_WEIGHT = 2.5e-4  # of the squares of the scores: they may not grow without end
JUDGE_WEIGHT = 0.3
WARM_UP_STEPS = 300
MEAN_DECAY = 0.9985
CLIP = 3.0
BUCKETS = 6  # of batches that are drawn at once and sorted by length
SAVE_SECONDS = 120


class Plan(Struct, frozen=True):
    """How much, how wide, how fast."""

    lessons: int
    batch: int = 32
    rate: float = 1.5e-3
    drafts: int = 16_000  # of the lessons, the first, are taught by their drafts
    width: int = 256
    waist: int = 80
    spans: tuple[tuple[int, int], ...] = ((1, 1), (1, 1), (1, 1), (2, 1), (2, 1), (3, 2), (3, 2))
    workers: int = 1
    seed: int = 20210
    until: float = 1.0  # stop after this share of the steps, to go on later

    @property
    def steps(self) -> int:
        return self.lessons // self.batch

    @property
    def last(self) -> int:
        return int(self.steps * self.until)


class Progress(Struct, frozen=True):
    """Where a step stands."""

    step: int
    steps: int
    loss: float  # nats a frame, smoothed
    seconds_left: float


def build_network(plan: Plan) -> Network:
    return Network(outputs(UNKNOWN_PHONE + 1), plan.width, plan.waist, plan.spans)


def teach(
    plan: Plan,
    lessons: Callable[[int], Lessons],
    state: Path,
    report: Callable[[Progress], None],
    start: Network | None = None,
) -> Network:
    """Teach a network until the plan is done, going on from `state` where one was saved.

    Args:
        plan: what to do.
        lessons: makes a worker's own lessons, from the worker's number and the step it starts at.
        state: the file that holds the state between two runs.
        report: told after every twenty steps.
        start: a network to begin with; without it one that knows nothing.

    """
    torch.manual_seed(plan.seed)
    torch.set_num_threads(
        1
    )  # beside the worker; two threads that wait for one another are slower on two cores
    numba.set_num_threads(1)
    network = build_network(plan)
    mean = build_network(plan)
    if start is not None:
        network.load_state_dict(start.state_dict())
        mean.load_state_dict(start.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=1e-3)
    step = _resume(state, network, mean, optimiser)
    if step >= plan.last:
        return mean.eval()
    with _batches(plan, lessons, step, network.left, network.right) as batches:
        if not step and start is None:
            _measure(network, batches)
            mean.load_state_dict(network.state_dict())
        _run(plan, network, mean, optimiser, step, batches, state, report)
    return mean.eval()


def _run(
    plan: Plan,
    network: Network,
    mean: Network,
    optimiser: torch.optim.Optimizer,
    step: int,
    batches: Iterator[Batch],
    state: Path,
    report: Callable[[Progress], None],
) -> None:
    criterion = Criterion()
    network.train()
    began, first = time.monotonic(), step
    saved, loss = began, 0.0
    while step < plan.last:
        for group in optimiser.param_groups:
            group["lr"] = _rate(plan, step)
        by_draft = step * plan.batch < plan.drafts
        now = _step(network, optimiser, criterion, next(batches), by_draft=by_draft)
        loss = now if step == first else 0.98 * loss + 0.02 * now
        step += 1
        _average(mean, network, min(MEAN_DECAY, step / (step + 20)))
        if step % 20 == 0:
            each = (time.monotonic() - began) / (step - first)
            report(Progress(step, plan.steps, loss, each * (plan.steps - step)))
        if time.monotonic() - saved > SAVE_SECONDS or step == plan.last:
            _save(state, step, network, mean, optimiser)
            saved = time.monotonic()


def _step(
    network: Network, optimiser: torch.optim.Optimizer, criterion: Criterion, batch: Batch, *, by_draft: bool
) -> float:
    features, drafts, lengths, right, allowed = batch
    scores, judged = network.both(torch.from_numpy(features))
    if by_draft:
        labels = torch.from_numpy(drafts)
        loss = _cross_entropy(torch.log_softmax(scores, 2), labels)
        judgement = _cross_entropy(judged, labels)
    else:
        loss, occupied = criterion(scores, lengths, right, allowed)
        judgement = -(judged * torch.from_numpy(occupied)).sum() / sum(lengths)
    inside = torch.arange(scores.shape[1])[None, :] < torch.tensor(lengths)[:, None]
    size = (scores**2).mean(2)[inside].mean() * scores.shape[2]
    total: Tensor = loss + JUDGE_WEIGHT * judgement + 0.5 * SCORE_WEIGHT * size
    optimiser.zero_grad()
    total.backward()
    nn.utils.clip_grad_norm_(network.parameters(), CLIP)
    optimiser.step()
    network.keep_scales_positive()
    return float(loss.detach())


def _cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.nll_loss(scores.flatten(0, 1), labels.flatten(), ignore_index=NOTHING)


def _rate(plan: Plan, step: int) -> float:
    """Up in the first steps, then down along a half wave."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    return plan.rate * warm * (0.01 + 0.99 * 0.5 * (1 + cos(pi * step / plan.steps)))


@torch.no_grad()
def _average(mean: Network, network: Network, decay: float) -> None:
    for kept, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(now, 1 - decay)
        else:
            kept.copy_(now)


def _measure(network: Network, batches: Iterator[Batch]) -> None:
    """Set the mean and the scale of the features from the first batches."""
    features = np.concatenate([next(batches)[0].reshape(-1, network.mean.shape[0]) for _ in range(8)])
    network.mean.copy_(torch.from_numpy(features.mean(axis=0)))
    network.scale.copy_(torch.from_numpy(1 / features.std(axis=0)))


def _save(state: Path, step: int, network: Network, mean: Network, optimiser: torch.optim.Optimizer) -> None:
    """Write beside, then take the place: a stop in the middle leaves the state before."""
    content = {
        "step": step,
        "network": network.state_dict(),
        "mean": mean.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    beside = state.with_suffix(".new")
    torch.save(content, beside)
    beside.replace(state)


def _resume(state: Path, network: Network, mean: Network, optimiser: torch.optim.Optimizer) -> int:
    if not state.exists():
        return 0
    content = torch.load(state, weights_only=True)
    network.load_state_dict(content["network"])
    mean.load_state_dict(content["mean"])
    optimiser.load_state_dict(content["optimiser"])
    return int(content["step"])


# The processes that prepare lessons


@contextmanager
def _batches(
    plan: Plan, lessons: Callable[[int], Lessons], step: int, left: int, right: int
) -> Iterator[Iterator[Batch]]:
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[Batch] = context.Queue(8)
    workers = [
        context.Process(
            target=_prepare, args=(queue, lessons, plan.seed + 1000 * step + number, plan.batch, left, right)
        )
        for number in range(plan.workers)
    ]
    for worker in workers:
        worker.daemon = True
        worker.start()
    try:
        yield iter(queue.get, None)
    finally:
        for worker in workers:
            worker.terminate()


def _prepare(
    queue: "multiprocessing.Queue[Batch]",
    lessons: Callable[[int], Lessons],
    seed: int,
    count: int,
    left: int,
    right: int,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(1)
    torch.set_num_threads(1)
    source, random = lessons(seed), Random(seed)
    while True:
        for drawn in _alike_in_length([source.draw() for _ in range(BUCKETS * count)], count, random):
            features, drafts, lengths = as_batch(drawn, left, right)
            queue.put(
                (features, drafts, lengths, [one.right for one in drawn], [one.allowed for one in drawn])
            )


def _alike_in_length(lessons: list[Lesson], count: int, random: Random) -> list[list[Lesson]]:
    """Batches of lessons of about one length, in any order: little is padded."""
    ordered = sorted(lessons, key=lambda lesson: len(lesson.features))
    batches = [ordered[start : start + count] for start in range(0, len(ordered), count)]
    random.shuffle(batches)
    return batches
