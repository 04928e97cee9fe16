"""Follows one call through the database while it lasts, and shows each turn once."""

from bridge.demo.ledger import Ledger
from bridge.demo.screen import Screen

__all__ = ["Watcher"]


class Watcher:
    """Shows the first call that begins after it was made."""

    def __init__(self, ledger: Ledger, screen: Screen) -> None:
        self._ledger = ledger
        self._screen = screen
        self._earlier_call = ledger.newest_call()
        self._shown = 0  # turns
        self.call_id: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the end of the call is on disk."""
        call_id = self._found()
        return call_id is not None and self._ledger.disposition(call_id) is not None

    def look(self, *, to_the_end: bool = False) -> None:
        """Show the turns that are complete and were not shown yet; at the end, also the last one."""
        call_id = self._found()
        if call_id is None:
            return
        turns = self._ledger.turns(call_id)
        stored = self._ledger.answers(call_id)
        for number, turn in enumerate(turns[self._shown :], self._shown + 1):
            # The reply's latency is written once its first sound has left, shortly after the turn itself.
            if not (turn.is_answered or number < len(turns) or to_the_end):
                return
            self._screen.turn(turn, [answer for at, answer in stored if at == turn.index])
            self._shown = number

    def _found(self) -> str | None:
        if self.call_id is None:
            newest = self._ledger.newest_call()
            self.call_id = newest if newest != self._earlier_call else None
        return self.call_id
