"""A real browser's tab, by its debugging protocol."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

__all__ = ["Tab", "eventually"]


async def eventually(ask: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> Any:
    """Ask again and again, until the answer is yes."""
    async with asyncio.timeout(seconds):
        while True:
            if answer := await ask():
                return answer
            await asyncio.sleep(0.05)


class Tab:
    """One tab, and the page in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, patience_seconds: float = 30.0) -> None:
        self._socket = socket
        self._patience_seconds = patience_seconds
        self._number = 0

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        self._number += 1
        params = {"expression": script, "returnByValue": True, "awaitPromise": True, "userGesture": True}
        await self._socket.send_json({"id": self._number, "method": "Runtime.evaluate", "params": params})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == self._number:
                assert "exceptionDetails" not in answer["result"], answer
                return answer["result"]["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until an expression is true."""
        return await eventually(lambda: self.run(script), self._patience_seconds)
