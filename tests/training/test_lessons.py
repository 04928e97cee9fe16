"""A lesson's grammar holds what was said, or says that it does not; its features and drafts fit together."""

from random import Random

import numpy as np
import pytest

pytest.importorskip(
    "torch", reason="the recipe's own packages are not installed: pip install -e '.[training]'"
)
pytest.importorskip("numba")
pytest.importorskip("soundfile")

import torch

from training.corpus import Clip
from training.criterion import Criterion
from training.lessons import NOTHING, Lesson, Lessons, Speller, as_batch
from training.line import Line, change_speed
from training.network import Network
from training.splicing import Cutting, splice
from training.states import SILENCE, UNKNOWN_PHONE, outputs

WORDS = {
    "نعم": [("n", "a", "E", "a", "m")],
    "لا": [("l", "aa")],
    "ستة": [("s", "i", "t", "t", "a"), ("s", "i", "t", "a")],
    "سبعة": [("s", "a", "b", "E", "a")],
}
SPELLER = Speller(WORDS)


def tone(seconds: float, hertz: float = 300.0) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000)).astype(np.int16)


def clips() -> list[Clip]:
    samples = np.concatenate([np.zeros(800, np.int16), tone(0.5), np.zeros(800, np.int16)])
    return [Clip((word,), speaker, samples, (800, 4800)) for word in WORDS for speaker in ("one", "two")]


def drawing(questions: list[frozenset[str]]) -> Lessons:
    random = np.random.default_rng(3)
    line = Line(random, [], lambda count: np.resize(tone(0.3).astype(np.float32), count))
    return Lessons(SPELLER, questions, [(1.0, clips())], line, Random(3))


@pytest.fixture(params=[(), ("نعم", "لا")], ids=["any words", "words of a question too"])
def lessons(request: pytest.FixtureRequest) -> Lessons:
    return drawing([frozenset(request.param)] if request.param else [])


def test_what_was_said_is_always_possible(lessons: Lessons) -> None:
    """The share of what was said is finite in every lesson: its grammar allows it."""
    criterion = Criterion()
    for _ in range(80):
        lesson = lessons.draw()
        count = len(lesson.draft)
        scores = torch.zeros(1, count, outputs(UNKNOWN_PHONE + 1))
        loss, occupied = criterion(scores, [count], [lesson.right], [lesson.allowed])
        assert 0 <= float(loss) < 100
        assert occupied.sum() == pytest.approx(count, rel=1e-3)


def test_drafts_fit_the_features(lessons: Lessons) -> None:
    drawn = [lessons.draw() for _ in range(40)]
    for lesson in drawn:
        assert len(lesson.draft) == (len(lesson.features) + 2) // 3
        assert lesson.draft.min() == SILENCE
        assert lesson.draft.max() < outputs(UNKNOWN_PHONE + 1)
    assert any(lesson.draft.max() > SILENCE for lesson in drawn)


def test_some_lessons_say_what_is_not_in_their_grammar(lessons: Lessons) -> None:
    right = [lessons.draw().right.phones.tolist() for _ in range(80)]
    assert any(phones == [UNKNOWN_PHONE] for phones in right)
    assert any(phones and UNKNOWN_PHONE not in phones for phones in right)


def test_in_lessons_of_a_question_more_is_unknown() -> None:
    """Whatever does not answer the question is one unknown word there."""

    def unknown(lessons: Lessons) -> int:
        return sum(lessons.draw().right.phones.tolist() == [UNKNOWN_PHONE] for _ in range(400))

    assert unknown(drawing([frozenset({"نعم"})])) > 1.2 * unknown(drawing([])) > 0


def test_neighbours_sound_most_alike() -> None:
    assert SPELLER.neighbours("ستة")[0] == "سبعة"


def test_a_batch_gives_the_network_the_context_that_it_needs(lessons: Lessons) -> None:
    network = Network(outputs(UNKNOWN_PHONE + 1), 16, 8, ((1, 1), (2, 1)))
    drawn = [lessons.draw() for _ in range(5)]
    features, drafts, lengths = as_batch(drawn, network.left, network.right)
    with torch.no_grad():
        scores = network(torch.from_numpy(features))
    assert scores.shape[:2] == drafts.shape == (5, max(lengths))
    for draft, lesson, length in zip(drafts, drawn, lengths, strict=True):
        assert np.array_equal(draft[:length], lesson.draft)
        assert (draft[length:] == NOTHING).all()


def test_a_score_depends_on_its_own_surroundings_only() -> None:
    """What the network calls its context to the left and right is what it looks at."""
    torch.manual_seed(1)
    network = Network(outputs(UNKNOWN_PHONE + 1), 16, 8, ((1, 1), (2, 1))).eval()
    features = np.random.default_rng(1).normal(size=(90, 40)).astype(np.float32)
    changed = features.copy()
    changed[60] += 5
    before, after = (score(network, one) for one in (features, changed))
    differs = np.flatnonzero(np.abs(before - after).max(axis=1) > 0)
    centres = differs * 3
    assert centres.min() >= 60 - network.right
    assert centres.max() <= 60 + network.left


def score(network: Network, features: np.ndarray) -> np.ndarray:
    batch, _, _ = as_batch([Lesson(features, None, None, np.zeros(0, np.int64))], network.left, network.right)
    with torch.no_grad():
        return network(torch.from_numpy(batch)).numpy()[0]


@pytest.mark.parametrize("clean", [True, False])
def test_a_line_keeps_length_and_range(clean: bool) -> None:
    line = Line(
        np.random.default_rng(5), [tone(1.0).astype(np.float32)], lambda count: np.ones(count, np.float32)
    )
    speech = tone(0.7).astype(np.float32)
    for _ in range(40):
        heard = line.carry(speech, speech, clean=clean)
        assert heard.shape == speech.shape
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() <= 32767


def test_faster_is_shorter() -> None:
    assert len(change_speed(tone(1.0).astype(np.float32), 1.25)) == pytest.approx(6400, abs=10)


# Words cut from other words


def cutting(word: str, hertz: float) -> Cutting:
    (phones, *_) = SPELLER.phones(word)
    samples = tone(0.1 * (len(phones) + 2), hertz)
    starts = tuple(800 * (place + 1) for place in range(len(phones) + 1))
    return Cutting(Clip((word,), "one", samples, (800, len(samples) - 800)), phones, starts)


def test_a_word_is_joined_from_pieces_of_others() -> None:
    """«سبعة» has its sounds in «ستة» and «نعم» but for its b, so it cannot be made; «لا» needs its l too."""
    made = splice([cutting("ستة", 200), cutting("نعم", 400)], list(WORDS), SPELLER, 40, Random(1))
    assert {clip.words for clip in made} == {("ستة",), ("نعم",)}
    with_b = splice(
        [cutting("ستة", 200), cutting("نعم", 400), cutting("سبعة", 300)], ["سبعة"], SPELLER, 5, Random(1)
    )
    assert len(with_b) == 5
    for clip in with_b:
        assert clip.pronunciations == (("s", "a", "b", "E", "a"),)
        assert len(clip.samples) == pytest.approx(5 * 800, abs=500)
        assert clip.speaker == "one"
