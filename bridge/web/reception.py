"""What answering a call takes, whoever asks and however: a webhook, or an application socket.

The questionnaire is one that is offered, there is room for one more call, the media socket gets an address
with a single-use stream token in it, and what is known of the call is kept for the socket to find.
"""

from collections.abc import Callable

import structlog
from aiohttp import web

from bridge.admission import Busy
from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.identity.streams import StreamTokens
from bridge.storage.opened import OpenDatabase
from bridge.storage.phone_calls import PhoneCall, note_call
from bridge.switchboard import Switchboard
from protocols.provider import CallStatus, IncomingCall, StatusReport, StreamTarget

__all__ = ["Reception"]

MACHINE = "machine"

log = structlog.get_logger()


class Reception:
    """Takes calls on, and keeps what is reported of them."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        database: OpenDatabase,
        tokens: StreamTokens | None,
        token_seconds: float,
        clock: Clock,
        public_url: str | None,
        new_reference: Callable[[], str],
    ) -> None:
        self._switchboard = switchboard
        self._database = database
        self._tokens = tokens
        self._token_seconds = token_seconds
        self._clock = clock
        self._public_url = public_url
        self._new_reference = new_reference

    def require(self, questionnaire: str | None) -> None:
        """Calls are to be asked this.

        Raises:
            HTTPNotFound: there is none of that name.

        """
        if self._switchboard.questionnaire(questionnaire) is None:
            raise web.HTTPNotFound(text="there is no questionnaire of that name\n")

    async def take(self, name: str, call: IncomingCall, questionnaire: str | None) -> StreamTarget | None:
        """Where the media socket of this call is to be opened; None where it is to be told that we are busy.

        Raises:
            HTTPServiceUnavailable: nothing can be written now, or the site has not configured what it takes.

        """
        if self._tokens is None or self._public_url is None:
            log.error("call_not_answered", provider=name, detail="needs server.public_url and tokens.secret")
            raise web.HTTPServiceUnavailable(text="no media socket can be opened here\n")
        seat = self._switchboard.admit_to(questionnaire, number=call.own_number, provider=name)
        if isinstance(seat, Busy):
            return None
        reference = self._new_reference()
        if call.provider_call_id is not None:
            try:
                await self._keep(self._announced(name, call, call.provider_call_id, reference))
            except BaseException:
                seat.leave()
                raise
        token = self._tokens.issue(
            provider=name,
            questionnaire=questionnaire,
            call=reference,
            tenant=seat.tenant,
            seconds=self._token_seconds,
        )
        self._switchboard.expect(reference, self._token_seconds, seat)
        origin = self._public_url.rstrip("/")
        return StreamTarget(
            f"ws{origin.removeprefix('http')}/ws/{name}/{token}", f"{origin}/webhooks/{name}/status"
        )

    async def note(self, name: str, report: StatusReport) -> None:
        """Keep a report; one that leads backwards changes nothing.

        Raises:
            HTTPServiceUnavailable: it cannot be written now.

        """
        # What has been told apart has answered, whether or not the same report says so.
        status = report.status or (CallStatus.IN_PROGRESS if report.answered_by else None)
        if status is None:
            return
        reported = self._reported(name, report, status)
        await self._keep(reported)
        if reported.answered_by == MACHINE:
            self._switchboard.machine_answered(name, report.provider_call_id)

    def _announced(self, name: str, call: IncomingCall, call_id: str, reference: str) -> PhoneCall:
        return PhoneCall(
            provider=name,
            provider_call_id=call_id,
            status=CallStatus.INITIATED,
            rank=CallStatus.INITIATED.rank,
            at=self._clock.now(),
            reference=reference,
            caller_number=call.caller_number,
            callee_number=call.callee_number,
            direction=call.direction,
        )

    def _reported(self, name: str, report: StatusReport, status: CallStatus) -> PhoneCall:
        return PhoneCall(
            provider=name,
            provider_call_id=report.provider_call_id,
            status=status,
            rank=status.rank,
            at=self._clock.now(),
            answered_by=_in_one_word(report.answered_by),
            seconds=report.seconds,
        )

    async def _keep(self, call: PhoneCall) -> None:
        try:
            await note_call(self._database, call)
        except StorageError as error:
            log.error("phone_call_not_kept", code=error.code, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="try again\n", headers={"Retry-After": "2"}) from None


def _in_one_word(answered_by: str | None) -> str | None:
    """Providers write `machine_start`, `answering-machine`, `human_residence`; what else they write stays."""
    said = answered_by or ""
    return next((word for word in ("human", MACHINE) if word in said), answered_by)
