"""How much memory there is: of the machine, and of the control group that we are in."""

from pathlib import Path

import pytest

from bridge.admission import Admission, Rules, Thresholds, Vitals
from bridge.admission.vitals import free_bytes, vitals, watch_vitals
from bridge.speech.waits import Waits

GROUP = "sys/fs/cgroup/system.slice/hatif.service"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 2000 KiB available, and a group that uses 600 KiB of 1000, 100 of them droppable."""
    write(tmp_path / "proc/meminfo", "MemTotal: 4000 kB\nMemFree: 10 kB\nMemAvailable:   2000 kB\n")
    write(tmp_path / "proc/self/cgroup", "0::/system.slice/hatif.service\n")
    write(tmp_path / GROUP / "memory.max", f"{1000 << 10}\n")
    write(tmp_path / GROUP / "memory.current", f"{600 << 10}\n")
    write(tmp_path / GROUP / "memory.stat", f"anon 5\ninactive_file {100 << 10}\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_narrower_limit_counts(root: Path) -> None:
    assert free_bytes(root) == 500 << 10
    write(root / "proc/meminfo", "MemAvailable: 300 kB\n")
    assert free_bytes(root) == 300 << 10


def test_a_group_without_limit_has_the_machine_s(root: Path) -> None:
    write(root / GROUP / "memory.max", "max\n")
    assert free_bytes(root) == 2000 << 10


def test_where_nothing_can_be_read_nothing_is_known(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) is None


def test_this_machine_has_some() -> None:
    assert (free_bytes() or 0) > 1 << 20


def test_the_longest_wait_is_one_that_lasts_or_was_over_a_moment_ago() -> None:
    now = 0.0
    waits = Waits(lambda: now)
    with waits.one():
        now = 2.0
        with waits.one():
            now = 3.0
        assert waits.longest_seconds == 3.0
    now = 12.0
    assert waits.longest_seconds == 3.0
    now = 14.0
    assert waits.longest_seconds == 0.0


async def test_overload_is_watched() -> None:
    """As it is now, not as it was when a call asked last."""

    class EnoughError(Exception):
        pass

    admission = Admission(5, Rules(thresholds=Thresholds(lag_seconds=0.5)))
    seen = []
    looks = iter([Vitals(0.1), Vitals(1.0)])

    def look() -> Vitals:
        seen.append(admission.is_shedding)
        try:
            return next(looks)
        except StopIteration:
            raise EnoughError from None

    with pytest.raises(EnoughError):
        await watch_vitals(admission, look)
    assert seen == [False, False, True]


def test_without_ears_there_is_no_wait() -> None:
    class Pulse:
        lag_seconds = 0.25

    now = vitals(Pulse(), None)
    assert (now.lag_seconds, now.recognise_seconds) == (0.25, None)
