"""`/admin/sessions`: the calls in progress. Who they are with, is in none of it.

What belongs to another tenant is not there: lists leave it out, and its id is found no more than one that was
made up.
"""

from aiohttp import web
from msgspec import Struct

from bridge.audit.entries import Action, Result
from bridge.identity.principal import Principal, Scope
from bridge.running import RunningCall
from bridge.web.admin.house import House, there
from bridge.web.authorisation import require
from bridge.web.endpoints import LIMIT, Endpoint, Parameter, limit_of, reply

__all__ = ["Dismissal", "SessionPage", "SessionRoutes"]


class SessionPage(Struct, frozen=True):
    """Calls in progress, the oldest first."""

    sessions: list[RunningCall]
    next: str | None  # what `after` is to be for the rest; None where this is all
    total: int  # calls in progress that may be seen


class Dismissal(Struct, frozen=True):
    """A call that is being ended: its caller is told, and its record closed as `interrupted`."""

    id: str
    ending: bool = True


class SessionRoutes:
    """Listing, looking at and ending calls."""

    def __init__(self, house: House) -> None:
        self._house = house

    def endpoints(self) -> list[Endpoint]:
        """For server and document."""
        page = (
            LIMIT,
            Parameter("after", "what the page before had as `next`"),
        )
        return [
            Endpoint(
                method="GET",
                path="/admin/sessions",
                scope=Scope.SESSIONS_READ,
                handler=self.list,
                summary="Calls in progress, the oldest first",
                answer=SessionPage,
                parameters=page,
            ),
            Endpoint(
                method="GET",
                path="/admin/sessions/{id}",
                scope=Scope.SESSIONS_READ,
                handler=self.show,
                summary="One call in progress",
                answer=RunningCall,
            ),
            Endpoint(
                method="DELETE",
                path="/admin/sessions/{id}",
                scope=Scope.SESSIONS_END,
                handler=self.end,
                summary="End one call: the caller is told, and its record is closed",
                answer=Dismissal,
                status=202,
            ),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Those that may be seen."""
        principal = require(request, Scope.SESSIONS_READ)
        limit, after = limit_of(request), request.query.get("after", "")
        await there(self._house.audit).note_seldom(principal, Action.SESSIONS_LIST, "*")
        running = await there(self._house.switchboard).all_sessions()
        visible = [one for one in running if principal.sees(one.tenant)]
        rest = [one for one in visible if _place(one) > after]
        page = rest[:limit]
        following = _place(page[-1]) if len(rest) > limit else None
        return reply(SessionPage(page, following, len(visible)))

    async def show(self, request: web.Request) -> web.Response:
        """One of them."""
        principal = require(request, Scope.SESSIONS_READ)
        call = await self._found(request, principal, Action.SESSION_READ)
        await there(self._house.audit).note_seldom(
            principal, Action.SESSION_READ, call.id, tenant=call.tenant
        )
        return reply(call)

    async def end(self, request: web.Request) -> web.Response:
        """End one of them; the answer comes before its end."""
        principal = require(request, Scope.SESSIONS_END)
        call = await self._found(request, principal, Action.SESSION_END)
        await there(self._house.audit).note(principal, Action.SESSION_END, call.id, tenant=call.tenant)
        if not there(self._house.switchboard).end(call.id):
            raise _not_found()  # it has ended meanwhile
        return reply(Dismissal(call.id), status=202)

    async def _found(self, request: web.Request, principal: Principal, action: Action) -> RunningCall:
        call_id = request.match_info["id"]
        for call in await there(self._house.switchboard).all_sessions():
            if call.id != call_id:
                continue
            if principal.sees(call.tenant):
                return call
            await there(self._house.audit).note_seldom(
                principal, action, call.id, Result.REFUSED, tenant=call.tenant
            )
        raise _not_found()


def _place(call: RunningCall) -> str:
    """Where a call stands in the list, whether or not it is still there."""
    return f"{call.since.isoformat(timespec='microseconds')}/{call.id}"


def _not_found() -> web.HTTPNotFound:
    return web.HTTPNotFound(text="no call of that id is in progress\n")
