"""`hatif` as it is typed, in the process of the test: the same parser, streams and exit status.

A start costs two seconds of a processor, most of it for imports that this process has already made. That the
program starts at all, and ends with these statuses, is proved where tests start it as a process.
"""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import click
import typer.main

from bridge.cli import app, main

__all__ = ["parsed", "typed"]


def typed(
    *arguments: object, folder: Path | None = None, said: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `hatif` with these arguments in this folder; what it printed and with what it exited."""
    words = ["hatif", *map(str, arguments)]
    streams = [_stream(said), _stream(), _stream()]
    with _place(folder, environment), _standing_in(words, streams):
        status = _status()
    shown, complained = (_content(stream) for stream in streams[1:])
    return subprocess.CompletedProcess(words, status, shown, complained)


def parsed(words: list[str]) -> None:
    """Read words as the command line would, without running anything; click.UsageError: it would refuse."""
    command: Any = typer.main.get_command(app)
    context = click.Context(command)
    while hasattr(command, "commands"):
        name, *words = words
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
        context = click.Context(command, parent=context, info_name=name)
    command.parse_args(context, words)


def _status() -> int:
    """The exit status; in a thread where a loop runs already, for commands have loops of their own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run()
    found = list[int]()
    thread = threading.Thread(target=lambda: found.append(_run()))
    thread.start()
    thread.join()
    return found[0]


def _run() -> int:
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


@contextlib.contextmanager
def _place(folder: Path | None, environment: Mapping[str, str]) -> Iterator[None]:
    """Another folder and environment: as wide as a pipe, without settings of whoever runs the tests."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("HATIF_")}
    chosen = inherited | {"COLUMNS": "80", "NO_COLOR": "1"} | environment
    with mock.patch.dict(os.environ, chosen, clear=True), contextlib.chdir(folder or Path.cwd()):
        yield


@contextlib.contextmanager
def _standing_in(words: list[str], streams: list[io.TextIOWrapper]) -> Iterator[None]:
    stdin, stdout, stderr = streams
    with (
        mock.patch.object(sys, "argv", words),
        mock.patch.object(sys, "stdin", stdin),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        yield


def _stream(content: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content.encode()), encoding="utf-8", write_through=True)


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
