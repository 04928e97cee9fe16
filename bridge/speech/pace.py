"""How long an engine takes for a text, learnt from what it took for others. Pure."""

__all__ = ["Pace"]

FORGETTING = 0.9  # what each measurement leaves of the weight of those before it: about ten of them count


class Pace:
    """An engine's start-up and its seconds for each character: a line through what was measured lately."""

    def __init__(self) -> None:
        self._weight = 0.0
        self._characters = 0.0  # weighted sums, as for any line of least squares
        self._seconds = 0.0
        self._squares = 0.0
        self._products = 0.0

    def observe(self, characters: int, seconds: float) -> None:
        """A text of so many characters took so long."""
        self._weight = FORGETTING * self._weight + 1
        self._characters = FORGETTING * self._characters + characters
        self._seconds = FORGETTING * self._seconds + seconds
        self._squares = FORGETTING * self._squares + characters * characters
        self._products = FORGETTING * self._products + characters * seconds

    def expected(self, characters: int) -> float | None:
        """How many seconds a text of so many characters will take; None while nothing has been measured."""
        if not self._weight:
            return None
        start_up, each = self._line()
        return start_up + each * characters

    def _line(self) -> tuple[float, float]:
        """Seconds of start-up, and for each character; neither is ever below nothing."""
        spread = self._weight * self._squares - self._characters**2
        if spread < 1.0:  # texts of one length only: all of it is put down to the characters
            return 0.0, self._seconds / max(self._characters, 1.0)
        each = (self._weight * self._products - self._characters * self._seconds) / spread
        start_up = (self._seconds - each * self._characters) / self._weight
        if each < 0.0:
            return self._seconds / self._weight, 0.0
        if start_up < 0.0:
            return 0.0, self._products / self._squares
        return start_up, each
