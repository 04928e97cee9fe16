"""Where the shipped content lies: beside the packages in a checkout, inside the wheel once installed."""

from pathlib import Path

__all__ = ["CONTENT", "DEFAULT_CONFIG"]

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_content"

CONTENT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
DEFAULT_CONFIG = CONTENT / "config.yaml"
