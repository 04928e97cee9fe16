"""Days of two weeks as a point of how often."""

import pytest

from bridge.understanding.normalisation import normalise
from bridge.understanding.scale_days import point_of_days


@pytest.mark.parametrize(
    ("said", "point"),
    [
        ("خمسة أيام", "several_days"),
        ("من الأسبوعين يمكن عشرة أيام", "more_than_half"),
        ("خمس أيام في الأسبوع", "more_than_half"),
        ("تلات أربع أيام", "several_days"),
        ("أسبوعين", "nearly_every_day"),
        ("سبعة ثمانية أيام", None),
        ("ولا يوم", None),
        ("عشرين يوم", None),
        ("خمسة كراسي", None),
    ],
)
def test_a_count_of_days_is_a_point(said: str, point: str | None) -> None:
    """Unless two counts lie on both sides of a point's bound, or there are more days than two weeks have."""
    assert point_of_days(normalise(said).split()) == point
