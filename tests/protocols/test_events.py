"""The vocabulary of events."""

import pytest

from protocols import CallDetails, Direction


@pytest.mark.parametrize(
    ("direction", "number"), [(Direction.INBOUND, "1"), (None, "1"), (Direction.OUTBOUND, "2")]
)
def test_the_subject_of_a_call_is_the_person_and_not_the_hospital(
    direction: Direction | None, number: str
) -> None:
    """The person being asked is the callee of an outbound call, else the caller."""
    details = CallDetails(caller_number="1", callee_number="2", direction=direction)

    assert details.subject_number == number
