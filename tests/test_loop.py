"""The daemon's event loop: the fast one where it is installed, Python's own elsewhere."""

import asyncio
import sys

import pytest

from bridge.loop import run


async def kind() -> str:
    """Of which package the loop is that runs this."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_where_uvloop_is_installed_it_is_used() -> None:
    pytest.importorskip("uvloop")
    assert run(kind()) == "uvloop"


def test_where_it_is_not_pythons_own_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run(kind()) == "asyncio"


def test_what_goes_wrong_is_raised() -> None:
    async def fail() -> None:
        raise ValueError("it went wrong")

    with pytest.raises(ValueError, match="it went wrong"):
        run(fail())
