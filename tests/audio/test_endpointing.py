"""endpointing: lists of numbers in, beginnings and ends out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.endpointing import (
    Endpoint,
    Endpointer,
    EndReason,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)

FRAME = 0.02


def hear(endpointer: Endpointer, *stretches: tuple[float, bool]) -> list[tuple[float, Endpoint]]:
    """Each endpoint and the second at which it was said; a stretch is seconds, and speech or not."""
    found = []
    frames = itertools.chain.from_iterable([speech] * round(seconds / FRAME) for seconds, speech in stretches)
    for count, is_speech in enumerate(frames, start=1):
        if (endpoint := endpointer.process(FRAME, is_speech)) is not None:
            found.append((round(count * FRAME, 2), endpoint))
    return found


def kinds(found: list[tuple[float, Endpoint]]) -> list[type[Endpoint]]:
    return [type(endpoint) for _, endpoint in found]


@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.1])
def test_speech_below_120_ms_starts_nothing(seconds: float) -> None:
    """A click is no utterance."""
    assert hear(Endpointer(), (1, False), (seconds, True), (2, False)) == []


def test_120_ms_of_speech_start_an_utterance() -> None:
    """The utterance is announced with how long ago it began."""
    ((at, endpoint),) = hear(Endpointer(), (1, False), (0.12, True))
    assert at == 1.12
    assert endpoint == SpeechStarted(pytest.approx(0.12))


def test_a_word_with_a_closure_in_it_is_one_onset() -> None:
    """Two short vowels around 160 ms of silence, as in ستة, begin an utterance at the first."""
    found = hear(Endpointer(), (1, False), (0.08, True), (0.16, False), (0.06, True))
    assert found == [(1.28, SpeechStarted(pytest.approx(0.28)))]


def test_two_clicks_far_apart_start_nothing() -> None:
    """What came before a gap of more than 200 ms does not count."""
    assert hear(Endpointer(), *[(0.1, True), (0.22, False)] * 5) == []


@pytest.mark.parametrize("patience", [0.2, 0.4, 1.2])
def test_the_end_silence_ends_the_utterance(patience: float) -> None:
    """An utterance ends exactly when the question's silence has passed, and tells its measures."""
    endpointer = Endpointer(end_silence_seconds=patience)
    (_, (at, ended)) = hear(endpointer, (0.5, True), (2, False))
    assert at == pytest.approx(0.5 + patience)
    assert ended == SpeechEnded(pytest.approx(patience), pytest.approx(0.5), EndReason.SILENCE)


def test_a_shorter_pause_is_part_of_the_utterance() -> None:
    """A pause within the patience does not end the turn and counts as speech time."""
    found = hear(Endpointer(end_silence_seconds=0.4), (0.3, True), (0.38, False), (0.3, True), (0.5, False))
    assert kinds(found) == [SpeechStarted, SpeechEnded]
    assert found[1][1].speech_seconds == pytest.approx(0.98)


def test_patience_may_change_in_mid_utterance() -> None:
    """The next frame already goes by the new question."""
    endpointer = Endpointer(end_silence_seconds=2)
    hear(endpointer, (0.3, True), (0.3, False))
    endpointer.expect(end_silence_seconds=0.2, max_speech_seconds=5)
    assert hear(endpointer, (0.02, False))[0][1].silence_seconds == pytest.approx(0.32)


def test_speech_soon_after_the_end_resumes_the_utterance() -> None:
    """60 ms of speech that begin within 300 ms of the end continue what had ended."""
    found = hear(Endpointer(end_silence_seconds=0.2), (0.3, True), (0.48, False), (0.3, True), (0.3, False))
    assert kinds(found) == [SpeechStarted, SpeechEnded, SpeechResumed, SpeechEnded]
    assert found[2][0] == pytest.approx(0.84)
    assert found[3][1].speech_seconds == pytest.approx(1.08)


def test_speech_after_300_ms_is_an_utterance_of_its_own() -> None:
    """It then needs 120 ms again."""
    found = hear(Endpointer(end_silence_seconds=0.2), (0.3, True), (0.5, False), (0.3, True))
    assert kinds(found) == [SpeechStarted, SpeechEnded, SpeechStarted]
    assert found[2][0] == pytest.approx(0.92)


def test_a_click_soon_after_the_end_resumes_nothing() -> None:
    """40 ms are too little even then."""
    found = hear(Endpointer(end_silence_seconds=0.2), (0.3, True), (0.3, False), (0.04, True), (1, False))
    assert kinds(found) == [SpeechStarted, SpeechEnded]


def test_speech_without_end_is_cut_once() -> None:
    """A steady noise gives one utterance of the longest length, and then nothing until it pauses."""
    endpointer = Endpointer(end_silence_seconds=0.4, max_speech_seconds=3)
    found = hear(endpointer, (20, True))
    assert kinds(found) == [SpeechStarted, SpeechEnded]
    assert found[1] == (3.0, SpeechEnded(0.0, pytest.approx(3), EndReason.TOO_LONG))
    assert kinds(hear(endpointer, (0.2, False), (0.4, True))) == [SpeechStarted]


def test_a_resumed_utterance_is_cut_as_well() -> None:
    """The time before the resumption counts towards the longest length."""
    endpointer = Endpointer(end_silence_seconds=0.2, max_speech_seconds=2)
    found = hear(endpointer, (1, True), (0.4, False), (5, True))
    assert found[-1][0] == pytest.approx(2)
    assert found[-1][1].reason is EndReason.TOO_LONG


@given(
    st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=40),
    st.sampled_from([0.02, 0.2, 0.4, 1.0]),
    st.sampled_from([2.0, 15.0]),
)
def test_beginnings_and_ends_alternate(
    stretches: list[tuple[int, bool]], patience: float, longest: float
) -> None:
    """For any input: a start or a resumption, then an end; the first is a start; measures are sensible."""
    endpointer = Endpointer(end_silence_seconds=patience, max_speech_seconds=longest)
    found = hear(endpointer, *((count * FRAME, is_speech) for count, is_speech in stretches))
    for index, (_, endpoint) in enumerate(found):
        assert isinstance(endpoint, SpeechEnded) == (index % 2 == 1)
        assert index > 0 or isinstance(endpoint, SpeechStarted)
        if isinstance(endpoint, SpeechEnded):
            assert 0 < endpoint.speech_seconds <= longest + 1.5  # an onset may be long in coming
    assert endpointer.is_speaking == (len(found) % 2 == 1)


# Pauses


def test_a_pause_is_told_once(pausing: Endpointer) -> None:
    """When it has lasted so long; where it was not asked for, never."""
    found = hear(pausing, (0.3, True), (0.3, False), (0.1, True), (0.5, False))
    assert kinds(found) == [SpeechStarted, SpeechPaused, SpeechPaused, SpeechEnded]
    assert found[1] == (0.4, SpeechPaused(pytest.approx(0.1), pytest.approx(0.3)))
    assert kinds(hear(Endpointer(), (0.3, True), (0.5, False))) == [SpeechStarted, SpeechEnded]


def test_a_pause_may_be_the_end(pausing: Endpointer) -> None:
    """At once, or once it has lasted as long as was said."""
    hear(pausing, (0.3, True), (0.1, False))
    assert pausing.settle(0.1) == SpeechEnded(pytest.approx(0.1), pytest.approx(0.3), EndReason.SILENCE)
    assert not pausing.is_speaking
    hear(pausing, (2, False), (0.3, True), (0.1, False))
    assert pausing.settle(0.2) is None
    assert hear(pausing, (0.2, False))[0][0] == pytest.approx(0.1)


def test_half_an_answer_is_waited_for_longer(pausing: Endpointer) -> None:
    """In this pause; the next one is another matter."""
    hear(pausing, (0.3, True), (0.1, False))
    assert pausing.settle(1.2) is None
    assert hear(pausing, (1.0, False), (0.3, True), (0.1, False))[0][0] == pytest.approx(1.4)
    assert hear(pausing, (0.5, False))[0][0] == pytest.approx(0.3)


def test_a_pause_that_is_over_is_not_settled(pausing: Endpointer) -> None:
    """Whoever went on meanwhile is not cut off, nor is anybody who has not paused."""
    hear(pausing, (0.3, True), (0.1, False), (0.02, True))
    assert pausing.settle(0.0) is None
    assert pausing.is_speaking


@given(st.lists(st.tuples(st.integers(6, 40), st.integers(1, 60)), min_size=1, max_size=8))
def test_an_early_end_tears_nothing_apart(words: list[tuple[int, int]]) -> None:
    """Whatever would have been one utterance is one, its ends found early or not."""

    def utterances(*, early: bool) -> list[list[int]]:
        endpointer = Endpointer(end_silence_seconds=0.4, pause_seconds=0.1 if early else 9)
        found: list[list[int]] = []
        for number, (speech, silence) in enumerate(words):
            for is_speech in [True] * speech + [False] * silence:
                endpoint = endpointer.process(FRAME, is_speech)
                if isinstance(endpoint, SpeechStarted):
                    found.append([])
                if isinstance(endpoint, SpeechPaused):
                    endpointer.settle(0.1)
            found[-1].append(number)
        return found

    assert utterances(early=True) == utterances(early=False)


@pytest.fixture
def pausing() -> Endpointer:
    """One that tells of pauses of 100 ms."""
    return Endpointer(end_silence_seconds=0.4, pause_seconds=0.1)
