"""What the daemon has put on disk, seen through a connection of our own that cannot write.

The standard library's sqlite3, not the daemon's storage code: what this sees, any tool will see.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bridge.demo.verdict import Latency, StoredAnswer, TurnReport
from bridge.dialogue.answer import AnswerStatus, Value

__all__ = ["Ledger", "LedgerTurn"]

_NEWEST_CALL = "SELECT call_id FROM calls ORDER BY started_at DESC, rowid DESC LIMIT 1"
_DISPOSITION = "SELECT disposition FROM calls WHERE call_id = ?"
_TURNS = """
    SELECT turn_index, item, input, closed, open, confidence, meaning, prompt,
           endpoint_ms, recognise_ms, understand_ms, commit_ms, first_audio_ms, total_ms
    FROM turns WHERE call_id = ? ORDER BY turn_index
"""
_ANSWERS = """
    SELECT item, turn_index, status, value_json, via, tries FROM answers AS answer
    WHERE call_id = ? AND revision = (
        SELECT MAX(revision) FROM answers WHERE call_id = answer.call_id AND item = answer.item
    )
    ORDER BY turn_index
"""


class LedgerTurn(Struct, frozen=True):
    """One committed turn."""

    index: int
    item: str | None
    input: str
    closed: str
    open: str
    confidence: float | None
    meaning: str
    prompt: str
    latency_ms: Latency

    @property
    def is_answered(self) -> bool:
        """Whether Hatif's reply has begun, so that all latencies are known."""
        return self.latency_ms.first_audio is not None

    def report(self) -> TurnReport:
        """The turn as `--json` shows it."""
        return TurnReport(
            item=self.item, heard=self.closed, confidence=self.confidence, latency_ms=self.latency_ms
        )


class Ledger:
    """Reads one call's rows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, database: Path) -> Iterator["Ledger"]:
        """Connect read-only."""
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            yield cls(connection)
        finally:
            connection.close()

    def newest_call(self) -> str | None:
        """The call that began last."""
        row = self._connection.execute(_NEWEST_CALL).fetchone()
        return row[0] if row else None

    def disposition(self, call_id: str) -> str | None:
        """How the call ended; None while it lasts."""
        row = self._connection.execute(_DISPOSITION, (call_id,)).fetchone()
        return row[0] if row else None

    def turns(self, call_id: str) -> list[LedgerTurn]:
        """Every turn of the call, in order."""
        rows = self._connection.execute(_TURNS, (call_id,)).fetchall()
        return [_turn(row) for row in rows]

    def answers(self, call_id: str) -> list[tuple[int, StoredAnswer]]:
        """The latest answer to each item, with the turn that it came in."""
        rows = self._connection.execute(_ANSWERS, (call_id,))
        return [
            (turn, StoredAnswer(item=item, value=_value(value), via=via, tries=tries))
            for item, turn, status, value, via, tries in rows
            if status != AnswerStatus.WITHDRAWN
        ]


def _turn(row: sqlite3.Row) -> LedgerTurn:
    return LedgerTurn(
        index=row["turn_index"],
        item=row["item"],
        input=row["input"],
        closed=row["closed"],
        open=row["open"],
        confidence=row["confidence"],
        meaning=row["meaning"],
        prompt=row["prompt"],
        latency_ms=Latency(**{name: _rounded(row[f"{name}_ms"]) for name in Latency.__struct_fields__}),
    )


def _value(text: str | None) -> Value:
    value = None if text is None else json.loads(text)
    return tuple(value) if isinstance(value, list) else value


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
