"""Calls are refused before they are answered, and their places are given back."""

import pytest

from bridge.admission import Accept, Admission, Busy, BusyReason


def test_a_full_house_refuses_one_more() -> None:
    """At the limit the next call is told to come back."""
    admission = Admission(1)
    with admission.place():
        answer = admission.ask(is_ready=True, is_draining=False)
    assert answer == Busy(BusyReason.FULL)


def test_a_place_is_given_back_when_a_call_fails() -> None:
    """A call that ends with an exception leaves no place behind."""
    admission = Admission(1)
    with pytest.raises(RuntimeError), admission.place():
        raise RuntimeError
    assert admission.ask(is_ready=True, is_draining=False) == Accept()


@pytest.mark.parametrize(
    ("is_ready", "is_draining", "reason"),
    [
        (False, False, BusyReason.NOT_READY),
        (True, True, BusyReason.DRAINING),
        (False, True, BusyReason.DRAINING),
    ],
)
def test_only_a_running_daemon_takes_calls(is_ready: bool, is_draining: bool, reason: BusyReason) -> None:
    """While starting or draining every call is refused, and told why."""
    assert Admission(9).ask(is_ready=is_ready, is_draining=is_draining) == Busy(reason)


def test_a_lower_limit_ends_no_call() -> None:
    """Calls in progress go on; the next one has to wait for them."""
    admission = Admission(2)
    with admission.place(), admission.place():
        admission.limit(1)
        assert isinstance(admission.ask(is_ready=True, is_draining=False), Busy)
    assert isinstance(admission.ask(is_ready=True, is_draining=False), Accept)
