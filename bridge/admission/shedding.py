"""Does this machine have anything left for one more call? With hysteresis, and told the time.

It begins to refuse at one threshold and takes calls again once everything has stayed below half of it (of
memory: above one and a half times) for a while, so it does not flap. It refuses only while there are calls to
protect: with none in progress one is taken, so it does not refuse for ever, whatever the cause.
"""

from msgspec import Struct

__all__ = ["CALM_SECONDS", "Shedding", "Thresholds", "Vitals"]

CALM_SECONDS = 3.0
HALF = 0.5  # of a threshold: below this is calm
PLENTY = 1.5  # of the memory that is needed: above this is calm


class Vitals(Struct, frozen=True):
    """How the machine is. What is unknown is None."""

    lag_seconds: float | None = None  # of the event loop, at its worst lately
    recognise_seconds: float | None = None  # how long the utterance waits that has waited longest
    free_bytes: int | None = None  # memory


class Thresholds(Struct, frozen=True):
    """From where on calls are refused; None: whatever it is."""

    lag_seconds: float | None = None
    recognise_seconds: float | None = None
    free_bytes: int | None = None


class Shedding:
    """Whether new calls are refused for the sake of those in progress."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._calm_since: float | None = None
        self.is_on = False

    def look(self, vitals: Vitals, now: float) -> None:
        """Take note of how the machine is; to be called a few times a second."""
        if self._exceeds(vitals, 1.0, 1.0):
            self.is_on, self._calm_since = True, None
        elif self._exceeds(vitals, HALF, PLENTY):
            self._calm_since = None
        elif self.is_on:
            self._calm_since = now if self._calm_since is None else self._calm_since
            self.is_on = now - self._calm_since < CALM_SECONDS

    def refuses(self, calls: int) -> bool:
        """Whether one more call is refused while so many are in progress."""
        return self.is_on and calls > 0

    def _exceeds(self, vitals: Vitals, share: float, share_of_memory: float) -> bool:
        most = self._thresholds
        return (
            _is_above(vitals.lag_seconds, most.lag_seconds, share)
            or _is_above(vitals.recognise_seconds, most.recognise_seconds, share)
            or _is_below(vitals.free_bytes, most.free_bytes, share_of_memory)
        )


def _is_above(measured: float | None, threshold: float | None, share: float) -> bool:
    return measured is not None and threshold is not None and measured > threshold * share


def _is_below(measured: int | None, threshold: int | None, share: float) -> bool:
    return measured is not None and threshold is not None and measured < threshold * share
