"""What the service manager is told, and when; and the socket that it hands over."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bridge import supervision
from bridge.errors import ConfigError
from bridge.lifecycle import State
from bridge.supervision import EXTEND_SECONDS, Bulletins, Situation, Supervision, handed_over_socket

STARTING = Situation(State.STARTING)
RUNNING = Situation(State.RUNNING)


def lines(bulletins: Bulletins, now: float, present: Situation) -> list[str]:
    """What is said at that moment."""
    return (bulletins.due(now, present) or "").splitlines()


def test_a_whole_life() -> None:
    """Ready once, its calls counted, and the end announced as soon as it is wished."""
    told = Bulletins()
    assert lines(told, 0, STARTING) == ["STATUS=starting", "EXTEND_TIMEOUT_USEC=60000000"]
    assert lines(told, 1, RUNNING) == ["READY=1", "STATUS=0 calls"]
    assert lines(told, 2, RUNNING) == []
    assert lines(told, 3, Situation(State.RUNNING, calls=1)) == ["STATUS=1 call"]
    assert lines(told, 4, Situation(State.DRAINING, calls=12)) == ["STATUS=12 calls, draining"]
    ending = Situation(State.DRAINING, is_ending=True, calls=12)
    assert lines(told, 20, ending) == [
        "STOPPING=1",
        "STATUS=12 calls, draining before the end",
        "EXTEND_TIMEOUT_USEC=60000000",
    ]
    assert lines(told, 21, Situation(State.STOPPED, is_ending=True)) == ["STATUS=stopped"]


def test_more_time_is_asked_for_as_long_as_it_takes() -> None:
    """While it starts and while it ends, but not while an operator drains it: no time-out runs then."""
    for present, is_passing in [
        (STARTING, True),
        (Situation(State.DRAINING, is_ending=True), True),
        (Situation(State.DRAINING), False),
        (RUNNING, False),
    ]:
        told = Bulletins()
        moments = [at for at in range(31) if any("EXTEND" in line for line in lines(told, at, present))]
        assert moments == ([0, EXTEND_SECONDS, 2 * EXTEND_SECONDS, 3 * EXTEND_SECONDS] if is_passing else [])


def test_a_daemon_that_drains_from_its_first_moment_is_ready_too() -> None:
    """What was wished while it started does not leave the service manager waiting."""
    assert "READY=1" in lines(Bulletins(), 0, Situation(State.DRAINING))


def test_an_end_while_it_starts_is_no_readiness() -> None:
    """Whoever waits for READY must not take the teardown for it."""
    assert "READY=1" not in lines(Bulletins(), 0, Situation(State.DRAINING, is_ending=True))


def test_before_it_is_ready_no_watchdog_is_fed() -> None:
    """Until then it is the time-out of starting that counts."""
    told = Bulletins(watchdog_seconds=30)
    assert "WATCHDOG=1" not in lines(told, 0, STARTING)
    assert "WATCHDOG=1" in lines(told, 1, RUNNING)


def test_a_reload_is_announced_and_its_end_too() -> None:
    """As sd_notify(3) wants it: RELOADING with the time, then READY again."""
    told = Bulletins()
    told.due(0, RUNNING)
    reloading = Situation(State.RUNNING, is_reloading=True)
    assert lines(told, 1.5, reloading) == [
        "RELOADING=1",
        "MONOTONIC_USEC=1500000",
        "STATUS=0 calls, reloading",
    ]
    assert lines(told, 2, RUNNING) == ["READY=1", "STATUS=0 calls"]


def test_the_watchdog_is_fed_every_third_of_its_patience_by_the_living() -> None:
    """And as soon as there is life again, not a whole third later."""
    told = Bulletins(watchdog_seconds=30)
    wedged = Situation(State.RUNNING, is_alive=False)

    def fed(moments: range, present: Situation) -> list[int]:
        return [at for at in moments if "WATCHDOG=1" in lines(told, at, present)]

    assert fed(range(25), RUNNING) == [0, 10, 20]
    assert fed(range(25, 50), wedged) == []
    assert fed(range(51, 65), RUNNING) == [51, 61]


# Datagrams


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A service manager's end: `address` as in NOTIFY_SOCKET, and `told()`."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        name = str(tmp_path / "notify") if request.param == "file" else f"hatif-test-{os.getpid()}"
        listening.bind(name if request.param == "file" else f"\0{name}")
        listening.setblocking(False)

        def told() -> list[str]:
            received = []
            while True:
                try:
                    received += listening.recv(4096).decode().splitlines()
                except BlockingIOError:
                    return received

        yield SimpleNamespace(address=name if request.param == "file" else f"@{name}", told=told)


def test_it_is_said_where_the_environment_points(manager: Any) -> None:
    """A socket that is a file, and one of Linux's that are none."""
    Supervision(lambda: RUNNING, {"NOTIFY_SOCKET": manager.address}).tell()
    assert manager.told() == ["READY=1", "STATUS=0 calls"]


def test_without_a_service_manager_nothing_is_said(tmp_path: Path) -> None:
    """Nor where it has gone, nor where it is reached in a way that is not spoken."""
    for address in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}, {"NOTIFY_SOCKET": "vsock:2:1234"}):
        Supervision(lambda: RUNNING, address).tell()


async def test_a_reload_is_told_while_it_lasts(manager: Any) -> None:
    """Also where it takes less time than lies between two looks."""
    told = Supervision(
        lambda: Situation(State.RUNNING, is_reloading=told.is_reloading), {"NOTIFY_SOCKET": manager.address}
    )
    told.tell()
    with told.reloading():
        assert "RELOADING=1" in manager.told()
    assert "READY=1" in manager.told()


@pytest.mark.parametrize(
    ("watchdog", "is_fed"),
    [
        ({"WATCHDOG_USEC": "300000"}, True),
        ({"WATCHDOG_USEC": "300000", "WATCHDOG_PID": str(os.getpid())}, True),
        ({"WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}, False),
        ({"WATCHDOG_USEC": "0"}, False),
        ({}, False),
    ],
)
async def test_only_a_watchdog_of_ours_is_fed(
    manager: Any, watchdog: dict[str, str], *, is_fed: bool
) -> None:
    """Again and again, without anybody asking for it."""
    told = Supervision(lambda: RUNNING, {"NOTIFY_SOCKET": manager.address, **watchdog})
    running = asyncio.create_task(told.run())
    try:
        signs: list[str] = []
        async with asyncio.timeout(10):
            for _ in range(10):
                signs += [line for line in manager.told() if line == "WATCHDOG=1"]
                await asyncio.sleep(0.05)
            while is_fed and len(signs) < 2:
                signs += [line for line in manager.told() if line == "WATCHDOG=1"]
                await asyncio.sleep(0.05)
        assert bool(signs) == is_fed
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# A socket that is handed over


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """As if the listening socket were the first that was handed over."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(supervision, "FIRST_HANDED_OVER", os.dup(listening.fileno()))
        yield {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "PORT": str(listening.getsockname()[1])}


def test_the_socket_that_is_handed_over_is_taken(environ: dict[str, str]) -> None:
    """It is the very one, and no child inherits it."""
    taken = handed_over_socket(environ)
    assert taken is not None
    with taken:
        assert str(taken.getsockname()[1]) == environ["PORT"]
        assert not os.get_inheritable(taken.fileno())


def test_a_socket_for_another_process_is_left_alone(environ: dict[str, str]) -> None:
    """The variables are inherited by whatever a service starts."""
    assert handed_over_socket({}) is None
    assert handed_over_socket(environ | {"LISTEN_PID": "1"}) is None
    os.close(supervision.FIRST_HANDED_OVER)


def test_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the unit must have."""
    mine = {"LISTEN_PID": str(os.getpid())}
    with pytest.raises(ConfigError, match="hands over 2 sockets"):
        handed_over_socket(mine | {"LISTEN_FDS": "2"})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        monkeypatch.setattr(supervision, "FIRST_HANDED_OVER", os.dup(datagrams.fileno()))
        with pytest.raises(ConfigError, match="ListenStream= must be a port"):
            handed_over_socket(mine | {"LISTEN_FDS": "1"})
