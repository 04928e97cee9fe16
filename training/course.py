"""The whole course; every step leaves a file behind, and is not taken again when that lies there."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from rich.progress import Progress as Bars

from bridge.errors import BridgeError
from training.corpus import Clip, read_noise, read_recordings
from training.curriculum import read_phrases, sayings
from training.export import write_model
from training.graphs import Tuning
from training.lessons import Lessons, Speller
from training.lexicon import Word, questions, read_words, usual_spellings
from training.line import Line
from training.network import Network
from training.splicing import cut, splice
from training.synthesis import Saying, say_all
from training.teach import Plan, Progress, build_network, teach

__all__ = ["Course", "run"]

Pronunciations = Mapping[str, Sequence[tuple[str, ...]]]

HERE = Path(__file__).parent
SEED = 20210
SPLICED = 14_000  # words
FAVOUR = 3  # times as many yes and no as of any other recorded word
# Shares of lessons: first recordings and synthetic voices, then spliced words too.
FIRST_SHARES = (0.5, 0.5)
LATER_SHARES = (0.4, 0.4, 0.2)
FIRST_PART = 0.4  # of the lessons are taught before there are spliced words
# At last, words that nobody recorded count most: few recordings, more splices, much hidden.
LAST_SHARES = (0.25, 0.3, 0.45)
LAST_PART = 0.18  # more lessons
LAST_RATE = 6e-4
SPLICED_LAST = 30_000
PRINTED_STEPS = 500  # apart, where the progress is written to a file
VOICES_AT_ONCE = 12  # clips of which a stretch of babble is made


class Course(Struct, frozen=True):
    """What to do, with what, and where to keep it."""

    data: Path
    work: Path
    model: Path  # the model's folder, which is to be
    plan: Plan
    tuning: Tuning
    without: frozenset[str] = frozenset()  # words whose recordings are left out: known from synthesis only


def run(course: Course, bars: Bars) -> None:
    """Make the model.

    Raises:
        BridgeError: the recordings, a table of words or a state of another course cannot be used.

    """
    course.work.mkdir(parents=True, exist_ok=True)
    table = read_words(HERE / "words.tsv")
    words = {word.spelling: word.pronunciations for word in table}
    corpus = read_recordings(course.data)
    recorded = [clip for clip in corpus.training if course.without.isdisjoint(clip.words)]
    favoured = _favoured(recorded, table)
    noise = [samples.astype(np.float32) for samples in read_noise(course.data)]
    said = sayings(words, read_phrases(HERE / "phrases.tsv"), Random(SEED))
    _same_course(course, words, said)
    synthetic = _synthesised(course, said, bars)
    speller = Speller(words)
    lessons = partial(_Desk, speller, questions(table), noise, synthetic)
    first = lessons(tuple(zip(FIRST_SHARES, (favoured, synthetic), strict=True)))
    half = msgspec.structs.replace(course.plan, until=FIRST_PART)
    network = _taught(half, first, course.work / "state.pt", bars)
    spliced = splice(cut(network, speller, recorded), list(words), speller, SPLICED, Random(SEED))
    later = lessons(tuple(zip(LATER_SHARES, (favoured, synthetic, spliced), strict=True)))
    network = _taught(course.plan, later, course.work / "state.pt", bars)
    spliced = splice(cut(network, speller, recorded), list(words), speller, SPLICED_LAST, Random(SEED + 1))
    last = lessons(tuple(zip(LAST_SHARES, (favoured, synthetic, spliced), strict=True)), hides_much=True)
    closing = msgspec.structs.replace(course.plan, lessons=_closing(course.plan), rate=LAST_RATE, drafts=0)
    closed = _taught(closing, last, course.work / "closing.pt", bars, start=network)
    _write(course, _between(network, closed), table)


@torch.no_grad()
def _between(one: Network, other: Network) -> Network:
    """The mean of both: nearly as good on recorded words as the one, and as the other on the rest."""
    weights = other.state_dict()
    for name, value in one.state_dict().items():
        if value.is_floating_point():
            weights[name] = torch.lerp(value, weights[name], 0.5)
    one.load_state_dict(weights)
    return one.eval()


def _closing(plan: Plan) -> int:
    """How many lessons of the last part there are."""
    return int(plan.lessons * LAST_PART)


def _favoured(clips: Sequence[Clip], table: Sequence[Word]) -> tuple[Clip, ...]:
    """Yes and no more often than other words: most questions ask for them."""
    favoured = {word.spelling for word in table if word.kind in ("yes", "no")}
    return tuple(clip for clip in clips for _ in range(1 if favoured.isdisjoint(clip.words) else FAVOUR))


def _same_course(course: Course, words: Pronunciations, said: Sequence[Saying]) -> None:
    """Refuse to go on with the files of another course.

    Raises:
        BridgeError: the folder holds the state of a course with other words, recordings or another plan.

    """
    content = (words, said, sorted(course.without), course.plan)
    digest = hashlib.sha256(msgspec.json.encode(content)).hexdigest()
    mark = course.work / "course.sha256"
    if mark.exists() and mark.read_text().strip() != digest:
        raise BridgeError(
            f"{course.work} holds the state of a course with other words or another plan; "
            "remove that folder, or name another with --work"
        )
    mark.write_text(digest + "\n")


# Synthetic voices


def _synthesised(course: Course, said: Sequence[Saying], bars: Bars) -> tuple[Clip, ...]:
    # What is said is in the name: speech of other words can never be taken for it.
    file = course.work / f"synthetic-{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]}.npz"
    if not file.exists():
        bar = bars.add_task("Synthetic voices", total=len(said))
        clips: list[NDArray[np.int16]] = []
        for samples in say_all(said):
            clips.append(samples)
            bars.advance(bar)
        ends = np.cumsum([len(samples) for samples in clips])
        beside = file.with_name("new-synthetic.npz")
        np.savez(beside, samples=np.concatenate(clips), ends=ends)
        beside.replace(file)
    with np.load(file) as stored:
        samples, ends = stored["samples"], stored["ends"]
    starts = [0, *ends[:-1]]
    pieces = (samples[start:end] for start, end in zip(starts, ends, strict=True))
    return tuple(_clip(one, piece) for one, piece in zip(said, pieces, strict=True) if len(piece) > MINIMUM)


MINIMUM = 800  # samples: what is shorter is no word, but a voice that failed


def _clip(saying: Saying, samples: NDArray[np.int16]) -> Clip:
    return Clip(saying.words, saying.voice, samples, (240, len(samples) - 480), saying.pronunciations)


# Teaching


class _Desk:
    """Makes the lessons of one process."""

    def __init__(
        self,
        speller: Speller,
        questions: Sequence[frozenset[str]],
        noise: Sequence[NDArray[np.float32]],
        voices: Sequence[Clip],
        sources: Sequence[tuple[float, Sequence[Clip]]],
        *,
        hides_much: bool = False,
    ) -> None:
        self._hides_much = hides_much
        self._speller, self._questions, self._noise = speller, questions, noise
        self._voices, self._sources = voices, sources

    def __call__(self, seed: int) -> Lessons:
        random = Random(seed)

        def others(count: int) -> NDArray[np.float32]:
            some = [random.choice(self._voices).samples for _ in range(VOICES_AT_ONCE)]
            return np.resize(np.concatenate(some).astype(np.float32), count)

        line = Line(np.random.default_rng(seed), self._noise, others)
        return Lessons(
            self._speller, self._questions, self._sources, line, random, hides_much=self._hides_much
        )


def _taught(
    plan: Plan, lessons: Callable[[int], Lessons], state: Path, bars: Bars, start: Network | None = None
) -> Network:
    bar = bars.add_task("Lessons", total=plan.steps)

    def report(progress: Progress) -> None:
        bars.update(bar, completed=progress.step, description=f"Lessons, loss {progress.loss:.4f}")
        if not bars.console.is_terminal and progress.step % PRINTED_STEPS == 0:
            minutes = progress.seconds_left / 60
            bars.console.print(
                f"Lessons: step {progress.step} of {progress.steps}, "
                f"loss {progress.loss:.4f}, {minutes:.0f} minutes left"
            )

    return teach(plan, lessons, state, report, start)


# The model's folder


def _write(course: Course, network: Network, table: Sequence[Word]) -> None:
    """Write it beside, then put it in place: a stop in the middle leaves what was there."""
    torch.save(network.state_dict(), course.work / "network.pt")
    beside = course.work / "model"
    shutil.rmtree(beside, ignore_errors=True)
    words = {word.spelling: word.pronunciations for word in table}
    usual = usual_spellings(table)
    write_model(beside, network, words, course.tuning, usual)
    card = course.model / "README.md"
    if card.exists():
        shutil.copy(card, beside / card.name)
    shutil.rmtree(course.model, ignore_errors=True)
    shutil.copytree(beside, course.model)


def read_network(course: Course) -> Network:
    """The network of a course that was run to its end."""
    network = build_network(course.plan)
    network.load_state_dict(torch.load(course.work / "network.pt", weights_only=True))
    return network.eval()
