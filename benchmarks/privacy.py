"""What encryption costs a turn, `python benchmarks/privacy.py`: commits of turns with and without a key."""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.privacy.fields import FieldCipher, Place
from bridge.privacy.keys import KeyRing, new_key
from bridge.storage.records import CallRecord, TurnRecord
from bridge.storage.store import Store

TURNS = 1000
TEXT = "نَعَم، عِندي وَجَع في صَدري مِن يومين وَما عَم بِقدر نام"
STATE = b'{"heard": "%s"}' % (TEXT.encode() * 40)  # about 4 KB, as after twenty questions
VALUES = [TEXT] * 9 + [STATE.decode()]  # what a turn with one answer seals


async def main() -> None:
    """Print a line for each."""
    ring = KeyRing.parse(new_key("bench"))
    cipher, place = FieldCipher(ring), Place("turns", "closed", ("c" * 32, 7))
    began = time.process_time()
    for _ in range(TURNS):
        for value in VALUES:
            cipher.seal(value, place)
    sealing = (time.process_time() - began) / TURNS
    print(f"sealing a turn's ten values: {sealing * 1e6:.0f} µs of a processor")
    with tempfile.TemporaryDirectory() as folder:
        stores = {
            "plain": await Store.open(Path(folder) / "plain.db", clock=Clock()),
            "encrypted": await Store.open(Path(folder) / "encrypted.db", clock=Clock(), keys=ring),
        }
        for store in stores.values():
            await store.begin_call(_call())
        taken: dict[str, list[float]] = {name: [] for name in stores}
        for number in range(TURNS):  # by turns: the machine's moods fall on both
            for name, store in stores.items():
                taken[name].append(await _commit(store, number))
        for name, milliseconds in taken.items():
            cuts = statistics.quantiles(milliseconds, n=100)
            print(f"{name}: commit p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms, p99 {cuts[98]:.2f} ms")
        for store in stores.values():
            await store.close()


async def _commit(store: Store, number: int) -> float:
    now = datetime.now(UTC)
    turn = TurnRecord(
        at=now, item="q", input="speech", meaning="answer", value=TEXT, closed=TEXT, open=TEXT, prompt=TEXT
    )
    answer = Answer(
        item=f"q{number % 20}",
        status=AnswerStatus.ANSWERED,
        value=TEXT,
        via=Via.SPEECH,
        tries=1,
        confirmed=False,
        closed=TEXT,
        open=TEXT,
    )
    began = time.perf_counter()
    await store.record_turn("c1", turn, [answer], STATE)
    return (time.perf_counter() - began) * 1000


def _call() -> CallRecord:
    return CallRecord(
        call_id="c1",
        provider="maqsam",
        questionnaire="q",
        questionnaire_version="1",
        questionnaire_hash="h",
        model="m",
        started_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    asyncio.run(main())
