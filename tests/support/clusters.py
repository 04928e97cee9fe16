"""A real PostgreSQL server for tests: by initdb in a folder of its own, on a socket only, without fsync."""

import asyncio
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

PACKAGE = "needs PostgreSQL's server: Debian package postgresql"
PORT = 5432
SECONDS = 30.0


class Cluster:
    """A running server; databases are made and dropped through psql's protocol by whoever asks."""

    def __init__(self, folder: Path, owner: str | None) -> None:
        self.folder = folder
        self._owner = owner
        self._server: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Where a database of it is."""
        return f"postgresql+asyncpg://hatif@/{database}?host={self.folder}"

    def run(self, database: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement over a connection of its own, as any other program would; `?` is a value."""
        numbers = iter(range(1, len(values) + 1))
        numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)

        async def ask() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(user="hatif", database=database, host=str(self.folder))
            try:
                return [tuple(row) for row in await connection.fetch(numbered, *values)]
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:  # the test's own loop is running
            return thread.submit(asyncio.run, ask()).result()

    def start(self, *options: str) -> None:
        """Start the server; returns once it takes connections."""
        settings = ("fsync=off", "full_page_writes=off", "listen_addresses=", "shared_buffers=16MB", *options)
        given = [part for setting in settings for part in ("-c", setting)]
        data = str(self.folder / "data")
        command = [_program("postgres"), "-D", data, "-k", str(self.folder), "-p", str(PORT), *given]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*_as(self._owner), *command], stdout=log, stderr=log, cwd=self.folder
            )
        until = time.monotonic() + SECONDS
        ready = [_program("pg_isready"), "-q", "-h", str(self.folder), "-p", str(PORT)]
        while subprocess.run(ready, check=False).returncode:
            if time.monotonic() > until or self._server.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, as a crash would: SIGQUIT is PostgreSQL's immediate shutdown."""
        if self._server is not None:
            subprocess.run([*_as(self._owner), "kill", "-QUIT", str(self._server.pid)], check=False)
            self._server.wait(SECONDS)
            self._server = None


@contextmanager
def cluster() -> Iterator[Cluster | None]:
    """A fresh server; None where the programs are not installed."""
    if shutil.which(_program("initdb")) is None or shutil.which(_program("postgres")) is None:
        yield None
        return
    # Not below pytest's folder: that is closed to the user as whom the server runs, and its path too long.
    folder = Path(tempfile.mkdtemp(prefix="hatif-pg-"))
    owner = _owner()
    if owner is not None:
        shutil.chown(folder, owner)
    made = Cluster(folder, owner)
    try:
        options = ["-U", "hatif", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        command = [_program("initdb"), "-D", str(folder / "data"), *options]
        subprocess.run([*_as(owner), *command], check=True, capture_output=True, cwd=folder)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    """Where Debian keeps a program that is not in everybody's path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(versions[-1]) if versions else name)


def _owner() -> str | None:
    """Whom to run it as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(owner: str | None) -> list[str]:
    """As another user, and never outliving us."""
    drop = [] if owner is None else [f"--reuid={owner}", "--clear-groups"]
    return ["setpriv", *drop, "--pdeathsig", "TERM"]
