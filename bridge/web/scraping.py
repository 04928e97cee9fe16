"""`/metrics` for Prometheus: on the daemon's own listeners with a credential, or on a listener of its own.

Prometheus cannot ask at a file, so the admin socket is for people. A listener of its own serves nothing else,
asks for no credential, and is off until `metrics.port` is set: what it tells is numbers without callers, but
whoever reaches it learns how busy the site is.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bridge.errors import ConfigError
from bridge.identity.principal import Scope
from bridge.telemetry.metrics import CONTENT_TYPE, Metrics
from bridge.telemetry.snapshot import Snapshot
from bridge.web.authorisation import require
from bridge.web.endpoints import TEXT, Endpoint

__all__ = ["MetricsListener", "Scraping"]

SHUTDOWN_SECONDS = 1.0


class Scraping:
    """The route."""

    def __init__(self, metrics: Metrics, look: Callable[[], Awaitable[Snapshot]]) -> None:
        """`look` sees how the daemon is now."""
        self._metrics = metrics
        self._look = look

    def endpoints(self) -> list[Endpoint]:
        """For those who show that they may."""
        return [
            Endpoint(
                method="GET",
                path="/metrics",
                scope=Scope.METRICS_READ,
                handler=self.show,
                summary="All metrics in Prometheus's text format",
                answer=str,
                content_type=TEXT,
            )
        ]

    async def show(self, request: web.Request) -> web.Response:
        """All metrics, with the scope `metrics:read`."""
        require(request, Scope.METRICS_READ)
        return await self.answer(request)

    async def answer(self, _request: web.Request) -> web.Response:
        """All metrics."""
        body = self._metrics.exposition(await self._look())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


class MetricsListener:
    """The listener that serves `/metrics` and nothing else."""

    def __init__(self, scraping: Scraping) -> None:
        self._scraping = scraping
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            ConfigError: the address is in use or not ours.

        """
        application = web.Application()
        application.add_routes([web.get("/metrics", self._scraping.answer)])
        self._runner = web.AppRunner(
            application, handle_signals=False, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self.stop()
            raise ConfigError(
                f"metrics.port: cannot listen on {host}:{port} ({error.strerror}): choose an address of this "
                "machine and a free port, or null for no listener"
            ) from None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close it."""
        if self._runner is not None:
            await self._runner.cleanup()
