"""Whose turn it is at the pool's threads: one tenant after the other, of each one call after the other.

A pool that serves whatever came first lets a call with a hundred utterances under way, or a tenant with a
hundred calls, stand before everybody else. Here every tenant with something to do gets as many turns as any
other, within it every call, and within that every utterance.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor

__all__ = ["RoundRobin", "Turns"]

Job = Callable[[], None]


class RoundRobin:
    """What waits, as a tree: the names on the way to a job say beside whom it stands. No lock of its own."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()  # of this very name, in the order in which they came
        self._branches: OrderedDict[str, RoundRobin] = OrderedDict()  # the next in turn first

    def add(self, job: Job, path: tuple[str, ...]) -> None:
        """Let a job stand behind the others of its path."""
        if not path:
            self._jobs.append(job)
            return
        name, *rest = path
        self._branches.setdefault(name, RoundRobin()).add(job, tuple(rest))

    def next(self) -> Job | None:
        """Whose turn it is, who then stands behind all others; None when nobody waits."""
        if self._jobs:
            return self._jobs.popleft()
        if not self._branches:
            return None
        name, branch = self._branches.popitem(last=False)
        job = branch.next()
        if not branch.is_empty:
            self._branches[name] = branch
        return job

    @property
    def is_empty(self) -> bool:
        """Whether nobody waits."""
        return not self._jobs and not self._branches


class Turns:
    """A pool of threads that take whose turn it is, when one of them is free."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._waiting = RoundRobin()

    def submit(self, job: Job, path: tuple[str, ...]) -> None:
        """Have it done. The path names a tenant, a call and an utterance."""
        with self._lock:
            self._waiting.add(job, path)
        self._pool.submit(self._do_next)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for a thread."""
        with self._lock:
            return self._waiting.is_empty

    def _do_next(self) -> None:
        """As often as anything was submitted; so there is always one."""
        with self._lock:
            job = self._waiting.next()
        if job is not None:
            job()
