"""All that a request passes before a route sees it: its page's origin, its credential, how often it comes."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.config import Settings
from bridge.identity.authenticator import Authenticator
from bridge.web.addresses import Addresses
from bridge.web.authentication import Authentication
from bridge.web.limiting import RateLimiting, tell_count
from bridge.web.limits import RateLimits
from bridge.web.origins import Origins

__all__ = ["Gate"]


class Gate:
    """The middlewares, in order."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigError where the configured Redis cannot be used."""
        addresses = Addresses(settings.server.trusted_proxies)
        public_url = str(settings.server.public_url) if settings.server.public_url else None
        has_credential = settings.tokens.secret or settings.identity.service_secret or settings.identity.keys
        self._limits = RateLimits.open(settings.limits)
        self._origins = Origins(settings.server.origins, public_url)
        self._authentication = Authentication(
            limits=self._limits, addresses=addresses, trusts_loopback=not has_credential
        )
        self._limiting = RateLimiting(limits=self._limits, addresses=addresses)

    @property
    def middlewares(self) -> Sequence[Middleware]:
        """The first is the outermost."""
        return self._origins.check, self._authentication.establish, self._limiting.limit

    def guard(self, application: web.Application) -> None:
        """Add to every answer what its asker should know."""
        application.on_response_prepare.append(self._origins.tell)
        application.on_response_prepare.append(tell_count)

    def open(self, authenticator: Authenticator) -> None:
        """From now on credentials can be looked up."""
        self._authentication.open(authenticator)

    async def close(self) -> None:
        """Let go of what is shared."""
        await self._limits.close()
