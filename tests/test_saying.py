"""Which sentences a call can do without when no voice says them."""

import pytest

from bridge.dialogue.actions import Action, Disposition, HangUp, Keys, Listen, PromptRole, Say, Transfer
from bridge.errors import WorkerError
from bridge.saying import Saying, pieces_of, saying
from bridge.speech.mouth import CACHE, Phrase

LISTEN = Listen((), Keys(1))
NAMED = Say("مَرْحَبًا أَحْمَد، كَيْفَ حَالُك؟", PromptRole.ASK, "mood", parts=("مَرْحَبًا", "أَحْمَد", "كَيْفَ حَالُك؟"))


def spoken(*actions: Action, silent: tuple[str, ...] = ()) -> Saying:
    """What is said of these actions where nobody can say some pieces."""
    phrases = {
        piece: Phrase(b"", "", after="espeak-ng/ar failed")
        if piece in silent
        else Phrase(piece.encode(), CACHE)
        for piece in pieces_of(actions)
    }
    return saying(actions, phrases)


def test_all_pieces_in_order() -> None:
    greeting = Say("أَهْلًا", PromptRole.OPENING, barge_in=False)
    said = spoken(greeting, NAMED, LISTEN)
    assert said.audio == tuple(piece.encode() for piece in ("أَهْلًا", *NAMED.parts))
    assert (said.text, said.barge_in, said.by) == (f"أَهْلًا {NAMED.text}", False, "cache")


@pytest.mark.parametrize("role", sorted(set(PromptRole) - {PromptRole.CLOSING}))
def test_a_sentence_with_a_gap_is_not_said_and_not_taken_as_said(role: PromptRole) -> None:
    """Questions, read-backs, warnings, the opening: the call fails rather than go on without."""
    say = Say(NAMED.text, role, "mood", parts=NAMED.parts)
    with pytest.raises(WorkerError, match=role.value) as failed:
        spoken(say, LISTEN, silent=("أَحْمَد",))
    assert "أَحْمَد" not in str(failed.value)


@pytest.mark.parametrize("role", [PromptRole.CLOSING, PromptRole.INFO])
def test_a_farewell_and_a_recapitulation_are_left_out_whole(role: PromptRole) -> None:
    left = Say("مَعَ السَّلَامَة أَحْمَد", role, parts=("مَعَ السَّلَامَة", "أَحْمَد"))
    said = spoken(left, HangUp(Disposition.COMPLETED), silent=("أَحْمَد",))
    assert (said.audio, said.text) == ((), "")
    assert said.by == "nobody after espeak-ng/ar failed"


def test_whoever_is_put_through_needs_no_words() -> None:
    """To reach a person matters more than to be told so."""
    say = Say("نُحَوِّلُك", PromptRole.ESCALATION)
    assert spoken(say, Transfer("937"), silent=(say.text,)).audio == ()
    with pytest.raises(WorkerError):
        spoken(say, HangUp(Disposition.ESCALATED), silent=(say.text,))
