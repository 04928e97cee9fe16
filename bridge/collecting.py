"""Memory kept for nothing: what stays is looked at again and again, what was freed is held on to."""

import asyncio
import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "GIVE_BACK_SECONDS",
    "give_back",
    "keep_all_so_far",
    "keep_giving_back",
    "keep_together",
    "look_seldom",
    "uncollected",
]

GIVE_BACK_SECONDS = 30.0
# That were made and are still there, before Python looks whether any only hold each other: some megabytes.
# With its own 700 a tenth of what calls cost was looking, and next to nothing was found.
NEW_OBJECTS = 20_000
LARGE_BYTES = 256 * 1024  # asked for at once: pages of its own, which go back when it is freed
ROUNDS = 1  # of the younger before an older generation is looked at: 10 would leave the oldest for hours


@contextmanager
def uncollected() -> Iterator[None]:
    """Do without the collector while much is made that stays: modules, lexicons, questionnaires."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep_all_so_far() -> None:
    """Leave what there is now out of the collector's rounds for good, so that none holds up a call."""
    gc.collect()
    gc.freeze()
    # A full round comes only once a quarter as much is new as the last one found. That one found everything:
    # what calls leave behind in cycles would wait for hours. This one finds nothing, so that they are few.
    gc.collect()


def keep_together() -> None:
    """Have all threads take their memory from one place; to be called before there are any.

    glibc gives each thread a place of its own, up to eight for each core, where what one freed is not used by
    the others; and once a large piece has been freed, pieces as large lie between the small ones. Here one
    thread runs at a time, so nobody waits for his turn. Where the C library is another, nothing is done.
    """
    mallopt = getattr(_C_LIBRARY, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Return to the system what has been freed; glibc keeps it for each thread, in pieces, for ever.

    It takes a few milliseconds. Where the C library is another, nothing is done.
    """
    trim = getattr(_C_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)


async def keep_giving_back() -> None:
    """Do so every now and then, for ever; beside the event loop, which goes on meanwhile."""
    while True:
        await asyncio.sleep(GIVE_BACK_SECONDS)
        await asyncio.to_thread(give_back)


def look_seldom() -> None:
    """Look for garbage less often than Python would by itself: nearly all that a call makes goes without.

    What outlived its call, some 400 objects of each, is found within a few hundred calls.
    """
    gc.set_threshold(NEW_OBJECTS, ROUNDS, ROUNDS)


# glibc's malloc.h; mallopt(3)
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_C_LIBRARY = ctypes.CDLL(None)
