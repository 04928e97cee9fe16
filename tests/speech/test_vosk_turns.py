"""Whose turn it is at the recogniser's threads: no tenant's and no call's backlog delays another's."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bridge.speech.vosk.turns import RoundRobin, Turns


def order(comings: list[tuple[str, str, str]]) -> list[str]:
    """In which order what came is done, by its utterance."""
    waiting, done = RoundRobin(), []
    for path in comings:
        waiting.add(partial(done.append, path[-1]), path)
    while (job := waiting.next()) is not None:
        job()
    assert waiting.is_empty
    return done


def test_a_tenant_with_many_calls_gets_no_more_turns_than_one_with_one() -> None:
    flood = [("a", f"call {number}", f"a{number}") for number in range(100)]
    done = order([*flood, ("b", "its call", "b0"), ("b", "its call", "b1")])
    assert done.index("b0") == 1
    assert done.index("b1") == 3


def test_a_call_with_many_utterances_gets_no_more_turns_than_one_with_one() -> None:
    done = order([*[("a", "flood", f"f{number}") for number in range(100)], ("a", "other", "o")])
    assert done.index("o") == 1


def test_an_utterance_s_own_jobs_stay_in_order() -> None:
    done = order([("a", "c", "1")] * 3 + [("a", "c", "2")])
    assert done == ["1", "2", "1", "1"]


def test_all_is_done_once_by_a_pool() -> None:
    """While the only thread is busy the flood waits; who comes last is served second."""
    done: list[str] = []
    go, over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        turns = Turns(pool)
        turns.submit(go.wait, ("a", "c", "0"))  # type: ignore[arg-type]
        jobs: list[Callable[[], None]] = [partial(done.append, f"a{number}") for number in range(50)]
        for number, job in enumerate(jobs):
            turns.submit(job, ("a", f"c{number}", "u"))
        turns.submit(partial(done.append, "b"), ("b", "c", "u"))
        go.set()
        pool.submit(over.set)
        assert over.wait(20)
    assert sorted(done) == sorted([*(f"a{number}" for number in range(50)), "b"])
    assert done.index("b") <= 1
