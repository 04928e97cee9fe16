"""The store against plain values, in any order of calls, corrections, repetitions, hang-ups and crashes.

A crash is what `kill -9` leaves: SQLite's files as they are at that moment, the last commit cut off anywhere;
with PostgreSQL, connections that end in the middle of whatever they do.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Coroutine, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from clusters import Cluster
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bridge.clock import Clock
from bridge.dialogue.actions import Notify
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.errors import StorageError
from bridge.privacy.keys import KeyRing, new_key
from bridge.storage.checking import examine
from bridge.storage.consents import ConsentRecord, consents_by_call
from bridge.storage.place import Place
from bridge.storage.reading import verify_remote
from bridge.storage.scrubbing import database_files
from bridge.storage.store import CallRecord, Store, TurnRecord
from bridge.storage.tables import metadata
from tests.storage.conftest import NOON

T = TypeVar("T")

COMMIT_SECONDS = 0.02  # a server's, about: a crash comes before, amid or after it
CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hatif'"
KEYS = KeyRing.parse(new_key("first"))
VALUES = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
GIVEN = st.lists(st.tuples(st.sampled_from(["consent", "pain", "days"]), VALUES), max_size=3)
BESIDES = st.frozensets(st.sampled_from(["notice", "consent", "sound"]))  # what is stored with a turn
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Said:
    """One turn as it was given to the store."""

    turn: TurnRecord
    given: tuple[tuple[str, Value], ...]
    besides: frozenset[str]

    @property
    def state(self) -> bytes:
        """The dialogue's state after it: another after each turn."""
        return b'{"at":"%s"}' % self.turn.at.isoformat().encode()

    @property
    def sound(self) -> bytes:
        return self.turn.closed.encode()

    @property
    def answers(self) -> list[Answer]:
        return [
            Answer(item, AnswerStatus.ANSWERED, value, Via.SPEECH, tries=1, confirmed=False)
            for item, value in self.given
        ]

    async def store(self, store: Store, call_id: str, number: int | None = None) -> int:
        """Its number, once it is acknowledged."""
        consent = ConsentRecord(
            item="recording",
            purpose="call_recording",
            status="given",
            questionnaire_version="1",
            questionnaire_hash="h",
        )
        receipt = await store.record_turn(
            call_id,
            self.turn,
            self.answers,
            self.state,
            [Notify("danger", "words", ("nurse",), 60)] if "notice" in self.besides else [],
            sound=self.sound if "sound" in self.besides else b"",
            consents=[consent] if "consent" in self.besides else [],
            turn_number=number,
        )
        return receipt.index


@dataclass
class Held:
    """A call as it must be stored."""

    turns: list[Said] = field(default_factory=list)
    disposition: str | None = None
    resumes: str | None = None
    seen: set[tuple[int, str]] = field(default_factory=set)  # which notices were delivered, acknowledged

    @property
    def revisions(self) -> dict[str, list[tuple[int, Value]]]:
        """Every value of each item, and in which turn it was given."""
        found: dict[str, list[tuple[int, Value]]] = {}
        for index, said in enumerate(self.turns, 1):
            for item, value in said.given:
                found.setdefault(item, []).append((index, value))
        return found

    def numbers(self, what: str) -> list[int]:
        """The turns that have such a thing beside them."""
        return [index for index, said in enumerate(self.turns, 1) if what in said.besides]


class AnyOrder(RuleBasedStateMachine):
    """Rules that every database is to obey; how it crashes and is checked is its own."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.calls: dict[str, Held] = {}
        self.said = 0
        self.touched = ""  # the call whose rows are compared: the others were when they were touched

    # What each database does in its own way

    def place(self) -> Place:
        raise NotImplementedError

    def die(self, call_id: str, said: Said, share: float) -> None:
        """Crash while a turn is stored, at about that share of it."""
        raise NotImplementedError

    def faults(self) -> Sequence[str]:
        """What is wrong with the database."""
        raise NotImplementedError

    # Ways to say it

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def open_store(self) -> None:
        self.store = self.run(Store.open(self.place(), clock=Clock()))

    def say(self, given: Sequence[tuple[str, Value]] = (), besides: frozenset[str] = NOTHING) -> Said:
        """Something that was never said before."""
        self.said += 1
        at = NOON + timedelta(microseconds=self.said)
        turn = TurnRecord(at=at, item="pain", input="speech", meaning="answer", closed=f"words {self.said}")
        return Said(turn, tuple(given), besides)

    def pick(self, data: st.DataObject) -> str:
        self.touched = data.draw(st.sampled_from(sorted(self.calls)), label="call")
        return self.touched

    def has_calls(self) -> bool:
        return bool(self.calls)

    # What happens

    @rule()
    def begin(self, resumes: str | None = None) -> None:
        """A call comes in; its record, delivered again, changes nothing."""
        call_id = self.touched = f"c{len(self.calls):02}"
        record = CallRecord(
            call_id=call_id,
            provider="maqsam",
            questionnaire="q",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m",
            started_at=NOON,
            caller_number="+962790123456",
            custom={"resumes": resumes} if resumes else {},
        )
        self.run(self.store.begin_call(record))
        self.calls[call_id] = Held(resumes=resumes)
        with pytest.raises(StorageError, match="stored already"):
            self.run(self.store.begin_call(record))

    @precondition(has_calls)
    @rule(data=st.data(), given=GIVEN, besides=BESIDES, counts=st.booleans())
    def answer(self, data: st.DataObject, given: list[Any], besides: frozenset[str], counts: bool) -> None:
        """Answers, first ones and corrections."""
        call_id, said = self.pick(data), self.say(given, besides)
        turns = self.calls[call_id].turns
        index = self.run(said.store(self.store, call_id, len(turns) + 1 if counts else None))
        turns.append(said)
        assert index == len(turns)

    @precondition(has_calls)
    @rule(data=st.data(), given=GIVEN)
    def deliver_again(self, data: st.DataObject, given: list[Any]) -> None:
        """The same turn is acknowledged as it was; another in its place, or one too far ahead, is refused."""
        call_id = self.pick(data)
        turns = self.calls[call_id].turns
        for index, said in enumerate(turns, 1):
            assert self.run(said.store(self.store, call_id, index)) == index
            with pytest.raises(StorageError, match="is another than this"):
                self.run(self.say(given).store(self.store, call_id, index))
        with pytest.raises(StorageError, match="the one before it is not"):
            self.run(self.say(given).store(self.store, call_id, len(turns) + 2))

    @precondition(has_calls)
    @rule(data=st.data(), given=GIVEN, besides=BESIDES)
    def all_at_once(self, data: st.DataObject, given: list[Any], besides: frozenset[str]) -> None:
        """Every call commits at the same moment, and one that there is not: that is nobody else's harm."""
        self.pick(data)
        one_each = {call_id: self.say(given, besides) for call_id in self.calls}

        async def together() -> list[int | BaseException]:
            works = [said.store(self.store, call_id) for call_id, said in one_each.items()]
            stray = self.say(given, besides).store(self.store, "nobody")
            return await asyncio.gather(*works[:1], stray, *works[1:], return_exceptions=True)

        first, stray, *others = self.run(together())
        assert isinstance(stray, StorageError)
        for call_id, said in one_each.items():
            self.calls[call_id].turns.append(said)
        assert [first, *others] == [len(self.calls[call_id].turns) for call_id in one_each]

    @precondition(has_calls)
    @rule(data=st.data(), given=GIVEN, besides=BESIDES, steps=st.integers(0, 6))
    def give_up(self, data: st.DataObject, given: list[Any], besides: frozenset[str], steps: int) -> None:
        """The caller hangs up while an answer is stored: it is there, whole, or not at all."""
        call_id, said = self.pick(data), self.say(given, besides)

        async def cancelled() -> None:
            task = asyncio.create_task(said.store(self.store, call_id))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self.store.ping()  # behind what is still being written

        self.run(cancelled())
        self.settle(call_id, said)

    @precondition(has_calls)
    @rule(data=st.data(), disposition=st.sampled_from(["completed", "hung_up"]))
    def hang_up(self, data: st.DataObject, disposition: str) -> None:
        """The first ending stands."""
        call_id = self.pick(data)
        self.run(self.store.end_call(call_id, disposition))
        self.calls[call_id].disposition = self.calls[call_id].disposition or disposition

    @precondition(has_calls)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """A line comes back: as another call, which knows where the one before stood."""
        before = self.pick(data)
        held = self.calls[before]
        self.run(self.store.note_interrupted(before))
        held.disposition = "interrupted"
        kept = self.run(self.store.dialogue_state_at(before))
        assert (kept.state if kept else None) == (held.turns[-1].state if held.turns else None)
        self.begin(resumes=before)

    @precondition(has_calls)
    @rule(data=st.data(), what=st.sampled_from(["delivered", "acknowledged"]))
    def tell(self, data: st.DataObject, what: str) -> None:
        """A notice reaches somebody once."""
        call_id = self.pick(data)
        held, store = self.calls[call_id], self.store
        for index in range(1, len(held.turns) + 1):
            is_new = index in held.numbers("notice") and (index, what) not in held.seen
            told = (
                store.note_delivery(call_id, index, 1)
                if what == "delivered"
                else store.acknowledge(call_id, index, 1, "nurse")
            )
            assert self.run(told) is is_new
            if is_new:
                held.seen.add((index, what))

    @rule()
    def restart(self) -> None:
        """What was open is ended, and nothing else."""
        self.run(self.store.close())
        self.come_back()

    @precondition(has_calls)
    @rule(data=st.data(), given=GIVEN, besides=BESIDES, share=st.floats(0, 1))
    def crash(self, data: st.DataObject, given: list[Any], besides: frozenset[str], share: float) -> None:
        """In the middle of a commit: what was acknowledged before is there, the rest wholly or not at all."""
        call_id, said = self.pick(data), self.say(given, besides)
        self.die(call_id, said, share)
        self.open_store()
        self.settle(call_id, said)
        self.has_come_back()

    def come_back(self) -> None:
        self.open_store()
        self.has_come_back()

    def has_come_back(self) -> None:
        still_open = [held for held in self.calls.values() if held.disposition is None]
        assert self.run(self.store.close_interrupted()) == len(still_open)
        for held in still_open:
            held.disposition = "interrupted"
        self.run(self.compare_all())
        assert self.faults() == []

    def settle(self, call_id: str, said: Said) -> None:
        """Of a turn that nobody acknowledged: it was stored if it is there, and then all of it is."""
        turns = self.calls[call_id].turns
        if len(self.run(self.store.turns(call_id))) > len(turns):
            turns.append(said)

    # What must be true whatever happened

    @invariant()
    def what_is_stored_is_what_was_said(self) -> None:
        """Of the call that something has just happened to."""
        if self.touched:
            self.run(self.compare(self.touched))
            self.touched = ""

    async def compare(self, call_id: str) -> None:
        """Rows of every table that knows calls."""
        held, store = self.calls[call_id], self.store
        call = await store.call(call_id)
        assert call is not None
        assert (call.disposition, call.custom.get("resumes")) == (held.disposition, held.resumes)
        assert (call.ended_at is None) == (held.disposition is None)
        turns = await store.turns(call_id)
        assert [(turn.index, turn.at, turn.closed) for turn in turns] == [
            (index, said.turn.at, said.turn.closed) for index, said in enumerate(held.turns, 1)
        ]
        kept = await store.dialogue_state_at(call_id)
        assert (kept.state if kept else None) == (held.turns[-1].state if held.turns else None)
        for index in range(1, len(turns) + 1):
            is_there = index in held.numbers("sound")
            assert await store.sound(call_id, index) == (held.turns[index - 1].sound if is_there else None)
        given = {
            (each.item, each.revision): (each.turn_index, each.value)
            for each in await store.answers(call_id, every_revision=True)
        }
        assert given == {
            (item, revision): each
            for item, values in held.revisions.items()
            for revision, each in enumerate(values, 1)
        }
        assert {each.item: (each.turn_index, each.value) for each in await store.answers(call_id)} == {
            item: values[-1] for item, values in held.revisions.items()
        }

    async def compare_all(self) -> None:
        """And that there is nothing else."""
        for call_id in self.calls:
            await self.compare(call_id)
        store = self.store
        assert {call.call_id for call in await store.calls(limit=1000)} == set(self.calls)
        notices = [(each.call_id, each.turn_index) for each in await store.notifications(only_open=False)]
        assert sorted(notices) == self.numbers("notice")
        consents = await consents_by_call(store, list(self.calls))
        found = [(call_id, each.turn_index) for call_id, some in consents.items() for each in some]
        assert sorted(found) == self.numbers("consent")
        answers = await store.answers(every_revision=True)
        assert len(answers) == sum(
            len(values) for held in self.calls.values() for values in held.revisions.values()
        )

    def numbers(self, what: str) -> list[tuple[str, int]]:
        """The turns of all calls that have such a thing beside them."""
        return [(call_id, index) for call_id, held in self.calls.items() for index in held.numbers(what)]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.compare_all())
            self.run(self.store.close())
            assert self.faults() == []
        self.runner.close()


class InAFile(AnyOrder):
    """SQLite, plain or encrypted."""

    template: Path  # an empty database with all tables

    @initialize(is_encrypted=st.booleans())
    def open(self, is_encrypted: bool) -> None:
        self.folder = TemporaryDirectory()
        self.keys = KEYS if is_encrypted else None
        self.lives = 0
        self.path = self.home() / "hatif.db"
        if self.keys is None:
            shutil.copyfile(self.template, self.path)
        self.open_store()

    def home(self) -> Path:
        """A folder for this life of the daemon."""
        self.lives += 1
        home = Path(self.folder.name) / str(self.lives)
        home.mkdir()
        return home

    def place(self) -> Place:
        return Place(address=self.path, keys=self.keys)

    @rule()
    def empty_the_log(self) -> None:
        """As a backup or an erasure does."""
        with closing(sqlite3.connect(self.path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def die(self, call_id: str, said: Said, share: float) -> None:
        """A commit is written to the log from front to back: a crash leaves the beginning of it."""
        log = self.path.with_name(f"{self.path.name}-wal")
        before = log.read_bytes() if log.exists() else b""
        self.run(said.store(self.store, call_id))
        after, home = log.read_bytes(), self.home()
        for file in database_files(self.path):
            shutil.copyfile(file, home / file.name)
        self.run(self.store.close())  # of files that nobody looks at any more
        self.path = home / self.path.name
        written = [at for at, (old, new) in enumerate(zip_longest(before, after)) if old != new]
        cut = written[0] + round((written[-1] + 1 - written[0]) * share)
        (home / log.name).write_bytes(after[:cut] + before[cut:])

    def faults(self) -> Sequence[str]:
        with closing(sqlite3.connect(self.path)) as connection:
            return examine(connection, keys=self.keys).faults

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "folder"):
            self.folder.cleanup()


class OnAServer(AnyOrder):
    """PostgreSQL."""

    server: Cluster
    database: str

    @initialize()
    def open(self) -> None:
        emptied = [name for name in metadata.tables if name != "audit_log"]  # that lets nobody take rows away
        self.server.run(self.database, f"TRUNCATE {', '.join(emptied)}")
        self.open_store()

    def place(self) -> Place:
        return Place(address=self.server.url(self.database))

    def die(self, call_id: str, said: Said, share: float) -> None:
        """Connections end while the turn is stored; what was in them ends with them."""

        async def cut_off() -> None:
            storing = asyncio.create_task(said.store(self.store, call_id))
            await asyncio.sleep(share * COMMIT_SECONDS)
            await asyncio.to_thread(self.server.run, self.database, CUT_OFF)
            with suppress(StorageError):
                await storing
            await self.store.close()  # of connections that are gone

        self.run(cut_off())

    def faults(self) -> Sequence[str]:
        return self.run(verify_remote(self.place())).faults


def play(machine: type[AnyOrder], *, examples: int, steps: int) -> None:
    """Play it through."""
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # finding the shortest takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=limits)


def test_a_file_holds_what_was_said(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Acknowledged answers are there once, whatever else happens; nothing is there that nobody said."""
    empty = tmp_path / "empty.db"
    asyncio.run(made(empty))
    machine = type("File", (InAFile,), {"template": empty})
    play(machine, examples=300 if pytestconfig.getoption("exhaustive") else 6, steps=25)


def test_a_server_holds_what_was_said(server: Cluster, migrated: str, pytestconfig: pytest.Config) -> None:
    """The same of PostgreSQL."""
    machine = type("Server", (OnAServer,), {"server": server, "database": migrated})
    play(machine, examples=100 if pytestconfig.getoption("exhaustive") else 3, steps=15)


async def made(path: Path) -> None:
    """Make an empty database."""
    await (await Store.open(path, clock=Clock())).close()
