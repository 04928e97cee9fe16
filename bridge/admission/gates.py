"""The three gates that a call passes before it is answered: places, pace, health; and a seat for who has.

Tenants share the places so: as many as are reserved for one are kept free for it while it does not use them,
and the others are for whoever comes first. They share the pace so: each may always begin its equal part of
what the house may begin, and what is left is for whoever comes first. Nothing in here waits or reads a clock.
"""

import time
from collections import Counter
from collections.abc import Callable
from math import ceil
from types import TracebackType
from typing import Self

from bridge.admission.decisions import Accept, Busy, BusyReason
from bridge.admission.pace import Gcra, Pace
from bridge.admission.rules import Rules
from bridge.admission.shedding import Shedding, Vitals
from bridge.identity.principal import DEFAULT_TENANT

__all__ = ["Admission", "Seat"]


class Seat:
    """One call's place, from its admission until it is left."""

    def __init__(self, admission: "Admission", tenant: str, *, is_settled: bool) -> None:
        self._admission = admission
        self._is_settled = is_settled
        self._group: str | None = admission.sit(tenant)  # in whose share it is; None: it is left
        self.tenant = tenant

    def settle(self, number: str | None) -> Busy | None:
        """The call has said which number of ours it is about: it may be another tenant's, who may be full."""
        owner = None if self._is_settled else self._admission.rules.of_number(number)
        self._is_settled = True
        if owner is None or owner == self.tenant:
            return None
        self.leave()
        if (busy := self._admission.why_not_moved(owner)) is not None:
            return busy
        self._group, self.tenant = self._admission.sit(owner), owner
        return None

    async def settled(self, number: str | None) -> Busy | None:
        """The same, for sessions, whose seat another process may keep."""
        return self.settle(number)

    def leave(self) -> None:
        """Give the place back; once is enough."""
        if self._group is not None:
            self._admission.stand_up(self._group)
            self._group = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class Admission:
    """Decides on one more call. `now` is the wall clock's: what a machine can take does not run faster."""

    def __init__(
        self, max_concurrent: int, rules: Rules | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._calls: Counter[str] = Counter()  # by the tenant whose share they use
        self.limit(max_concurrent, rules or Rules())

    def limit(self, max_concurrent: int, rules: Rules | None = None) -> None:
        """Go by this from now on; more calls than that may go on, and none may start."""
        self.most = max_concurrent
        if rules is None:
            return
        self.rules = rules
        self._shares = rules.shares
        self._shedding = Shedding(rules.thresholds)
        self._pace = Gcra(rules.pace) if rules.pace else None
        self._own_pace = {name: Gcra(share.pace) for name, share in self._shares.items() if share.pace}
        self._fair_pace = self._fair_paces(rules.pace) if rules.pace and len(self._shares) > 1 else {}

    def _fair_paces(self, pace: Pace) -> dict[str, Gcra]:
        """What each tenant may always begin, however many calls of the others come."""
        equal = Pace(pace.per_second / len(self._shares))
        return {name: Gcra(equal) for name in self._shares}

    @property
    def active(self) -> int:
        """How many places are taken, those of calls that were answered and have yet to come included."""
        return self._calls.total()

    def whose(self, *, claimed: str | None, number: str | None, questionnaire: str) -> str:
        """The tenant of a call: who its token says, whose number it is about, who asks that questionnaire."""
        rules = self.rules
        return claimed or rules.of_number(number) or rules.of_questionnaire(questionnaire) or DEFAULT_TENANT

    @property
    def is_shedding(self) -> bool:
        """Whether this machine is overloaded."""
        return self._shedding.is_on

    def watch(self, vitals: Vitals) -> None:
        """Take note of how the machine is."""
        self._shedding.look(vitals, self._now())

    def ask(self, tenant: str = DEFAULT_TENANT, *, is_ready: bool, is_draining: bool) -> Accept | Busy:
        """Decide on one more call, which counts as none yet."""
        if is_draining:
            return Busy(BusyReason.DRAINING)
        if not is_ready:
            return Busy(BusyReason.NOT_READY)
        group = self._group(tenant)
        if (reason := self._no_place(group)) is not None:
            return Busy(reason)
        if self._shedding.refuses(self.active):
            return Busy(BusyReason.OVERLOADED)
        return self._too_soon_for_it(group) or self._too_soon(group) or Accept()

    def why_not_moved(self, tenant: str) -> Busy | None:
        """Whether a call that was let in may go on as that tenant's; then it counts for its pace."""
        group = self._group(tenant)
        if (reason := self._no_place(group)) is not None:
            return Busy(reason)
        if (busy := self._too_soon_for_it(group)) is None and (own := self._own_pace.get(group)):
            own.count(self._now())
        return busy

    def place(self, tenant: str = DEFAULT_TENANT, *, is_settled: bool = True) -> Seat:
        """Seat one more call, whether or not it was asked about. Settled: its number changes no tenant."""
        group, now = self._group(tenant), self._now()
        for gate in (self._pace, self._own_pace.get(group), self._fair_pace.get(group)):
            if gate is not None:
                gate.count(now)
        return Seat(self, tenant, is_settled=is_settled)

    def sit(self, tenant: str) -> str:
        """Count a call of that tenant; in whose share."""
        group = self._group(tenant)
        self._calls[group] += 1
        return group

    def stand_up(self, group: str) -> None:
        """Count one of that share no more."""
        self._calls[group] -= 1

    def _group(self, tenant: str) -> str:
        """In whose share a call is counted: whom nobody has configured is counted with the nameless."""
        return tenant if tenant in self._shares else DEFAULT_TENANT

    # Places

    def _no_place(self, group: str) -> BusyReason | None:
        most = self._shares[group].max_concurrent
        if most is not None and self._calls[group] >= most:
            return BusyReason.TENANT_FULL
        if self.active >= self.most:
            return BusyReason.FULL
        if self._calls[group] < self._reserved(group):
            return None
        kept = sum(max(0, self._reserved(name) - self._calls[name]) for name in self._shares if name != group)
        return BusyReason.KEPT_FREE if self.active + kept >= self.most else None

    def _reserved(self, group: str) -> int:
        """How many places are kept free for a tenant while it does not use them."""
        share = self._shares[group]
        if share.reserved is not None:
            return share.reserved
        if len(self._shares) == 1:
            return 0
        half_of_equal = self.most // (2 * len(self._shares))
        return min(half_of_equal, share.max_concurrent or half_of_equal)

    # Pace

    def _too_soon_for_it(self, group: str) -> Busy | None:
        own = self._own_pace.get(group)
        seconds = own.wait_seconds(self._now()) if own is not None else 0.0
        return Busy(BusyReason.TENANT_RATE, ceil(seconds)) if seconds else None

    def _too_soon(self, group: str) -> Busy | None:
        now, fair = self._now(), self._fair_pace.get(group)
        if self._pace is None or (fair is not None and not fair.wait_seconds(now)):
            return None
        seconds = self._pace.wait_seconds(now)
        return Busy(BusyReason.RATE, ceil(seconds)) if seconds else None
