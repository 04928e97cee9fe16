"""The search for what is borne: few tries, and the right number at the end."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.bench.finding import Search


def tried(search: Search, borne: int) -> list[int]:
    """All that is tried of a server that bears so many."""
    seen = []
    while (calls := search.next) is not None:
        seen.append(calls)
        search.tell(calls, is_borne=calls <= borne)
    return seen


def test_twice_as_many_then_half_of_what_is_between() -> None:
    search = Search(10, 1000)
    assert tried(search, 46) == [10, 20, 40, 80, 60, 50, 45, 47]
    assert (search.borne, search.is_bounded) == (45, True)


def test_no_more_than_is_wanted() -> None:
    """Then it is not known whether there is room."""
    search = Search(10, 30)
    assert tried(search, 500) == [10, 20, 30]
    assert (search.borne, search.is_bounded) == (30, False)


def test_fewer_than_the_first() -> None:
    search = Search(16, 1000)
    assert tried(search, 3) == [16, 8, 4, 2, 3]
    assert search.borne == 3
    search = Search(4, 1000)
    assert tried(search, 0) == [4, 2, 1]
    assert (search.borne, search.is_bounded) == (0, True)


@given(first=st.integers(1, 500), most=st.integers(1, 5000), borne=st.integers(0, 6000))
def test_it_ends_near_the_truth(first: int, most: int, borne: int) -> None:
    """Within a twentieth, in a few tries, and never beyond what was allowed."""
    search = Search(first, most)
    seen = tried(search, borne)
    assert len(seen) == len(set(seen)) < 30
    assert max(seen) <= most
    truth = min(borne, most)
    assert search.borne <= truth
    assert truth - search.borne <= max(0, int(0.05 * search.borne))
