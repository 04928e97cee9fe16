"""What a server costs: by /proc where it is here, by its metrics elsewhere."""

import asyncio
import os
import socket
import subprocess
import sys
import time

import pytest

from bridge.bench.processes import descendants, listeners, processor_seconds
from bridge.bench.server import Meter, Usage, cost, upper_bound

METRICS = """\
# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total {cpu}
# HELP hatif_event_loop_delay_seconds How late the event loop was.
# TYPE hatif_event_loop_delay_seconds histogram
hatif_event_loop_delay_seconds_bucket{{le="0.01"}} {few}
hatif_event_loop_delay_seconds_bucket{{le="0.05"}} {many}
hatif_event_loop_delay_seconds_bucket{{le="+Inf"}} {many}
hatif_event_loop_delay_seconds_count {many}
hatif_event_loop_delay_seconds_sum 0.1
"""


async def test_metrics_tell_the_daemon_and_its_loop() -> None:
    """The engines' processes are not in them."""
    texts = iter([METRICS.format(cpu=10.0, few=100, many=100), METRICS.format(cpu=12.0, few=190, many=200)])
    meter = Meter(read_metrics=lambda: next(texts))
    found = cost(await meter.look(), await meter.look(), call_seconds=400.0)
    assert found is not None
    assert (found.daemon_ms, found.engines_ms, found.loop_late_ms) == (5.0, None, 50.0)


async def test_what_cannot_be_seen_is_not_told() -> None:
    def nobody() -> str:
        raise ConnectionRefusedError

    assert await Meter().look() is None
    assert await Meter(read_metrics=nobody).look() is None
    assert cost(None, Usage(1.0), 10.0) is None
    assert cost(Usage(1.0), Usage(2.0), 0.0) is None


def test_processes_of_this_machine_are_counted_with_their_children() -> None:
    """A child is an engine's."""
    burning = (
        "import time\nbegan = time.process_time()\nwhile time.process_time() - began < 0.3: pass\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", burning], stdin=subprocess.PIPE) as child:
        while processor_seconds(child.pid) < 0.3:
            time.sleep(0.01)
        used = asyncio.run(Meter([os.getpid()]).look())
        assert child.pid in descendants(os.getpid())
        child.communicate(b"\n")
    assert used is not None
    assert used.daemon is not None
    assert used.engines is not None
    assert used.daemon > 0
    assert used.engines >= 0.3


def test_who_listens_on_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listeners(port) == [os.getpid()]
    assert listeners(port) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {0.1: 98.0, 0.5: 99.0, 1.0: 100.0}, 0.5),
        ({0.1: 98.0, 0.5: 98.0, 1.0: 98.0}, {0.1: 98.0, 0.5: 99.0, 1.0: 100.0}, 1.0),
        ({0.1: 5.0}, {0.1: 5.0}, None),
        ({}, {}, None),
    ],
)
def test_a_histogram_tells_an_upper_bound(
    before: dict[float, float], after: dict[float, float], told: float | None
) -> None:
    assert upper_bound(0.99, before, after) == told
