"""A whole daemon that is stuck inside gives no signs of life, whichever part of it hangs."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from manager import Manager

pytestmark = pytest.mark.call

WATCHDOG_SECONDS = 1.5
# Promised is that a recogniser which hangs is noticed within 12 s: a probe every 2 s, 10 s for its answer.
NOTICED_SECONDS = 60.0
AGAIN_SECONDS = 90.0  # its process is replaced, loads the model and hears a known phrase
# Told to, it blocks the thread of the loop, where Python runs signal handlers. The daemon has no such switch.
BLOCKABLE = """
import runpy, signal, sys, time
signal.signal(signal.SIGRTMIN, lambda *_: time.sleep(600))
del sys.argv[:4]
sys.argv.insert(0, "bridge")
runpy.run_module("bridge", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """A service manager."""
    one = Manager(tmp_path)
    yield one
    one.close()


@pytest.mark.timeout(420)
async def test_a_stuck_daemon_gives_no_signs_of_life(
    start_daemon: Callable[..., Any], manager: Manager
) -> None:
    """While the recogniser hangs and the loop is well, none until there is another; then the loop hangs."""
    daemon = start_daemon(
        prefix=(sys.executable, "-c", BLOCKABLE),
        NOTIFY_SOCKET=manager.address,
        WATCHDOG_USEC=str(round(WATCHDOG_SECONDS * 1_000_000)),
    )
    await manager.fed(daemon, NOTICED_SECONDS)

    stopped = daemon.children()["bridge.speech.vosk.worker"]
    os.kill(stopped, signal.SIGSTOP)
    await manager.unfed(daemon, WATCHDOG_SECONDS, NOTICED_SECONDS)
    assert daemon.get_as_admin("/livez")[0] == 200  # the loop turns
    await manager.fed(daemon, AGAIN_SECONDS)
    assert daemon.children()["bridge.speech.vosk.worker"] != stopped
    assert '"recogniser_silent"' in daemon.log

    daemon.process.send_signal(signal.SIGRTMIN)
    await manager.unfed(daemon, 3 * WATCHDOG_SECONDS, NOTICED_SECONDS)
    assert manager.lines.count("READY=1") == 1
    assert daemon.stop(signal.SIGABRT) == -signal.SIGABRT  # what systemd sends then, ends it as it hangs
