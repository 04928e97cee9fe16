"""What is said in calls that are listened to, on disk: numbered, in order, and apart from conversations."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage.pages import Selection, held_versions, read_calls
from bridge.storage.records import CallKind, CallRecord
from bridge.storage.store import Store
from bridge.storage.utterances import (
    UtteranceRecord,
    as_spoken,
    forget,
    forget_before,
    keep_utterance,
    utterances_of,
)

ON_BOTH = True


def said(call: CallRecord, text: str, *, channel: str = "caller", started: float = 1.0) -> UtteranceRecord:
    return UtteranceRecord(
        channel=channel,
        at=call.started_at + timedelta(seconds=started + 1),
        started_seconds=started,
        ended_seconds=started + 0.5,
        text=text,
        confidence=0.67,
    )


async def test_utterances_are_numbered_within_their_call(
    store: Store, a_call: Callable[..., CallRecord]
) -> None:
    """And come back as they were, all of them or those behind one."""
    first, second = a_call("c1", kind=CallKind.MONITORED), a_call("c2", kind=CallKind.MONITORED)
    for call in (first, second):
        await store.begin_call(call)
    kept = [
        await keep_utterance(store, call.call_id, said(call, text, started=started))
        for call, text, started in ((first, "نعم", 3.0), (second, "ألم", 1.0), (first, "لا", 2.0))
    ]

    assert [each.index for each in kept] == [1, 1, 2]
    assert await utterances_of(store, "c1") == [kept[0], kept[2]]
    assert await utterances_of(store, "c1", after=1) == [kept[2]]
    assert as_spoken([kept[0], kept[2]]) == [kept[2], kept[0]]


async def test_an_utterance_belongs_to_a_call(store: Store, a_call: Callable[..., CallRecord]) -> None:
    """Of no other call is one kept."""
    with pytest.raises(StorageError, match="there is no call c9"):
        await keep_utterance(store, "c9", said(a_call(), "نعم"))


async def test_a_call_that_was_listened_to_is_no_interview(
    store: Store, a_call: Callable[..., CallRecord]
) -> None:
    """It is listed with its kind, and exported nowhere."""
    await store.begin_call(a_call("c1"))
    await store.begin_call(a_call("c2", kind=CallKind.MONITORED, questionnaire=""))

    assert {call.call_id: call.kind for call in await store.calls()} == {
        "c1": "conversation",
        "c2": "monitored",
    }
    assert [file.call.call_id async for file in read_calls(store, Selection())] == ["c1"]
    assert [one.questionnaire for one in await held_versions(store, Selection())] == ["post_discharge"]


async def test_what_was_said_is_forgotten(store: Store, a_call: Callable[..., CallRecord]) -> None:
    """Of one call, or of all before a moment; the calls stay."""
    call = a_call("c1", kind=CallKind.MONITORED)
    await store.begin_call(call)
    await store.begin_call(a_call("c2", kind=CallKind.MONITORED))
    for call_id, started in (("c1", 1.0), ("c1", 60.0), ("c2", 1.0)):
        await keep_utterance(store, call_id, said(call, "نعم", started=started))

    assert await forget_before(store, call.started_at + timedelta(seconds=30)) == 2
    assert [each.started_seconds for each in await utterances_of(store, "c1")] == [60.0]
    assert (await forget(store, "c1"), await forget(store, "c1")) == (1, 0)
    assert len(await store.calls()) == 2


async def test_a_daemon_that_died_was_heard_from_last_by_what_was_said(
    store: Store, path: Path, a_call: Callable[..., CallRecord], query: Callable[..., list[Any]]
) -> None:
    """At the next start the call is closed, with the moment of its last utterance."""
    call = a_call("c1", kind=CallKind.MONITORED)
    await store.begin_call(call)
    await keep_utterance(store, "c1", said(call, "نعم", started=9.0))
    again = await Store.open(path, clock=Clock())
    assert await again.close_interrupted() == 1
    (closed,) = await again.calls()
    await again.close()

    assert (closed.disposition, closed.ended_at) == ("interrupted", call.started_at + timedelta(seconds=10))
    assert query("SELECT text FROM utterances") == [("نعم",)]
