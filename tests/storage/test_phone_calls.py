"""What providers report of phone calls: late, twice, out of order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from bridge.storage.phone_calls import PhoneCall, call_of_reference, note_call, phone_call
from bridge.storage.store import Store
from protocols.provider import CallStatus

ON_BOTH = True

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def report(status: CallStatus, minute: int = 0, **facts: str | float) -> PhoneCall:
    return PhoneCall(
        provider="twilio",
        provider_call_id="CA1",
        status=status,
        rank=status.rank,
        at=AT + timedelta(minutes=minute),
        **facts,  # type: ignore[arg-type]
    )


async def status_of(store: Store) -> str | None:
    call = await phone_call(store, "twilio", "CA1")
    return call.status if call else None


@pytest.mark.parametrize(
    "order",
    list(
        permutations((CallStatus.INITIATED, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED))
    ),
)
async def test_reports_in_any_order_end_where_the_call_ended(
    store: Store, order: tuple[CallStatus, ...]
) -> None:
    """A status never goes backwards, however late its report comes."""
    for status in order:
        await note_call(store, report(status))

    assert await status_of(store) == CallStatus.COMPLETED


async def test_a_report_that_comes_twice_leads_nowhere(store: Store) -> None:
    """The first one is new, the second is known."""
    assert await note_call(store, report(CallStatus.BUSY))
    assert not await note_call(store, report(CallStatus.BUSY))
    assert not await note_call(store, report(CallStatus.COMPLETED))  # final is final
    assert await status_of(store) == CallStatus.BUSY


async def test_what_a_late_report_adds_is_kept(store: Store) -> None:
    """How long the call lasted, and who answered; what is known is not written over."""
    await note_call(store, report(CallStatus.COMPLETED, answered_by="human"))
    await note_call(store, report(CallStatus.RINGING, minute=1, answered_by="machine", seconds=12.0))

    call = await phone_call(store, "twilio", "CA1")
    assert call is not None
    assert (call.status, call.answered_by, call.seconds) == (CallStatus.COMPLETED, "human", 12.0)


async def test_a_call_is_found_by_what_its_token_names(store: Store) -> None:
    """By our reference, and of this provider only."""
    await note_call(store, report(CallStatus.INITIATED, reference="r1", caller_number="+1"))

    found = await call_of_reference(store, "twilio", "r1")
    assert found is not None
    assert (found.provider_call_id, found.caller_number) == ("CA1", "+1")
    assert await call_of_reference(store, "telnyx", "r1") is None
    assert await call_of_reference(store, "twilio", "r2") is None
