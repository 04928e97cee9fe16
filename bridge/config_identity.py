"""What is configured of who may ask, how often, and from where."""

import ipaddress
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from bridge.config_options import (
    DataPath,
    Number,
    Secret,
    Section,
    Whole,
    Word,
    listed,
    long_enough,
    option,
)
from bridge.identity.principal import Scope
from bridge.identity.strength import MIN_SECRET_BYTES

__all__ = ["Identity", "IssuerKey", "Limits", "Networks", "Origins"]

_REDIS = ("redis", "rediss", "unix")
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")

# What the service of requirement documents does with its secret: look, end, and have tokens issued.
SERVICE_SCOPES = (
    Scope.TRANSCRIPTS,
    Scope.SESSIONS_READ,
    Scope.SESSIONS_END,
    Scope.HEALTH_READ,
    Scope.METRICS_READ,
    Scope.QUESTIONNAIRES_READ,
    Scope.TOKENS_ISSUE,
    Scope.STREAMS_OPEN,
)


def _networks(networks: list[str]) -> list[str]:
    for network in networks:
        ipaddress.ip_network(network, strict=False)  # a ValueError says which
    return networks


def _origins(origins: list[str]) -> list[str]:
    for origin in origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise ValueError(f"{origin[:60]!r} is no origin, such as https://clinic.example")
    return origins


def _redis(url: Any) -> Any:
    if urlsplit(url.get_secret_value()).scheme not in _REDIS:
        raise ValueError("no address of a Redis")
    return url


Networks = Annotated[list[str], AfterValidator(_networks), BeforeValidator(listed)]
Origins = Annotated[list[str], AfterValidator(_origins), BeforeValidator(listed)]
Scopes = Annotated[list[Scope], BeforeValidator(listed)]


class IssuerKey(Section):
    """The public key of somebody else who issues tokens, and what those may say."""

    file: DataPath = option(..., "the path of a public key, *.pem")
    algorithm: Literal["RS256", "ES256", "EdDSA"] = option(..., "RS256, ES256 or EdDSA")
    issuer: Word = option(..., "what the tokens say in iss")
    scopes: Scopes = option(..., "the scopes that its tokens may have at most")
    tenant: Word | None = option(None, "whose calls they see, or null: what the token says")


class Identity(Section):
    """Who may ask."""

    service_secret: Annotated[Secret, AfterValidator(long_enough)] | None = option(
        None,
        f"{MIN_SECRET_BYTES} random bytes or more (`openssl rand -hex 32` makes them), and no example",
    )
    service_scopes: Scopes = option(
        list(SERVICE_SCOPES), "a list of scopes, such as [sessions:read, tokens:issue]"
    )
    audience: Word = option("hatif", "what access tokens say in aud")
    leeway_seconds: Number = option(30.0, "a number of seconds from 0 to 60", ge=0, le=60)
    keys: dict[Word, IssuerKey] = option(
        {},
        "public keys by their kid, such as "
        "{c1: {file: c1.pem, algorithm: ES256, issuer: 'https://id.example', scopes: [sessions:read]}}",
    )


class Limits(Section):
    """How often strangers, and those who are none, may ask."""

    per_minute: Whole = option(60, "a whole number from 1 to 1000000", ge=1, le=1_000_000)
    key_per_minute: Whole = option(600, "a whole number from 1 to 1000000", ge=1, le=1_000_000)
    failures_per_minute: Whole = option(10, "a whole number from 1 to 1000000", ge=1, le=1_000_000)
    redis_url: Annotated[Secret, AfterValidator(_redis)] | None = option(
        None, "the address of a Redis: redis://..., rediss://... or unix://..."
    )
