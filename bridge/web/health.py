"""What a load balancer, a supervisor and a curious person may ask. It needs no credential and says little."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version

from aiohttp import web
from msgspec import Struct

from bridge.lifecycle import Lifecycle, State

__all__ = ["Component", "Health"]


class Component(Struct, frozen=True):
    """One thing that a call needs, and how it is."""

    name: str
    is_ready: bool
    detail: str = ""


class Health:
    """`/`, `/livez`, `/readyz` and `/health`."""

    def __init__(
        self,
        *,
        lifecycle: Lifecycle,
        components: Callable[[], Awaitable[list[Component]]],
        active_calls: Callable[[], int],
    ) -> None:
        self._lifecycle = lifecycle
        self._components = components
        self._active_calls = active_calls

    async def index(self, _request: web.Request) -> web.Response:
        """Who is speaking, and where to ask further."""
        return web.json_response(
            {
                "service": "hatif",
                "version": version("hatif"),
                "state": self._lifecycle.state,
                "health": ["/livez", "/readyz", "/health"],
                "media": ["/ws/maqsam", "/ws/maqsam/{questionnaire}", "/ws/twilio/{token}"],
            }
        )

    async def livez(self, _request: web.Request) -> web.Response:
        """The event loop turns."""
        return web.Response(text="alive\n")

    async def readyz(self, _request: web.Request) -> web.Response:
        """May calls be sent here? At capacity still yes: admission answers busy, call by call."""
        reasons = await self._reasons()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def health(self, _request: web.Request) -> web.Response:
        """Every component by name."""
        components = await self._components()
        healthy = self._lifecycle.state is State.RUNNING and all(part.is_ready for part in components)
        report = {
            "status": "healthy" if healthy else "unhealthy",
            "state": self._lifecycle.state,
            "version": version("hatif"),
            "active_calls": self._active_calls(),
            "components": {part.name: {"ready": part.is_ready, "detail": part.detail} for part in components},
        }
        return web.json_response(report, status=200 if healthy else 503)

    async def _reasons(self) -> list[str]:
        state = self._lifecycle.state
        if state is not State.RUNNING:
            return [state.value]
        return [part.name for part in await self._components() if not part.is_ready]
