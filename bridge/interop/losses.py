"""What could not be carried over from one format into another, and what stops a transfer altogether."""

from msgspec import Struct

from bridge.errors import BridgeError

__all__ = ["InteropError", "Loss"]


class InteropError(BridgeError):
    """A file of another format cannot be read, or an export cannot be made."""

    code = "interop"


class Loss(Struct, frozen=True):
    """One thing that the other format cannot say, or that ours cannot."""

    where: str  # the item, or "questionnaire"
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"
