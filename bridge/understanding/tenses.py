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
    found = [_present(bound) for bound in _bindings(marked)]
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


_Bound = tuple[tuple[Quantity, set[Rank]], ...]


def _bindings(parts: Sequence[Quantity | Numeral]) -> Iterator[_Bound]:
    """Every way of giving the marks to their numbers: some to the one before, all others to the next."""
    at_marks = [at for at, part in enumerate(parts) if isinstance(part, Numeral)]
    for backward in range(len(at_marks) + 1):
        bound = {at: set[Rank]() for at, part in enumerate(parts) if isinstance(part, Quantity)}
        whole = all(_bind(parts, at, bound, forward=order >= backward) for order, at in enumerate(at_marks))
        if whole and all(len(ranks) <= 1 for ranks in bound.values()):
            yield tuple((part, bound[at]) for at, part in enumerate(parts) if isinstance(part, Quantity))


def _bind(
    parts: Sequence[Quantity | Numeral], at: int, bound: dict[int, set[Rank]], *, forward: bool
) -> bool:
    """Give one mark to its number; False where none is on that side, or the mark looks the other way."""
    mark = parts[at]
    ahead = [place for place in bound if place > at]
    behind = [place for place in bound if place < at]
    if not isinstance(mark, Numeral) or not (ahead if forward else behind):
        return False
    if not forward and ahead and (mark.joined or mark.rank is Rank.WAS):
        return False  # "and I was" speaks of what follows
    bound[ahead[0] if forward else behind[-1]].add(_MARKS[mark.rank])
    return True


def _present(bound: _Bound) -> Quantity | None:
    """The one that is so now; a number of no time is so only where it was said first."""
    (first, of_first), (second, of_second) = bound
    if of_first == {Rank.THEN} and of_second == {Rank.NOW}:
        return second
    if of_second == {Rank.THEN}:
        return first if of_first in ({Rank.NOW}, set()) else None
    return second if not of_first and of_second == {Rank.NOW} else None
