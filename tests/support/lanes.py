"""The order in which tests are run by several workers: whole calls first, in some of them, beside all others.

Calls mostly wait and the others mostly compute, so that they go well together. A long test that is begun last
would leave the other workers idle; calls in all of them at once would leave none of them enough to hear by.
"""

from collections.abc import Sequence

__all__ = ["in_lanes"]

# About how many seconds a test takes, by its file; those that are not named take less.
SLOW = {
    "calls/test_demo.py": 50,
    "calls/test_draining.py": 50,
    "calls/test_survival.py": 15,
    "survival/test_kills.py": 20,
    "faults/test_network.py": 15,
    "faults/test_engines.py": 15,
    "faults/test_clock.py": 5,
    "faults/test_slow_disk.py": 10,
    "survival/test_database.py": 15,
    "calls/test_handing_over.py": 15,
    "calls/test_barge_in.py": 15,
    "calls/test_spoken_goldens.py": 15,
    "calls/test_reloading.py": 15,
    "calls/test_not_ready.py": 15,
    "calls/test_opus.py": 15,
    "calls/test_processes.py": 15,
    "calls/test_encrypted.py": 10,
    "deploy/test_deployed.py": 10,
    "test_watchdog.py": 25,
    "admission/test_load.py": 20,
    "calls/test_asterisk.py": 10,
    "calls/test_overheard.py": 10,
    "web/test_admin_served.py": 5,
    "web/test_applications.py": 5,
    "web/test_media.py": 3,
    "web/test_webhooks.py": 3,
}
# Each of their tests has a daemon of its own, or none; the tests of other files share one, and stay together.
APART = {
    "calls/test_demo.py",
    "calls/test_survival.py",
    "calls/test_handing_over.py",
    "calls/test_barge_in.py",
}

# Files whose tests share one daemon, and stay together too.
TOGETHER = {
    "faults/test_network.py": "faults",
    "faults/test_engines.py": "faults",
    "faults/test_clock.py": "faults",
}


def in_lanes(tests: Sequence[str], workers: int) -> list[int]:
    """Their order, as numbers, for workers which are first given equal shares of it, one after the other."""
    if workers == 1:
        return list(range(len(tests)))
    lanes = _lanes(tests, max(1, workers // 2))
    slow = {number for lane in lanes for number in lane}
    others = [number for number in range(len(tests)) if number not in slow]
    order = list[int]()
    for worker in range(workers):
        share = (len(tests) - len(order)) // (workers - worker)
        lane = lanes[worker] if worker < len(lanes) else []
        room = max(0, share - len(lane))
        order += lane + others[:room]
        del others[:room]
    return order + others


def _lanes(tests: Sequence[str], count: int) -> list[list[int]]:
    """The slow ones, the slowest first, dealt so that all lanes take about as long."""
    lanes: list[list[int]] = [[] for _ in range(count)]
    seconds = [0] * count
    for weight, numbers in sorted(_units(tests), key=lambda unit: -unit[0]):
        lane = seconds.index(min(seconds))
        lanes[lane] += numbers
        seconds[lane] += weight
    return lanes


def _units(tests: Sequence[str]) -> list[tuple[int, list[int]]]:
    """Slow tests that stay together, with their seconds."""
    units: dict[str, tuple[int, list[int]]] = {}
    for number, test in enumerate(tests):
        file = test.partition("::")[0].removeprefix("tests/")
        if file in SLOW:
            name = test if file in APART else TOGETHER.get(file, file)
            weight, numbers = units.get(name, (0, []))
            units[name] = weight + SLOW[file], [*numbers, number]
    return list(units.values())
