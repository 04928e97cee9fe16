"""One real daemon, one caller, and every way to fail: what of the caller is where it does not belong.

The caller's name, number, keys and words are canaries. The calls go well, lose their engines, lose their
database, meet a bug, and come with frames that are none. Then everything is read that is no answer: the log
with the workers' output, metrics, spans as a collector gets them, health, what administrators see, the audit
log, environments, command lines, and every file that is left. The daemon runs under strace, so that nothing
it sends goes unnoticed.
"""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import aiohttp
import numpy as np
import pytest
from collector import Collector
from google.protobuf.json_format import MessageToJson
from msgspec import Struct
from programs import found, needs

from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.lines import Line, LineCaller, PressLine, SayLine
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.core_dumps import forbid_memory_dumps
from bridge.privacy.keys import new_key
from bridge.telemetry.tracing import ATTRIBUTES
from tests.conftest import DaemonUnderTest, starting
from tests.support.typed import typed

pytestmark = pytest.mark.call

ROOT = Path(__file__).resolve().parents[1]
NAME, NUMBER, KEYS, SAID = "كناريا", "962790011223", "735146", "نعم"
CANARIES = (NAME, NUMBER, NUMBER[-7:], KEYS, SAID)
HOSTILE = "C4N4RY"  # in frames that are none
CALL = CarrierCall(NUMBER, "9621234566", "77", custom={"patient_first_name": NAME})
ARABIC = re.compile("[\u0621-\u064a]|\\\\u06[234]")
QUESTIONNAIRE = """\
format: 1
id: canary
version: "1"
title: عصفور
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: who, type: identity, ask: "هَلْ أَتَحَدَّثُ مَعَ {patient.first_name}؟"}
  - {id: consent, type: consent, ask: "هَلْ تُوَافِقُون؟"}
  - {id: code, type: number, minimum: 0, maximum: 999999, ask: "مَا الرَّقْم؟"}
  - {id: pain, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكُمْ أَلَم؟"}
  - {id: fever, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكُمْ حُمَّى؟"}
"""
# Read by every Python that the daemon starts. In the daemon it breaks what understands callers, on a sign, as
# a bug would: with all that is known of them in the error's text.
FAULT = """\
import sys
if "serve" in sys.orig_argv:
    from pathlib import Path
    from bridge.dialogue import engine
    healthy = engine.advance
    def advance(questionnaire, state, heard):
        if Path({sign!r}).exists():
            raise ValueError(f"{{heard}} {{state}}")
        return healthy(questionnaire, state, heard)
    engine.advance = advance
"""


class Evidence(Struct):
    """All that could be read, by where it was found."""

    told: dict[str, str]
    trace: str
    shown: dict[str, Any]  # the answers as whoever may read them sees them
    limits: dict[str, str]
    owners: dict[str, int]
    log: str
    spans: list[Any]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory, spoken_prompts: Path) -> Iterator[Evidence]:
    """What is there to be read after all that."""
    folder = tmp_path_factory.mktemp("canary")
    content = folder / "questionnaires"
    (content / "common").mkdir(parents=True)
    common = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_bytes()
    (content / "common" / "ar.yaml").write_bytes(common)
    (content / "canary.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    sign, trace, temporary = folder / "sign", folder / "trace", folder / "tmp"
    temporary.mkdir()
    (folder / "sitecustomize.py").write_text(FAULT.format(sign=str(sign)))
    strace = found("strace")
    tracer = (strace, "-D", "-f", "-qq", "-o", str(trace), "-e", "trace=connect,sendto,sendmsg")
    key, collector = new_key("k1"), Collector()
    with ExitStack() as stack:
        stack.callback(collector.stop)
        start = stack.enter_context(starting(tmp_path_factory, spoken_prompts))
        daemon = start(
            prefix=tuple(map(str, tracer)) if strace else (),
            HATIF_QUESTIONNAIRES__FOLDER=str(content),
            HATIF_QUESTIONNAIRES__DEFAULT="canary",
            HATIF_PRIVACY__KEY=key,
            HATIF_LOG__LEVEL="debug",
            HATIF_TRACING__ENDPOINT=collector.address,
            TMPDIR=str(temporary),
            PYTHONPATH=f"{folder}{os.pathsep}{ROOT}",
        )
        told = asyncio.run(trials(daemon, sign))
        limits, owners = processes(daemon, told)
        assert daemon.stop() == 0
        shown = answers(daemon, key, folder)
        for path in [*daemon.folder.rglob("*"), *temporary.rglob("*")]:
            if path.is_file() and content not in path.parents and "questionnaires" not in path.parts:
                told[f"file {path.name}"] = path.read_bytes().decode("utf-8", "replace")
        spans = spans_in(collector, told)
        traced = trace.read_text(errors="replace") if strace else ""
        yield Evidence(told, traced, shown, limits, owners, daemon.log, spans)


async def trials(daemon: DaemonUnderTest, sign: Path) -> dict[str, str]:
    """Five calls; what could be seen meanwhile."""
    yes = await spoken()
    told: dict[str, str] = {}
    whole: list[Line] = [PressLine("1"), PressLine("1"), PressLine(f"{KEYS}#"), SayLine(yes)]
    await call(daemon, whole)
    look(daemon, told, "after a call")
    losing = asyncio.create_task(call(daemon, whole))
    await turns(daemon, 2)
    look(daemon, told, "in a call")
    for name, child in daemon.children().items():
        if name.endswith(("vosk.worker", "espeak.worker")):
            os.kill(child, signal.SIGSEGV)
    await losing
    await call(daemon, whole, before_turn=lambda: rename(daemon, "turns", "lost"))
    rename(daemon, "lost", "turns")
    await call(daemon, whole, before_turn=sign.touch)
    sign.unlink()  # noqa: ASYNC240
    await hostile(daemon)
    look(daemon, told, "after all")
    return told


async def spoken() -> bytes:
    """The word, as a telephone brings it."""
    async with synthetic_voice(LineNoise(np.random.default_rng(7))) as voice:
        return await voice.speak(Wording("نَعَم"))


async def call(daemon: DaemonUnderTest, lines: list[Line], before_turn: Any = None) -> None:
    """One call; `before_turn` is done once it has begun."""
    carrier = FakeCarrier(
        MaqsamWire(), LineCaller(lines, LineNoise(np.random.default_rng(7))), clock=Clock(4)
    )
    placing = asyncio.create_task(
        carrier.place(daemon.url("/ws/maqsam"), call=CALL, token=daemon.token, max_seconds=90)
    )
    if before_turn is not None:
        async with asyncio.timeout(20):
            while not daemon.active_calls() and not placing.done():  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)
        before_turn()
    await placing
    async with asyncio.timeout(30):
        while daemon.active_calls():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


async def turns(daemon: DaemonUnderTest, count: int) -> None:
    """Wait until the latest call has had so many."""
    newest = "SELECT count(*) FROM turns WHERE call_id = (SELECT call_id FROM calls ORDER BY started_at DESC)"
    async with asyncio.timeout(60):
        while query(daemon, newest)[0][0] < count:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


async def hostile(daemon: DaemonUnderTest) -> None:
    """Frames that break the protocol in several ways, with a canary in each."""
    headers = {"Authorization": f"Bearer {daemon.token}"}
    frames: list[str | bytes] = [
        f'{{"type":"{HOSTILE}","data":{{"a":"{HOSTILE}"}}}}',
        f"{HOSTILE} is no JSON",
        HOSTILE.encode() * 100,
        f'{{"type":"audio.input","data":{{"audio":"{HOSTILE}"}}}}',
    ]
    async with aiohttp.ClientSession() as http:
        for frame in frames:
            async with http.ws_connect(daemon.url("/ws/maqsam"), headers=headers) as socket:
                setup = {"type": "session.setup", "data": {"context": {"id": 5, "caller_number": NUMBER}}}
                await socket.send_str(json.dumps(setup))
                await (socket.send_str(frame) if isinstance(frame, str) else socket.send_bytes(frame))
                await socket.close()
        async with http.get(f"http://127.0.0.1:{daemon.port}/{HOSTILE}?number={NUMBER}") as answer:
            assert answer.status in {401, 403, 404}


def look(daemon: DaemonUnderTest, told: dict[str, str], when: str) -> None:
    """All that the daemon says of itself."""
    for path in ("/health", "/metrics", "/admin/status", "/admin/health", "/admin/sessions", "/admin/audit"):
        status, body = daemon.get_as_admin(path)
        assert status == 200, path
        told[f"{path} {when}"] = body.decode()
    for path in ("/readyz", "/health"):
        told[f"public {path} {when}"] = json.dumps(daemon.get(path)[1])
    for pid in [daemon.process.pid, *daemon.children().values()]:
        told[f"command line {pid} {when}"] = Path(f"/proc/{pid}/cmdline").read_text()
    for name, pid in daemon.children().items():
        if os.access(f"/proc/{pid}/environ", os.R_OK):  # for root only
            told[f"environment of {name} {when}"] = Path(f"/proc/{pid}/environ").read_text()


def processes(daemon: DaemonUnderTest, told: dict[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    """The limits of core files, and whose /proc is, of the daemon and its workers."""
    pids = {"daemon": daemon.process.pid, **daemon.children()}
    assert len(pids) > 2, told.keys()
    limits = {name: Path(f"/proc/{pid}/limits").read_text() for name, pid in pids.items()}
    return limits, {name: Path(f"/proc/{pid}/environ").stat().st_uid for name, pid in pids.items()}


def query(daemon: DaemonUnderTest, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(daemon.database)) as connection:
        return connection.execute(sql).fetchall()


def rename(daemon: DaemonUnderTest, table: str, to: str) -> None:
    """Take a table away from under the daemon, as a database that is damaged would."""
    for _ in range(50):
        try:
            query(daemon, f"ALTER TABLE {table} RENAME TO {to}")
        except sqlite3.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the database stays locked")


def answers(daemon: DaemonUnderTest, key: str, folder: Path) -> dict[str, Any]:
    """The first call, decrypted."""
    settings = {"HATIF_STORAGE__PATH": str(daemon.database), "HATIF_PRIVACY__KEY": key}
    listed = json.loads(typed("answers", "list", "--json", folder=folder, **settings).stdout)
    first = listed[-1]["call_id"]
    shown: dict[str, Any] = json.loads(
        typed("answers", "show", first, "--json", folder=folder, **settings).stdout
    )
    return shown


def spans_in(collector: Collector, told: dict[str, str]) -> list[Any]:
    """The spans that were sent; all that was sent is told, as it came and as JSON."""
    found: list[Any] = []
    for index, (_, request) in enumerate(collector.received):
        told[f"traces {index}"] = request.SerializeToString().decode("utf-8", "replace")
        told[f"traces {index} as JSON"] = MessageToJson(request)
        scopes = (scope for resource in request.resource_spans for scope in resource.scope_spans)
        found += [span for scope in scopes for span in scope.spans]
    return found


def test_the_canaries_were_there(evidence: Evidence) -> None:
    """Or these tests would look for what is nowhere: the answers have them, and every failure took place."""
    stored = json.dumps(evidence.shown, ensure_ascii=False)
    for canary in (NAME, NUMBER, KEYS, SAID):
        assert canary in stored, canary
    for sign in ("worker_died", '"code": "storage"', "ValueError", "call_started", '"signal": "SIGTERM"'):
        assert sign in evidence.log, sign
    assert [one["status"] for one in evidence.shown["consents"]] == ["given"]
    assert {span.name for span in evidence.spans} == {"call", "turn"}
    assert sum(span.name == "call" for span in evidence.spans) >= 4


def test_spans_have_the_attributes_that_are_listed(evidence: Evidence) -> None:
    """And no event, which is how an exception with its text would come along."""
    named = {each.key for span in evidence.spans for each in span.attributes}
    assert named <= ATTRIBUTES
    assert [span.events for span in evidence.spans if span.events] == []
    assert {span.status.message for span in evidence.spans} == {""}


def test_no_canary_is_where_it_does_not_belong(evidence: Evidence) -> None:
    """Nowhere, in any spelling; not a word of Arabic in any log, and nothing of a hostile frame."""
    hits = [
        (where, canary)
        for where, text in evidence.told.items()
        for canary in (*CANARIES, HOSTILE)
        if (canary in text or json.dumps(canary)[1:-1] in text)
        and not (
            canary == SAID and where.startswith("file hatif.db")
        )  # a word of the questionnaire kept there
    ]
    assert hits == []
    assert ARABIC.findall(evidence.log) == []
    assert f'"{KEYS[:3]}' not in evidence.log


def test_workers_know_no_secret(evidence: Evidence) -> None:
    """Neither configuration nor keys are in their environment."""
    environments = [text for where, text in evidence.told.items() if where.startswith("environment")]
    assert environments or os.geteuid() != 0
    assert all("HATIF_" not in text for text in environments)


def test_nothing_leaves_a_memory_dump(evidence: Evidence) -> None:
    """No process may write a core file; to other processes of its user its memory is not readable."""
    for name, limits in evidence.limits.items():
        assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE), name
    assert set(evidence.owners.values()) == {0}  # root's, though another user runs it


def test_a_process_can_be_made_undumpable() -> None:
    """The kernel says so; before, it was not."""
    asked = dedent(f"""
        import ctypes
        from {forbid_memory_dumps.__module__} import forbid_memory_dumps
        get = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
        before = get()
        forbid_memory_dumps()
        print(before, get())
    """)
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["1", "0"]


@needs("strace")
def test_nothing_goes_anywhere_but_here(evidence: Evidence) -> None:
    """From its start to its end, the daemon and all it starts connect to and send to this machine only."""
    if os.geteuid() != 0:
        pytest.skip("only root can read the addresses of a process whose memory is closed")
    addresses = re.findall(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', evidence.trace)
    found_addresses = {four or six for four, six in addresses}
    assert "connect(" in evidence.trace or "sendto(" in evidence.trace  # it was traced
    assert all(one.startswith("127.") or one == "::1" for one in found_addresses), found_addresses
