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
from bridge.dialogue.questionnaire import Questionnaire
from bridge.following import LiveTranscripts
from bridge.holding import HeldCall, Outcome, Patience, Services
from bridge.lifecycle import Lifecycle, State
from bridge.monitoring import MonitorSession
from bridge.offering import Offer
from bridge.running import RunningCall
from bridge.session import CallSession
from protocols.base import MediaProtocol
from protocols.events import CallDetails

__all__ = ["Switchboard"]

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
        return isinstance(self.admit(), Accept)

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

    def _ask(self) -> Accept | Busy:
        state = self._lifecycle.state
        return self._admission.ask(
            is_ready=state is not State.STARTING,
            is_draining=state in {State.DRAINING, State.STOPPED},
        )

    def _counted(self, decision: Accept | Busy) -> Accept | Busy:
        if isinstance(decision, Busy):
            self._services.metrics.call_refused(decision.reason)
        return decision

    def admit_to(self, name: str | None) -> Accept | Busy:
        """May one more call be asked the questionnaire of that id, or the default one?

        None that there is not is no reason here: `questionnaire` says so.
        """
        decision = self._ask()
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

    def offer(self, offer: Offer, *, patience: Patience, max_concurrent: int) -> None:
        """Hold new calls with all this; the calls in progress go on with what they began with."""
        self._offer = offer
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
            recorder=self._recorder(call_id),
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

    def _recorder(self, call_id: str) -> CallRecorder | None:
        return self._recordings(call_id) if self._recordings else None

    async def drain(self, seconds: float) -> None:
        """Let the running calls finish, for so long; then, or when the life cycle stops, end them."""
        stopped = asyncio.create_task(self._lifecycle.reached(State.STOPPED))
        try:
            if self._calls:
                log.info("draining", calls=len(self._calls), limit_seconds=seconds)
                idle = asyncio.create_task(self._all_over())
                await asyncio.wait({idle, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                idle.cancel()
        finally:
            stopped.cancel()
        for call in tuple(self._calls):
            call.cancel()
        await asyncio.gather(*tuple(self._calls), return_exceptions=True)

    async def _all_over(self) -> None:
        while self._calls:
            await asyncio.wait(tuple(self._calls))
