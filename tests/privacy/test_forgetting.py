"""The daemon's job: at its start, with the settings as they are then, and on when something is in its way."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.audit.copying import AuditCopy
from bridge.audit.entries import Action
from bridge.audit.log import AuditLog
from bridge.config import Settings, load_settings
from bridge.errors import StorageError
from bridge.identity.principal import LOCAL
from bridge.privacy import forgetting
from bridge.privacy.forgetting import forget_every_hour
from bridge.privacy.retention import Purged
from bridge.storage.audit import all_entries
from bridge.storage.store import Store
from bridge.telemetry.logs import _allowed
from tests.privacy.conftest import NOON, StillClock, hold_call


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "config.yaml"
    config.write_text(
        "privacy: {keep_days: {sounds: 7, calls: 30, audit: 5}}\nrecording: {folder: recordings}\n"
    )
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "c1.wav").write_bytes(b"x")
    return load_settings(config, environ={})


async def test_it_forgets_at_once_and_again(
    path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the sounds, and when the clock has moved on, the call; each time it tells how much."""
    monkeypatch.setattr(forgetting, "FORGETTING_SECONDS", 0.01)
    clock = StillClock()
    store = await Store.open(path, clock=clock)
    await hold_call(store)
    audit = AuditLog(store, AuditCopy(settings.database.audit_copy), clock)
    for clock.moment in (NOON, NOON + timedelta(days=3, hours=-11), NOON + timedelta(days=3, hours=-13)):
        await audit.note(LOCAL, Action.SESSION_END, "c1")
    clock.moment = NOON + timedelta(days=8)
    with capture_logs() as lines:
        running = asyncio.create_task(forget_every_hour(store, clock, lambda: settings))
        await _until(lines, "sounds_count", 2)
        assert await store.sound("c1", 1) is None
        assert [entry.number async for entry in all_entries(store)] == [2, 3, 4]  # a day's rows go together
        assert await store.call("c1") is not None
        clock.moment = NOON + timedelta(days=31)
        await _until(lines, "recordings_count", 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await store.call("c1") is None
    for line in lines:
        for name in line.keys() - {"log_level"}:
            assert _allowed(name, line[name]) == line[name], name
    await store.close()


async def test_it_goes_on_after_a_failure(
    path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked database now is forgotten from an hour later."""
    failures: list[Exception] = [StorageError("the database is locked"), OSError("gone")]

    async def fail_first(*_arguments: Any) -> Purged:
        if failures:
            raise failures.pop(0)
        return Purged({}, 0)

    monkeypatch.setattr(forgetting, "FORGETTING_SECONDS", 0)
    monkeypatch.setattr(forgetting, "forget_due", fail_first)
    store = await Store.open(path, clock=StillClock())
    with capture_logs() as lines:
        running = asyncio.create_task(forget_every_hour(store, StillClock(), lambda: settings))
        await _until(lines, "recordings_count", 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [line["event"] for line in lines][:3] == ["not_forgotten", "not_forgotten", "forgotten"]
    await store.close()


async def _until(lines: list[Any], name: str, value: int) -> None:
    async with asyncio.timeout(30):
        while not any(line.get(name) == value for line in lines):  # noqa: ASYNC110 - logs tell no event
            await asyncio.sleep(0.01)
