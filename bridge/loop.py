"""Which event loop the daemon runs on: uvloop's where it is installed, Python's own elsewhere.

It does with the same calls what Python's does, for about a seventh less of the processor's time
(docs/benchmarks.md).
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's main coroutine to its end, as `asyncio.run` does."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.run(main)
    result: T = uvloop.run(main)
    return result
