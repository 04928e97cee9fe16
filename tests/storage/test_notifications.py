"""Notifications: stored with their turn, open until somebody has seen them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bridge.dialogue.actions import Notify
from bridge.dialogue.answer import Answer
from bridge.errors import StorageError
from bridge.storage.store import CallRecord, Store, TurnRecord

ON_BOTH = True

NOTICE = Notify("crisis", "answer", ("oncall", "ward"), 120, "harm")


async def test_a_notification_is_stored_with_its_turn(
    store: Store,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """In the same transaction as the answer that called for it; it says by when it must have been seen."""
    await store.begin_call(a_call())
    turn = a_turn()
    await store.record_turn("c1", turn, [an_answer("harm", "nearly_every_day")], b"{}", [NOTICE, NOTICE])
    first, second = await store.notifications()
    assert (first.number, second.number) == (1, 2)
    assert (first.escalation, first.reason, first.item) == ("crisis", "answer", "harm")
    assert (first.recipients, first.acknowledge_by) == (("oncall", "ward"), turn.at + timedelta(minutes=2))


async def test_whoever_has_seen_it_is_kept(
    store: Store, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """Once; it is then no longer open."""
    await store.begin_call(a_call())
    await store.record_turn("c1", a_turn(), [], b"{}", [NOTICE])
    assert await store.acknowledge("c1", 1, 1, "nurse-7")
    assert not await store.acknowledge("c1", 1, 1, "nurse-8")
    assert not await store.acknowledge("c1", 1, 2, "nurse-7")
    assert await store.notifications() == []
    (seen,) = await store.notifications(only_open=False)
    assert (seen.acknowledged_by, seen.acknowledged_at is None) == ("nurse-7", False)


async def test_without_its_turn_there_is_no_notification(
    store: Store, a_turn: Callable[..., TurnRecord]
) -> None:
    """All of it is stored, or none."""
    with pytest.raises(StorageError, match="no call"):
        await store.record_turn("c9", a_turn(), [], b"{}", [NOTICE])
    assert await store.notifications(only_open=False) == []


async def test_values_of_every_shape_come_back(
    store: Store,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """Decimals, lists, and what is kept as sound only."""
    await store.begin_call(a_call())
    given = [
        an_answer("temp", 38.5),
        an_answer("symptoms", ("cough", "fever")),
        an_answer("note", None, audio=True),
    ]
    await store.record_turn("c1", a_turn(value=("cough", "fever")), given, b"{}")
    stored = {one.item: one for one in await store.answers("c1")}
    assert (stored["temp"].value, stored["symptoms"].value) == (38.5, ("cough", "fever"))
    assert (stored["note"].audio, stored["temp"].audio) == (True, False)
    assert (await store.turns("c1"))[0].value == ("cough", "fever")
