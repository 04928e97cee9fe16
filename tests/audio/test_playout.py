"""playout: what is sent when, what was heard, and a ticker that serves all calls."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.playout import Mark, PhraseProgress, Playout, Ticker
from bridge.clock import Clock

SECOND = 8_000


def speech(seconds: float, byte: int = 0x21) -> bytes:
    return bytes((byte,)) * round(seconds * SECOND)


def sent_audio(sendable: list[bytes | Mark]) -> bytes:
    return b"".join(item for item in sendable if isinstance(item, bytes))


def marks(sendable: list[bytes | Mark]) -> list[str]:
    return [item.name for item in sendable if isinstance(item, Mark)]


def run(playout: Playout, begin: float, seconds: float) -> list[bytes | Mark]:
    """Everything sent while the clock ticks on."""
    ticks = range(round(seconds / 0.02))
    return [item for tick in ticks for item in playout.due(begin + tick * 0.02)]


def heard(playout: Playout, now: float) -> dict[str, float]:
    return {phrase.name: round(phrase.heard_seconds, 3) for phrase in playout.progress(now)}


def test_the_first_burst_is_the_lead() -> None:
    """400 ms go out at once, and then 100 ms whenever so much has been played."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(2), 10.0)
    assert playout.due(10.0) == [speech(0.4)]
    sent = [playout.due(10 + tick * 0.02) for tick in range(11)]
    assert sent == [[]] * 5 + [[speech(0.1)]] + [[]] * 4 + [[speech(0.1)]]


def test_a_tick_that_is_a_little_early_sends_what_it_may() -> None:
    """What is due a moment later does not wait for the tick after it, and the lead is not exceeded."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(2), 0.0)
    playout.due(0.0)
    assert playout.due(0.0995) == [speech(0.08)]
    assert playout.due(0.1795) == [speech(0.08)]


@given(
    phrases=st.lists(st.tuples(st.floats(0, 3), st.floats(0.001, 1.5)), min_size=1, max_size=6),
    lead_seconds=st.sampled_from([0.02, 0.06, 0.2, 0.4, 1.0]),
    chunk_seconds=st.sampled_from([0.02, 0.06, 0.1]),
    early_seconds=st.floats(0, 0.0005),
)
def test_whoever_rests_until_something_is_due_misses_nothing(
    phrases: list[tuple[float, float]], lead_seconds: float, chunk_seconds: float, early_seconds: float
) -> None:
    """Each tick sends what it would send had all ticks before it been asked, to the byte."""
    eager, resting = (
        Playout(acknowledges=True, lead_seconds=lead_seconds, chunk_seconds=chunk_seconds) for _ in range(2)
    )
    due_at, rests_until, was_finished = sorted(phrases), 0.0, True
    for tick in range(300):
        now = tick * 0.02 + (early_seconds if tick % 2 else 0)
        while due_at and due_at[0][0] <= now:
            _, seconds = due_at.pop(0)
            for playout in (eager, resting):
                playout.queue(f"phrase-{len(due_at)}", speech(seconds), now)
            rests_until, was_finished = 0.0, False
        rests = now < rests_until
        sent = [] if rests else resting.due(now)
        assert sent == eager.due(now)
        assert was_finished or not (rests and eager.is_finished(now)), "the end would be told late"
        was_finished = eager.is_finished(now)
        rests_until = resting.next_due() if not rests else rests_until


def test_the_end_of_a_phrase_keeps_the_rhythm() -> None:
    """It leaves when as much as ever would leave, and its mark with it."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.44), 0.0)
    playout.due(0.0)
    assert playout.due(0.08) == []
    assert playout.due(0.10) == [speech(0.04), Mark("a")]


@given(
    began=st.floats(0, 0.02),
    late=st.lists(st.floats(0, 0.009), min_size=200, max_size=200),
    lead_seconds=st.sampled_from([0.2, 0.4, 0.6]),
)
def test_the_rhythm_is_that_of_the_ticks(began: float, late: list[float], lead_seconds: float) -> None:
    """Whenever a prompt began, and however ticks that are late differ: no piece slips to another tick."""
    playout = Playout(acknowledges=True, lead_seconds=lead_seconds)
    playout.queue("a", speech(3), began)
    said, ahead = len(sent_audio(playout.due(began))), []
    for tick, late_seconds in enumerate(late, 2):
        now = tick * 0.02 + late_seconds
        if piece := sent_audio(playout.due(now)):
            ahead.append(now - said / SECOND)
            said += len(piece)
    assert said == 3 * SECOND
    assert max(ahead) - min(ahead) < 0.0091


def test_of_a_short_lead_a_quarter_leaves_at_a_time() -> None:
    """What is left of it must bridge."""
    playout = Playout(acknowledges=True, lead_seconds=0.16)
    playout.queue("a", speech(2), 0.0)
    playout.due(0.0)
    assert [playout.due(tick * 0.02) for tick in (1, 2, 3, 4)] == [[], [speech(0.04)]] * 2


def test_a_late_tick_is_made_up_for() -> None:
    """After a hiccup the lead is restored, in one piece."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(2), 0.0)
    playout.due(0.0)
    assert playout.due(0.1) == [speech(0.1)]


def test_the_mark_follows_the_phrase() -> None:
    """A mark is sent right behind its phrase, and before the next."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.1, 1), 0.0)
    playout.queue("b", speech(0.1, 2), 0.0)
    assert playout.due(0.0) == [speech(0.1, 1), Mark("a"), speech(0.1, 2), Mark("b")]


def test_no_marks_where_none_come_back() -> None:
    """A carrier that cannot acknowledge is sent audio only."""
    playout = Playout(acknowledges=False)
    playout.queue("a", speech(0.1), 0.0)
    assert playout.due(0.0) == [speech(0.1)]


def test_a_remainder_is_carried_to_the_next_phrase() -> None:
    """Phrases are joined without padding; the mark follows the frame in which its phrase ends."""
    playout = Playout(acknowledges=True)
    playout.queue("a", b"\x01" * 200, 0.0)
    playout.queue("b", b"\x02" * 280, 0.0)
    first, mark_a, second, mark_b = playout.due(0.0)
    assert first == b"\x01" * 200 + b"\x02" * 120
    assert second == b"\x02" * 160
    assert (mark_a, mark_b) == (Mark("a"), Mark("b"))


def test_the_end_is_filled_up_with_silence() -> None:
    """When nothing follows, the last frame is completed with silence."""
    playout = Playout(acknowledges=True)
    playout.queue("a", b"\x01" * 200, 0.0)
    assert sent_audio(playout.due(0.0)) == b"\x01" * 200 + b"\xff" * 120


def test_tiny_phrases_share_a_frame() -> None:
    """Several phrases may end in one frame; each gets its mark, in order."""
    playout = Playout(acknowledges=True)
    for name in "abc":
        playout.queue(name, b"\x01" * 10, 0.0)
    assert playout.due(0.0) == [b"\x01" * 30 + b"\xff" * 130, Mark("a"), Mark("b"), Mark("c")]


def test_an_empty_phrase_is_only_a_mark() -> None:
    """Nothing to say still says when it would have been said."""
    playout = Playout(acknowledges=True)
    playout.queue("a", b"", 0.0)
    assert playout.due(0.0) == [Mark("a")]


def test_a_name_is_used_once() -> None:
    """Two phrases of one name could not be told apart when the mark returns."""
    playout = Playout(acknowledges=True)
    playout.queue("a", b"", 0.0)
    with pytest.raises(ValueError, match="name"):
        playout.queue("a", b"", 0.0)


def test_what_was_heard_is_told_by_the_clock_meanwhile() -> None:
    """Before its mark is back, a phrase has been heard as long as it has been playing."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(1), 0.0)
    playout.queue("b", speech(1), 0.0)
    run(playout, 0.0, 1.5)
    assert heard(playout, 1.5) == {"a": 1.0, "b": 0.5}
    assert not any(phrase.finished for phrase in playout.progress(1.5))


def test_what_was_not_sent_was_not_heard() -> None:
    """Time that passes without sending is not time of playing."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(1), 0.0)
    playout.due(0.0)
    assert heard(playout, 5.0) == {"a": 0.4}


def test_a_returned_mark_is_an_acknowledgement() -> None:
    """The phrase is then finished, heard in full, and known to be."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.3), 0.0)
    playout.due(0.0)
    playout.mark_returned("a", played=True, now=0.28)
    assert playout.progress(0.28) == [PhraseProgress("a", 0.3, pytest.approx(0.3), True, True)]
    assert playout.is_finished(0.28)


def test_a_later_mark_finishes_earlier_phrases() -> None:
    """A carrier plays in order, so a lost mark is made good by the next; but it is no acknowledgement."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.1), 0.0)
    playout.queue("b", speech(0.1), 0.0)
    playout.due(0.0)
    playout.mark_returned("b", played=True, now=0.2)
    assert [(p.finished, p.acknowledged) for p in playout.progress(0.2)] == [(True, False), (True, True)]


def test_a_mark_that_does_not_come_has_a_deadline() -> None:
    """A second after the expected end the clock decides, and the phrase counts as not acknowledged."""
    playout = Playout(acknowledges=True, mark_grace_seconds=1.0)
    playout.queue("a", speech(0.3), 0.0)
    playout.due(0.0)
    assert not playout.is_finished(1.28)
    assert playout.is_finished(1.3)
    assert not playout.progress(1.3)[0].acknowledged


def test_the_clock_decides_where_no_marks_come() -> None:
    """Without acknowledgement a phrase is finished when its time is over."""
    playout = Playout(acknowledges=False)
    playout.queue("a", speech(0.3), 0.0)
    playout.due(0.0)
    assert not playout.is_finished(0.28)
    assert playout.is_finished(0.3)


def test_a_returned_but_unplayed_mark_means_nothing() -> None:
    """Marks that come back because of a clear are not taken for played audio."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.3), 0.0)
    playout.due(0.0)
    playout.mark_returned("a", played=False, now=0.1)
    assert heard(playout, 0.1) == {"a": 0.1}
    assert not playout.is_finished(0.1)


@pytest.mark.parametrize("name", ["nobody", "unsent"])
def test_marks_of_nobody_and_of_the_unsent_mean_nothing(name: str) -> None:
    """A mark can only come back for what was sent."""
    playout = Playout(acknowledges=True)
    playout.queue("unsent", speech(3), 0.0)
    playout.mark_returned(name, played=True, now=0.0)
    assert playout.progress(0.0) == [PhraseProgress("unsent", 3.0, 0.0, False, False)]


def test_a_clear_drops_the_rest() -> None:
    """Nothing more is sent, what was heard stays as it was, and a new generation begins."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(2), 0.0)
    run(playout, 0.0, 1.0)
    playout.clear(1.0)
    assert playout.generation == 1
    assert run(playout, 1.0, 2.0) == []
    assert playout.progress(9.0) == [PhraseProgress("a", 2.0, pytest.approx(1.0), False, False)]
    assert playout.is_finished(1.0)


def test_marks_are_void_after_a_clear() -> None:
    """Even one that claims to have been played: who cleared cannot know."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.3), 0.0)
    playout.due(0.0)
    playout.clear(0.1)
    playout.mark_returned("a", played=True, now=0.2)
    assert heard(playout, 0.2) == {"a": 0.1}
    assert not playout.progress(0.2)[0].acknowledged


def test_a_clear_does_not_undo_what_was_heard() -> None:
    """A phrase whose mark was back stays finished and acknowledged."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.1), 0.0)
    playout.queue("b", speech(1), 0.0)
    playout.due(0.0)
    playout.mark_returned("a", played=True, now=0.1)
    playout.clear(0.2)
    assert [(p.finished, p.acknowledged) for p in playout.progress(1)] == [(True, True), (False, False)]


def test_after_a_clear_playing_starts_anew() -> None:
    """What is said next does not wait for what was dropped."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(2), 0.0)
    playout.due(0.0)
    playout.clear(0.1)
    playout.queue("b", speech(0.2), 0.1)
    assert playout.due(0.1) == [speech(0.2), Mark("b")]
    assert heard(playout, 0.2)["b"] == 0.1


def test_a_new_turn_forgets_what_is_over() -> None:
    """After a reset only what is still being said is reported."""
    playout = Playout(acknowledges=True)
    playout.queue("a", speech(0.1), 0.0)
    playout.queue("b", speech(1), 0.0)
    playout.due(0.0)
    playout.mark_returned("a", played=True, now=0.1)
    playout.reset(0.1)
    assert list(heard(playout, 0.1)) == ["b"]


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=6),
    st.lists(st.floats(0, 0.7), min_size=1, max_size=60),
)
def test_everything_is_sent_once_in_order_and_never_too_early(lengths: list[int], waits: list[float]) -> None:
    """Whatever the ticks: frames are whole, at most 400 ms ahead, and join to the phrases; marks in order."""
    playout = Playout(acknowledges=True)
    for index, length in enumerate(lengths):
        playout.queue(str(index), bytes((index,)) * length, 0.0)
    now, plays_until, sendable = 0.0, 0.0, []
    for wait in [*waits, *[0.4] * 10]:
        now += wait
        items = playout.due(now)
        plays_until = max(now, plays_until) + len(sent_audio(items)) / SECOND
        assert plays_until - now <= 0.4 + 1e-5
        assert all(len(item) % 160 == 0 for item in items if isinstance(item, bytes))
        sendable += items
    whole = b"".join(bytes((index,)) * length for index, length in enumerate(lengths))
    assert sent_audio(sendable) == whole + b"\xff" * (-len(whole) % 160)
    assert marks(sendable) == [str(index) for index in range(len(lengths))]


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.sampled_from(["queue", "due", "mark", "clear"])), max_size=40)
)
def test_what_was_heard_never_shrinks(steps: list[tuple[float, str]]) -> None:
    """For any course of events, a phrase is heard more and more, and never longer than it is."""
    playout, now, before = Playout(acknowledges=True), 0.0, {}
    for index, (wait, action) in enumerate(steps):
        now += wait
        match action:
            case "queue":
                playout.queue(str(index), speech(0.3), now)
            case "mark":
                playout.mark_returned(str(index - 2), played=True, now=now)
            case "clear":
                playout.clear(now)
            case _:
                playout.due(now)
        after = {phrase.name: phrase.heard_seconds for phrase in playout.progress(now)}
        assert all(seconds >= before.get(name, 0) - 1e-6 for name, seconds in after.items())
        assert all(seconds <= 0.3 + 1e-6 for seconds in after.values())
        before = after


async def tick_until(ticker: Ticker, done: Callable[[], bool]) -> None:
    """Run the ticker until something is true (or the test's own limit ends it)."""
    finished = asyncio.Event()
    ticker.add(lambda _now: finished.set() if done() else None)
    task = asyncio.create_task(ticker.run())
    async with asyncio.timeout(10):
        await finished.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_ticker_calls_everybody_with_the_time() -> None:
    """Each tick gives every callback the same, growing call time."""
    first: list[float] = []
    second: list[float] = []
    ticker = Ticker(Clock(16))
    ticker.add(first.append)
    ticker.add(second.append)
    await tick_until(ticker, lambda: len(second) >= 5)
    assert first == second
    assert first == sorted(first)


async def test_a_removed_callback_is_not_called() -> None:
    """Removal counts at once, even in the middle of a tick, and may be repeated."""
    calls: list[str] = []
    ticker = Ticker(Clock(16))

    def first(_now: float) -> None:
        calls.append("first")
        remove()

    ticker.add(first)
    remove = ticker.add(lambda _now: calls.append("second"))
    await tick_until(ticker, lambda: len(calls) >= 3)
    assert set(calls) == {"first"}


async def test_a_failing_callback_harms_no_other() -> None:
    """It is removed and reported; the others go on."""
    failures: list[tuple[object, Exception]] = []
    ticks: list[float] = []
    ticker = Ticker(Clock(16), on_error=lambda callback, error: failures.append((callback, error)))

    def fail(_now: float) -> None:
        raise RuntimeError("this call is broken")

    ticker.add(fail)
    ticker.add(ticks.append)
    await tick_until(ticker, lambda: len(ticks) >= 4)
    assert [callback for callback, _ in failures] == [fail]


async def test_a_failure_nobody_waits_for_reaches_the_loop() -> None:
    """Without an error callback the event loop's handler is told."""
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    ticker = Ticker(Clock(16))
    ticker.add(lambda _now: [].pop())
    await tick_until(ticker, lambda: bool(told))
    assert isinstance(told[0]["exception"], IndexError)


async def test_the_ticker_sleeps_until_wanted() -> None:
    """With nobody to call it waits; the first callback wakes it."""
    ticker = Ticker(Clock(16))
    was_called = asyncio.Event()
    task = asyncio.create_task(ticker.run())
    await asyncio.sleep(0)
    ticker.add(lambda _now: was_called.set())
    async with asyncio.timeout(10):
        await was_called.wait()
    task.cancel()


class SteppedClock(Clock):
    """A clock on which nothing takes time but sleeping, and the first tick takes far too long."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


async def test_missed_ticks_are_left_out_and_deadlines_do_not_drift() -> None:
    """After a tick that took 50 ms comes one late tick, not a burst; then all is on the beat again."""
    clock = SteppedClock()
    ticks: list[float] = []

    def slow_once(now: float) -> None:
        ticks.append(round(now, 3))
        clock.time += 0.05 if len(ticks) == 1 else 0.001

    ticker = Ticker(clock)
    ticker.add(slow_once)
    await tick_until(ticker, lambda: len(ticks) >= 4)
    assert ticks[:4] == [0.0, 0.05, 0.06, 0.08]
