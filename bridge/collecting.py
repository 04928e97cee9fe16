"""Python's garbage collector, kept from looking again and again at what is read once and stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keep_all_so_far", "look_seldom", "uncollected"]

# That were made and are still there, before Python looks whether any only hold each other: some megabytes.
# With its own 700 a tenth of what calls cost was looking, and next to nothing was found.
NEW_OBJECTS = 20_000


@contextmanager
def uncollected() -> Iterator[None]:
    """Do without it while much is made that stays: modules, lexicons, questionnaires."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep_all_so_far() -> None:
    """Leave what there is now out of its rounds for good, so that none of them holds up a call."""
    gc.collect()
    gc.freeze()


def look_seldom() -> None:
    """Look for garbage less often than Python would by itself: nearly all that a call makes goes without."""
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
