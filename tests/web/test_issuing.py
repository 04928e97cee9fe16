"""Tokens asked for with another credential: of no more than the asker may do, for a quarter of an hour."""

from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from doorway import SERVICE_SECRET, TOKENS_SECRET, Doorway, doorway

from bridge.identity.principal import Scope
from bridge.identity.streams import StreamTokens


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Doorway]:
    async with doorway(tmp_path) as opened:
        yield opened


async def test_the_service_secret_gets_a_token(door: Doorway) -> None:
    """In the form that requirement 000 names; whoever has it comes in with it."""
    status, told, headers = await door.ask("/auth/token", SERVICE_SECRET)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert (set(told), told["token_type"], told["expires_in"]) == (
        {"token", "token_type", "expires_in"},
        "Bearer",
        900,
    )
    status, who, _ = await door.ask("/probe", told["token"])
    assert (status, who["name"]) == (200, "token:service")
    assert "tokens:issue" not in who["scopes"]


async def test_a_token_has_no_more_than_its_issuer(door: Doorway) -> None:
    """Neither more scopes nor another tenant; fewer where they are asked for."""
    key = await door.key(Scope.TOKENS_ISSUE, Scope.SESSIONS_READ, Scope.METRICS_READ, tenant="north")
    _, told, _ = await door.ask("/auth/token", key)
    principal, _ = door.tokens.read(told["token"])
    assert (principal.scopes, principal.tenant) == ({Scope.SESSIONS_READ, Scope.METRICS_READ}, "north")
    _, told, _ = await door.ask("/auth/token?scope=sessions:read&tenant=south", key)
    principal, _ = door.tokens.read(told["token"])
    assert (principal.scopes, principal.tenant) == ({Scope.SESSIONS_READ}, "north")
    for query, expected in (
        ("scope=daemon:control", 403),
        ("scope=sessions:read+daemon:control", 403),
        ("scope=tokens:issue", 403),
        ("scope=everything", 400),
        ("call=c1", 403),  # a token of one call reads its transcript, and this key may not
        ("call=", 400),
        (f"call={'c' * 200}", 400),
    ):
        assert (await door.ask(f"/auth/token?{query}", key))[0] == expected, query


async def test_a_token_of_one_call(door: Doorway) -> None:
    key = await door.key(Scope.TOKENS_ISSUE, Scope.TRANSCRIPTS, Scope.SESSIONS_READ)
    _, told, _ = await door.ask("/auth/token?call=c1", key)
    principal, _ = door.tokens.read(told["token"])
    assert (principal.scopes, principal.call) == ({Scope.TRANSCRIPTS}, "c1")


async def test_nobody_else_has_tokens_issued(door: Doorway) -> None:
    key = await door.key(Scope.SESSIONS_READ)
    for path, method in (("/auth/token", "GET"), ("/auth/token", "POST"), ("/auth/stream", "POST")):
        assert (await door.ask(path, method=method))[0] == 401
        assert (await door.ask(path, key, method=method))[0] == 403
    assert (await door.ask("/auth/token", SERVICE_SECRET, method="HEAD"))[0] == 405


async def test_a_page_gets_an_address_that_opens_one_socket(door: Doorway) -> None:
    """Of the provider and questionnaire that were asked for, with its single-use token in it."""
    key = await door.key(Scope.STREAMS_OPEN, tenant="north")
    status, told, headers = await door.ask("/auth/stream?questionnaire=bp", key, method="POST")
    assert (status, told["expires_in"], headers["Cache-Control"]) == (200, 60, "no-store")
    assert told["url"] == str(door.client.make_url("/ws/browser/")).replace("http", "ws", 1) + told["token"]
    claims = StreamTokens(TOKENS_SECRET).read(told["token"], provider="browser")
    assert (claims.questionnaire, claims.tenant) == ("bp", "north")
    assert (await door.ask("/auth/stream?provider=nobody", key, method="POST"))[0] == 400
    assert (await door.ask("/probe", told["token"]))[0] == 401


async def test_without_a_secret_none_are_issued(tmp_path: Path) -> None:
    """Who may ask is told so; who may not learns nothing."""
    async with doorway(tmp_path, without=("HATIF_TOKENS__SECRET",)) as door:
        assert (await door.ask("/auth/token", SERVICE_SECRET))[0] == 503
        assert (await door.ask("/auth/stream", SERVICE_SECRET, method="POST"))[0] == 503
        assert (await door.ask("/auth/token"))[0] == 401


async def test_what_a_token_says_of_itself(door: Doorway) -> None:
    """`kid`, and the claims that others may rely on."""
    token = door.tokens.issue("service", {Scope.SESSIONS_READ})
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    assert header["kid"].startswith("hatif-")
    assert {"iss", "aud", "sub", "jti", "iat", "exp", "scope"} == set(claims)
    assert claims["exp"] - claims["iat"] == 900
