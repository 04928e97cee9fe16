"""How often may somebody ask? A moving minute for each address, each key, and each address's failures.

Several daemons count together in a Redis. While that is away each counts for itself, which is said once.
"""

import asyncio
import math
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Self

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from msgspec import Struct

from bridge.config_identity import Limits
from bridge.errors import ConfigError
from bridge.web.limit_storage import BoundedMemory

__all__ = ["Bucket", "Count", "RateLimits"]

WINDOW_SECONDS = 60
REDIS_SECONDS = 0.25  # a request waits no longer for it
REDIS_RETRY_SECONDS = 5.0  # then it is asked again

log = structlog.get_logger()


class Bucket(StrEnum):
    """What is counted together."""

    ADDRESS = "address"
    KEY = "key"
    FAILURES = "failures"


class Count(Struct, frozen=True):
    """Where somebody stands."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: int  # until the oldest request that counts counts no more

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-06 names them; later drafts have one structured field."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
            "RateLimit-Policy": f"{self.limit};w={WINDOW_SECONDS}",
        }
        return told if self.is_allowed else told | {"Retry-After": str(max(1, self.reset_seconds))}


class RateLimits:
    """Counts requests."""

    def __init__(
        self,
        limits: Limits,
        shared: Storage | None = None,
        pool: Any = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic`: what is counted here is; a clock that is set back keeps nobody waiting for an hour."""
        per_minute = {
            Bucket.ADDRESS: limits.per_minute,
            Bucket.KEY: limits.key_per_minute,
            Bucket.FAILURES: limits.failures_per_minute,
        }
        self._items = {bucket: RateLimitItemPerMinute(n) for bucket, n in per_minute.items()}
        self._own = MovingWindowRateLimiter(BoundedMemory(now=monotonic))
        self._shared = MovingWindowRateLimiter(shared) if shared is not None else None
        self._pool = pool
        self._monotonic = monotonic
        self._away_until: float | None = None

    @classmethod
    def open(cls, limits: Limits) -> Self:
        """As configured.

        Raises:
            ConfigError: the client for Redis is not installed, or does not take the address.

        """
        if limits.redis_url is None:
            return cls(limits)
        try:
            from redis.asyncio import ConnectionPool  # noqa: PLC0415 - an extra
            from redis.exceptions import RedisError  # noqa: PLC0415
        except ImportError:
            raise ConfigError(
                "limits.redis_url needs the client for Redis: pip install 'hatif[redis]', or null"
            ) from None
        url = limits.redis_url.get_secret_value()
        try:
            pool = ConnectionPool.from_url(
                url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
            )
            storage = RedisStorage(
                f"async+{url}",
                implementation="redispy",
                key_prefix="hatif",
                connection_pool=pool,  # type: ignore[arg-type]  # it says so of its options
            )
        except (ConfigurationError, RedisError, ValueError):
            raise ConfigError(
                "limits.redis_url: this address cannot be used; it must be redis://HOST:PORT/DB"
            ) from None
        return cls(limits, storage, pool)

    async def close(self) -> None:
        """Let go of the Redis."""
        if self._pool is not None:
            await self._pool.disconnect()

    async def hit(self, bucket: Bucket, who: str) -> Count:
        """Count a request, if there is room for it."""
        return await self._ask(bucket, who, is_counted=True)

    async def look(self, bucket: Bucket, who: str) -> Count:
        """Where somebody stands, without counting."""
        return await self._ask(bucket, who, is_counted=False)

    async def _ask(self, bucket: Bucket, who: str, *, is_counted: bool) -> Count:
        if self._shared is not None and not self._is_away():
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    count = await self._count(self._shared, bucket, who, is_counted=is_counted)
            except Exception as error:  # noqa: BLE001 - whatever its client raises: we count for ourselves
                self._gone(error)
            else:
                self._back()
                return count
        return await self._count(self._own, bucket, who, is_counted=is_counted)

    async def _count(
        self, limiter: MovingWindowRateLimiter, bucket: Bucket, who: str, *, is_counted: bool
    ) -> Count:
        item = self._items[bucket]
        ask = limiter.hit if is_counted else limiter.test
        is_allowed = await ask(item, bucket, who)
        window = await limiter.get_window_stats(item, bucket, who)
        now = time.time() if limiter is self._shared else self._monotonic()
        reset = min(WINDOW_SECONDS, max(0, math.ceil(window.reset_time - now)))
        return Count(is_allowed, item.amount, max(0, int(window.remaining)), reset)

    def _is_away(self) -> bool:
        return self._away_until is not None and self._monotonic() < self._away_until

    def _gone(self, error: Exception) -> None:
        if self._away_until is None:
            log.warning("limits_counted_alone", cause=type(error).__name__, setting="limits.redis_url")
        self._away_until = self._monotonic() + REDIS_RETRY_SECONDS

    def _back(self) -> None:
        if self._away_until is not None:
            log.info("limits_shared_again", setting="limits.redis_url")
        self._away_until = None
