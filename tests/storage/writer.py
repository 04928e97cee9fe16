"""Run as a program: stores turns of one call as fast as it can, and prints each one once acknowledged."""

import asyncio
import sys
from datetime import UTC, datetime
from itertools import islice, repeat

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.storage.store import CallRecord, Store, TurnRecord


async def main(path: str, call_id: str, turns: int) -> None:
    clock = Clock()
    store = await Store.open(path, clock=clock)
    await store.begin_call(
        CallRecord(
            call_id=call_id,
            provider="maqsam",
            questionnaire="q",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m",
            started_at=clock.now(),
        )
    )
    turn = TurnRecord(at=datetime.now(UTC), item="pain", input="speech", meaning="answer")
    answer = Answer("pain", AnswerStatus.ANSWERED, 7, Via.SPEECH, tries=1, confirmed=False)
    for _ in islice(repeat(None), turns):
        receipt = await store.record_turn(call_id, turn, [answer], b"{}")
        print(receipt.index, flush=True)  # noqa: T201
    await store.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
