"""What an operator may ask, route by route."""

from bridge.web.admin.auditing import AuditRoutes
from bridge.web.admin.house import House
from bridge.web.admin.overview import OverviewRoutes
from bridge.web.admin.sessions import SessionRoutes
from bridge.web.endpoints import Endpoint

__all__ = ["admin_endpoints"]


def admin_endpoints(house: House) -> list[Endpoint]:
    """All of them."""
    rooms = (SessionRoutes(house), OverviewRoutes(house), AuditRoutes(house))
    return [endpoint for room in rooms for endpoint in room.endpoints()]
