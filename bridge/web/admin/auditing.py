"""`/admin/audit`: who did what, the newest first, a page at a time."""

from aiohttp import web
from msgspec import Struct

from bridge.audit.entries import Action, Entry
from bridge.identity.principal import Scope
from bridge.storage.audit import AuditSelection, latest_entries
from bridge.web.admin.house import House, there
from bridge.web.authorisation import require
from bridge.web.endpoints import LIMIT, MOMENT, Endpoint, Parameter, limit_of, moment_of, reply

__all__ = ["AuditPage", "AuditRoutes"]

MAX_DIGITS = 15
NUMBER = {"type": "integer", "minimum": 0, "maximum": 10**MAX_DIGITS - 1}


class AuditPage(Struct, frozen=True):
    """Rows of the log, the newest first."""

    entries: list[Entry]
    next: int | None  # what `before` is to be for the rest; None where this is all


class AuditRoutes:
    """Reading the log; writing it is nobody's route."""

    def __init__(self, house: House) -> None:
        self._house = house

    def endpoints(self) -> list[Endpoint]:
        """For server and document."""
        return [
            Endpoint(
                method="GET",
                path="/admin/audit",
                scope=Scope.AUDIT_READ,
                handler=self.list,
                summary="Who did what, the newest first; a tenant's identity reads its tenant's rows",
                answer=AuditPage,
                parameters=(
                    LIMIT,
                    Parameter("before", "what the page before had as `next`", NUMBER),
                    Parameter("since", "only what was done then or later", MOMENT),
                    Parameter("until", "only what was done before", MOMENT),
                ),
            )
        ]

    async def list(self, request: web.Request) -> web.Response:
        """One page."""
        principal = require(request, Scope.AUDIT_READ)
        limit = limit_of(request)
        selection = AuditSelection(
            since=moment_of(request, "since"),
            until=moment_of(request, "until"),
            before=_before(request),
            tenant=principal.tenant,
        )
        await there(self._house.audit).note_seldom(principal, Action.AUDIT_READ, "*")
        found = await latest_entries(there(self._house.database), selection, limit + 1)
        page = found[:limit]
        return reply(AuditPage(page, page[-1].number if len(found) > limit else None))


def _before(request: web.Request) -> int | None:
    text = request.query.get("before")
    if text is None:
        return None
    if not (text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS):
        raise web.HTTPBadRequest(text="before must be a row's number\n")
    return int(text)
