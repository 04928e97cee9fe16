"""How the far end reads: as `protocols.wire` does, except that nothing unknown is forgiven."""

from typing import TypeVar

from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder

__all__ = ["RequestedMarks", "decode_strictly", "require_audio"]

FILE_HEADER = b"RIFF"  # four mu-law bytes that speech does not begin with

MessageT = TypeVar("MessageT")


def decode_strictly(decoder: MessageDecoder[MessageT], message: str | bytes) -> MessageT:
    """The message.

    Raises:
        RemoteProtocolError: it is malformed, or of a kind that the wire does not have.

    """
    decoded = decoder.decode(message)
    if decoded is None:
        raise RemoteProtocolError("a kind of message that the protocol does not have")
    return decoded


class RequestedMarks:
    """The marks that Hatif asked for and that have not been returned."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def request(self, name: str) -> None:
        """Remember `name`.

        Raises:
            RemoteProtocolError: it is pending already, so its return would be ambiguous.

        """
        if name in self._names:
            raise RemoteProtocolError("a mark whose name is pending already", close_code=CLOSE_POLICY)
        self._names.add(name)

    def give_back(self, name: str) -> None:
        self._names.discard(name)


def require_audio(payload: bytes, *, message: str) -> bytes:
    """The payload.

    Raises:
        RemoteProtocolError: it is empty, or carries a file's header: carriers play raw mu-law only.

    """
    if not payload or payload.startswith(FILE_HEADER):
        raise RemoteProtocolError(f"{message}: Expected raw mu-law audio")
    return payload
