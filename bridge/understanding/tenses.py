"""Then and now: of "I was ninety, now eighty-five" the second is meant, and is read back.

A mark of time belongs to the number behind it or to the one before it; where both would do, nothing is taken.
"""

from collections.abc import Iterator, Sequence

from bridge.understanding.normalisation import words_of
from bridge.understanding.numerals import Numeral, Rank
from bridge.understanding.quantities import Quantity

__all__ = ["moved_to", "present_of", "was_only"]

_MARKS = {Rank.THEN: Rank.THEN, Rank.WAS: Rank.THEN, Rank.NOW: Rank.NOW}
_TWO = 2
_I_WAS = words_of("كنت كنا")


def was_only(parts: Sequence[Quantity | Numeral]) -> bool:
    """Whether a number was said of the past and nothing of the present."""
    marks = [part for part in parts if isinstance(part, Numeral)]
    has_been = any(mark.rank is Rank.THEN or mark.text in _I_WAS for mark in marks)
    return has_been and all(mark.rank is not Rank.NOW for mark in marks)


def present_of(parts: Sequence[Quantity | Numeral]) -> Quantity | None:
    """Of two numbers with marks of time, the one that is so now."""
    marked = [part for part in parts if isinstance(part, Quantity) or part.rank in _MARKS]
    numbers = [part for part in marked if isinstance(part, Quantity)]
    if len(numbers) != _TWO or len(marked) == _TWO:
        return None
    found = [_present(bound, numbers) for bound in _bindings(marked)]
    return found[0] if len({number and number.value for number in found}) == 1 else None


def moved_to(parts: Sequence[Quantity | Numeral]) -> Quantity | None:
    """As in "it fell from ninety to eighty-five"; without a verb of moving it is a range."""
    has_moved = any(isinstance(part, Numeral) and part.rank is Rank.MOVED for part in parts)
    said = [part for part in parts if isinstance(part, Quantity) or not part.is_beside]
    ranks = [None if isinstance(part, Quantity) else part.rank for part in said]
    if not has_moved or ranks[-3:] != [None, Rank.TO, None] or ranks[:-3] not in ([], [Rank.FROM]):
        return None
    last = said[-1]
    return last if isinstance(last, Quantity) else None


_Bound = tuple[set[Rank], set[Rank]]  # the marks of the first number, and of the second


def _bindings(parts: Sequence[Quantity | Numeral]) -> Iterator[_Bound]:
    """Every way of giving the marks between two numbers to the one before or the next, without fault."""
    first, second = (at for at, part in enumerate(parts) if isinstance(part, Quantity))
    between = _marks(parts[first + 1 : second])
    for cut in range(len(between) + 1):
        if any(mark.joined or mark.rank is Rank.WAS for mark in between[:cut]):
            return  # "and I was" speaks of what follows
        bound = (
            {_MARKS[mark.rank] for mark in (*_marks(parts[:first]), *between[:cut])},
            {_MARKS[mark.rank] for mark in (*between[cut:], *_marks(parts[second + 1 :]))},
        )
        if all(len(ranks) <= 1 for ranks in bound):
            yield bound


def _marks(parts: Sequence[Quantity | Numeral]) -> list[Numeral]:
    return [part for part in parts if isinstance(part, Numeral)]


def _present(bound: _Bound, numbers: Sequence[Quantity]) -> Quantity | None:
    """The one that is so now; a number of no time is so only where it was said first."""
    (of_first, of_second), (first, second) = bound, numbers
    if of_second == {Rank.THEN}:
        return first if of_first in ({Rank.NOW}, set()) else None
    return second if of_second == {Rank.NOW} and of_first in ({Rank.THEN}, set()) else None
