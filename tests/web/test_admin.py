"""The operator's interface: who may ask what, what tenants see, and what is told of calls and refusals.

In the test's own process: real routes, a real database, and calls whose far end is the test.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientResponse, ClientSession, UnixConnector, web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from structlog.testing import capture_logs
from typed import typed

from bridge import calls_command
from bridge.app import Daemon
from bridge.audit.copying import AuditCopy
from bridge.audit.entries import Action
from bridge.audit.log import AuditLog
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue.loader import load
from bridge.errors import StorageError
from bridge.identity.principal import LOCAL, Principal, Scope
from bridge.lifecycle import Lifecycle
from bridge.readiness import Rendered
from bridge.running import RunningCall, Stage
from bridge.speech.condition import WorkerCondition
from bridge.storage.audit import all_entries
from bridge.storage.place import Place
from bridge.storage.store import Store
from bridge.web.admin.house import House
from bridge.web.admin.routes import admin_endpoints
from bridge.web.authorisation import PRINCIPAL
from bridge.web.health import Component, Health
from bridge.web.openapi import Document
from bridge.web.refusals import RefusalCounts, Refusals
from bridge.web.server import Server

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUESTIONNAIRE = load(CONTENT / "questionnaires" / "post_discharge.yaml")
OURS, THEIRS = "north", "south"
KINDS = ("none", "scopeless", "theirs", "ours", "everyones")
ENDPOINTS = [(one.method, one.path, one.scope) for one in admin_endpoints(cast("House", None))]


def running(number: int, **changes: Any) -> RunningCall:
    facts: dict[str, Any] = {"provider": "maqsam", "kind": "conversation", "stage": Stage.IN_PROGRESS}
    facts |= {"id": f"c{number}", "since": NOON + timedelta(seconds=number), "tenant": OURS}
    return RunningCall(**(facts | changes))


class Board:
    """Calls in progress, without the calls."""

    most_calls, not_begun, default, would_admit = 10, 0, QUESTIONNAIRE.id, True
    questionnaires = (QUESTIONNAIRE,)

    def __init__(self) -> None:
        self.running = [running(1), running(2), running(3), running(4, tenant=THEIRS)]
        self.ended: list[str] = []

    @property
    def active_calls(self) -> int:
        return len(self.running)

    async def all_sessions(self) -> list[RunningCall]:
        return self.running

    def end(self, call_id: str) -> bool:
        self.ended.append(call_id)
        return True


class Site:
    """A daemon's interface, with identities that are named instead of proved."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.board = Board()
        self.counts = RefusalCounts()
        self.lifecycle = Lifecycle()
        self.lifecycle.started()
        self.house = House(
            lifecycle=self.lifecycle,
            components=self._components,
            counts=self.counts,
            guarded={"maqsam": False},
        )
        self.house.database = store
        self.house.audit = AuditLog(store, AuditCopy(Place.of(folder / "hatif.db").audit_copy), Clock())
        self.house.switchboard = cast("Any", self.board)
        self.house.readiness = cast("Any", SimpleNamespace(progress=lambda _: Rendered(90, 2)))
        self.house.engines = lambda: [
            WorkerCondition(
                name="vosk", version="0.3", ready=False, up=False, restarts=7, pid=None, memory_bytes=5
            )
        ]
        self.refusals = Refusals(self.counts, lambda: self.house.audit)
        self.store = store
        self.client: TestClient[Any, Any]

    async def _components(self) -> list[Component]:
        return [Component("recogniser", is_ready=False, detail="down")]

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self.refusals.watch, self.identify])
        described = admin_endpoints(self.house)
        routes = [*(one.route() for one in described), Document(described).route()]
        application.add_routes([*routes, web.get("/ws/{provider}", _refuse)])
        return application

    @web.middleware
    async def identify(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        scopes = frozenset(map(Scope, filter(None, request.headers.get("Test-Scopes", "").split())))
        if "Test-Name" in request.headers:
            name, tenant = request.headers["Test-Name"], request.headers.get("Test-Tenant")
            request[PRINCIPAL] = Principal(name, scopes, tenant)
        return await handler(request)

    async def ask(self, method: str, path: str, kind: str = "everyones", scope: Scope | None = None) -> Any:
        """Ask as somebody of that kind who has that scope, and no other; status and JSON."""
        has = {"none": None, "scopeless": set(Scope) - {scope}}.get(kind, {scope} if scope else set(Scope))
        tenant = {"ours": OURS, "theirs": THEIRS, "scopeless": OURS}.get(kind)
        headers = {} if has is None else {"Test-Name": f"key:{kind}", "Test-Scopes": " ".join(has)}
        headers |= {"Test-Tenant": tenant} if tenant else {}
        async with self.client.request(method, path, headers=headers) as response:
            return response.status, await _json(response)

    async def noted(self) -> list[tuple[str, str, str, str]]:
        entries = [entry async for entry in all_entries(self.store)]
        return [(one.principal, one.action, one.object, one.result) for one in entries]


async def _refuse(_request: web.Request) -> web.Response:
    raise web.HTTPUnauthorized(text="a valid credential is needed\n")


async def _json(response: ClientResponse) -> Any:
    assert response.content_type == "application/json", await response.text()
    return await response.json()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store = await Store.open(tmp_path / "hatif.db", clock=Clock())
    site = Site(store, tmp_path)
    async with TestClient(TestServer(site.application())) as site.client:
        yield site
    await store.close()


# Who may


def expected(kind: str, path: str, good: int) -> int:
    """What somebody of that kind is answered."""
    if kind == "none":
        return 401
    if kind == "scopeless":
        return 403
    return 404 if kind == "theirs" and "{id}" in path else good


@pytest.mark.parametrize("kind", KINDS)
async def test_every_route_for_everybody(site: Site, kind: str) -> None:
    """Each route of /admin/ that the server has, whoever asks: a new one cannot be forgotten."""
    scopes = {(method, path): scope for method, path, scope in ENDPOINTS}
    routes = [
        (route.method, route.resource.canonical)
        for route in site.client.app.router.routes()
        if route.resource and route.resource.canonical.startswith("/admin/") and route.method != "HEAD"
    ]
    assert len(routes) >= 6
    for method, path in routes:
        assert (method, path) in scopes, f"{method} {path} is not described as an Endpoint"
        scope = scopes[method, path]
        assert scope is not None, f"{method} {path} asks for no scope"
        status, answer = await site.ask(method, path.replace("{id}", "c1"), kind, scope)
        good = 202 if method == "DELETE" else 200
        assert status == expected(kind, path, good), (method, path, answer)
        if status >= 400:
            assert answer["error"].keys() == {"code", "message"}
    assert site.board.ended == (["c1"] if kind in {"ours", "everyones"} else [])


@pytest.mark.parametrize(("kind", "refusal"), [("none", 401), ("scopeless", 403)])
async def test_no_route_of_the_daemon_forgets_to_ask(site: Site, kind: str, refusal: int) -> None:
    """All that the composition root puts under /admin/, also what other rooms add to it."""
    daemon = Daemon(load_settings(DEFAULT_CONFIG, environ={}))
    described = [one for one in daemon._server._described if one.path.startswith(("/admin/", "/metrics"))]
    routes = [one.route() for one in described]
    application = web.Application(middlewares=[site.refusals.watch, site.identify])
    application.add_routes(routes)
    headers = {"Test-Name": "key:nobody", "Test-Scopes": ""} if kind == "scopeless" else {}
    async with TestClient(TestServer(application)) as client:
        for route in routes:
            path = re.sub(r"{\w+}", "c1", str(route.path))
            async with client.request(route.method, path, headers=headers) as response:
                assert response.status == refusal, (route.method, route.path)
                assert (await _json(response))["error"].keys() == {"code", "message"}
    assert len(routes) >= 6


async def test_whoever_opens_the_file_may_everything(site: Site, tmp_path: Path) -> None:
    """Over the admin socket no credential is asked for, and the log says `local`."""
    runner = web.AppRunner(site.application(), access_log=None)
    await runner.setup()
    await web.UnixSite(runner, tmp_path / "a.sock").start()
    async with (
        ClientSession(connector=UnixConnector(str(tmp_path / "a.sock"))) as client,
        client.delete("http://hatif/admin/sessions/c4") as response,
    ):
        assert response.status == 202
    await runner.cleanup()
    assert await site.noted() == [("local", "session.end", "c4", "allowed")]


# What tenants see


async def test_lists_leave_others_calls_out(site: Site) -> None:
    """A tenant sees its own calls, and their number."""
    _, ours = await site.ask("GET", "/admin/sessions", "ours")
    _, theirs = await site.ask("GET", "/admin/sessions", "theirs")
    _, all_ = await site.ask("GET", "/admin/sessions")
    assert [call["id"] for call in ours["sessions"]] == ["c1", "c2", "c3"]
    assert ([call["id"] for call in theirs["sessions"]], theirs["total"]) == (["c4"], 1)
    assert all_["total"] == 4


async def test_anothers_id_is_found_no_more_than_one_that_is_made_up(site: Site) -> None:
    """The same answer, byte for byte; but whoever tries real ones is noted."""
    for method in ("GET", "DELETE"):
        theirs = await site.ask(method, "/admin/sessions/c4", "ours")
        none = await site.ask(method, "/admin/sessions/zzz", "ours")
        assert theirs == none
        assert theirs[0] == 404
    assert await site.noted() == [
        ("key:ours", "session.read", "c4", "refused"),
        ("key:ours", "session.end", "c4", "refused"),
    ]


async def test_a_tenant_reads_its_own_rows_of_the_log(site: Site) -> None:
    """Rows of other tenants, and of nobody's, are not theirs to read."""
    await site.ask("DELETE", "/admin/sessions/c1", "everyones")
    await site.ask("DELETE", "/admin/sessions/c4", "everyones")
    await site.ask("GET", "/admin/health", "everyones")
    _, ours = await site.ask("GET", "/admin/audit", "ours")
    assert [(row["action"], row["object"]) for row in ours["entries"]] == [
        ("audit.read", "*"),
        ("session.end", "c1"),
    ]


# Sessions


async def test_sessions_come_in_pages(site: Site) -> None:
    """A page goes on behind the last call of the one before, whether or not that is still there."""
    _, first = await site.ask("GET", "/admin/sessions?limit=2")
    del site.board.running[1]
    _, second = await site.ask("GET", f"/admin/sessions?limit=2&after={first['next']}".replace("+", "%2B"))
    assert [call["id"] for call in first["sessions"]] == ["c1", "c2"]
    assert ([call["id"] for call in second["sessions"]], second["next"]) == (["c3", "c4"], None)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=x", "limit=-1", "limit=", "limit=²", "limit=9999999999999999999999"],
)
async def test_a_page_has_a_size(site: Site, query: str) -> None:
    """Anything but a number from 1 to 500 is refused with a sentence."""
    for path in ("/admin/sessions", "/admin/audit"):
        status, answer = await site.ask("GET", f"{path}?{query}")
        assert (status, answer["error"]["code"]) == (400, "bad_request")
        assert "from 1 to 500" in answer["error"]["message"]


async def test_a_call_that_ended_meanwhile_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and ending it may end by itself."""
    monkeypatch.setattr(site.board, "end", lambda _: False)
    assert (await site.ask("DELETE", "/admin/sessions/c1"))[0] == 404


# The log


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-13-01", "before=x", "before=-1", "since=%00"]
)
async def test_what_is_asked_of_the_log_must_make_sense(site: Site, query: str) -> None:
    """A moment, a number: anything else is refused with a sentence."""
    assert (await site.ask("GET", f"/admin/audit?{query}"))[0] == 400


async def test_the_log_comes_in_pages(site: Site) -> None:
    """The newest first; `next` leads to what is older."""
    audit = site.house.audit
    assert audit is not None
    for number in range(5):
        await audit.note(LOCAL, Action.SESSION_END, f"x{number}")
    _, first = await site.ask("GET", "/admin/audit?limit=3")
    _, second = await site.ask("GET", f"/admin/audit?limit=3&before={first['next']}")
    objects = [row["object"] for page in (first, second) for row in page["entries"]]
    assert objects == ["*", "x4", "x3", "x2", "x1", "x0"]
    assert second["next"] is None
    _, none = await site.ask("GET", "/admin/audit?until=2026-01-01T00:00:00Z")
    assert none["entries"] == []


@pytest.fixture
async def operator(site: Site, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Types `hatif calls …` on the machine of a daemon that has this house."""
    socket = tmp_path / "admin.sock"
    health = Health(lifecycle=site.lifecycle, components=site._components, active_calls=lambda: 4)
    server = Server(health, has_page=False, endpoints=admin_endpoints(site.house))
    await server.start("127.0.0.1", 0, socket)

    async def type_(*arguments: str) -> tuple[int, str, str]:
        done = await asyncio.to_thread(typed, "calls", *arguments, HATIF_ADMIN__SOCKET=str(socket))
        return done.returncode, done.stdout, " ".join(done.stderr.split())

    with capture_logs():  # the server's, which shares its streams with the command
        yield type_
    await server.stop()


async def test_an_operator_lists_calls(
    site: Site, operator: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, however few the daemon tells at a time; how long each goes on, and how far it is."""
    site.board.running[1] = running(2, item="pain", turns=3, questionnaire="q", is_dismissed=True)
    site.board.running[3] = running(4, kind="monitored", tenant=THEIRS, since=datetime.now(UTC))
    monkeypatch.setattr(calls_command, "PAGE", 3)
    status, shown, _ = await operator("list", "--json", "-")
    assert (status, [one["id"] for one in json.loads(shown)]) == (0, ["c1", "c2", "c3", "c4"])
    monkeypatch.setattr(calls_command.out, "width", 200)
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in (await operator("list"))[1].splitlines()
    ]
    second, fourth = rows[4], rows[6]
    assert second[2:] == ["maqsam", OURS, "q", "pain", "3", "ending"]
    assert fourth[2:] == ["maqsam", THEIRS, "monitored", "", "0", "in_progress"]
    assert re.fullmatch(r"0:\d\d", fourth[1])


async def test_an_operator_ends_a_call_by_the_beginning_of_its_id(
    site: Site, operator: Callable[..., Any]
) -> None:
    """One, that there is; what cannot be done is one sentence."""
    status, _, complaint = await operator("end", "c")
    assert (status, complaint) == (2, "4 calls' ids begin so: give more of it")
    status, _, complaint = await operator("end", "x")
    assert (status, complaint.startswith("no call whose id begins so is in progress")) == (1, True)
    assert site.board.ended == []
    status, shown, _ = await operator("end", "c3")
    assert (status, shown, site.board.ended) == (0, "c3: its caller is being told\n", ["c3"])
    site.house.switchboard = None
    status, _, complaint = await operator("end", "c3")
    assert (status, "refuses (503)" in complaint) == (2, True)


async def test_what_cannot_be_noted_is_not_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database refuses: so do we, and the call goes on."""

    async def fail(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(site.house.audit, "note", fail)
    status, answer = await site.ask("DELETE", "/admin/sessions/c1")
    assert (status, answer["error"]["code"], site.board.ended) == (503, "storage", [])


async def test_refusals_are_noted_once_a_minute_and_counted_each(site: Site) -> None:
    """Whoever hammers at a door fills the counts, and not the log."""
    for _ in range(3):
        await site.ask("GET", "/admin/health", "none")
        await site.ask("GET", "/admin/sessions/secret-id", "scopeless", Scope.SESSIONS_READ)
        async with site.client.get("/ws/maqsam") as response:
            assert (response.status, await response.text()) == (401, "a valid credential is needed\n")
    _, health = await site.ask("GET", "/admin/health")
    assert health["security"] == {
        "refused_sockets": 3,
        "failed_authentications": 3,
        "forbidden": 3,
        "rate_limited": 0,
        "busy": 0,
    }
    assert (await site.noted())[:2] == [
        ("nobody", "request", "GET:/admin/health", "refused"),
        ("key:scopeless", "request", "GET:/admin/sessions/{id}", "refused"),
    ]
    assert len(await site.noted()) == 3


# Everything else that can be seen


async def test_health_tells_all(site: Site) -> None:
    """Components with their details, engines with their restarts, calls and memory."""
    _, health = await site.ask("GET", "/admin/health")
    assert (health["status"], health["state"]) == ("unhealthy", "running")
    assert health["components"] == [{"name": "recogniser", "ready": False, "detail": "down"}]
    assert [(engine["name"], engine["restarts"]) for engine in health["engines"]] == [("vosk", 7)]
    assert health["calls"] == {"active": 4, "most": 10, "not_begun": 0}
    assert (health["memory"]["engines"], health["memory"]["daemon"] > 10**7) == (5, True)
    assert health["loop_lag_seconds"] is None


async def test_questionnaires_tell_how_far_they_are(site: Site) -> None:
    """Which version, since when it has been offered, and what of its prompts is missing."""
    one = QUESTIONNAIRE
    await site.store.keep_questionnaire(one.hash, one.id, one.version, ("", ""))
    _, answer = await site.ask("GET", "/admin/questionnaires")
    (told,) = answer["questionnaires"]
    assert (told["id"], told["hash"], told["default"], told["status"]) == (one.id, one.hash, True, one.status)
    assert (told["ready"], told["prompts"], told["missing"]) == (False, 90, 2)
    assert datetime.now(UTC) - datetime.fromisoformat(told["since"]) < timedelta(minutes=5)


@pytest.mark.parametrize("path", ["/maqsam/status", "/providers/maqsam/status"])
async def test_a_providers_status_needs_no_credential(site: Site, path: str) -> None:
    """Is it served, has it a credential, would a call be taken, and how many go on."""
    status, answer = await site.ask("GET", path, "none")
    told = {"provider": "maqsam", "enabled": True, "guarded": False, "accepting": True, "active_calls": 4}
    assert (status, answer) == (200, told)
    assert (await site.ask("GET", "/providers/nobody/status", "none"))[0] == 404


async def test_while_starting_there_is_little_to_see(site: Site) -> None:
    """Health answers from the first moment on; the rest says when to come again."""
    site.house.switchboard = site.house.audit = None
    assert (await site.ask("GET", "/admin/health"))[0] == 200
    for path in ("/admin/sessions", "/admin/questionnaires", "/admin/audit"):
        status, answer = await site.ask("GET", path)
        assert (status, answer["error"]["code"]) == (503, "unavailable")


async def test_no_answer_tells_of_a_caller(site: Site) -> None:
    """Every field of every answer was thought about: a new one is added here too."""
    texts: list[str] = []
    for method, path, _ in ENDPOINTS:
        _, answer = await site.ask(method, path.replace("{id}", "c1").replace("{provider}", "maqsam"))
        texts.append(json.dumps(answer))
    assert not [text for text in texts if "number" in text.replace('"number":', "") and "caller" in text]
    assert set(RunningCall.__struct_fields__).isdisjoint(
        {"caller_number", "callee_number", "custom", "answers"}
    )


async def test_the_document_holds_every_route(site: Site) -> None:
    """With its parameters, its answers by type, and what is wrong where something is."""
    async with site.client.get("/openapi.json") as response:
        document = await response.json()
    assert document["openapi"] == "3.1.0"
    operations = {(m.upper(), path) for path, all_ in document["paths"].items() for m in all_}
    assert operations == {(method, path) for method, path, _ in ENDPOINTS}
    listing = document["paths"]["/admin/sessions"]["get"]
    assert listing["security"] == [{"bearer": ["sessions:read"]}]
    assert [one["name"] for one in listing["parameters"]] == ["limit", "after"]
    for name in _references(document):
        assert name in document["components"]["schemas"]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix("#/components/schemas/")
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
