"""The caller's audio on its way in: nothing is lost of what life gives, and nothing piles up beyond that."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.intake import AHEAD_SECONDS, QUEUE_SECONDS, STALL_SECONDS, Intake

RATE = 8000
FRAME = b"\x00" * 160
FRAME_SECONDS = 0.02


def frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


def send(intake: Intake, number: int, now: float) -> int:
    """So many frames at once; how many were heard at once."""
    heard = 0
    for _ in range(number):
        intake.put(FRAME, now)
        heard += len(intake.due(now))
    return heard


def test_what_comes_as_fast_as_life_is_heard_at_once() -> None:
    intake = Intake(RATE)
    for number in range(frames(60)):
        assert send(intake, 1, number * FRAME_SECONDS) == 1


def test_after_a_stall_everything_is_heard_at_once() -> None:
    intake = Intake(RATE)
    intake.begin(0.0)
    assert send(intake, frames(STALL_SECONDS), STALL_SECONDS) == frames(STALL_SECONDS)


def test_after_a_stall_of_ours_everything_is_heard_however_long_it_was() -> None:
    """Nobody asked what is due for 40 s: what has come meanwhile is no haste of the carrier's."""
    intake = Intake(RATE)
    intake.begin(0.0)
    send(intake, frames(5), 5.0)
    assert send(intake, frames(40), 45.0) == frames(40)
    assert not intake.is_behind


def test_after_as_long_a_stall_of_the_carrier_only_so_much_may_come_at_once() -> None:
    """Whoever was asked every 20 ms has had the time; so has one who stood still with us earlier."""
    intake = Intake(RATE)
    intake.begin(0.0)
    send(intake, frames(40), 40.0)
    for number in range(frames(40)):
        intake.due(40 + number * FRAME_SECONDS)
    heard = send(intake, frames(40), 80.0)
    assert frames(STALL_SECONDS) <= heard <= frames(STALL_SECONDS + AHEAD_SECONDS + 1)
    assert intake.is_behind


def test_a_delay_does_not_stay() -> None:
    """A burst at the beginning that had to wait is caught up with while the call goes on."""
    intake = Intake(RATE)
    send(intake, frames(AHEAD_SECONDS + 1.5), 0.0)
    assert intake.waiting_seconds > 1
    for number in range(frames(12)):
        send(intake, 1, number * FRAME_SECONDS)
    assert intake.waiting_seconds == 0
    assert not intake.is_behind


def test_a_carrier_ten_times_as_fast_as_life_grows_nothing_and_falls_behind() -> None:
    intake = Intake(RATE)
    lost, number = 0.0, 0
    while not intake.is_behind:
        number += 1
        assert number < frames(60)
        now = number * FRAME_SECONDS / 10
        lost += intake.put(FRAME, now)
        intake.due(now)
        assert intake.waiting_seconds <= QUEUE_SECONDS + FRAME_SECONDS
    assert lost >= 5


def test_of_what_waits_the_oldest_goes_first() -> None:
    intake = Intake(RATE)
    numbered = [number.to_bytes(2, "big") * 80 for number in range(frames(AHEAD_SECONDS + QUEUE_SECONDS + 1))]
    heard = []
    for audio in numbered:
        intake.put(audio, 0.0)
        heard += intake.due(0.0)
    heard += intake.due(100.0)
    assert heard[: frames(AHEAD_SECONDS)] == numbered[: frames(AHEAD_SECONDS)]
    assert heard[frames(AHEAD_SECONDS) :] == numbered[-frames(QUEUE_SECONDS) :]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 20))))
def test_everything_is_heard_lost_or_waits_and_in_order(comings: list[tuple[int, float]]) -> None:
    intake, now, sent, heard, lost = Intake(RATE), 0.0, 0, 0, 0.0
    for size, gap in comings:
        now += gap
        sent += size
        lost += intake.put(bytes(size), now)
        heard += sum(map(len, intake.due(now)))
        assert abs(sent - heard - lost * RATE - intake.waiting_seconds * RATE) < 1
        assert intake.waiting_seconds <= QUEUE_SECONDS + 3000 / RATE
