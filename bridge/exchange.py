"""The calls that one process holds: held, looked at, ended. Which of them are let in is decided elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.audio.recording import CallRecorder
from bridge.consenting import asks_to_record_the_call
from bridge.dialogue.questionnaire import Questionnaire
from bridge.holding import HeldCall, Holders, Outcome, Patience, Place, Services
from bridge.line import Messages
from bridge.monitoring import MonitorSession, Overhearing
from bridge.running import RunningCall
from bridge.session import CallSession
from protocols.base import MediaProtocol
from protocols.events import CallDetails

__all__ = ["Exchange"]


class Exchange:
    """Holds calls, and lets them go."""

    def __init__(
        self,
        *,
        services: Services,
        new_call_id: Callable[[], str],
        recordings: Callable[[str], CallRecorder] | None = None,
        transcripts: Overhearing | None = None,
        holders: Callable[[str], Holders] | None = None,
    ) -> None:
        """`transcripts`: of the calls that are listened to; without it none is.

        `holders` knows for one call, by its id, who has which phone call; by default this process does.
        """
        self._holders = holders
        self._services = services
        self._new_call_id = new_call_id
        self._recordings = recordings
        self._transcripts = transcripts
        self._calls: dict[asyncio.Task[Outcome], HeldCall[Any]] = {}
        self._not_begun = 0

    @property
    def active_calls(self) -> int:
        return len(self._calls)

    @property
    def not_begun(self) -> int:
        """Calls that were let in and came to nothing."""
        return self._not_begun

    def sessions(self) -> list[RunningCall]:
        """The calls in progress here, the oldest first, as they are at this moment."""
        running = (session.running() for session in self._calls.values())
        return sorted(running, key=lambda one: (one.since, one.id))

    def end(self, call_id: str) -> bool:
        """Let one call end soon and properly: the caller is told. False: no such call is in progress."""
        for session in self._calls.values():
            if session.call_id == call_id:
                session.dismiss()
                return True
        return False

    def dismiss_all(self) -> None:
        """Let every call end soon and properly."""
        for session in self._calls.values():
            session.dismiss()

    async def cut_all(self) -> None:
        """End every call now; its record says that it was interrupted."""
        calls = tuple(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def machine_answered(self, provider: str, provider_call_id: str) -> None:
        """Tell the call, where it is in progress here, that no person has picked up."""
        for session in self._calls.values():
            if session.is_call(provider, provider_call_id):
                session.machine_answered()

    def renew(self, site: Mapping[str, str], patience: Patience) -> None:
        """Hold new calls with these; the calls in progress go on with what they began with."""
        self._services = replace(self._services, site=site, patience=patience)

    async def hold(
        self,
        protocol: MediaProtocol,
        questionnaire: Questionnaire | None,
        messages: Messages,
        send: Callable[[str | bytes], Awaitable[None]],
        *,
        known: CallDetails | None,
        seat: Place,
        call_id: str | None = None,
    ) -> Outcome:
        """Hold one call until it is over; without a questionnaire it is listened to, where `monitors`.

        `known` of it is what its wire does not say, `seat` its place, which it leaves in the end.

        Raises:
            asyncio.CancelledError: the daemon is stopping; the call's record says that it was interrupted.

        """
        call_id = call_id or self._new_call_id()
        with seat:
            services = self._services
            if self._holders is not None:
                services = replace(services, reconnections=self._holders(call_id))
            session: HeldCall[Any]
            if questionnaire is None:
                session = self._listener(call_id, protocol, send, known, seat)
            else:
                session = CallSession(
                    call_id=call_id,
                    protocol=protocol,
                    questionnaire=questionnaire,
                    services=services,
                    send=send,
                    recorder=self._recorder(call_id, questionnaire),
                    known=known,
                    seat=seat,
                )
            return await self._run(session, messages)

    @property
    def monitors(self) -> bool:
        """Whether calls of others may be listened to."""
        return self._transcripts is not None

    def _listener(
        self,
        call_id: str,
        protocol: MediaProtocol,
        send: Callable[[str | bytes], Awaitable[None]],
        known: CallDetails | None,
        seat: Place,
    ) -> HeldCall[Any]:
        if self._transcripts is None:
            raise ValueError("no call is listened to here")
        return MonitorSession(
            call_id=call_id,
            protocol=protocol,
            services=self._services,
            transcripts=self._transcripts,
            send=send,
            known=known,
            seat=seat,
        )

    async def _run(self, session: HeldCall[Any], messages: Messages) -> Outcome:
        call = asyncio.create_task(session.run(messages), name=f"call-{session.call_id}")
        self._calls[call] = session
        try:
            outcome = await call
        finally:
            del self._calls[call]
        self._not_begun += outcome.disposition is None
        return outcome

    def _recorder(self, call_id: str, questionnaire: Questionnaire) -> CallRecorder | None:
        """None where the caller is not even asked."""
        if self._recordings is None or not asks_to_record_the_call(questionnaire):
            return None
        return self._recordings(call_id)
