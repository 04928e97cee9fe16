"""Calls, turns and answers on disk. What has been acknowledged is there after a crash, a kill or a power cut.

A turn, its answers and the dialogue's state are one transaction, and `record_turn` returns when the disk has
it. There is one writer. A write that has begun is finished even when its caller is cancelled: a hang-up in
mid-commit loses nothing. Error texts name the call and the cause, never what was said.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.dialogue.actions import Disposition, Notify
from bridge.dialogue.answer import Answer, Value
from bridge.errors import StorageError
from bridge.storage import tables
from bridge.storage.consents import ConsentRecord, consent_row
from bridge.storage.opened import OpenDatabase
from bridge.storage.records import (
    CallRecord,
    StoredAnswer,
    StoredCall,
    StoredNotification,
    StoredState,
    StoredTurn,
    TurnReceipt,
    TurnRecord,
)

__all__ = [
    "CallRecord",
    "Store",
    "StoredAnswer",
    "StoredCall",
    "StoredNotification",
    "StoredState",
    "StoredTurn",
    "TurnReceipt",
    "TurnRecord",
    "stored_answer",
    "stored_call",
    "worker_node",
]

T = TypeVar("T")

# Long after its expiry a token fails by its date alone, whatever a clock was set back by.
KEEP_EXPIRED_TOKENS = timedelta(days=1)

LONGER_THAN_ANY_CALL = timedelta(hours=25)  # calls.max_seconds is at most a day


def worker_node(node: str, worker: int | str) -> str:
    """What one of a daemon's workers is called among all that share the database."""
    return f"{node}#{worker}"


class Store(OpenDatabase):
    """The database, open. Made by `Store.open`."""

    async def begin_call(self, call: CallRecord) -> None:
        """Store that a call begins."""
        row = msgspec.structs.asdict(call)
        row["custom_json"] = _json(row.pop("custom"))
        row["node"] = self._node

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(tables.calls).values(self.seal(tables.calls, row)))

        try:
            await self.write(work)
        except IntegrityError:
            raise StorageError(f"call {call.call_id} is stored already; a call id is used once") from None

    async def describe_call(
        self,
        call_id: str,
        *,
        provider_call_id: str | None = None,
        stream_id: str | None = None,
        caller_number: str | None = None,
        callee_number: str | None = None,
        direction: str | None = None,
        custom: Mapping[str, str] | None = None,
    ) -> None:
        """Add what became known about a call. What is None stays as it is."""
        facts = {
            "provider_call_id": provider_call_id,
            "stream_id": stream_id,
            "caller_number": caller_number,
            "callee_number": callee_number,
            "direction": direction,
            "custom_json": None if custom is None else _json(dict(custom)),
        }
        known = {name: fact for name, fact in facts.items() if fact is not None}
        if known:
            await self._update_call(call_id, known)

    async def record_turn(
        self,
        call_id: str,
        turn: TurnRecord,
        answers: Sequence[Answer],
        state: bytes,
        notices: Sequence[Notify] = (),
        *,
        sound: bytes = b"",
        consents: Sequence[ConsentRecord] = (),
        turn_number: int | None = None,
    ) -> TurnReceipt:
        """Commit a turn, its answers, consents, whom it notifies and the dialogue's state (JSON) together.

        `sound` is what was said, mu-law at 8 kHz, where an answer is kept as sound.
        `turn_number`: which of the call's turns it is, 1, 2, 3, by whoever counts them. One that is delivered
        again is acknowledged again, and not stored twice.
        When this returns, the disk has them. When it raises StorageError, nothing of them was stored.
        """
        began = self._clock.monotonic()

        async def work(connection: AsyncConnection) -> int:
            index = await _next_index(connection, call_id)
            if turn_number is not None and await _is_stored(connection, call_id, turn_number, index, turn):
                return turn_number
            await self._insert(connection, tables.turns, _turn_row(call_id, index, turn))
            revisions = await _revisions(connection, call_id, answers)
            for answer in answers:
                revisions[answer.item] += 1
                row = _answer_row(call_id, index, turn.at, answer, revisions[answer.item])
                await self._insert(connection, tables.answers, row)
            for number, notice in enumerate(notices, 1):
                row = _notice_row((call_id, index, number), turn.at, notice)
                await self._insert(connection, tables.notifications, row)
            for number, consent in enumerate(consents, 1):
                row = consent_row((call_id, index, number), turn.at, consent)
                await self._insert(connection, tables.consents, row)
            if sound:
                row = {"call_id": call_id, "turn_index": index, "ulaw": sound}
                await self._insert(connection, tables.sounds, row)
            await self._put_state(connection, call_id, index, turn.at, state.decode())
            return index

        try:
            index = await self.write(work)
        except IntegrityError:
            raise StorageError(f"there is no call {call_id} to store a turn of") from None
        return TurnReceipt(index=index, commit_ms=(self._clock.monotonic() - began) * 1000)

    async def note_first_audio(
        self,
        call_id: str,
        index: int,
        first_audio_ms: float | None,
        total_ms: float | None,
        *,
        commit_ms: float | None = None,
    ) -> None:
        """Add to a turn what can only be measured after its commit."""
        measured = {"first_audio_ms": first_audio_ms, "total_ms": total_ms, "commit_ms": commit_ms}

        async def work(connection: AsyncConnection) -> int:
            values = {"of_call": call_id, "of_turn": index, **measured}
            return (await connection.execute(_TURN_OF_CALL, values)).rowcount

        if not await self.write(work):
            raise StorageError(f"call {call_id} has no turn {index}")

    async def end_call(self, call_id: str, disposition: str, at: datetime | None = None) -> None:
        """Store how a call ended, and when: now, unless it was earlier. The first ending stands."""
        # coalesce: the row is found either way, so an unknown call is told from one that has ended
        await self._update_call(
            call_id,
            {
                "ended_at": self._ended(at or self._clock.now()),
                "disposition": func.coalesce(tables.calls.c.disposition, disposition),
            },
        )

    async def note_interrupted(self, call_id: str) -> None:
        """Note that a call had not ended: only its line was gone, and it goes on as another."""
        ended = self._ended(self._clock.now())
        await self._update_call(call_id, {"disposition": Disposition.INTERRUPTED, "ended_at": ended})

    @staticmethod
    def _ended(at: datetime) -> ColumnElement[datetime]:
        """When a call ended: not before it began, whatever the machine's clock was set to meanwhile."""
        calls, moment = tables.calls.c, literal(at, tables.UtcDateTime())
        return func.coalesce(
            calls.ended_at, case((moment < calls.started_at, calls.started_at), else_=moment)
        )

    async def close_interrupted(self) -> int:
        """End, as interrupted, the calls that have no end: at start, those of a daemon that died.

        Of daemons that share a database each ends its own calls only, its workers' among them, and those of
        another that are older than any call lasts: that daemon has not come back.
        """
        node = tables.calls.c.node
        is_a_workers = node.startswith(worker_node(self._node, ""), autoescape=True)
        is_old = tables.calls.c.started_at < self._clock.now() - LONGER_THAN_ANY_CALL
        return await self._close(or_(node == self._node, is_a_workers, is_old))

    async def close_lost(self, worker: int) -> int:
        """End, as interrupted, the calls of a worker that has just died."""
        its_own = tables.calls.c.node == worker_node(self._node, worker)
        return await self._close(its_own, at=self._clock.now())

    async def _close(self, which: ColumnElement[bool], at: datetime | None = None) -> int:
        """End those that have no end, by default when they last gave a sign of themselves; how many."""
        calls = tables.calls
        last_signs = [
            select(func.max(table.c.at)).where(table.c.call_id == calls.c.call_id).scalar_subquery()
            for table in (tables.turns, tables.utterances)
        ]
        ending = {
            "disposition": Disposition.INTERRUPTED,
            "ended_at": at or func.coalesce(*last_signs, calls.c.started_at),
        }
        statement = update(calls).where(calls.c.ended_at.is_(None), which).values(ending)

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self.write(work)

    async def notifications(self, *, only_open: bool = True) -> list[StoredNotification]:
        """Who is to see that a caller may be in danger, the oldest first."""
        table = tables.notifications
        query = select(table).order_by(table.c.at, table.c.call_id, table.c.turn_index, table.c.number)
        if only_open:
            query = query.where(table.c.acknowledged_at.is_(None))
        return [_stored_notification(row) for row in await self.select(query)]

    async def acknowledge(self, call_id: str, turn_index: int, number: int, by: str) -> bool:
        """Note that somebody has seen a notification. False: it was seen before, or there is none."""
        table = tables.notifications
        is_open = table.c.acknowledged_at.is_(None)
        key = {"call_id": call_id, "turn_index": turn_index, "number": number}
        seen = self.seal(table, {"acknowledged_at": self._clock.now(), "acknowledged_by": by}, key)
        return await self._note(_the_notice(call_id, turn_index, number), is_open, seen)

    async def note_delivery(self, call_id: str, turn_index: int, number: int) -> bool:
        """Note that a notification has reached the site. False: it did before, or there is none."""
        is_new = tables.notifications.c.delivered_at.is_(None)
        return await self._note(
            _the_notice(call_id, turn_index, number), is_new, {"delivered_at": self._clock.now()}
        )

    async def _note(
        self, which: ColumnElement[bool], condition: ColumnElement[bool], values: Mapping[str, object]
    ) -> bool:
        statement = update(tables.notifications).where(which, condition).values(values)

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return bool(await self.write(work))

    async def redeem(self, token_id: str, expires_at: datetime) -> bool:
        """Use a token up. False: it was used before."""
        now = self._clock.now()
        table = tables.redeemed_tokens

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(table).where(table.c.expires_at < now - KEEP_EXPIRED_TOKENS))
            row = {"token_id": token_id, "expires_at": expires_at, "redeemed_at": now}
            await connection.execute(insert(table).values(row))

        try:
            await self.write(work)
        except IntegrityError:
            return False
        return True

    async def was_redeemed(self, token_id: str) -> bool:
        """Whether a token was used up, so that it can be used no more than again."""
        table = tables.redeemed_tokens
        return bool(await self.select(select(table.c.token_id).where(table.c.token_id == token_id)))

    async def calls(self, limit: int = 50) -> list[StoredCall]:
        """The latest calls, newest first."""
        table = tables.calls
        newest = select(table).order_by(table.c.started_at.desc(), table.c.call_id).limit(limit)
        return [stored_call(row) for row in await self.select(newest)]

    async def call(self, call_id: str) -> StoredCall | None:
        """One call, or None."""
        rows = await self.select(select(tables.calls).where(tables.calls.c.call_id == call_id))
        return stored_call(rows[0]) if rows else None

    async def latest_call(
        self, provider: str, provider_call_id: str, *, since: datetime
    ) -> StoredCall | None:
        """The last one that began since then under the provider's name for a phone call."""
        table = tables.calls
        its_own = (table.c.provider == provider, table.c.provider_call_id == provider_call_id)
        query = select(table).where(table.c.started_at >= since, *its_own)
        rows = await self.select(query.order_by(table.c.started_at.desc()).limit(1))
        return stored_call(rows[0]) if rows else None

    async def calls_asked(
        self, questionnaire: str, *, tenant: str, since: datetime, limit: int
    ) -> list[StoredCall]:
        """The latest calls of a tenant that were asked a questionnaire, newest first."""
        table = tables.calls
        its_own = (table.c.questionnaire == questionnaire, table.c.tenant == tenant)
        query = select(table).where(table.c.started_at >= since, *its_own)
        rows = await self.select(query.order_by(table.c.started_at.desc(), table.c.call_id).limit(limit))
        return [stored_call(row) for row in rows]

    async def turns(self, call_id: str) -> list[StoredTurn]:
        """A call's turns, in order."""
        table = tables.turns
        rows = await self.select(select(table).where(table.c.call_id == call_id).order_by(table.c.turn_index))
        return [_stored_turn(row) for row in rows]

    async def answers(
        self, call_id: str | None = None, *, every_revision: bool = False
    ) -> list[StoredAnswer]:
        """Answers in the order given: of one call or of all, as they stand or with what was corrected."""
        rows = await self.select(_answers_query(call_id, every_revision=every_revision))
        return [stored_answer(row) for row in rows]

    async def sound(self, call_id: str, turn_index: int) -> bytes | None:
        """What was said in a turn, mu-law at 8 kHz; None where it was not kept."""
        table = tables.sounds
        its_own = (table.c.call_id == call_id, table.c.turn_index == turn_index)
        rows = await self.select(select(table).where(*its_own))
        return bytes(rows[0]["ulaw"]) if rows else None

    async def dialogue_state_at(self, call_id: str) -> StoredState | None:
        """The dialogue's state after the call's last committed turn, and when that was."""
        table = tables.dialogue_states
        rows = await self.select(select(table).where(table.c.call_id == call_id))
        return StoredState(str(rows[0]["state_json"]).encode(), rows[0]["at"]) if rows else None

    async def keep_questionnaire(
        self, digest: str, name: str, version: str, sources: tuple[str, str]
    ) -> None:
        """Keep a version of a questionnaire: its text and that of the common content, once for each hash."""
        if await self.questionnaire_sources(digest) is not None:
            return
        row = {"hash": digest, "questionnaire": name, "version": version, "at": self._clock.now()}
        row |= {"source": sources[0], "common": sources[1]}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(tables.questionnaires).values(row))

        with suppress(IntegrityError):  # another daemon has just kept it
            await self.write(work)

    async def questionnaire_sources(self, digest: str) -> tuple[str, str] | None:
        """The texts of a version that was kept."""
        table = tables.questionnaires
        rows = await self.select(select(table.c.source, table.c.common).where(table.c.hash == digest))
        return (str(rows[0]["source"]), str(rows[0]["common"])) if rows else None

    async def _update_call(self, call_id: str, values: Mapping[str, object]) -> None:
        sealed = self.seal(tables.calls, values, {"call_id": call_id})
        statement = update(tables.calls).where(tables.calls.c.call_id == call_id).values(sealed)

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        if not await self.write(work):
            raise StorageError(f"there is no call {call_id}")

    async def _insert(self, connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> None:
        await connection.execute(insert(table), self.seal(table, row))

    async def _put_state(
        self, connection: AsyncConnection, call_id: str, index: int, at: datetime, state: str
    ) -> None:
        """One row for each call; it is there from the first turn on."""
        table = tables.dialogue_states
        row = self.seal(table, {"call_id": call_id, "turn_index": index, "at": at, "state_json": state})
        if index == 1:
            await connection.execute(insert(table), row)
        else:
            await connection.execute(_STATE_OF_CALL, {"of_call": call_id, **row})


# What each turn asks of the database is built once: building a statement costs more than executing it.
_OF_CALL: BindParameter[str] = bindparam("of_call")
_LAST_TURN = select(func.coalesce(func.max(tables.turns.c.turn_index), 0)).where(
    tables.turns.c.call_id == _OF_CALL
)
_REVISIONS = (
    select(tables.answers.c.item, func.max(tables.answers.c.revision))
    .where(
        tables.answers.c.call_id == _OF_CALL, tables.answers.c.item.in_(bindparam("items", expanding=True))
    )
    .group_by(tables.answers.c.item)
)
_STATE_OF_CALL = update(tables.dialogue_states).where(tables.dialogue_states.c.call_id == _OF_CALL)
_TURN_OF_CALL = update(tables.turns).where(
    tables.turns.c.call_id == _OF_CALL, tables.turns.c.turn_index == bindparam("of_turn")
)


async def _next_index(connection: AsyncConnection, call_id: str) -> int:
    """The call's next turn, to which it is sealed; exact, because a transaction that writes is alone."""
    return int((await connection.execute(_LAST_TURN, {"of_call": call_id})).scalar_one()) + 1


async def _is_stored(
    connection: AsyncConnection, call_id: str, number: int, index: int, turn: TurnRecord
) -> bool:
    """Whether just this turn is there; False where it is the next, and StorageError where it is neither."""
    if number == index:
        return False
    if number > index:
        raise StorageError(f"turn {number} of call {call_id} cannot be stored: the one before it is not")
    turns = tables.turns
    its_own = (turns.c.call_id == call_id, turns.c.turn_index == number)
    known = select(turns.c.at, turns.c.item, turns.c.input, turns.c.rule).where(*its_own)
    if tuple((await connection.execute(known)).one()) != (turn.at, turn.item, turn.input, turn.rule):
        raise StorageError(f"turn {number} of call {call_id} is stored, and is another than this")
    return True


def _turn_row(call_id: str, index: int, turn: TurnRecord) -> dict[str, Any]:
    row = msgspec.structs.asdict(turn)
    return row | {
        "call_id": call_id,
        "turn_index": index,
        "value_json": _json_or_null(row.pop("value")),
    }


async def _revisions(
    connection: AsyncConnection, call_id: str, answers: Sequence[Answer]
) -> defaultdict[str, int]:
    """The latest revision of each of these items; 0 of one that was not answered yet."""
    if not answers:
        return defaultdict(int)
    items = [answer.item for answer in answers]
    found = await connection.execute(_REVISIONS, {"of_call": call_id, "items": items})
    return defaultdict(int, {item: int(latest) for item, latest in found})


def _answer_row(call_id: str, index: int, at: datetime, answer: Answer, revision: int) -> dict[str, Any]:
    row = msgspec.structs.asdict(answer)
    value = row.pop("value")
    return row | {
        "call_id": call_id,
        "turn_index": index,
        "at": at,
        "revision": revision,
        "value_json": _json_or_null(value),
        "value_text": _text(value),
    }


def _the_notice(call_id: str, turn_index: int, number: int) -> ColumnElement[bool]:
    table = tables.notifications
    return and_(table.c.call_id == call_id, table.c.turn_index == turn_index, table.c.number == number)


def _notice_row(key: tuple[str, int, int], at: datetime, notice: Notify) -> dict[str, Any]:
    return {
        **dict(zip(("call_id", "turn_index", "number"), key, strict=True)),
        "at": at,
        "escalation": notice.escalation,
        "reason": notice.reason,
        "item": notice.item,
        "recipients_json": _json(notice.recipients),
        "acknowledge_by": at + timedelta(seconds=notice.acknowledge_seconds),
    }


def _answers_query(call_id: str | None, *, every_revision: bool) -> Select[Any]:
    answers, calls = tables.answers, tables.calls
    traces = (
        calls.c.questionnaire,
        calls.c.questionnaire_version,
        calls.c.questionnaire_hash,
        calls.c.model,
    )
    query = (
        select(answers, *traces)
        .join_from(answers, calls, answers.c.call_id == calls.c.call_id)
        .order_by(calls.c.started_at, calls.c.call_id, answers.c.turn_index, answers.c.item)
    )
    if call_id is not None:
        query = query.where(answers.c.call_id == call_id)
    return query if every_revision else query.where(answers.c.revision == _latest_revision())


def _latest_revision() -> Any:
    newer = tables.answers.alias("newer")
    same = and_(newer.c.call_id == tables.answers.c.call_id, newer.c.item == tables.answers.c.item)
    return select(func.max(newer.c.revision)).where(same).correlate(tables.answers).scalar_subquery()


def stored_call(row: Mapping[str, Any]) -> StoredCall:
    """A row of calls as a value."""
    fields = dict(row)
    fields["custom"] = msgspec.json.decode(fields.pop("custom_json"))
    return msgspec.convert(fields, StoredCall)


def _stored_turn(row: Mapping[str, Any]) -> StoredTurn:
    fields = dict(row)
    fields["index"] = fields.pop("turn_index")
    fields["value"] = _value(fields.pop("value_json"))
    return msgspec.convert(fields, StoredTurn)


def _stored_notification(row: Mapping[str, Any]) -> StoredNotification:
    fields = dict(row)
    fields["recipients"] = msgspec.json.decode(fields.pop("recipients_json"))
    return msgspec.convert(fields, StoredNotification)


def stored_answer(row: Mapping[str, Any]) -> StoredAnswer:
    """A row of answers, joined with its call, as a value."""
    fields = dict(row)
    fields["audio"] = bool(fields["audio"])  # absent in what was stored before there was sound
    fields["value"] = _value(fields.pop("value_json"))
    return msgspec.convert(fields, StoredAnswer)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _json_or_null(value: Value) -> str | None:
    return None if value is None else _json(value)


def _value(value_json: str | None) -> Value:
    return None if value_json is None else msgspec.json.decode(value_json, type=Value)


def _text(value: Value) -> str | None:
    """The value for a reader: true, 7, later."""
    if value is None or isinstance(value, str):
        return value
    return _json(value)
