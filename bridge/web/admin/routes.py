"""All routes of the interface for programs that are described, and the document that describes them."""

from collections.abc import Iterable

from aiohttp import web

from bridge.web.admin.auditing import AuditRoutes
from bridge.web.admin.endpoints import Endpoint
from bridge.web.admin.house import House
from bridge.web.admin.overview import OverviewRoutes
from bridge.web.admin.sessions import SessionRoutes
from bridge.web.openapi import Document

__all__ = ["admin_endpoints", "admin_routes"]


def admin_endpoints(house: House) -> list[Endpoint]:
    """What an operator asks, route by route."""
    rooms = (SessionRoutes(house), OverviewRoutes(house), AuditRoutes(house))
    return [endpoint for room in rooms for endpoint in room.endpoints()]


def admin_routes(house: House, others: Iterable[web.RouteDef] = ()) -> list[web.RouteDef]:
    """For the server. `others` are served too; in the document is what they tell of themselves."""
    described, others = admin_endpoints(house), list(others)
    document = Document(described, others)
    return [*(endpoint.route() for endpoint in described), *others, document.route()]
