"""What the dialogue hears. No audio, no clock: what was said, what was pressed, or that nothing came."""

from msgspec import Struct

__all__ = ["Digits", "HungUp", "Input", "Machine", "NoInput", "NotHeard", "Utterance"]


class Utterance(Struct, frozen=True, tag=True):
    """The caller spoke. Each vocabulary gives one reading or several.

    A reading of '' recognised nothing; the unknown word in one stands for something that has no word.
    """

    closed: tuple[str, ...]  # as decoded under the question's grammar
    open: tuple[str, ...]  # as decoded under every word that the recogniser knows
    confidence: float  # the recogniser's own, 0..1
    speech_seconds: float = 0.0
    premature: bool = False  # begun before a new question was heard: a wish perhaps, and no answer

    @property
    def closed_text(self) -> str:
        """The closed readings for the record: one, or all that differ."""
        return _for_the_record(self.closed)

    @property
    def open_text(self) -> str:
        """The open readings for the record: one, or all that differ."""
        return _for_the_record(self.open)


class Digits(Struct, frozen=True, tag=True):
    """The caller pressed keys: one whole entry, without its terminator."""

    keys: str
    premature: bool = False  # begun before a new question was heard, as by a key that was pressed twice


class NoInput(Struct, frozen=True, tag=True):
    """The caller was given the time to answer and did not."""


class NotHeard(Struct, frozen=True, tag=True):
    """The caller spoke, and our ears failed. Not the caller's mistake: it costs no try."""

    lasting: bool = False  # they have failed so often lately that speaking again may be in vain too


class HungUp(Struct, frozen=True, tag=True):
    """The caller, or the carrier, has gone."""


class Machine(Struct, frozen=True, tag=True):
    """A machine has answered, and not a person."""


def _for_the_record(readings: tuple[str, ...]) -> str:
    return " | ".join(dict.fromkeys(readings))


Input = Utterance | Digits | NoInput | NotHeard | HungUp | Machine
