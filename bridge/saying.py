"""From what the dialogue wants said to what is played: whole sentences, or none. Pure.

A sentence of which one piece could not be made is left out whole: without its value a read-back means
something else. What the call cannot do without is not left out. A question that was not said must not be
taken as asked, nor a warning as given: then the call ends as it does when anything else of ours fails.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from bridge.dialogue.actions import Action, PromptRole, Say, Transfer
from bridge.errors import WorkerError
from bridge.speech.mouth import Phrase, spoken_by

__all__ = ["Saying", "pieces_of", "saying"]


class Saying(Struct, frozen=True):
    """One prompt."""

    text: str = ""
    barge_in: bool = True
    audio: tuple[bytes, ...] = ()  # mu-law, 8 kHz, piece by piece
    by: str = ""  # who spoke it, for the record


def pieces_of(actions: Sequence[Action]) -> list[str]:
    """All that has to be spoken for these actions."""
    return [piece for action in actions if isinstance(action, Say) for piece in action.pieces]


def saying(actions: Sequence[Action], phrases: Mapping[str, Phrase]) -> Saying:
    """The prompt of these actions, given its pieces.

    Raises:
        WorkerError: a sentence cannot be said that must not be left out.

    """
    says = [action for action in actions if isinstance(action, Say)]
    said = [say for say in says if all(phrases[piece].audio for piece in say.pieces)]
    for say in says:
        if say not in said and not _may_be_left_out(say, actions):
            raise WorkerError(f"no voice could say a sentence of the kind {say.role.value!r} in time")
    return Saying(
        text=" ".join(say.text for say in said),
        barge_in=all(say.barge_in for say in said),
        audio=tuple(phrases[piece].audio for say in said for piece in say.pieces),
        by=spoken_by(phrases[piece] for say in says for piece in say.pieces),
    )


def _may_be_left_out(say: Say, actions: Sequence[Action]) -> bool:
    """A farewell, a recapitulation, and whatever is said before a person takes over."""
    is_recap = say.role is PromptRole.INFO and say.item is None
    return say.role is PromptRole.CLOSING or is_recap or isinstance(actions[-1], Transfer)
