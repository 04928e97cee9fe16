"""Python's garbage collector, kept from looking again and again at what is read once and stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keep_all_so_far", "uncollected"]


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
