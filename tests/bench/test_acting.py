"""What callers do: a schedule of speech, and turns that are taken by listening."""

import random
from collections.abc import Iterable, Iterator
from itertools import repeat

import pytest

from bridge.audio.g711 import decode_ulaw, rms
from bridge.bench.acting import Act, Answerer, Hiss, cycle
from bridge.carriers.lines import HangUpLine, Line, PauseLine, PressLine, SayLine
from bridge.speech.vosk.recognizer import KNOWN_SOUND

SECOND = 50  # frames
LOUD, QUIET = b"\x10" * 160, b"\xfe" * 160
WORD = SayLine(QUIET * 3 + LOUD * 10 + QUIET * 7)


@pytest.fixture(scope="module")
def hiss() -> Hiss:
    return Hiss(1)


def answerer(hiss: Hiss, lines: Iterable[Line], over: float = 0.0) -> Answerer:
    return Answerer(iter(lines), hiss, chance=random.Random(1), over_share=over)


def heard(caller: Answerer, *spans: tuple[bool, int], clears: int = 0) -> Iterator[Act]:
    """What the caller does while voice is heard or not, for so many frames."""
    for hears, frames in spans:
        for _ in range(frames):
            yield caller.act(hears_voice=hears, clears=clears)


def test_a_caller_speaks_a_quarter_of_the_time() -> None:
    """Loudly, from where it says so to where it says so."""
    acts = cycle(KNOWN_SOUND.read_bytes(), random.Random(1))
    loud = [rms(decode_ulaw(act.audio)) > 100 for act in acts]
    assert sum(loud) / len(loud) == 0.25
    assert [at for at, act in enumerate(acts) if act.begins] == [0, 234]
    assert [at for at, act in enumerate(acts) if act.ended] == [78, 312]
    assert loud[77]
    assert not loud[78]


def test_a_key_is_pressed_once_when_the_far_end_has_stopped(hiss: Hiss) -> None:
    """A second of quiet later, and not again before something was heard."""
    caller = answerer(hiss, repeat(PressLine("1")))
    acts = list(heard(caller, (True, 2 * SECOND), (False, 3 * SECOND), (True, SECOND), (False, SECOND)))
    assert [(at, act.key) for at, act in enumerate(acts) if act.key] == [
        (3 * SECOND - 1, "1"),
        (7 * SECOND - 1, "1"),
    ]


def test_keys_have_the_time_of_a_finger_between_them(hiss: Hiss) -> None:
    """And the reply is waited for from the last one."""
    acts = list(heard(answerer(hiss, [PressLine("3#")]), (True, 10), (False, 2 * SECOND)))
    pressed = [(at, act.key, act.is_last_key) for at, act in enumerate(acts) if act.key]
    assert pressed == [(59, "3", False), (70, "#", True)]


def test_speech_is_marked_from_its_first_loud_frame_to_its_last(hiss: Hiss) -> None:
    """What is silent around it is no speech, from which a reply could be timed."""
    acts = list(heard(answerer(hiss, [WORD]), (True, 10), (False, 2 * SECOND)))
    (begin,) = [at for at, act in enumerate(acts) if act.begins]
    (end,) = [at for at, act in enumerate(acts) if act.ended]
    assert end - begin == 10
    assert [act.audio for act in acts[begin:end]] == [LOUD] * 10


def test_who_does_not_wait_speaks_into_the_prompt_once_if_it_stops(hiss: Hiss) -> None:
    """The server dropped the rest: it has heard us."""
    caller = answerer(hiss, [WORD, PressLine("2")], over=1.0)
    before = list(heard(caller, (True, 44)))
    over = list(heard(caller, (True, 5), (False, 15 + 2 * SECOND), clears=1))
    assert sum(act.begins for act in before + over) == 1
    assert next(at for at, act in enumerate(before) if act.begins) < 44
    turn = list(heard(caller, (True, 20), (False, 2 * SECOND), clears=1))
    assert [act.key for act in turn if act.key] == ["2"]


def test_what_was_said_over_a_prompt_that_went_on_is_said_again(hiss: Hiss) -> None:
    """In the caller's turn, and then the next line."""
    caller = answerer(hiss, [WORD, PressLine("2")], over=1.0)
    acts = list(heard(caller, (True, 3 * SECOND), (False, 2 * SECOND)))
    assert next(at for at, act in enumerate(acts) if act.begins) < SECOND
    assert sum(act.begins for act in acts) == 2
    assert [act.key for act in heard(caller, (True, 20), (False, 2 * SECOND)) if act.key] == ["2"]


def test_after_the_last_line_the_server_is_to_hang_up(hiss: Hiss) -> None:
    """It is given ten seconds; a script may say so sooner."""
    caller = answerer(hiss, [PressLine("1")])
    assert not any(act.hangs_up for act in heard(caller, (True, 10), (False, 60), (True, 10), (False, 499)))
    assert caller.act(hears_voice=False, clears=0).hangs_up


def test_a_script_may_pause_and_hang_up(hiss: Hiss) -> None:
    caller = answerer(hiss, [PauseLine(0.5), HangUpLine()])
    acts = list(heard(caller, (False, 1000), (False, 100)))
    assert not any(act.key or act.begins for act in acts)
    assert any(act.hangs_up for act in acts)
