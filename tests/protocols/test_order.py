"""Numbered messages are put back in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.order import REACH, WINDOW, Sorter


def sorted_by(numbers: list[int | None]) -> list[int | None]:
    sorter = Sorter[int | None]()
    return [item for number in numbers for item in sorter.receive(number, number)]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 3, 2, 4], [1, 2, 3, 4]),
        ([2, 1, 3], [1, 2, 3]),
        ([1, 1, 2, 2, 1], [1, 2]),
        ([1, 3, 3, 2], [1, 2, 3]),
        ([1, None, 2], [1, None, 2]),
    ],
)
def test_what_comes_out_is_in_order_and_once(sent: list[int | None], received: list[int | None]) -> None:
    """Swapped, doubled, and without a number."""
    assert sorted_by(sent) == received


def test_what_is_in_order_never_waits() -> None:
    """Each goes on at once, also after a gap was given up."""
    sorter = Sorter[int]()
    for number in [1, *range(3, 3 + WINDOW + 1)]:
        sorter.receive(number, number)

    assert [sorter.receive(number, number) for number in (9, 10)] == [[9], [10]]


def test_a_gap_is_given_up_after_so_many_messages() -> None:
    """No more than the window waits for what is lost, and what comes too late is dropped."""
    sorter = Sorter[int]()
    assert [sorter.receive(number, number) for number in range(2, 2 + WINDOW)] == [[]] * WINDOW

    assert sorter.receive(2 + WINDOW, 2 + WINDOW) == list(range(2, 3 + WINDOW))
    assert sorter.receive(1, 1) == []


def test_a_counter_that_begins_anew_is_followed() -> None:
    """A stream that was restarted is heard, not dropped as late for the rest of the call."""
    sent: list[int | None] = [*range(1, 200), 1, 2, 3]

    assert sorted_by(sent) == sent


def test_nothing_is_kept_at_the_end() -> None:
    """What waits when the stream stops comes out."""
    sorter = Sorter[int]()
    sorter.receive(4, 4)
    sorter.receive(3, 3)

    assert (sorter.flush(), sorter.flush()) == ([3, 4], [])


@given(st.permutations(list(range(1, WINDOW + 1))))
def test_any_order_within_the_window_is_put_right(shuffled: list[int | None]) -> None:
    """Whatever the network does to a window's worth of messages."""
    assert sorted_by(shuffled) == list(range(1, WINDOW + 1))


@given(st.lists(st.integers(0, REACH), max_size=100))
def test_what_waits_is_bounded(numbers: list[int]) -> None:
    """And nothing comes out twice."""
    sorter = Sorter[int]()
    received = []
    for number in numbers:
        received += sorter.receive(number, number)
    waiting = sorter.flush()

    assert len(waiting) <= WINDOW
    assert len({*received, *waiting}) == len(received) + len(waiting)
