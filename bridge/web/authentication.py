"""Establishes who asks, for every request to the API: `Authorization: Bearer` and a key, a token, the secret.

Each wrong credential is answered alike. Whoever shows too many within a minute is not listened to any more.
"""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.errors import CredentialError, StorageError
from bridge.identity.authenticator import Authenticator
from bridge.identity.principal import LOOPBACK, Principal
from bridge.web.addresses import Addresses, block_of
from bridge.web.authorisation import PRINCIPAL, is_over_admin_socket, unauthorized
from bridge.web.doorkeeper import is_local
from bridge.web.limiting import COUNT, too_many
from bridge.web.limits import Bucket, RateLimits
from bridge.web.sides import Side, side_of

__all__ = ["Authentication"]

log = structlog.get_logger()


class Authentication:
    """The middleware that puts a principal into the request."""

    def __init__(self, *, limits: RateLimits, addresses: Addresses, trusts_loopback: bool) -> None:
        """`trusts_loopback`: no credential is configured, so there is nobody to trust but this machine."""
        self._limits = limits
        self._addresses = addresses
        self._trusts_loopback = trusts_loopback
        self._authenticator: Authenticator | None = None

    def open(self, authenticator: Authenticator) -> None:
        """From now on credentials can be looked up."""
        self._authenticator = authenticator

    @web.middleware
    async def establish(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Put who asks into the request, or refuse whoever shows something wrong."""
        if side_of(request.path) is not Side.API or is_over_admin_socket(request):
            return await handler(request)
        shown = request.headers.get("Authorization")
        if shown is not None:
            request[PRINCIPAL] = await self._principal(request, shown)
        elif self._trusts_loopback and is_local(request) and "Origin" not in request.headers:
            request[PRINCIPAL] = LOOPBACK
        return await handler(request)

    async def _principal(self, request: web.Request, shown: str) -> Principal:
        asker = block_of(self._addresses.of(request))
        failures = await self._limits.look(Bucket.FAILURES, asker)
        if not failures.is_allowed:
            request[COUNT] = failures
            raise too_many("failures")
        if self._authenticator is None:
            raise web.HTTPServiceUnavailable(text="starting\n", headers={"Retry-After": "5"})
        try:
            return await self._authenticator.principal(_bearer(shown))
        except CredentialError as error:
            log.warning("credential_refused", detail=str(error))
            request[COUNT] = await self._limits.hit(Bucket.FAILURES, asker)
            await self._limits.hit(Bucket.ADDRESS, asker)
            raise unauthorized() from None
        except StorageError as error:
            log.error("credential_not_checked", code=error.code, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="the credential cannot be checked now\n") from None


def _bearer(header: str) -> str:
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer":
        raise CredentialError("the header Authorization shows no bearer credential")
    return credential.strip()
