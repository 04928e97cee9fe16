"""What the daemon serves from its first moment on, wired: health, identity, administration, metrics.

Calls are put through once `Server.open_media` is given what takes them.
"""

from collections.abc import Awaitable, Callable

from bridge import configured
from bridge.audit.copying import AuditCopy
from bridge.audit.log import AuditLog
from bridge.condition import memory_bytes
from bridge.config import Settings
from bridge.identity.authenticator import Authenticator
from bridge.identity.denial import DenyList
from bridge.identity.keys import ApiKeys
from bridge.inventory import Inventory
from bridge.reloading import Reloaded
from bridge.storage.store import Store
from bridge.telemetry.metrics import Metrics
from bridge.web.addresses import Addresses
from bridge.web.admin.house import House
from bridge.web.admin.routes import admin_endpoints
from bridge.web.control import ControlRoutes, Traffic
from bridge.web.gate import Gate
from bridge.web.health import Health
from bridge.web.issuing import Issuing
from bridge.web.measuring import measuring
from bridge.web.refusals import RefusalCounts, Refusals
from bridge.web.scraping import Scraping
from bridge.web.server import Server

__all__ = ["Front"]


class Front:
    """The server, and what has to be told when more of the daemon has come up."""

    def __init__(
        self,
        settings: Settings,
        inventory: Inventory,
        metrics: Metrics,
        reload: Callable[[], Awaitable[Reloaded]],
    ) -> None:
        """Raises ConfigError where a key, or the configured Redis, cannot be used."""
        self._settings = settings
        self._inventory = inventory
        self._metrics = metrics
        self.gate = Gate(settings)
        self._access_tokens = configured.access_tokens(settings)
        self.stream_tokens = configured.stream_tokens(settings)
        self.scraping = Scraping(metrics, lambda: inventory.snapshot(settings.database))
        self.house = House(
            lifecycle=inventory.lifecycle,
            components=inventory.components,
            counts=RefusalCounts(),
            guarded=configured.guarded(settings),
            engines=inventory.engines,
            utterances=inventory.utterances,
            lag_seconds=inventory.lag_seconds,
        )
        refusals = Refusals(self.house.counts, lambda: self.house.audit)
        rooms = (self._issuing(), self._control(reload), self.scraping)
        self.server = Server(
            self._health(),
            has_page=settings.provider("browser").enabled,
            endpoints=[*admin_endpoints(self.house), *(one for room in rooms for one in room.endpoints())],
            middlewares=[measuring(metrics.requested), refusals.watch],
            gate=self.gate,
            limits=configured.http_limits(settings),
            addresses=Addresses(settings.server.trusted_proxies),
        )

    def know(self, store: Store) -> None:
        """The database is open: credentials can be looked up, and deeds written down."""
        self.house.database = store
        self.house.audit = AuditLog(
            store, AuditCopy(self._settings.database.audit_copy), self._inventory.clock
        )
        self.gate.open(
            Authenticator(
                keys=ApiKeys(store, self._inventory.clock),
                tokens=self._access_tokens,
                denied=DenyList(store, self._inventory.clock),
                service=configured.service_secret(self._settings),
            )
        )

    def show_calls(self) -> None:
        """Calls are taken: operators may look at them."""
        self.house.switchboard = self._inventory.switchboard
        self.house.readiness = self._inventory.readiness

    def _health(self) -> Health:
        inventory = self._inventory
        return Health(
            lifecycle=inventory.lifecycle,
            components=inventory.components,
            active_calls=inventory.active_calls,
            migrated=inventory.migrated,
            memory_bytes=memory_bytes,
            media=configured.media_paths(self._settings),
        )

    def _issuing(self) -> Issuing:
        return Issuing(
            tokens=self._access_tokens,
            streams=self.stream_tokens,
            stream_seconds=self._settings.tokens.stream_seconds,
            public_url=configured.public_url(self._settings),
            audit=lambda: self.house.audit,
        )

    def _traffic(self) -> Traffic:
        inventory = self._inventory
        board, readiness = inventory.switchboard, inventory.readiness
        questionnaires = {}
        if board is not None and readiness is not None:
            progress = {one.id: readiness.progress(one) for one in board.questionnaires}
            questionnaires = {name: one.in_short for name, one in progress.items()} | dict(board.left_out)
        return Traffic(
            calls=inventory.active_calls(),
            most_calls=board.most_calls if board else 0,
            refused=self._metrics.refused(),
            questionnaires=dict(sorted(questionnaires.items())),
            workers=inventory.workers(),
        )

    def _control(self, reload: Callable[[], Awaitable[Reloaded]]) -> ControlRoutes:
        inventory = self._inventory
        return ControlRoutes(
            lifecycle=inventory.lifecycle,
            pulse=inventory.pulse,
            components=inventory.components,
            traffic=self._traffic,
            versions=inventory.versions,
            reload=reload,
            audit=lambda: self.house.audit,
        )
