"""What a caller's ear notes is what was: replies, clears, marks, rhythm and gaps."""

import pytest

from bridge.bench.telephone import Ear, Seen

VOICE, SILENCE = b"\x20" * 160, b"\xff" * 160
Pair = tuple[Ear, Seen]


@pytest.fixture
def pair() -> Pair:
    """One caller, who wished to call at 0 s, and what was seen."""
    seen = Seen()
    return Ear(seen, 0.0), seen


def test_a_reply_is_timed_to_its_first_sound(pair: Pair) -> None:
    """Silence that goes before is none of it."""
    ear, seen = pair
    ear.end_to_speak(1.0)
    ear.receive(SILENCE, 1.2)
    ear.receive(VOICE, 1.5)
    ear.receive(VOICE, 1.52)
    assert seen.replies == [pytest.approx(500)]
    assert seen.first_words == [pytest.approx(1500)]
    assert seen.unanswered == 0


def test_a_reply_to_a_key_is_one_of_its_own(pair: Pair) -> None:
    ear, seen = pair
    ear.press(1.0)
    ear.receive(VOICE, 1.02)
    assert (seen.replies, seen.key_replies) == ([], [pytest.approx(20)])


@pytest.mark.parametrize("next_line", [Ear.begin_to_speak, Ear.press])
def test_a_turn_without_a_reply_is_counted(pair: Pair, next_line: object) -> None:
    """Once the caller says or presses something again."""
    ear, seen = pair
    ear.end_to_speak(1.0)
    assert callable(next_line)
    next_line(ear, 6.0)
    assert (seen.replies, seen.unanswered) == ([], 1)


def test_who_speaks_over_a_prompt_waits_for_the_clear(pair: Pair) -> None:
    """And only then: over silence there is nothing to be dropped."""
    ear, seen = pair
    ear.begin_to_speak(0.0)
    ear.end_to_speak(1.0)
    ear.receive(VOICE * 100, 1.4)
    ear.begin_to_speak(2.0)
    assert (ear.clear(2.1), ear.clears) == ([], 1)
    assert seen.clears == [pytest.approx(100)]
    assert seen.uncleared == 0


def test_a_prompt_that_is_not_stopped_is_counted_and_is_no_reply(pair: Pair) -> None:
    """What goes on was begun before."""
    ear, seen = pair
    ear.receive(VOICE * 500, 1.0)
    ear.begin_to_speak(2.0)
    ear.end_to_speak(3.5)
    ear.receive(VOICE, 3.6)
    assert (seen.clears, seen.uncleared, seen.replies) == ([], 1, [])


def test_marks_come_back_when_their_audio_was_played_or_dropped(pair: Pair) -> None:
    ear, _ = pair
    ear.receive(VOICE * 50, 0.0)
    ear.mark("a")
    ear.receive(VOICE * 50, 0.1)
    ear.mark("b")
    assert [ear.due(now) for now in (0.9, 1.0, 1.5)] == [[], ["a"], []]
    assert ear.clear(1.5) == ["b"]
    assert ear.due(9.0) == []


def test_the_caller_hears_while_it_plays(pair: Pair) -> None:
    """Not when it comes: it comes ahead; nor what is filling, nor what was dropped."""
    ear, _ = pair
    ear.receive(VOICE * 50, 0.0)
    ear.receive(SILENCE * 50, 0.1)
    ear.receive(VOICE * 50, 0.2)
    assert [ear.hears_voice(now) for now in (0.0, 0.99, 1.0, 1.99, 2.01)] == [True, True, False, False, True]
    ear.clear(2.1)
    assert not ear.hears_voice(2.2)


@pytest.mark.parametrize("lead", [0.0, 0.4])
def test_what_comes_in_its_own_rhythm_has_no_jitter(pair: Pair, lead: float) -> None:
    """Whether it is sent ahead or in time; one piece that is late is as late as it was."""
    ear, seen = pair
    ear.end_to_speak(0.0)
    ear.receive(VOICE * round(lead / 0.02 + 1), 1.0)
    for number in range(1, 50):
        ear.receive(VOICE, 1.0 + number * 0.02 + (0.015 if number == 20 else 0.0))
    ear.clear(3.0)
    assert max(seen.pacing) == pytest.approx(15, abs=0.01)
    assert sorted(seen.pacing)[-2] == pytest.approx(0, abs=0.01)
    assert seen.underruns == 0


def test_a_gap_is_told_from_the_end_of_a_phrase(pair: Pair) -> None:
    """Nothing was promised to follow a mark at once."""
    ear, seen = pair
    ear.receive(VOICE * 5, 0.0)
    ear.mark("a")
    ear.receive(VOICE * 5, 5.0)
    assert seen.underruns == 0
    ear.receive(VOICE * 5, 5.2)
    assert seen.underruns == 1


def test_what_was_seen_before_is_forgotten_but_for_how_calls_began(pair: Pair) -> None:
    ear, seen = pair
    ear.receive(VOICE, 0.5)
    ear.end_to_speak(1.0)
    ear.receive(VOICE, 1.5)
    seen.forget()
    assert seen == Seen(first_words=[500.0])
