"""The garbage collector rests while much is made, works again after, and leaves alone what stays."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from weakref import ref

import pytest

from bridge.collecting import NEW_OBJECTS, keep_all_so_far, look_seldom, uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()
    gc.unfreeze()


def test_it_rests_and_works_again() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()  # whoever began first ends it
    assert gc.isenabled()


def test_it_works_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="no questionnaire"), uncollected():
        raise ValueError("no questionnaire")
    assert gc.isenabled()


def test_what_stays_is_not_looked_at_again() -> None:
    kept = [{"number": number} for number in range(1000)]
    keep_all_so_far()
    assert gc.get_freeze_count() > len(kept)
    assert not any(found is kept[0] for found in gc.get_objects())


class Knot:
    """Something that only the collector can find."""

    def __init__(self) -> None:
        self.itself = self


def test_what_calls_leave_behind_is_found_soon() -> None:
    """However much there was before: a full round must not wait for a quarter as much again."""
    gc.enable()
    look_seldom()
    kept = [[number] for number in range(1_000_000)]
    keep_all_so_far()
    call = Knot()
    gc.collect(1)  # it has lived for a while, as calls do: only a full round finds it now
    knot = ref(call)
    del call
    calls = [[number] for number in range(10 * NEW_OBJECTS)]
    assert knot() is None, (len(kept), len(calls))


def test_what_was_freed_is_given_back() -> None:
    """Small pieces between others, which glibc would keep."""
    script = (
        "import ctypes, sys\n"
        "from bridge.collecting import give_back\n"
        "from bridge.speech.memory import resident_bytes\n"
        "import os\n"
        "pieces = [ctypes.create_string_buffer(20_000) for _ in range(5_000)]\n"
        "del pieces[:-1:1]\n"
        "before = resident_bytes(os.getpid())\n"
        "give_back()\n"
        "print(before - resident_bytes(os.getpid()))\n"
    )
    freed = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert freed > 50_000_000


def test_garbage_is_looked_for_less_often_and_still_found() -> None:
    """Rings of objects that nobody else holds go once there are many, and not before."""
    look_seldom()
    gc.collect()
    looked = gc.get_stats()[0]["collections"]
    kept = [[] for _ in range(NEW_OBJECTS // 2)]
    assert gc.get_stats()[0]["collections"] == looked
    kept += [[] for _ in range(NEW_OBJECTS)]
    assert gc.get_stats()[0]["collections"] > looked


def test_all_threads_share_one_place() -> None:
    script = (
        "import ctypes, sys, threading\n"
        "from bridge.collecting import keep_together\n"
        "keep_together()\n"
        "barrier = threading.Barrier(5)\n"
        "def take():\n"
        "    pieces = [ctypes.create_string_buffer(20_000) for _ in range(100)]\n"
        "    barrier.wait()\n"
        "for _ in range(4):\n"
        "    threading.Thread(target=take).start()\n"
        "barrier.wait()\n"
        "ctypes.CDLL(None).malloc_stats()\n"
    )
    stats = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stderr.decode()
    assert stats.count("Arena ") == 1, stats
