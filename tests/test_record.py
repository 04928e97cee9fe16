"""What is written down of a turn: how it came in, how much of the prompt was heard, what was taken back."""

from datetime import UTC, datetime

import pytest

from bridge.audio.playout import PhraseProgress
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.dialogue.engine import DialogueState, Reading, Turn
from bridge.dialogue.inputs import Digits, HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.listening import Heard
from bridge.record import turn_record, withdrawn
from bridge.storage.records import TurnRecord

AT = datetime(2026, 1, 1, tzinfo=UTC)
FOLLOWING = Turn(DialogueState(), (), Reading("pain", "answer", 3, "digits"))


def record(heard: Heard, *progress: PhraseProgress) -> TurnRecord:
    return turn_record(
        heard,
        FOLLOWING,
        at=AT,
        prompt="كم؟",
        spoken_by="cache",
        progress=list(progress),
        understand_seconds=0.001,
    )


def phrase(*, heard_seconds: float, acknowledged: bool) -> PhraseProgress:
    return PhraseProgress("p", 2.0, heard_seconds, finished=acknowledged, acknowledged=acknowledged)


def answer(item: str) -> Answer:
    return Answer(item, AnswerStatus.ANSWERED, value=3, via=Via.SPEECH, tries=2, confirmed=True)


@pytest.mark.parametrize(
    ("given", "name", "closed"),
    [
        (Utterance(("ثلاثة", "ستة"), ("ثلاثة",), 0.9, 0.5), "speech", "ثلاثة | ستة"),
        (Digits("12"), "dtmf", "12"),
        (NoInput(), "no_input", ""),
        (NotHeard(), "not_heard", ""),
        (HungUp(), "hung_up", ""),
        (Machine(), "machine", ""),
    ],
)
def test_every_input_has_a_name_and_its_evidence(given: Input, name: str, closed: str) -> None:
    """What was said or pressed is kept with what it was taken to mean."""
    written = record(Heard(given))
    assert (written.input, written.closed, written.meaning, written.value) == (name, closed, "answer", 3)


def test_a_secret_is_written_nowhere() -> None:
    """Neither what was said nor what was keyed to prove who is calling."""
    following = Turn(DialogueState(), (), Reading("born", "answer", None, "identity", is_secret=True))
    for given in (Digits("1980"), Utterance(("ألف",), ("ألف",), 0.9)):
        written = turn_record(
            Heard(given),
            following,
            at=AT,
            prompt="متى؟",
            spoken_by="cache",
            progress=[],
            understand_seconds=0,
        )
        assert (written.closed, written.open, written.value) == ("", "", None)


def test_times_are_in_milliseconds() -> None:
    """And absent where nothing was measured."""
    spoken = record(Heard(NoInput(), endpoint_seconds=0.4, recognise_seconds=0.02))
    assert (spoken.endpoint_ms, spoken.recognise_ms, spoken.understand_ms) == (400, 20, 1)
    assert record(Heard(NoInput())).endpoint_ms is None


def test_a_prompt_is_acknowledged_when_all_of_it_is() -> None:
    """Two phrases, of which the second was cut short; and no prompt at all."""
    parts = phrase(heard_seconds=2.0, acknowledged=True), phrase(heard_seconds=0.5, acknowledged=False)
    cut = record(Heard(NoInput()), *parts)
    assert (cut.prompt_seconds, cut.prompt_heard_seconds, cut.prompt_acknowledged) == (4.0, 2.5, False)
    assert record(Heard(NoInput()), parts[0]).prompt_acknowledged
    assert not record(Heard(NoInput())).prompt_acknowledged


def test_what_the_whole_utterance_does_not_say_is_withdrawn() -> None:
    """An answer given again stands; the other loses its value, not its place."""
    taken_back = withdrawn([answer("pain"), answer("fever")], [answer("fever")])
    assert [(one.item, one.status, one.value, one.tries) for one in taken_back] == [
        ("pain", AnswerStatus.WITHDRAWN, None, 2)
    ]
