"""What the return of a mark means."""

import pytest

from protocols import LocalProtocolError, MarkReturned
from protocols.marks import PendingMarks


def test_a_mark_that_comes_back_was_played() -> None:
    """The audio before a returned mark has been played."""
    marks = PendingMarks()
    marks.send("greeting")

    assert marks.receive("greeting") == (MarkReturned("greeting", played=True),)


def test_a_clear_voids_every_mark_sent_before_it() -> None:
    """A mark that returns after a clear proves nothing; one sent after the clear does."""
    marks = PendingMarks()
    marks.send("before")
    marks.clear()
    marks.send("after")

    assert marks.receive("before") == (MarkReturned("before", played=False),)
    assert marks.receive("after") == (MarkReturned("after", played=True),)


def test_a_mark_that_was_never_sent_means_nothing() -> None:
    """An unknown mark, or the second return of a known one, is ignored."""
    marks = PendingMarks()
    marks.send("once")
    marks.receive("once")

    assert marks.receive("once") == ()
    assert marks.receive("never") == ()


@pytest.mark.parametrize("is_cleared", [False, True])
def test_a_name_is_not_used_again_while_it_is_on_its_way(is_cleared: bool) -> None:
    """Two pending marks of one name could not be told apart when one returns."""
    marks = PendingMarks()
    marks.send("same")
    if is_cleared:
        marks.clear()

    with pytest.raises(LocalProtocolError):
        marks.send("same")


def test_a_name_may_be_used_again_once_it_is_back() -> None:
    """A name is free again after its return."""
    marks = PendingMarks()
    marks.send("again")
    marks.receive("again")
    marks.send("again")

    assert marks.receive("again") == (MarkReturned("again", played=True),)
