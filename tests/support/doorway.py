"""The front of the daemon in the test's own loop: gate, tokens, and one route that asks who is there."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from databases import put_empty

from bridge.clock import Clock
from bridge.config import Settings, load_settings
from bridge.identity.access import AccessTokens
from bridge.identity.authenticator import Authenticator
from bridge.identity.denial import DenyList
from bridge.identity.keys import ApiKeys, create_key
from bridge.identity.principal import Scope
from bridge.identity.public_keys import read_public_keys
from bridge.identity.service import ServiceSecret
from bridge.identity.streams import StreamTokens
from bridge.storage.store import Store
from bridge.web.authorisation import require, unauthorized
from bridge.web.gate import Gate
from bridge.web.issuing import Issuing

TOKENS_SECRET = "t0" * 24
SERVICE_SECRET = "s1" * 24


class Doorway:
    """What stands behind the gate, and ways to come."""

    def __init__(self, store: Store, settings: Settings, client: Any) -> None:
        self.store = store
        self.settings = settings
        self.client = client
        self.tokens = AccessTokens(TOKENS_SECRET)

    async def key(self, *scopes: Scope, tenant: str | None = None, days: float | None = None) -> str:
        """A new API key."""
        lifetime = timedelta(days=days) if days is not None else None
        clock = Clock()
        key, _ = await create_key(
            self.store, scopes=scopes, tenant=tenant, label="test", now=clock.now(), lifetime=lifetime
        )
        return key

    async def ask(
        self, path: str = "/probe", credential: str | None = None, *, method: str = "GET", **headers: str
    ) -> tuple[int, Any, Any]:
        """Status, body and headers."""
        if credential is not None:
            headers["Authorization"] = f"Bearer {credential}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, path, headers=named) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text()), answer.headers


@asynccontextmanager
async def doorway(folder: Path, *, without: Iterable[str] = (), **environ: str) -> AsyncIterator[Doorway]:
    """A gate as configured, with both secrets and lenient limits unless that says otherwise."""
    given = {
        "HATIF_TOKENS__SECRET": TOKENS_SECRET,
        "HATIF_IDENTITY__SERVICE_SECRET": SERVICE_SECRET,
        "HATIF_LIMITS__FAILURES_PER_MINUTE": "1000",
        "HATIF_LIMITS__PER_MINUTE": "1000",
    }
    given = {name: value for name, value in given.items() if name not in set(without)} | environ
    settings = load_settings(environ=given)
    clock = Clock()
    store = await Store.open(put_empty(folder / "hatif.db"), clock=clock)
    gate = Gate(settings)
    gate.open(_authenticator(store, clock, settings))
    application = web.Application(middlewares=gate.middlewares)
    gate.guard(application)
    application.add_routes(_routes(settings))
    async with TestClient(TestServer(application)) as client:
        yield Doorway(store, settings, client)
    await gate.close()
    await store.close()


def _authenticator(store: Store, clock: Clock, settings: Settings) -> Authenticator:
    service = settings.identity.service_secret
    scopes = frozenset(settings.identity.service_scopes)
    return Authenticator(
        keys=ApiKeys(store, clock),
        tokens=_tokens(settings),
        denied=DenyList(store, clock),
        service=ServiceSecret(service.get_secret_value(), scopes) if service else None,
    )


def _tokens(settings: Settings) -> AccessTokens:
    secret = settings.tokens.secret
    return AccessTokens(
        secret.get_secret_value() if secret else None,
        others=read_public_keys(settings.identity.keys),
        audience=settings.identity.audience,
        leeway_seconds=settings.identity.leeway_seconds,
    )


def _routes(settings: Settings) -> Iterable[web.RouteDef]:
    secret = settings.tokens.secret
    issuing = Issuing(
        tokens=_tokens(settings),
        streams=StreamTokens(secret.get_secret_value()) if secret else None,
        stream_seconds=60,
        public_url=None,
    )
    return [
        *(one.route() for one in issuing.endpoints()),
        web.get("/probe", _probe),
        web.get("/livez", _open),
        web.get("/", _open),
        web.get("/ws/{provider}", _socket),
        web.post("/webhooks/{provider}/status", _socket),
    ]


async def _probe(request: web.Request) -> web.Response:
    principal = require(request, Scope.SESSIONS_READ)
    facts = {"name": principal.name, "tenant": principal.tenant, "scopes": sorted(principal.scopes)}
    return web.json_response(facts)


async def _open(_request: web.Request) -> web.Response:
    return web.Response(text="open\n")


async def _socket(request: web.Request) -> web.StreamResponse:
    """A provider's door: `?good` has a good credential."""
    if "good" not in request.query:
        raise unauthorized()
    if "Upgrade" not in request.headers:
        return web.Response(status=204)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close()
    return socket
