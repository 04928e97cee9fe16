"""Where calls are put through: admission, the session, and all calls in progress, asked or listened to.

It knows no HTTP. The web hands it a protocol, the messages that come in and a function that sends.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog

from bridge.admission import Accept, Admission, Busy, BusyReason
from bridge.audio.recording import CallRecorder
from bridge.consenting import asks_to_record_the_call
from bridge.dialogue.questionnaire import Questionnaire
from bridge.following import LiveTranscripts
from bridge.holding import HeldCall, Outcome, Patience, Services
from bridge.lifecycle import Lifecycle, State, Urgency
from bridge.monitoring import MonitorSession
from bridge.offering import Offer
from bridge.running import RunningCall
from bridge.session import CallSession
from protocols.base import MediaProtocol
from protocols.events import CallDetails

__all__ = ["Switchboard"]

# From the wish to end until every call has ended, in seconds of call time: what a turn that is being taken
# may wait for (recogniser, voice, database), the goodbye, and the provider's own farewell.
GOODBYE_SECONDS = 20.0
LOOK_SECONDS = 0.1  # between two looks whether a call that was answered has come

log = structlog.get_logger()


class Switchboard:
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
        transcripts: LiveTranscripts | None = None,
        is_rendered: Callable[[Questionnaire], bool] = lambda _: True,
    ) -> None:
        """`transcripts`: of the calls that are listened to; without it none is.

        `is_rendered` tells of which questionnaires every prompt is there.
        """
        self._services = services
        self._offer = offer
        self._admission = admission
        self._lifecycle = lifecycle
        self._new_call_id = new_call_id
        self._recordings = recordings
        self._transcripts = transcripts
        self._is_rendered = is_rendered
        self.not_begun = 0  # calls that were let in and came to nothing
        self._calls: dict[asyncio.Task[Outcome], HeldCall[Any]] = {}
        self._expected: dict[str, float] = {}  # by reference, until when by the loop's time
        self._tell_what_is_not_recorded()

    @property
    def active_calls(self) -> int:
        return self._admission.active

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
    def default(self) -> str:
        """The id of the questionnaire for calls that name none."""
        return self._offer.default

    def sessions(self) -> list[RunningCall]:
        """The calls in progress, the oldest first, as they are at this moment."""
        running = (session.running() for session in self._calls.values())
        return sorted(running, key=lambda one: (one.since, one.id))

    def end(self, call_id: str) -> bool:
        """Let one call end soon and properly: the caller is told. False: no such call is in progress."""
        for session in self._calls.values():
            if session.call_id == call_id:
                session.dismiss()
                return True
        return False

    def admit(self) -> Accept | Busy:
        """May one more call start?"""
        return self._counted(self._ask())

    def _ask(self, *, is_expected: bool = False) -> Accept | Busy:
        """One that was answered already may start while others drain."""
        state = self._lifecycle.state
        return self._admission.ask(
            is_ready=state is not State.STARTING,
            is_draining=state in {State.DRAINING, State.STOPPED} and not is_expected,
        )

    def _counted(self, decision: Accept | Busy) -> Accept | Busy:
        if isinstance(decision, Busy):
            self._services.metrics.call_refused(decision.reason)
        return decision

    def admit_to(self, name: str | None, reference: str | None = None) -> Accept | Busy:
        """May one more call be asked the questionnaire of that id, or the default one?

        None that there is not is no reason here: `questionnaire` says so. `reference`: of a call that may be
        expected.
        """
        decision = self._ask(is_expected=reference in self._expecting())
        questionnaire = self.questionnaire(name)
        if (
            isinstance(decision, Accept)
            and questionnaire is not None
            and not self._is_rendered(questionnaire)
        ):
            decision = Busy(BusyReason.NOT_RENDERED)
        return self._counted(decision)

    def questionnaire(self, name: str | None) -> Questionnaire | None:
        """The questionnaire of that id, or the default one; None when there is no such."""
        return self._offer.questionnaires.get(name or self._offer.default)

    def expect(self, reference: str, seconds: float) -> None:
        """A call was answered: its socket comes within so many seconds by the wall clock, or never."""
        self._expected[reference] = asyncio.get_running_loop().time() + seconds

    def expect_no_more(self, reference: str | None) -> None:
        """It has come, and is over."""
        self._expected.pop(reference or "", None)

    def _expecting(self) -> dict[str, float]:
        """Those that may still come."""
        now = asyncio.get_running_loop().time()
        self._expected = {reference: until for reference, until in self._expected.items() if until > now}
        return self._expected

    def offer(self, offer: Offer, *, patience: Patience, max_concurrent: int) -> None:
        """Hold new calls with all this; the calls in progress go on with what they began with."""
        self._offer = offer
        self._tell_what_is_not_recorded()
        self._services = replace(self._services, site=offer.site, patience=patience)
        self._admission.limit(max_concurrent)

    async def connect(
        self,
        protocol: MediaProtocol,
        questionnaire: Questionnaire,
        messages: AsyncIterator[str | bytes],
        send: Callable[[str | bytes], Awaitable[None]],
        *,
        known: CallDetails | None = None,
    ) -> Outcome:
        """Hold one call until it is over; `known` of it is what its wire does not say.

        Raises:
            asyncio.CancelledError: the daemon is stopping; the call's record says that it was interrupted.

        """
        call_id = self._new_call_id()
        session = CallSession(
            call_id=call_id,
            protocol=protocol,
            questionnaire=questionnaire,
            services=self._services,
            send=send,
            recorder=self._recorder(call_id, questionnaire),
            known=known,
        )
        return await self._run(session, messages)

    @property
    def monitors(self) -> bool:
        """Whether calls of others may be listened to."""
        return self._transcripts is not None

    async def monitor(
        self,
        protocol: MediaProtocol,
        messages: AsyncIterator[str | bytes],
        send: Callable[[str | bytes], Awaitable[None]],
        *,
        known: CallDetails | None = None,
    ) -> Outcome:
        """Listen to one call until it is over, where `monitors`.

        Raises:
            asyncio.CancelledError: as `connect`.

        """
        if self._transcripts is None:
            raise ValueError("no call is listened to here")
        call_id = self._new_call_id()
        session = MonitorSession(
            call_id=call_id,
            protocol=protocol,
            services=self._services,
            transcripts=self._transcripts,
            send=send,
            known=known,
        )
        return await self._run(session, messages)

    async def _run(self, session: HeldCall[Any], messages: AsyncIterator[str | bytes]) -> Outcome:
        with self._admission.place():
            call = asyncio.create_task(session.run(messages), name=f"call-{session.call_id}")
            self._calls[call] = session
            try:
                outcome = await call
            finally:
                del self._calls[call]
        self.not_begun += outcome.disposition is None
        return outcome

    def _recorder(self, call_id: str, questionnaire: Questionnaire) -> CallRecorder | None:
        """None where the caller is not even asked."""
        if self._recordings is None or not asks_to_record_the_call(questionnaire):
            return None
        return self._recordings(call_id)

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
        log.info("draining", calls=len(self._calls), limit_seconds=seconds)
        if not await self._are_over(seconds, Urgency.NOW):
            log.warning("calls_dismissed", calls=len(self._calls))
            self._expected.clear()
            for session in self._calls.values():
                session.dismiss()
            limit = self._services.clock.real_seconds(GOODBYE_SECONDS)
            await self._are_over(limit, Urgency.AT_ONCE)
        calls = tuple(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

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
        return not self._calls and not self._expecting()

    async def _all_over(self) -> None:
        while self._calls or self._expecting():
            if self._calls:
                await asyncio.wait(tuple(self._calls))
            else:
                await asyncio.sleep(LOOK_SECONDS)
