"""Lists as our data write them, phrases parted by commas, and every way of putting such lists together."""

import re
from collections.abc import Iterable
from itertools import product

__all__ = ["NOTHING", "each", "parted", "put_together"]

NOTHING = "-"
_BETWEEN = re.compile("[،,\n]")


def parted(listed: str) -> list[str]:
    """The phrases of one list, as they are written."""
    return [phrase.strip() for phrase in _BETWEEN.split(listed) if phrase.strip()]


def each(*lists: str) -> list[str]:
    """Each of the first before each of the second, and so on; a lone "-" is nothing."""
    return put_together(map(parted, lists))


def put_together(lists: Iterable[list[str]]) -> list[str]:
    """As `each`, of lists that are parted already; a hundred thousand phrases are made so at every start."""
    cut = [["" if phrase == NOTHING else phrase for phrase in phrases] for phrases in lists]
    if all(all(phrases) for phrases in cut):
        return list(map(" ".join, product(*cut)))
    return [" ".join(filter(None, phrases)) for phrases in product(*cut)]
