"""The house that these tests kill, starve and cut off is whole: a call is asked everything, and stored."""

from pathlib import Path

from house import ITEMS, KeyCaller, call, house

from bridge.carriers.fake import EndedBy
from bridge.clock import Clock


async def test_a_call_is_asked_everything(tmp_path: Path) -> None:
    """With no engine at all."""
    async with house(tmp_path / "hatif.db", clock=Clock(8)) as ours:
        caller = KeyCaller()
        outcome = await call(ours.url, caller, clock=ours.clock)
        stored = await ours.store.answers()
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert caller.acknowledged == list(ITEMS)
    assert [answer.item for answer in stored] == list(ITEMS)
