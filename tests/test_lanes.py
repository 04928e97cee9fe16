"""The order of the tests: nothing is lost, and what is slow is begun first, in half of the workers."""

import pytest
from lanes import SLOW, in_lanes

TESTS = [f"tests/audio/test_frames.py::test_{number}" for number in range(40)] + [
    *(f"tests/calls/test_demo.py::test_{number}" for number in range(5)),
    *(f"tests/calls/test_asterisk.py::test_{number}" for number in range(4)),
    *(f"tests/understanding/test_dates.py::test_{number}" for number in range(30)),
]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7, 100])
def test_every_test_is_run_once(workers: int) -> None:
    assert sorted(in_lanes(TESTS, workers)) == list(range(len(TESTS)))


def test_one_worker_goes_through_them_as_they_come() -> None:
    assert in_lanes(TESTS, 1) == list(range(len(TESTS)))


def test_of_four_workers_two_begin_with_calls() -> None:
    """The shares are those of xdist: equal, and a worker begins with the first test of its own."""
    order = [TESTS[number] for number in in_lanes(TESTS, 4)]
    size = len(TESTS) // 4
    begun = [order[worker * size].split("/")[1] for worker in range(4)]
    assert begun == ["calls", "calls", "audio", "understanding"]


def test_tests_that_share_a_daemon_stay_together() -> None:
    places = [place for place, number in enumerate(in_lanes(TESTS, 4)) if "asterisk" in TESTS[number]]
    assert places == list(range(places[0], places[0] + 4))


def test_every_file_of_the_list_is_there(request: pytest.FixtureRequest) -> None:
    """A file that was renamed would be run whenever it comes."""
    folder = request.config.rootpath / "tests"
    assert [file for file in SLOW if not (folder / file).is_file()] == []
