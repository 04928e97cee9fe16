"""Which doors a request comes to, by its path: each is watched in another way."""

from enum import Enum, auto

__all__ = ["Side", "side_of"]

_HEALTH = frozenset({"/livez", "/readyz", "/health"})
_PROVIDERS = ("/ws/", "/application/", "/webhooks/")


class Side(Enum):
    """Who asks there."""

    HEALTH = auto()  # supervisors and balancers, often and without a credential
    PROVIDERS = auto()  # carriers and pages that call: each provider's own credential is its file's matter
    PUBLIC = auto()  # anybody: who is speaking, and the page that calls
    API = auto()  # programs, with a credential of ours


def side_of(path: str) -> Side:
    """Where a path leads; what is unknown is the API's."""
    if path in _HEALTH:
        return Side.HEALTH
    if f"{path}/".startswith(_PROVIDERS):
        return Side.PROVIDERS
    is_page = path.count("/") == 1 and "." in path
    return Side.PUBLIC if path == "/" or is_page else Side.API
