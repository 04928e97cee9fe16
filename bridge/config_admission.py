"""What is configured of admission: when new calls are refused, and what each tenant has of the house."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from bridge.admission.pace import Pace
from bridge.admission.rules import Share, is_number, is_same_number
from bridge.admission.shedding import Thresholds
from bridge.config_options import Number, Section, Whole, Word, option

__all__ = ["Overload", "Tenant", "faulty_tenants", "unknown_questionnaires"]

_MIB = 1024 * 1024


def _numbers(numbers: list[str]) -> list[str]:
    for number in numbers:
        if not is_number(number):
            raise ValueError("a number is written with its country, or is an extension of six digits at most")
    return numbers


class Overload(Section):
    """From where on the calls in progress need what is left of this machine. Seconds of the wall clock."""

    lag_seconds: Number | None = option(0.25, "a number of seconds from 0.05 to 60, or null", ge=0.05, le=60)
    recognise_seconds: Number | None = option(
        2.0, "a number of seconds from 0.1 to 60, or null", ge=0.1, le=60
    )
    free_memory_mb: Whole | None = option(
        256, "a whole number from 1 to 1000000, or null", ge=1, le=1_000_000
    )

    @property
    def thresholds(self) -> Thresholds:
        """As admission takes them."""
        free = None if self.free_memory_mb is None else self.free_memory_mb * _MIB
        return Thresholds(self.lag_seconds, self.recognise_seconds, free)


class Tenant(Section):
    """One of those who share this daemon."""

    numbers: Annotated[list[Word], AfterValidator(_numbers)] = option(
        [], 'a list of its numbers, such as ["+96265001000"]'
    )
    questionnaires: list[Word] = option([], "a list of questionnaires' ids")
    max_concurrent: Whole | None = option(None, "a whole number from 1 to 10000, or null", ge=1, le=10000)
    reserved: Whole | None = option(None, "a whole number from 0 to 10000, or null", ge=0, le=10000)
    per_second: Number | None = option(None, "a number from 0.01 to 1000, or null", ge=0.01, le=1000)
    burst: Whole = option(1, "a whole number from 1 to 10000", ge=1, le=10000)

    @property
    def share(self) -> Share:
        """As admission takes it."""
        return Share(
            numbers=tuple(self.numbers),
            questionnaires=tuple(self.questionnaires),
            max_concurrent=self.max_concurrent,
            reserved=self.reserved,
            pace=None if self.per_second is None else Pace(self.per_second, self.burst),
        )


def faulty_tenants(tenants: Mapping[str, Tenant], places: int) -> str:
    """What is wrong between tenants, or between one of them and the whole; '' where nothing is."""
    return _twice(tenants) or _too_many(tenants, places)


def _twice(tenants: Mapping[str, Tenant]) -> str:
    """A number that two of them have, in whatever spelling."""
    before: list[tuple[str, str]] = []
    for name, tenant in tenants.items():
        for number in tenant.numbers:
            for owner, theirs in before:
                if is_same_number(theirs, number):
                    return f"tenants.{name}.numbers: {number} is {owner}'s already; a number has one owner"
            before.append((name, number))
    return ""


def _too_many(tenants: Mapping[str, Tenant], places: int) -> str:
    for name, tenant in tenants.items():
        if tenant.reserved is not None and tenant.reserved > (tenant.max_concurrent or places):
            return f"tenants.{name}.reserved: {tenant.reserved} is more than its max_concurrent"
    reserved = sum(tenant.reserved or 0 for tenant in tenants.values())
    if reserved > places:
        return f"tenants: {reserved} places are reserved, and calls.max_concurrent is {places}"
    return ""


def unknown_questionnaires(
    tenants: Mapping[str, Tenant], known: Mapping[str, object]
) -> list[tuple[str, str]]:
    """Which tenant names which questionnaire that there is not."""
    named = [(name, each) for name, tenant in tenants.items() for each in tenant.questionnaires]
    return [(name, each) for name, each in named if each not in known]
