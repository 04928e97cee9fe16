"""Whose fault it is, and what the socket is told.

RemoteProtocolError: the carrier broke the protocol; a warning, a close code, the call ends.
LocalProtocolError: we asked for something impossible; a bug, a traceback.

Texts name the message and the field, never the value: it may be a caller's.
"""

__all__ = ["CLOSE_POLICY", "CLOSE_UNSUPPORTED", "LocalProtocolError", "ProtocolError", "RemoteProtocolError"]

# RFC 6455 section 7.4.1
CLOSE_UNSUPPORTED = 1003  # data of a kind that we cannot accept: not JSON, wrong types
CLOSE_POLICY = 1008  # a message that violates policy: wrong credential, wrong order


class ProtocolError(Exception):
    """The root of what a protocol raises."""


class RemoteProtocolError(ProtocolError):
    """The carrier sent what its protocol does not allow; `close_code` is for the socket to be closed with."""

    def __init__(self, message: str, *, close_code: int = CLOSE_UNSUPPORTED) -> None:
        super().__init__(message)
        self.close_code = close_code


class LocalProtocolError(ProtocolError):
    """We asked the protocol for something that it cannot do in its present state."""
