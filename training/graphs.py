"""What words the decoder may find, as OpenFst's vector FSTs, written without OpenFst.

Two graphs for two ways of listening. Under a question's grammar Vosk lays the grammar over a lexicon whose
words are chains side by side (HCLr). For all words at once that is slow: every word's end opens a thousand
chains, and the decoder, which keeps so many paths only, loses the right one now and then. There the words
are a tree that shares its beginnings, and a branch costs at once what its cheapest word costs (`open_graph`).
"""

import math
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from training.lexicon import PHONES
from training.states import PAUSE, SILENCE, STAY, UNKNOWN_PHONE, first_score, further_score

__all__ = [
    "SILENCE_PHONE",
    "UNKNOWN_WORD",
    "Graph",
    "Phone",
    "Tuning",
    "grammar_of_all",
    "lexicon_graph",
    "open_graph",
    "phone_inventory",
    "word_boundaries",
]

Words = Mapping[str, Sequence[Sequence[str]]]  # spellings to pronunciations

UNKNOWN_WORD = "[unk]"
POSITIONS = ("begin", "end", "internal", "singleton")
SILENCE_PHONE = 1  # Kaldi counts phones from one
LEAVE_COST = -math.log(1 - STAY)


class Tuning(Struct, frozen=True):
    """What is set after training, on validation speakers."""

    acoustic_scale: float = 1.0
    word_cost: float = 0.0  # nats for every word: fewer words are found
    phone_bonus: float = 0.8  # nats less for every phone: a long word has more chances to be a little wrong
    unknown_cost: float = -2.5  # nats more for the unknown word
    unknown_frame_cost: float = 0.2  # nats more for every 30 ms of it but the first: it takes no long phrases
    usual_bonus: float = 2.0  # nats less, in the open vocabulary, for words that most answers are made of
    # The search. At a beam of 10 with 200 to 1,500 paths it takes a fifth more, and what callers said is
    # stored alike; at a beam of 8 it takes an eighth less, and more is asked back.
    beam: float = 9.0
    lattice_beam: float = 4.0
    min_active: int = 20  # paths
    max_active: int = 700

    def search_options(self) -> tuple[str, ...]:
        """The search, as the lines of a model's `conf/model.conf` that say how it is done."""
        return (
            f"--min-active={self.min_active}",
            f"--max-active={self.max_active}",
            f"--beam={self.beam}",
            f"--lattice-beam={self.lattice_beam}",
            f"--acoustic-scale={self.acoustic_scale}",
        )


# Phones: silence, every phone in four positions of a word, the unknown word's own


class Phone(Struct, frozen=True):
    number: int
    first: int  # its scores
    further: int
    position: str


def phone_inventory() -> list[Phone]:
    found = [Phone(SILENCE_PHONE, SILENCE, SILENCE, "nonword")]
    for phone in range(len(PHONES)):
        for position in POSITIONS:
            found.append(Phone(len(found) + 1, first_score(phone), further_score(phone), position))
    found.append(Phone(len(found) + 1, first_score(UNKNOWN_PHONE), further_score(UNKNOWN_PHONE), "singleton"))
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


def word_boundaries() -> Iterable[str]:
    return (f"{phone.number} {phone.position}" for phone in phone_inventory())


def _self_loop(number: int) -> int:
    """Kaldi's transition-id: two for every phone, all of which have one state."""
    return 2 * (number - 1) + 1


def _forward(number: int) -> int:
    return 2 * (number - 1) + 2


# Graphs


class Graph:
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


class _Pronunciation(Struct, frozen=True):
    """One way to say a word."""

    word: int  # its line in words.txt
    phones: tuple[int, ...]  # numbers that know their place in the word
    cost: float  # nats
    frame_cost: float = 0.0  # of every further frame


def _pronunciations(words: Words, tuning: Tuning) -> Iterator[_Pronunciation]:
    """Every way to say every word, the unknown one last."""
    index = {phone: number for number, phone in enumerate(PHONES)}
    for word, said in enumerate(words.values(), 1):
        for names in said:
            phones = tuple(_numbered(index[name], at, len(names)) for at, name in enumerate(names))
            cost = tuning.word_cost - tuning.phone_bonus * len(names) + math.log(len(said))
            yield _Pronunciation(word, phones, cost)
    unknown = len(phone_inventory())
    cost = tuning.word_cost + tuning.unknown_cost
    yield _Pronunciation(len(words) + 1, (unknown,), cost, tuning.unknown_frame_cost)


def _word_costs(
    spellings: Sequence[str], usual: Collection[str], tuning: Tuning
) -> Iterator[tuple[int, float]]:
    """Every word as likely as any other, but for the usual ones."""
    for word, spelling in enumerate(spellings[1:], 1):
        yield word, math.log(len(spellings)) - (tuning.usual_bonus if spelling in usual else 0.0)


def _between_words(graph: Graph) -> tuple[int, int]:
    """Where words end, and where they begin: silence between them where there is some."""
    junction, start = graph.state(0.0), graph.state(0.0)  # a call may end in silence
    graph.arc(junction, start, cost=-math.log(1 - PAUSE))
    silent = graph.phone(junction, SILENCE_PHONE, cost=-math.log(PAUSE))
    graph.arc(silent, start, cost=LEAVE_COST)
    return junction, start


def lexicon_graph(words: Words, tuning: Tuning) -> Graph:
    """Transition-ids to words, any word after any; a grammar is laid over it."""
    graph = Graph()
    junction, start = _between_words(graph)
    for one in _pronunciations(words, tuning):
        state = start
        for place, phone in enumerate(one.phones):
            writes, cost = (one.word, one.cost) if place == 0 else (0, LEAVE_COST)
            state = graph.phone(state, phone, writes=writes, cost=cost, frame_cost=one.frame_cost)
        graph.arc(state, junction, cost=LEAVE_COST)
    return graph


def grammar_of_all(spellings: Sequence[str], usual: Collection[str], tuning: Tuning) -> Graph:
    """All words. A question's grammar takes this one's place."""
    graph = Graph()
    only = graph.state(0.0)
    for word, cost in _word_costs(spellings, usual, tuning):
        graph.arc(only, only, reads=word, writes=word, cost=cost)
    return graph


class _Branch(Struct):
    """What the words with one beginning have in common."""

    further: "dict[int, _Branch]" = field(default_factory=dict)  # by the next phone
    ends: list[_Pronunciation] = field(default_factory=list)  # after whose last phone but one it stands
    cheapest: float = math.inf  # of all words in it, to their last phone


def open_graph(words: Words, usual: Collection[str], tuning: Tuning) -> Graph:
    """Transition-ids to all words: `grammar_of_all` laid over `lexicon_graph`, at the same costs."""
    extra = dict(_word_costs(["<eps>", *words, UNKNOWN_WORD], usual, tuning))
    tree = _Branch()
    for one in _pronunciations(words, tuning):
        cost = one.cost + extra[one.word] + LEAVE_COST * (len(one.phones) - 1)
        branch = tree
        branch.cheapest = min(branch.cheapest, cost)
        for phone in one.phones[:-1]:
            branch = branch.further.setdefault(phone, _Branch())
            branch.cheapest = min(branch.cheapest, cost)
        branch.ends.append(msgspec.structs.replace(one, cost=cost))
    graph = Graph()
    junction, start = _between_words(graph)
    _grow(graph, tree, start, junction, paid=0.0)
    return graph


def _grow(graph: Graph, branch: _Branch, state: int, junction: int, paid: float) -> None:
    """Write a branch; `paid` is what its beginning has cost already."""
    for phone, further in branch.further.items():
        inner = graph.phone(state, phone, cost=further.cheapest - paid)
        _grow(graph, further, inner, junction, paid=further.cheapest)
    for end in branch.ends:
        last = graph.phone(
            state, end.phones[-1], writes=end.word, cost=end.cost - paid, frame_cost=end.frame_cost
        )
        graph.arc(last, junction, cost=LEAVE_COST)
