"""Lessons: what the network hears in one step, with what was said and with what could have been said.

A lesson is a short call: one to four sayings of one speaker over a line, or a line on which nobody speaks.
Its grammar is drawn anew, small or large, of all words or of those that one kind of question listens for, and
often lacks what was said: then the unknown word is right.
"""

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
from msgspec import Struct
from numba import njit
from numpy.typing import NDArray

from training.corpus import Clip
from training.criterion import Chains, loop, sequence
from training.features import SAMPLE_RATE, SHIFT, fbank
from training.lexicon import PHONES
from training.line import Line, change_speed
from training.states import SILENCE, UNKNOWN_PHONE, first_score

__all__ = ["NOTHING", "Lesson", "Lessons", "Speller", "as_batch"]

Floats = NDArray[np.float32]
Pronunciation = tuple[int, ...]

UNKNOWN = ((UNKNOWN_PHONE,),)

ABSENT = 0.16  # of the sayings are not in a grammar that was drawn for them
OF_A_QUESTION = 0.25  # of the grammars are words that one kind of question listens for
FITTING = 0.7  # of these are of a question that was answered; the others leave much unknown
QUIET = 0.03  # of the lessons are lines on which nobody speaks
UNTRIMMED = 0.25
CLEAN = 0.1  # of the lines only quantise
NEIGHBOURS = 24
MAX_SECONDS = 3.2
NOTHING = -100  # the label of outputs beyond a lesson's end


class Lesson(Struct, frozen=True):
    """One line of a batch."""

    features: Floats
    right: Chains
    allowed: Chains
    draft: NDArray[np.int64]  # the score that is right at each output, were all phones of a word equally long


class Speller:
    """Words to phones, and which words sound alike."""

    def __init__(self, words: Mapping[str, Sequence[Sequence[str]]]) -> None:
        index = {phone: number for number, phone in enumerate(PHONES)}
        self.words = tuple(words)
        self._phones = {
            word: tuple(tuple(index[phone] for phone in phones) for phones in pronunciations)
            for word, pronunciations in words.items()
        }
        self._index = index
        self._neighbours: dict[str, tuple[str, ...]] = {}

    def phones(self, word: str) -> tuple[Pronunciation, ...]:
        return self._phones[word]

    def numbered(self, phones: Sequence[str]) -> Pronunciation:
        return tuple(self._index[phone] for phone in phones)

    def named(self, phones: Pronunciation) -> tuple[str, ...]:
        return tuple(PHONES[phone] for phone in phones)

    def neighbours(self, word: str) -> tuple[str, ...]:
        """The words that sound most like it, itself not among them."""
        if word not in self._neighbours:
            own = [np.array(phones) for phones in self._phones[word]]
            distances = [
                (
                    min(
                        _distance(a, np.array(b)) / max(len(a), len(b))
                        for a in own
                        for b in self._phones[other]
                    ),
                    other,
                )
                for other in self.words
                if other != word
            ]
            self._neighbours[word] = tuple(other for _, other in sorted(distances)[:NEIGHBOURS])
        return self._neighbours[word]


class Lessons:
    """Draws lessons without end.

    With `hides_much`, moments of up to 150 ms are missing from most: a word must then be known by its phones,
    and cannot be known by its whole shape as the few recorded ones can.
    """

    def __init__(
        self,
        speller: Speller,
        questions: Sequence[frozenset[str]],
        sources: Sequence[tuple[float, Sequence[Clip]]],
        line: Line,
        random: Random,
        *,
        hides_much: bool = False,
    ) -> None:
        self._hides_much = hides_much
        self._speller = speller
        self._questions = [sorted(question) for question in questions]
        self._shares = [share for share, _ in sources]
        self._sources = [clips for _, clips in sources]
        self._line = line
        self._random = random
        self._by_speaker: dict[str, list[Clip]] = {}
        for clips in self._sources:
            for clip in clips:
                self._by_speaker.setdefault(clip.speaker, []).append(clip)

    def draw(self) -> Lesson:
        if self._random.random() < QUIET:
            return self._nobody()
        (clips,) = self._random.choices(self._sources, self._shares)
        first = self._random.choice(clips)
        said = [first]
        seconds = len(first.samples) / SAMPLE_RATE
        for _ in range(self._random.choice((0, 0, 0, 1, 2))):
            other = self._random.choice(self._by_speaker[first.speaker])
            seconds += len(other.samples) / SAMPLE_RATE
            if seconds < MAX_SECONDS:
                said.append(other)
        right, allowed = self._grammars(said)
        features, draft = self._heard(said)
        return Lesson(features, right, allowed, draft)

    def _nobody(self) -> Lesson:
        count = int(self._random.uniform(0.4, 2.5) * SAMPLE_RATE)
        _, allowed = self._grammars([])
        features = fbank(self._line.quiet(count))
        return Lesson(features, sequence([]), allowed, np.full((len(features) + 2) // 3, SILENCE))

    def _heard(self, said: Sequence[Clip]) -> tuple[Floats, NDArray[np.int64]]:
        """The features of a line on which this is said, and a first guess at what stands where."""
        speed = self._random.uniform(0.86, 1.18) if self._random.random() < 0.8 else 1.0
        pieces = [self._gap(0.05, 0.4)]
        spoken: list[Floats] = []
        marks: list[tuple[float, int]] = [(0.0, SILENCE)]  # from which sample on which phone's score
        clock = len(pieces[0])
        for clip in said:
            samples, (begin, end) = self._trimmed(clip)
            own = speed * self._random.uniform(0.97, 1.03)
            spoken.append(
                change_speed(samples.astype(np.float32), own) * np.float32(self._random.uniform(0.6, 1.5))
            )
            marks += self._marks(clip, clock + begin / own, clock + end / own)
            pieces += [spoken[-1], self._gap(0.0, 0.35)]
            clock += len(pieces[-2]) + len(pieces[-1])
        pieces.append(self._gap(0.1, 0.4))
        clean = self._random.random() < CLEAN
        heard = self._line.carry(np.concatenate(pieces), np.concatenate(spoken), clean=clean)
        offset = self._random.randrange(SHIFT)
        warp = 1.0 if clean else self._random.uniform(0.88, 1.13)
        features = fbank(heard[offset:], warp)
        return (features if clean else self._masked(features)), _drafted(marks, (len(features) + 2) // 3)

    def _trimmed(self, clip: Clip) -> tuple[NDArray[np.int16], tuple[int, int]]:
        """Mostly without the silence around it, which only takes time."""
        begin, end = clip.speech
        if self._random.random() < UNTRIMMED:
            return clip.samples, clip.speech
        first = max(0, begin - int(self._random.uniform(0.02, 0.15) * SAMPLE_RATE))
        last = end + int(self._random.uniform(0.05, 0.15) * SAMPLE_RATE)
        return clip.samples[first:last], (begin - first, end - first)

    def _marks(self, clip: Clip, begin: float, end: float) -> list[tuple[float, int]]:
        pronunciations = (
            [self._speller.phones(word)[0] for word in clip.words]
            if clip.pronunciations is None
            else [self._speller.numbered(phones) for phones in clip.pronunciations]
        )
        phones = [phone for chain in pronunciations for phone in chain]
        step = (end - begin) / len(phones)
        marks = [(begin + place * step, first_score(phone)) for place, phone in enumerate(phones)]
        return [*marks, (end, SILENCE)]

    def _masked(self, features: Floats) -> Floats:
        """Without one band or one moment, at times: what a network must be able to miss."""
        floor = features.mean()
        if self._random.random() < 0.4:
            width = self._random.randrange(1, 7)
            band = self._random.randrange(features.shape[1] - width)
            features[:, band : band + width] = floor
        for length in self._gaps_heard():
            moment = self._random.randrange(max(1, len(features) - length))
            features[moment : moment + length] = floor
        return features

    def _gaps_heard(self) -> list[int]:
        """How long, in frames, each moment is that is missing."""
        if not self._hides_much:
            return [self._random.randrange(1, 7)] if self._random.random() < 0.25 else []
        count = self._random.randrange(1, 4) if self._random.random() < 0.6 else 0
        return [self._random.randrange(3, 16) for _ in range(count)]

    def _gap(self, low: float, high: float) -> Floats:
        return np.zeros(int(self._random.uniform(low, high) * SAMPLE_RATE), np.float32)

    def _grammars(self, said: Sequence[Clip]) -> tuple[Chains, Chains]:
        """What was said, and all that could have been said."""
        words = [word for clip in said for word in clip.words]
        question = self._question(words)
        offered, absent = self._drawn(said, words) if question is None else self._of(question, said)
        arcs = [
            (phones, 1 / (len(offered) + 1) / len(self._speller.phones(word)))
            for word in offered
            for phones in self._speller.phones(word)
        ]
        arcs.append((UNKNOWN[0], 1 / (len(offered) + 1)))
        return self._right(said, absent, arcs), loop(arcs)

    def _question(self, words: Sequence[str]) -> list[str] | None:
        """The words of some kind of question, for a part of the lessons."""
        if not self._questions or self._random.random() > OF_A_QUESTION:
            return None
        fitting = [question for question in self._questions if not set(words).isdisjoint(question)]
        if fitting and self._random.random() < FITTING:
            return self._random.choice(fitting)
        return self._random.choice(self._questions)

    def _of(self, question: Sequence[str], said: Sequence[Clip]) -> tuple[list[str], set[str]]:
        """Up to a hundred words of a question, what answers it among them, and the words that do not."""
        known = set(question)
        absent = {word for clip in said if not known.issuperset(clip.words) for word in clip.words}
        some = self._random.sample(question, min(len(question), self._random.randrange(40, 100)))
        answering = {word for clip in said if known.issuperset(clip.words) for word in clip.words}
        return self._without(absent, answering.union(some)), absent

    def _drawn(self, said: Sequence[Clip], words: Sequence[str]) -> tuple[list[str], set[str]]:
        # A phrase is in the grammar, or it is not: whether it is cannot hang on how many words it has.
        absent = {word for clip in said if self._random.random() < ABSENT for word in clip.words}
        return self._offered(words, absent), absent

    def _without(self, absent: set[str], offered: set[str]) -> list[str]:
        """What is offered and does not sound like what is to be unknown."""
        alike = {phones for word in absent for phones in self._speller.phones(word)}
        return sorted(word for word in offered - absent if alike.isdisjoint(self._speller.phones(word)))

    def _offered(self, words: Sequence[str], absent: set[str]) -> list[str]:
        everything = self._speller.words
        wanted = int(np.exp(self._random.uniform(np.log(2), np.log(120))))
        if self._random.random() < 0.03:
            wanted = len(everything)
        offered = {word for word in words if word not in absent}
        for word in words:
            near = self._speller.neighbours(word)
            offered.update(self._random.sample(near, min(len(near), wanted // (2 * len(words)) + 1)))
        offered.update(self._random.sample(everything, min(wanted, len(everything))))
        return self._without(absent, offered)

    def _right(
        self, said: Sequence[Clip], absent: set[str], arcs: Sequence[tuple[Pronunciation, float]]
    ) -> Chains:
        weights = dict(arcs)
        slots: list[list[tuple[Pronunciation, float]]] = []
        for clip in said:
            for place, word in enumerate(clip.words):
                if word in absent:
                    slots.append([(UNKNOWN[0], weights[UNKNOWN[0]])])
                elif clip.pronunciations is None:
                    slots.append([(phones, weights[phones]) for phones in self._speller.phones(word)])
                else:
                    phones = self._speller.numbered(clip.pronunciations[place])
                    slots.append([(phones, weights[phones])])
        return sequence(_merged(slots))


def _drafted(marks: Sequence[tuple[float, int]], count: int) -> NDArray[np.int64]:
    """Marks to one score for each output: a phone's first output differs from its further ones."""
    starts = np.array([start for start, _ in marks])
    at = np.searchsorted(starts, (np.arange(count) * 3 + 1) * SHIFT, "right") - 1
    scores = np.array([score for _, score in marks])[at]
    repeated = np.concatenate([[False], at[1:] == at[:-1]]) & (scores != SILENCE)
    return scores + repeated


def _merged(slots: Sequence[list[tuple[Pronunciation, float]]]) -> list[list[tuple[Pronunciation, float]]]:
    """Unknown words beside one another are one."""
    merged: list[list[tuple[Pronunciation, float]]] = []
    for slot in slots:
        if not (merged and slot[0][0] == UNKNOWN[0] and merged[-1][0][0] == UNKNOWN[0]):
            merged.append(slot)
    return merged


def as_batch(lessons: Sequence[Lesson], left: int, right: int) -> tuple[Floats, NDArray[np.int64], list[int]]:
    """Features of all lessons with the network's context around them, drafts, and the outputs of each."""
    lengths = [(len(lesson.features) + 2) // 3 for lesson in lessons]
    longest = 3 * (max(lengths) - 1) + 1 + left + right
    batch = np.empty((len(lessons), longest, lessons[0].features.shape[1]), np.float32)
    drafts = np.full((len(lessons), max(lengths)), NOTHING)
    for row, draft, lesson in zip(batch, drafts, lessons, strict=True):
        draft[: len(lesson.draft)] = lesson.draft
        count = len(lesson.features)
        row[:left] = lesson.features[0]
        row[left : left + count] = lesson.features[: longest - left]
        row[left + count :] = lesson.features[-1]
    return batch, drafts, lengths


@njit(cache=True)
def _distance(a, b):
    """Levenshtein's."""
    row = np.arange(len(b) + 1)
    for i in range(len(a)):
        corner = row[0]
        row[0] = i + 1
        for j in range(len(b)):
            keep = row[j + 1]
            row[j + 1] = min(row[j + 1] + 1, row[j] + 1, corner + (a[i] != b[j]))
            corner = keep
    return row[-1]
