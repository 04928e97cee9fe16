"""Puts numbered messages back in order, without a clock: what waits for a gap waits for so many messages."""

from typing import Generic, TypeVar

__all__ = ["Sorter"]

WINDOW = 5  # messages that may wait for one that is missing: at 20 ms each, a tenth of a second
REACH = 50  # a number further back than this is no late message, but a counter that began anew

ItemT = TypeVar("ItemT")


class Sorter(Generic[ItemT]):
    """Items numbered from 1. What comes twice, or after its gap was given up, is dropped."""

    __slots__ = ("_next", "_waiting")

    def __init__(self) -> None:
        self._next = 1
        self._waiting: dict[int, ItemT] = {}

    def receive(self, number: int | None, item: ItemT) -> list[ItemT]:
        """What may go on, in order. An item without a number is not kept waiting."""
        if number is None:
            return [item]
        left_over = []
        if number < self._next - REACH:
            left_over, self._next = self.flush(), number
        if number < self._next:
            return []
        self._waiting.setdefault(number, item)
        return left_over + self._released()

    def flush(self) -> list[ItemT]:
        """What is still waiting: no more will come."""
        waiting = [self._waiting[number] for number in sorted(self._waiting)]
        self._waiting.clear()
        return waiting

    def _released(self) -> list[ItemT]:
        if self._next not in self._waiting and len(self._waiting) > WINDOW:
            self._next = min(self._waiting)
        released = []
        while self._next in self._waiting:
            released.append(self._waiting.pop(self._next))
            self._next += 1
        return released
