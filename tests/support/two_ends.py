"""A real way between two processes' ends, both in this one: what is said at the first comes to the second."""

import asyncio
from collections.abc import Callable

from bridge.crew.channel import Channel, Reply, pairs
from bridge.crew.messages import Message

__all__ = ["Ends"]


class Ends:
    """Both ends of a way, and what came to the second of them."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.answer: Callable[[Message], Message | None] = lambda _: None
        self.opened = asyncio.Event()  # something can be said at the first from now on
        here, there = pairs()
        self.here, self.there = Channel(here, lambda *_: None, self.opened.set), Channel(there, self._take)
        self.running = [asyncio.create_task(end.run()) for end in (self.here, self.there)]

    def _take(self, message: Message, reply: Reply | None) -> None:
        answer = self.answer(message)
        self.heard.append(message)
        if reply is not None and answer is not None:
            reply(answer)

    async def close(self) -> None:
        """End both."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
