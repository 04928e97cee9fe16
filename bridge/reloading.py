"""Questionnaires and configuration read again while calls go on, on SIGHUP: all of it, or nothing.

Everything is read, checked, kept and rendered before the first new call is offered any of it. What is wrong
is logged by file, line and field, and the daemon goes on with what it had.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import structlog
from msgspec import Struct

from bridge.config import Settings, option_names
from bridge.errors import BridgeError
from bridge.offering import Change, Engines, Offer, changes, prepare, read_offer

__all__ = ["Reloaded", "Reloader", "waiting_for_restart"]

# What may change under a running daemon: whatever a call takes with it when it begins.
RELOADABLE = frozenset(
    {
        "questionnaires.folder",
        "questionnaires.default",
        "questionnaires.allow_draft",
        "site.name",
        "site.phone",
        "site.crisis_number",
        "calls.max_concurrent",
        "calls.max_seconds",
        "calls.drain_seconds",
        "calls.look_back_seconds",
        "calls.per_second",
        "calls.burst",
        "calls.waiting_seconds",
        "calls.waiting_sound",
        "overload.lag_seconds",
        "overload.recognise_seconds",
        "overload.free_memory_mb",
        "tenants",
    }
)

log = structlog.get_logger()


class Reloaded(Struct, frozen=True):
    """What came of a reload."""

    problems: tuple[str, ...] = ()  # then nothing has changed
    questionnaires: int = 0
    changes: dict[str, Change] = {}  # by questionnaire
    waiting_for_restart: tuple[str, ...] = ()  # options


class Reloader:
    """Reads everything again when it is asked to, one time after the other."""

    def __init__(
        self,
        *,
        settings: Settings,
        offer: Offer,
        engines: Engines,
        read_settings: Callable[[], Settings],
        on_reloaded: Callable[[Offer, Settings], None],
        wanted: asyncio.Event,
        during: Callable[[], AbstractContextManager[None]] = nullcontext,
        on_result: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`wanted` asks for a reload; each goes on within `during()`; `on_result`: was it taken up?"""
        self._started_with = settings
        self._offer = offer
        self._engines = engines
        self._read_settings = read_settings
        self._on_reloaded = on_reloaded
        self._wanted = wanted
        self._during = during
        self._on_result = on_result
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Reload whenever it is wanted; wishes that come meanwhile are one more."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.reload()

    async def reload(self) -> Reloaded:
        """Read everything again, and offer it to new calls, or say what is wrong with it."""
        async with self._one_at_a_time:
            with self._during():
                reloaded = await self._reload()
        self._on_result(not reloaded.problems)
        return reloaded

    async def _reload(self) -> Reloaded:
        log.info("reload_begun")
        try:
            settings = await asyncio.to_thread(self._read_settings)
            offer = await asyncio.to_thread(read_offer, settings)
            rendered = await prepare(offer, self._engines)
        except BridgeError as error:
            problems = tuple(str(error).splitlines())
            for problem in problems:
                log.error("reload_refused", code=error.code, problem=problem)  # noqa: TRY400 - ours, told in full
            return Reloaded(problems)
        except Exception:  # a bug in here must not end the calls
            log.exception("reload_failed")
            return Reloaded(("an error of our own: the log tells it in full",))
        reloaded = Reloaded(
            questionnaires=len(offer.questionnaires),
            changes=changes(self._offer, offer),
            waiting_for_restart=tuple(waiting_for_restart(self._started_with, settings)),
        )
        self._tell(offer, reloaded)
        self._on_reloaded(offer, settings)
        self._offer = offer
        log.info("reloaded", questionnaires=len(offer.questionnaires), rendered=rendered)
        return reloaded

    def _tell(self, offer: Offer, reloaded: Reloaded) -> None:
        for name, change in reloaded.changes.items():
            one = offer.questionnaires.get(name) or self._offer.questionnaires[name]
            tell = log.debug if change is Change.UNCHANGED else log.info
            tell(
                "questionnaire_read_again",
                questionnaire=name,
                questionnaire_version=one.version,
                hash=one.hash,
                status=str(change),
            )
        for setting in reloaded.waiting_for_restart:
            log.warning("setting_waits_for_restart", setting=setting)


def waiting_for_restart(before: Settings, after: Settings) -> list[str]:
    """The options that differ and are not taken up while the daemon runs."""
    return [
        name
        for name in option_names()
        if name not in RELOADABLE and _value(before, name) != _value(after, name)
    ]


def _value(settings: Settings, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value
