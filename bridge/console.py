"""What all commands share: two consoles, two options, exit statuses, and how a coroutine is run.

It must stay light: every command waits for it.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from bridge.config import Settings, load_settings
from bridge.content import DEFAULT_CONFIG

__all__ = [
    "EXIT_REFUSED",
    "EXIT_WRONG",
    "Config",
    "Json",
    "counting_progress",
    "err",
    "looks_table",
    "out",
    "run_quietly",
    "settings_of",
]

T = TypeVar("T")

EXIT_WRONG = 1  # it ran, and the result is not what it should be
EXIT_REFUSED = 2  # it could not run, or not on all it was given: bad configuration, arguments, files

out = Console()
err = Console(stderr=True)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="HATIF_CONFIG", help="config.yaml; the shipped one by default."),
]
Json = Annotated[
    Path | None,
    typer.Option("--json", help="Write the report as JSON to this file; to standard output without one."),
]


def settings_of(config: Path | None) -> Settings:
    """The configuration that was named, or the shipped one; ConfigError says what is wrong with it."""
    return load_settings(config or DEFAULT_CONFIG)


def looks_table(*columns: str) -> Table:
    """A table of what was looked at. Its last column folds long words, paths above all, and cuts none."""
    *first, last = columns
    return Table(*first, Column(last, overflow="fold"), box=None, padding=(0, 2, 0, 0))


def counting_progress() -> Progress:
    """A bar that counts things done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err)


def run_quietly(main_coroutine: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run one coroutine with logging as quiet as a command line wants it."""
    from bridge.telemetry import logs  # noqa: PLC0415 - `hatif --help` needs no logs

    logs.configure("warning", "console", sys.stderr)
    return asyncio.run(main_coroutine())
