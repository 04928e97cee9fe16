"""Which versions of engines' packages are installed."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["version_of"]


@cache
def version_of(package: str) -> str | None:
    """The installed version; None where there is none.

    Looked up once: every question for a rendered prompt asks for its voice's identity, and so for this.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None
