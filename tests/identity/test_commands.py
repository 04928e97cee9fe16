"""`hatif keys` and `hatif token revoke`: what is printed works in a daemon, until it is taken back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typed import typed

from bridge.clock import Clock
from bridge.errors import CredentialError
from bridge.identity.access import AccessTokens
from bridge.identity.denial import DenyList
from bridge.identity.keys import ApiKeys
from bridge.identity.principal import Scope
from bridge.storage.store import Store

SECRET = "t" * 48


class Desk:
    """A command line, and what a daemon on the same database thinks of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, status: int = 0) -> str:
        database = str(self.folder / "hatif.db")
        ended = typed(*arguments, folder=self.folder, HATIF_STORAGE__PATH=database, COLUMNS="200")
        assert ended.returncode == status, ended.stderr
        return ended.stdout if status == 0 else ended.stderr

    def keys(self, *arguments: str) -> Any:
        return json.loads(self.run("keys", "list", *arguments, "--json"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "hatif.db", clock=Clock())
    yield opened
    await opened.close()


async def good(store: Store, key: str) -> bool:
    """Whether a daemon that starts now lets it in."""
    try:
        await ApiKeys(store, Clock()).principal(key)
    except CredentialError:
        return False
    return True


def create(desk: Desk, *more: str) -> str:
    return desk.run("keys", "create", "--scope", "sessions:read", "--scope", "tokens:issue", *more).strip()


def test_a_key_is_printed_once(desk: Desk) -> None:
    """And nowhere else: the list knows what it is good for, not what it is."""
    key = create(desk, "--label", "dashboard", "--tenant", "north", "--days", "30")
    (listed,) = desk.keys()
    assert (listed["label"], listed["tenant"], listed["is_good"]) == ("dashboard", "north", True)
    assert listed["scopes"] == ["sessions:read", "tokens:issue"]
    assert listed["expires_at"] is not None
    assert key[-30:] not in desk.run("keys", "list") + json.dumps(listed)
    assert listed["key_id"] in desk.run("keys", "list")


async def test_what_was_printed_is_good_until_it_is_revoked(desk: Desk, store: Store) -> None:
    key = create(desk)
    principal = await ApiKeys(store, Clock()).principal(key)
    assert (principal.tenant, principal.scopes) == ("default", {Scope.SESSIONS_READ, Scope.TOKENS_ISSUE})
    desk.run("keys", "revoke", key)  # the whole key, or its id
    assert not await good(store, key)
    assert desk.keys() == []
    assert [each["is_good"] for each in desk.keys("--all")] == [False]
    assert "there is no good key" in desk.run("keys", "revoke", key, status=2)


async def test_a_key_without_end_and_for_everybody(desk: Desk, store: Store) -> None:
    key = create(desk, "--all-tenants", "--days", "0")
    assert (await ApiKeys(store, Clock()).principal(key)).tenant is None
    assert desk.keys()[0]["expires_at"] is None


async def test_a_rotated_key_overlaps_with_the_new_one(desk: Desk, store: Store) -> None:
    """So that a program can change over; without hours the old one ends at once."""
    old = create(desk, "--label", "dashboard")
    new = desk.run("keys", "rotate", old).strip()
    newest = desk.run("keys", "rotate", new.split("_")[1], "--hours", "0").strip()
    assert [await good(store, key) for key in (old, new, newest)] == [True, False, True]
    assert {each["label"] for each in desk.keys("--all")} == {"dashboard"}
    assert "there is no good key" in desk.run("keys", "rotate", new, status=2)


def test_scopes_that_there_are_not_are_refused(desk: Desk) -> None:
    assert "everything" in desk.run("keys", "create", "--scope", "everything", status=2)


async def test_a_token_is_revoked_by_itself_or_its_name(desk: Desk, store: Store) -> None:
    """What somebody pastes is looked into; what is no token is told."""
    tokens = AccessTokens(SECRET)
    token, other, third = (tokens.issue("x", {Scope.SESSIONS_READ}) for _ in range(3))
    names = [tokens.read(each)[1] for each in (token, other, third)]
    desk.run("token", "revoke", token)
    desk.run("token", "revoke", names[1])
    denied = DenyList(store, Clock())
    for name in names[:2]:
        with pytest.raises(CredentialError, match="revoked"):
            await denied.refuse_denied(name)
    await denied.refuse_denied(names[2])
    for nonsense in ("a.b.c", "", "x" * 200):
        assert "neither a token nor the jti" in desk.run("token", "revoke", nonsense, status=2)
