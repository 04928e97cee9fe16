"""The chain by itself: what one row makes of the one before, and what may stand in it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from bridge.audit.entries import BEGINNING, Action, Noted, Result, entry_after, hash_of, identifier

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WHAT = Noted(principal="key:k1", action=Action.SESSION_END, object="c1", result=Result.ALLOWED)


def test_a_row_names_the_one_before() -> None:
    """The first begins with zeros, every other with the hash of its predecessor."""
    first = entry_after(None, WHAT, NOON)
    second = entry_after(first, WHAT, NOON)
    assert (first.number, first.previous) == (1, BEGINNING)
    assert (second.number, second.previous) == (2, first.hash)
    assert first.hash != second.hash


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"at": NOON + timedelta(microseconds=1)},
        {"principal": "key:k2"},
        {"action": Action.AUDIT_READ},
        {"object": "c2"},
        {"result": Result.REFUSED},
        {"tenant": "default"},
        {"previous": "1" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_counts(change: dict[str, object]) -> None:
    """Whichever of them is another, the hash is another."""
    entry = entry_after(None, WHAT, NOON)
    assert hash_of(entry) == entry.hash
    assert hash_of(replace(entry, **change)) != entry.hash


def test_a_moment_is_the_same_in_every_time_zone() -> None:
    """A database that gives it back in another zone breaks nothing."""
    entry = entry_after(None, WHAT, NOON)
    elsewhere = replace(entry, at=NOON.astimezone(timezone(timedelta(hours=3))))
    assert hash_of(elsewhere) == entry.hash


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("3f2a9c", "3f2a9c"),
        ("GET:/admin/sessions/{id}", "GET:/admin/sessions/{id}"),
        ("962123456789", "_"),
        ("+962123456789", "_"),
        ("مريم", "____"),
        ("two words", "two_words"),
        ("", "_"),
        ("x" * 500, "x" * 200),
    ],
)
def test_nothing_of_a_caller_fits_into_a_row(text: str, written: str) -> None:
    """Neither a word of theirs nor a number that may be their telephone's."""
    assert identifier(text) == written
