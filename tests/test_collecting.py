"""The garbage collector rests while much is made, works again after, and leaves alone what stays."""

import gc
from collections.abc import Iterator

import pytest

from bridge.collecting import NEW_OBJECTS, keep_all_so_far, look_seldom, uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()
    gc.unfreeze()


def test_it_rests_and_works_again() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()  # whoever began first ends it
    assert gc.isenabled()


def test_it_works_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="no questionnaire"), uncollected():
        raise ValueError("no questionnaire")
    assert gc.isenabled()


def test_what_stays_is_not_looked_at_again() -> None:
    kept = [{"number": number} for number in range(1000)]
    keep_all_so_far()
    assert gc.get_freeze_count() > len(kept)
    assert not any(found is kept[0] for found in gc.get_objects())


def test_garbage_is_looked_for_less_often_and_still_found() -> None:
    """Rings of objects that nobody else holds go once there are many, and not before."""
    look_seldom()
    gc.collect()
    looked = gc.get_stats()[0]["collections"]
    kept = [[] for _ in range(NEW_OBJECTS // 2)]
    assert gc.get_stats()[0]["collections"] == looked
    kept += [[] for _ in range(NEW_OBJECTS)]
    assert gc.get_stats()[0]["collections"] > looked
