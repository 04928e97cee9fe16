"""An SQLite database with all tables and nothing in them: migrated once by each process, then copied.

For tests of what is kept, not of how a database comes to its schema: running all migrations costs each of
them a tenth of a second of processor time.
"""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from bridge.clock import Clock
from bridge.storage.store import Store

__all__ = ["put_empty"]


def put_empty(path: Path) -> Path:
    """Put one where a database is to be, as opening it without keys would have made it; the path."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(_empty())
    return path


@cache
def _empty() -> bytes:
    async def make(path: Path) -> None:
        await (await Store.open(path, clock=Clock())).close()

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        made = Path(folder) / "hatif.db"
        thread.submit(asyncio.run, make(made)).result()  # in a thread: a test's own loop may be running
        return made.read_bytes()
