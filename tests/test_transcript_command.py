"""`hatif transcript`: what was said, readable, or forgotten."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.clock import Clock
from bridge.storage.records import CallKind, CallRecord
from bridge.storage.store import Store
from bridge.storage.utterances import UtteranceRecord, keep_utterance

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call that was listened to."""
    store = await Store.open(tmp_path / "hatif.db", clock=Clock())
    call = CallRecord(
        call_id="ab22",
        provider="genesys_audiohook",
        questionnaire="",
        questionnaire_version="",
        questionnaire_hash="",
        model="m@1",
        started_at=BEGAN,
        kind=CallKind.MONITORED,
    )
    await store.begin_call(call)
    for channel, started, text in (("caller", 65.25, "بخير"), ("agent", 59.97, "[كيف] حالك")):
        said = UtteranceRecord(
            channel=channel,
            at=BEGAN,
            started_seconds=started,
            ended_seconds=started + 1,
            text=text,
            confidence=2 / 3,
        )
        await keep_utterance(store, call.call_id, said)
    await store.close()
    monkeypatch.setenv("HATIF_STORAGE__PATH", str(tmp_path / "hatif.db"))


def test_it_is_shown_as_it_was_spoken(database: None) -> None:
    """Minutes and seconds, who, what, and how sure; whatever signs are in it."""
    done = CliRunner().invoke(app, ["transcript", "ab"])

    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()[1:]]
    assert lines == [["1:00.0", "agent", "[كيف]", "حالك", "67%"], ["1:05.2", "caller", "بخير", "67%"]]


def test_it_can_be_forgotten(database: None) -> None:
    """Then there is nothing to show, and that is said."""
    forgotten = CliRunner().invoke(app, ["transcript", "ab22", "--forget"])
    shown = CliRunner().invoke(app, ["transcript", "ab22"])

    assert (forgotten.exit_code, shown.exit_code) == (0, 1)
    assert "2 utterances are forgotten" in forgotten.stdout
    assert "nothing that was said in this call is stored" in shown.stderr
