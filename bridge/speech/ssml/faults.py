"""What is wrong with a piece of SSML, and where."""

from bridge.errors import BridgeError

__all__ = ["SsmlError"]


class SsmlError(BridgeError):
    """SSML that cannot be read. It quotes markup, never the words that are to be spoken."""

    code = "ssml"

    def __init__(self, line: int, column: int, text: str) -> None:
        super().__init__(f"SSML, line {line}, column {column}: {text}")
        self.line = line  # both count from one, columns in characters
        self.column = column
        self.text = text
