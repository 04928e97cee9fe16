"""`hatif keys` and `hatif token revoke`: credentials that programs ask with, made, listed and taken back."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer
from rich.markup import escape
from rich.table import Column, Table

from bridge.clock import Clock
from bridge.console import Config, Json, err, out, run_quietly, settings_of
from bridge.errors import CredentialError
from bridge.identity.principal import DEFAULT_TENANT, Scope
from bridge.reports import write_report

if TYPE_CHECKING:
    from bridge.storage.credentials import StoredKey
    from bridge.storage.store import Store

__all__ = ["mount"]

T = TypeVar("T")

keys_app = typer.Typer(no_args_is_help=True, help="API keys: what programs ask with.")


class ShownKey(msgspec.Struct, frozen=True):
    """A key for a reader: not even its hash."""

    key_id: str
    label: str
    scopes: list[str]
    tenant: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    is_good: bool


def mount(root: typer.Typer, tokens: typer.Typer) -> None:
    """Add the commands to where they belong."""
    root.add_typer(keys_app, name="keys")
    tokens.command("revoke")(token_revoke)


@keys_app.command("create")
def keys_create(  # noqa: PLR0917 - a command's options
    scope: Annotated[list[Scope], typer.Option(help="What it is good for; may be repeated.")],
    label: Annotated[str, typer.Option(help="Which program has it.")] = "",
    tenant: Annotated[str, typer.Option(help="Whose calls it sees.")] = DEFAULT_TENANT,
    all_tenants: Annotated[bool, typer.Option("--all-tenants", help="It sees everybody's calls.")] = False,
    days: Annotated[int, typer.Option(min=0, max=3650, help="It expires then; 0: never.")] = 365,
    config: Config = None,
) -> None:
    """Make an API key and print it, this once: only its hash is kept.

    Example: [bold]hatif keys create --scope sessions:read --scope tokens:issue --label dashboard[/]
    """
    from bridge.identity.keys import create_key  # noqa: PLC0415 - help is light

    lifetime = timedelta(days=days) if days else None
    whose = None if all_tenants else tenant

    async def create(store: "Store", clock: Clock) -> str:
        key, made = await create_key(
            store, scopes=scope, tenant=whose, label=label, now=clock.now(), lifetime=lifetime
        )
        await _note(store, config, "key.create", made.key_id)
        return key

    typer.echo(_with_store(config, create))
    err.print("keep it now: it is not shown again")


@keys_app.command("list")
def keys_list(
    config: Config = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are good no more.")] = False,
    json: Json = None,
) -> None:
    """List API keys: what each is good for, and when it was used last.

    Example: [bold]hatif keys list --all[/]
    """
    now = Clock().now()
    shown = [_shown(key, now) for key in _with_store(config, _all_keys)]
    shown = [key for key in shown if everything or key.is_good]
    if json is not None:
        write_report(shown, json)
        return
    table = Table(
        Column("key", no_wrap=True), "label", "scopes", "tenant", "made", "expires", "used last", ""
    )
    for key in shown:
        times = (_day(key.created_at), _day(key.expires_at), _day(key.last_used_at))
        state = "" if key.is_good else "revoked" if key.revoked_at else "expired"
        table.add_row(
            key.key_id, escape(key.label), " ".join(key.scopes), escape(key.tenant or "all"), *times, state
        )
    out.print(table)


@keys_app.command("revoke")
def keys_revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `list` shows it, or the whole key.")],
    config: Config = None,
) -> None:
    """Make an API key worthless, within five seconds also in a running daemon.

    Example: [bold]hatif keys revoke 3f2a9c0d1e2b[/]
    """
    from bridge.storage.credentials import revoke_key  # noqa: PLC0415 - help is light

    name = _id_of(key_id)

    async def revoke(store: "Store", clock: Clock) -> bool:
        await _note(store, config, "key.revoke", name)
        return await revoke_key(store, name, clock.now())

    if not _with_store(config, revoke):
        raise _no_key(name)
    out.print(f"{escape(name)} is revoked")


@keys_app.command("rotate")
def keys_rotate(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `list` shows it, or the whole key.")],
    hours: Annotated[int, typer.Option(min=0, max=720, help="The old one is good for so long.")] = 24,
    days: Annotated[int, typer.Option(min=0, max=3650, help="The new one expires then; 0: never.")] = 365,
    config: Config = None,
) -> None:
    """Make a key like this one and print it; the old one goes on for a while, so that nothing stands still.

    Example: [bold]hatif keys rotate 3f2a9c0d1e2b --hours 48[/]
    """
    name = _id_of(key_id)

    async def rotate(store: "Store", clock: Clock) -> str:
        await _note(store, config, "key.rotate", name)
        return await _rotate(store, clock, name, timedelta(hours=hours), timedelta(days=days))

    typer.echo(_with_store(config, rotate))
    err.print(f"keep it now: it is not shown again; {name} is good for {hours} more hours")


def token_revoke(
    token: Annotated[str, typer.Argument(help="The token, or its jti.", metavar="TOKEN|JTI")],
    config: Config = None,
) -> None:
    """Refuse an access token before it expires, within five seconds also in a running daemon.

    Example: [bold]hatif token revoke 0b0e7c7cbd2f4b4c9a3f4c2d1e0f9a8b[/]
    """
    from bridge.identity.denial import deny, token_id_of  # noqa: PLC0415 - help is light

    token_id = token_id_of(token)

    async def revoke(store: "Store", clock: Clock) -> None:
        await _note(store, config, "token.deny", token_id)
        await deny(store, token_id, clock)

    _with_store(config, revoke)
    out.print(f"{escape(token_id)} is revoked", soft_wrap=True)


async def _rotate(store: "Store", clock: Clock, name: str, overlap: timedelta, lifetime: timedelta) -> str:
    from bridge.identity.keys import create_key  # noqa: PLC0415 - help is light
    from bridge.storage.credentials import expire_key, keys  # noqa: PLC0415

    now = clock.now()
    old = next((key for key in await keys(store) if key.key_id == name), None)
    if old is None or not _shown(old, now).is_good:
        raise _no_key(name)
    key, _ = await create_key(
        store, scopes=old.scopes, tenant=old.tenant, label=old.label, now=now, lifetime=lifetime or None
    )
    ends = min(now + overlap, old.expires_at or now + overlap)
    await expire_key(store, name, ends)
    return key


async def _note(store: "Store", config: Path | None, action: str, whom: str) -> None:
    """Write down in the audit log what is done to a key or a token."""
    from bridge.audit.entries import Action  # noqa: PLC0415 - help is light
    from bridge.audit.log import note_locally  # noqa: PLC0415

    await note_locally(store, settings_of(config).database, Action(action), whom)


async def _all_keys(store: "Store", _clock: Clock) -> "list[StoredKey]":
    from bridge.storage.credentials import keys  # noqa: PLC0415 - help is light

    return await keys(store)


def _with_store(config: Path | None, work: "Callable[[Store, Clock], Awaitable[T]]") -> T:
    """Do something with the configured database, beside a daemon or without one."""
    database = settings_of(config).database

    async def run() -> T:
        from bridge.storage.store import Store  # noqa: PLC0415 - help is light

        clock = Clock()
        store = await Store.open(database, clock=clock)
        try:
            return await work(store, clock)
        finally:
            await store.close()

    return run_quietly(run)


def _shown(key: "StoredKey", now: datetime) -> ShownKey:
    return ShownKey(
        key_id=key.key_id,
        label=key.label,
        scopes=sorted(key.scopes),
        tenant=key.tenant,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        is_good=key.revoked_at is None and (key.expires_at is None or key.expires_at > now),
    )


def _id_of(written: str) -> str:
    """The id, also where somebody pasted the key."""
    parts = written.strip().split("_", 2)
    return parts[1] if len(parts) > 1 and parts[0] == "hatif" else written.strip()


def _no_key(name: str) -> CredentialError:
    return CredentialError(f"there is no good key {name}: `hatif keys list` shows those that there are")


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")
