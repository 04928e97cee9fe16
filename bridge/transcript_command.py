"""`hatif transcript` and `hatif token transcripts`: what was said in a call that was listened to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bridge.clock import Clock
from bridge.console import EXIT_WRONG, Config, Json, err, out, run_quietly, settings_of
from bridge.reports import write_report

if TYPE_CHECKING:
    from bridge.storage.utterances import StoredUtterance

__all__ = ["mount"]

MINUTE_TENTHS = 600


def mount(root: typer.Typer, tokens: typer.Typer) -> None:
    """Add the commands to where they belong."""
    root.command("transcript")(transcript)
    tokens.command("transcripts")(token_transcripts)


def transcript(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    config: Config = None,
    json: Json = None,
    forget: Annotated[bool, typer.Option("--forget", help="Delete it instead.")] = False,
) -> None:
    """Show what was said in a call that was listened to, as far as it is stored.

    Example: [bold]hatif transcript 3f2a[/]
    """
    from bridge.archive import forget_transcript, show_transcript  # noqa: PLC0415 - help is light

    database = settings_of(config).database
    if forget:
        forgotten = run_quietly(lambda: forget_transcript(database, Clock(), call_id))
        out.print(f"{forgotten} utterances are forgotten")
        return
    shown = run_quietly(lambda: show_transcript(database, Clock(), call_id))
    if json is not None:
        write_report(shown, json)
        return
    table = Table("at", "who", "said", "sure", box=None, padding=(0, 2, 0, 0))
    for row in _rows(shown.utterances):
        table.add_row(*row)
    out.print(table)
    if not shown.utterances:
        err.print("nothing that was said in this call is stored")
        raise typer.Exit(EXIT_WRONG)


def token_transcripts(
    call: Annotated[str | None, typer.Option(help="Of this call only: its whole id.")] = None,
    seconds: Annotated[int, typer.Option(min=5, max=900, help="How long it is good for.")] = 900,
    config: Config = None,
) -> None:
    """Print a token with which transcripts can be read and followed; for longer, `hatif keys create`.

    Example: [bold]curl -N -H "Authorization: Bearer $(hatif token transcripts)" https://your.host/calls/ID/transcript/live[/]
    """
    from bridge.identity.access import AccessTokens  # noqa: PLC0415 - help is light
    from bridge.identity.principal import Scope  # noqa: PLC0415

    settings = settings_of(config)
    secret = settings.tokens.secret
    tokens = AccessTokens(secret.get_secret_value() if secret else None, audience=settings.identity.audience)
    typer.echo(tokens.issue("operator", {Scope.TRANSCRIPTS}, call=call, seconds=seconds))


def _rows(utterances: "list[StoredUtterance]") -> Iterator[tuple[str, str, str, str]]:
    for said in utterances:
        minutes, tenths = divmod(round(said.started_seconds * 10), MINUTE_TENTHS)
        at = f"{minutes}:{tenths / 10:04.1f}"
        yield at, said.channel, escape(said.text), f"{said.confidence:.0%}"
