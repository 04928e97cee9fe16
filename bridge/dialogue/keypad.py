"""Keys gathered into one entry. Whoever holds the clock says when the pause between two keys was too long."""

from bridge.dialogue.actions import Keys
from bridge.dialogue.inputs import Digits

__all__ = ["REPEAT_KEY", "Keypad"]

REPEAT_KEY = "*"  # an entry of its own, whatever was pressed before, where it separates nothing


class Keypad:
    """The entry that is being made while one `Listen` lasts."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._pressed = ""

    @property
    def is_empty(self) -> bool:
        return not self._pressed

    def press(self, key: str) -> Digits | None:
        """Take one key; the entry, once it is whole."""
        if key == REPEAT_KEY and not self._may_separate():
            self._pressed = ""
            return Digits(REPEAT_KEY)
        if key == self._keys.terminator:
            return self.expire()
        if key == REPEAT_KEY or (len(key) == 1 and key.isascii() and key.isdigit()):
            self._pressed += key
        return self.expire() if len(self._pressed) >= max(1, self._keys.max_digits) else None

    def _may_separate(self) -> bool:
        """Whether a star is part of the entry: between two of its numbers."""
        return self._pressed[-1:].isdigit() and self._pressed.count(REPEAT_KEY) < self._keys.stars

    def expire(self) -> Digits | None:
        """The caller presses no more: the entry as it stands, if there is any."""
        pressed, self._pressed = self._pressed, ""
        return Digits(pressed) if pressed else None
