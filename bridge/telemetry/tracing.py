"""Traces of calls: one span a call and one a turn, for those who have a collector. Without one, nothing.

What a span says is decided here, and nothing else is ever added to it: names of ours and of the
configuration, and durations. No number, word, answer or text of an error: traces leave the machine.
"""

from typing import Protocol

from msgspec import Struct

from bridge.telemetry.metrics import TurnParts

__all__ = ["ATTRIBUTES", "CallTrace", "NoTracing", "Tracing", "TurnFacts"]

# All attributes that spans have. A new one is thought about as a new field of the log is.
ATTRIBUTES = frozenset(
    {
        "hatif.call_id",
        "hatif.commit_ms",
        "hatif.endpoint_ms",
        "hatif.first_audio_ms",
        "hatif.input",  # speech, dtmf, no_input, not_heard, hung_up
        "hatif.outcome",
        "hatif.provider",
        "hatif.recognise_ms",
        "hatif.tenant",
        "hatif.total_ms",
        "hatif.turn",
        "hatif.understand_ms",
    }
)


class TurnFacts(Struct, frozen=True):
    """A turn that is over."""

    index: int
    input: str  # what kind it was
    seconds: float  # from the end of the speech, or from the commit where there was none, until now
    parts: TurnParts


class CallTrace(Protocol):
    """One call's spans."""

    def turn(self, facts: TurnFacts) -> None:
        """A turn has just ended."""
        ...

    def end(self, outcome: str) -> None:
        """The call has just ended; `outcome` is its disposition."""
        ...


class Tracing(Protocol):
    """Where calls are traced."""

    def call(self, call_id: str, provider: str, tenant: str) -> CallTrace:
        """A call begins."""
        ...

    async def stop(self) -> None:
        """Send what has not been sent."""
        ...


class NoTracing:
    """Nobody wants to know."""

    def call(self, call_id: str, provider: str, tenant: str) -> CallTrace:  # noqa: ARG002
        """Nothing."""
        return _NoTrace()

    async def stop(self) -> None:
        """Nothing."""


class _NoTrace:
    def turn(self, facts: TurnFacts) -> None:
        pass

    def end(self, outcome: str) -> None:
        pass
