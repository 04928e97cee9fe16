"""How many calls a server bears: twice as many until they are not, then half of what is between. Pure."""

__all__ = ["Search"]

CLOSE_ENOUGH = 0.05  # of what is borne: runs differ by more


class Search:
    """Tells what is to be tried next."""

    def __init__(self, first: int, most: int) -> None:
        """Begins with `first` calls at once, and tries no more than `most`."""
        self._next: int | None = min(first, most)
        self._most = most
        self.borne = 0  # the most that were
        self._refused: int | None = None  # the fewest that were not borne

    @property
    def next(self) -> int | None:
        """How many to try; None: it is known."""
        return self._next

    @property
    def is_bounded(self) -> bool:
        """Whether more were tried than are borne; else there may be room."""
        return self._refused is not None

    def tell(self, calls: int, *, is_borne: bool) -> None:
        """So many were tried."""
        if is_borne:
            self.borne = max(self.borne, calls)
        else:
            self._refused = min(calls, self._refused or calls)
        self._next = self._following()

    def _following(self) -> int | None:
        if self._refused is None:
            return None if self.borne >= self._most else min(2 * self.borne, self._most)
        gap = self._refused - self.borne
        if gap <= max(1, int(CLOSE_ENOUGH * self.borne)):
            return None
        return self.borne + gap // 2
