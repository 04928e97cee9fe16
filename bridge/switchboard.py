"""Where calls are put through: admission, the session, and all calls in progress, asked or listened to.

It knows no HTTP. The web hands it a protocol, the messages that come in and a function that sends. Calls may
also be held in other processes (`Elsewhere`), which it counts, looks at and ends as it does its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from bridge.admission import Accept, Admission, Busy, BusyReason, Rules, Seat
from bridge.audio.recording import CallRecorder
from bridge.consenting import asks_to_record_the_call
from bridge.dialogue.questionnaire import Questionnaire
from bridge.exchange import Exchange
from bridge.holding import Outcome, Patience, Services
from bridge.identity.principal import DEFAULT_TENANT
from bridge.lifecycle import Lifecycle, State, Urgency
from bridge.line import Messages
from bridge.monitoring import Overhearing
from bridge.offering import Offer
from bridge.running import RunningCall
from protocols.base import MediaProtocol
from protocols.events import CallDetails

__all__ = ["Elsewhere", "Switchboard"]

# From the wish to end until every call has ended, in seconds of call time: what a turn that is being taken
# may wait for (recogniser, voice, database), the goodbye, and the provider's own farewell.
GOODBYE_SECONDS = 20.0
LOOK_SECONDS = 0.1  # between two looks whether a call that was answered has come

log = structlog.get_logger()


@dataclass(slots=True)
class _Expected:
    """A call that was answered, and whose media socket is still to come."""

    until: float  # by the loop's time
    seat: Seat | None  # None: it has come and sits


class Elsewhere(Protocol):
    """Calls of ours that other processes hold."""

    @property
    def calls(self) -> int:
        """How many there are."""
        ...

    @property
    def not_begun(self) -> int:
        """How many came to nothing."""
        ...

    async def sessions(self) -> list[RunningCall]:
        """All of them that can be asked for."""
        ...

    def end(self, call_id: str) -> bool:
        """Let one of them end soon and properly; False: there is none of that id."""
        ...

    def dismiss_all(self) -> None:
        """Let every one of them end soon and properly."""
        ...

    def machine_answered(self, provider: str, provider_call_id: str) -> None:
        """Tell one, where it is there."""
        ...

    async def over(self) -> None:
        """Wait until there are none."""
        ...

    async def cut_all(self) -> None:
        """End every one of them now."""
        ...


class Nowhere:
    """What there is where this process holds all calls itself."""

    calls = 0
    not_begun = 0

    async def sessions(self) -> list[RunningCall]:
        """None."""
        return []

    def end(self, call_id: str) -> bool:  # noqa: ARG002
        """None is there to be ended."""
        return False

    def dismiss_all(self) -> None:
        """None is there."""

    def machine_answered(self, provider: str, provider_call_id: str) -> None:
        """None is there to be told."""

    async def over(self) -> None:
        """There are none."""

    async def cut_all(self) -> None:
        """None is there."""


class Switchboard(Exchange):
    """Takes calls, holds them, and lets them go."""

    def __init__(
        self,
        *,
        services: Services,
        offer: Offer,
        admission: Admission,
        lifecycle: Lifecycle,
        new_call_id: Callable[[], str],
        recordings: Callable[[str], CallRecorder] | None = None,
        transcripts: Overhearing | None = None,
        is_rendered: Callable[[Questionnaire], bool] = lambda _: True,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """`transcripts`: of the calls that are listened to; without it none is.

        `is_rendered` tells of which questionnaires every prompt is there. `elsewhere` are calls that other
        processes hold for us.
        """
        super().__init__(
            services=services, new_call_id=new_call_id, recordings=recordings, transcripts=transcripts
        )
        self._offer = offer
        self._admission = admission
        self._lifecycle = lifecycle
        self._is_rendered = is_rendered
        self._elsewhere: Elsewhere = elsewhere or Nowhere()
        self._says_goodbye = False  # to all calls: whoever is back now would be cut
        self._expected: dict[str, _Expected] = {}  # by reference
        self._tell_what_is_not_recorded()

    @property
    def active_calls(self) -> int:
        return len(self._calls) + self._elsewhere.calls

    @property
    def not_begun(self) -> int:
        """Calls that were let in and came to nothing."""
        return self._not_begun + self._elsewhere.not_begun

    @property
    def most_calls(self) -> int:
        """How many there may be at once."""
        return self._admission.most

    @property
    def would_admit(self) -> bool:
        """Whether a call would be taken now; asking counts as no call."""
        return isinstance(self._ask(), Accept)

    @property
    def questionnaires(self) -> list[Questionnaire]:
        """What new calls may be asked."""
        return list(self._offer.questionnaires.values())

    @property
    def left_out(self) -> Mapping[str, str]:
        """What no call may be asked here, by id, and why."""
        return self._offer.left_out

    @property
    def default(self) -> str:
        """The id of the questionnaire for calls that name none."""
        return self._offer.default

    async def all_sessions(self) -> list[RunningCall]:
        """The calls in progress, here and elsewhere, the oldest first."""
        return sorted(
            (*self.sessions(), *await self._elsewhere.sessions()), key=lambda one: (one.since, one.id)
        )

    def end(self, call_id: str) -> bool:
        """Let one call end soon and properly: the caller is told. False: no such call is in progress."""
        return super().end(call_id) or self._elsewhere.end(call_id)

    def machine_answered(self, provider: str, provider_call_id: str) -> None:
        """Tell the call, where it is in progress, that no person has picked up."""
        super().machine_answered(provider, provider_call_id)
        self._elsewhere.machine_answered(provider, provider_call_id)

    def admit(
        self, tenant: str | None = None, number: str | None = None, *, provider: str | None = None
    ) -> Seat | Busy:
        """May one more call be listened to? `admit_to` says of whom it is."""
        whose = self._admission.whose(claimed=tenant, number=number, questionnaire="")
        decision = self._told(self._ask(whose), whose, None, provider)
        return self._seated(decision, whose, is_settled=tenant is not None)

    def admit_to(
        self,
        name: str | None,
        reference: str | None = None,
        *,
        tenant: str | None = None,
        number: str | None = None,
        provider: str | None = None,
        is_back: bool = False,
    ) -> Seat | Busy:
        """May one more call be asked the questionnaire of that id, or the default one?

        None that there is not is no reason here: `questionnaire` says so. `reference`: of a call that may be
        expected. `tenant`: of its credential. `number`: the one of ours that it is about. `provider`: for the
        log. `is_back`: it was let in before, and has lost its socket. Whoever is given a seat leaves it when
        the call is over, or came to nothing.
        """
        expected = self._expecting().get(reference or "")
        if expected is not None and expected.seat is not None:
            seat, expected.seat = expected.seat, None
            return seat
        whose = self._whose(name, tenant, number)
        # One that is back after its socket was lost was let in already.
        is_in = (expected is not None or is_back) and not self._is_starting and not self._says_goodbye
        decision = self._rendered(name, Accept() if is_in else self._ask(whose))
        decision = self._told(decision, whose, self.questionnaire(name), provider)
        return self._seated(decision, whose, is_settled=tenant is not None)

    def refusal(self, provider: str | None = None) -> Busy | None:
        """Why no call may be listened to now; nobody is seated by asking."""
        whose = self._admission.whose(claimed=None, number=None, questionnaire="")
        decision = self._told(self._ask(whose), whose, None, provider)
        return decision if isinstance(decision, Busy) else None

    def refusal_to(self, name: str | None, provider: str | None = None) -> Busy | None:
        """Why no call may be asked that questionnaire now; nobody is seated by asking."""
        whose = self._whose(name, None, None)
        decision = self._rendered(name, self._ask(whose))
        decision = self._told(decision, whose, self.questionnaire(name), provider)
        return decision if isinstance(decision, Busy) else None

    def _told(
        self, decision: Accept | Busy, tenant: str, asked: Questionnaire | None, provider: str | None
    ) -> Accept | Busy:
        """Count a refusal, and say in the log whose call it was; one that is asked nothing is listened to."""
        if isinstance(decision, Busy):
            self._services.metrics.call_refused(decision.reason)
            log.warning(
                "call_refused",
                reason=decision.reason,
                provider=provider,
                tenant=tenant,
                questionnaire=asked.id if asked else None,
            )
        return decision

    def _whose(self, name: str | None, tenant: str | None, number: str | None) -> str:
        questionnaire = self.questionnaire(name)
        asked = questionnaire.id if questionnaire is not None else ""
        return self._admission.whose(claimed=tenant, number=number, questionnaire=asked)

    def _rendered(self, name: str | None, decision: Accept | Busy) -> Accept | Busy:
        questionnaire = self.questionnaire(name)
        is_missing = questionnaire is not None and not self._is_rendered(questionnaire)
        return Busy(BusyReason.NOT_RENDERED) if is_missing and isinstance(decision, Accept) else decision

    @property
    def _is_starting(self) -> bool:
        return self._lifecycle.state is State.STARTING

    def _ask(self, tenant: str = DEFAULT_TENANT) -> Accept | Busy:
        self._expecting()  # whoever has not come in time has left
        return self._admission.ask(
            tenant,
            is_ready=not self._is_starting,
            is_draining=self._lifecycle.state in {State.DRAINING, State.STOPPED},
        )

    def _seated(self, decision: Accept | Busy, tenant: str, *, is_settled: bool) -> Seat | Busy:
        if isinstance(decision, Busy):
            return decision
        return self._admission.place(tenant, is_settled=is_settled)

    def questionnaire(self, name: str | None) -> Questionnaire | None:
        """The questionnaire of that id, or the default one; None when there is no such."""
        return self._offer.questionnaires.get(name or self._offer.default)

    def expect(self, reference: str, seconds: float, seat: Seat | None = None) -> None:
        """A call was answered: its socket comes within so many seconds by the wall clock, or never.

        Until then its seat is kept.
        """
        self._expected[reference] = _Expected(asyncio.get_running_loop().time() + seconds, seat)

    def expect_no_more(self, reference: str | None) -> None:
        """It has come, and is over."""
        self._forget(self._expected.pop(reference or "", None))

    def _expecting(self) -> dict[str, _Expected]:
        """Those that may still come."""
        now = asyncio.get_running_loop().time()
        for reference in [name for name, expected in self._expected.items() if expected.until <= now]:
            self._forget(self._expected.pop(reference))
        return self._expected

    def _forget(self, expected: _Expected | None) -> None:
        if expected is not None and expected.seat is not None:
            expected.seat.leave()

    def offer(
        self, offer: Offer, *, patience: Patience, max_concurrent: int, rules: Rules | None = None
    ) -> None:
        """Hold new calls with all this; the calls in progress go on with what they began with."""
        self._offer = offer
        self._tell_what_is_not_recorded()
        self.renew(offer.site, patience)
        self._admission.limit(max_concurrent, rules)

    async def connect(
        self,
        protocol: MediaProtocol,
        questionnaire: Questionnaire,
        messages: Messages,
        send: Callable[[str | bytes], Awaitable[None]],
        *,
        known: CallDetails | None = None,
        seat: Seat | None = None,
    ) -> Outcome:
        """Hold one call until it is over; `known` of it is what its wire does not say, `seat` its place.

        Whoever was given the seat leaves it. Without one the call takes a place, whether or not one is free.

        Raises:
            asyncio.CancelledError: the daemon is stopping; the call's record says that it was interrupted.

        """
        seat = seat or self._admission.place()
        return await self.hold(protocol, questionnaire, messages, send, known=known, seat=seat)

    def _tell_what_is_not_recorded(self) -> None:
        for questionnaire in self.questionnaires:
            if self._recordings is not None and not asks_to_record_the_call(questionnaire):
                log.warning(
                    "calls_not_recorded",
                    questionnaire=questionnaire.id,
                    effect="it has no consent with 'purpose: call_recording'",
                )

    async def drain(self, seconds: float) -> None:
        """Let the running calls finish, for so long by the wall clock; then end them, with a goodbye.

        A more urgent signal shortens either: `Urgency.NOW` the wait for the calls, `AT_ONCE` the goodbye.
        """
        log.info("draining", calls=self.active_calls, limit_seconds=seconds)
        if not await self._are_over(seconds, Urgency.NOW):
            log.warning("calls_dismissed", calls=self.active_calls)
            self._says_goodbye = True
            for reference in tuple(self._expected):
                self.expect_no_more(reference)
            self.dismiss_all()
            self._elsewhere.dismiss_all()
            limit = self._services.clock.real_seconds(GOODBYE_SECONDS)
            await self._are_over(limit, Urgency.AT_ONCE)
        await asyncio.gather(self.cut_all(), self._elsewhere.cut_all())

    async def _are_over(self, seconds: float, unless: Urgency) -> bool:
        """Wait for all calls to end, for so long, or until that urgency; whether they have."""
        urged = asyncio.ensure_future(self._lifecycle.urged(unless))
        over = asyncio.ensure_future(self._all_over())
        try:
            await asyncio.wait({over, urged}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (over, urged):
                task.cancel()
            await asyncio.gather(over, urged, return_exceptions=True)
        return not self.active_calls and not self._expecting()

    async def _all_over(self) -> None:
        while self.active_calls or self._expecting():
            if self._calls:
                await asyncio.wait(tuple(self._calls))
            elif self._elsewhere.calls:
                await self._elsewhere.over()
            else:
                await asyncio.sleep(LOOK_SECONDS)
