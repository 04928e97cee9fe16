"""A load as it may have been measured, for tests of what is told about it."""

from typing import Any

from bridge.bench.load import Load

__all__ = ["measured_load"]


def measured_load(**seen: Any) -> Load:
    """One that was borne well, but for what is given."""
    good: dict[str, Any] = {
        "calls": 10,
        "at_once": 10.0,
        "seconds": 30.0,
        "came": 10,
        "refused": 0,
        "completed": 3,
        "left": 0,
        "broken": 0,
        "troubles": {},
        "first_word_ms": (40.0, 50.0, 60.0),
        "reply_ms": (300.0, 700.0, 2000.0),
        "replies": 30,
        "key_ms": (20.0, 3000.0, 3000.0),
        "key_replies": 30,
        "unanswered": 0,
        "clear_ms": (),
        "clears": 0,
        "uncleared": 0,
        "pacing_ms": (1.0, 5.0, 15.0),
        "underruns": 0,
        "audio_share": 0.6,
        "messages_per_call_second": 5.0,
        "callers_cpu_share": 0.1,
        "late_ms": (0.1, 1.0, 2.0),
    }
    return Load(**(good | seen))
