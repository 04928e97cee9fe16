"""The child that Piper lives in, spoken to directly over its pipe."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec

from bridge.speech.messages import (
    CancelStream,
    Message,
    OpenPiper,
    Ready,
    Refused,
    SpeakPiper,
    SpokenPart,
    WorkerMessage,
)
from bridge.speech.pipe import HEADER, encode_frame

ROOT = Path(__file__).parents[2]
SENTENCE = "نَعَمْ هذا كَلامٌ طَويلٌ. "


def conversation(last: int, *messages: Message) -> Iterator[WorkerMessage]:
    """Say everything at once; what the worker answers until the text `last` is over."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "bridge.speech.piper.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker:
        worker.stdin.write(b"".join(map(encode_frame, messages)))
        worker.stdin.flush()
        while header := worker.stdout.read(HEADER.size):
            (length,) = HEADER.unpack(header)
            answer = msgspec.msgpack.decode(worker.stdout.read(length), type=WorkerMessage)
            yield answer
            if isinstance(answer, Refused | SpokenPart) and answer.id == last and is_over(answer):
                worker.stdin.close()
    assert worker.returncode == 0
    assert worker.stderr is not None


def is_over(answer: Message) -> bool:
    return not isinstance(answer, SpokenPart) or answer.is_last


def test_it_opens_speaks_and_leaves(tiny: ModuleType, tmp_path: Path) -> None:
    """The package tells its version; a text is answered in sentences; a closed pipe ends the process."""
    model = str(tiny.make_voice(tmp_path, "voice"))
    ready, first, second, end = conversation(1, OpenPiper(), SpeakPiper(1, model, "نَعَمْ. لا!", "", 1.0))

    assert ready == Ready("piper 1.8.0")
    assert isinstance(first, SpokenPart)
    assert isinstance(second, SpokenPart)
    assert any(first.pcm)
    assert first.pcm != second.pcm
    assert end == SpokenPart(1, b"", tiny.RATE, is_last=True)


def test_a_text_that_nobody_waits_for_is_given_up(tiny: ModuleType, tmp_path: Path) -> None:
    """In mid-text, and before its turn; what comes after is spoken whole."""
    model = str(tiny.make_voice(tmp_path, "voice"))
    long = SpeakPiper(1, model, SENTENCE * 150, "", 1.0)
    unheard, heard = (SpeakPiper(number, model, SENTENCE * 3, "", 1.0) for number in (2, 3))
    cancels = (CancelStream(1), CancelStream(2))

    answers = list(conversation(3, OpenPiper(), long, unheard, heard, *cancels))

    of = {number: [answer for answer in answers[1:] if answer.id == number] for number in (1, 2, 3)}
    assert len(of[1]) < 75
    assert not of[2]
    assert [part.is_last for part in of[3]] == [False, False, False, True]


def test_a_voice_that_was_forgotten_is_loaded_again(tiny: ModuleType, tmp_path: Path) -> None:
    """More voices than are kept at a time sound as they did."""
    models = [str(tiny.make_voice(tmp_path, f"voice{number}")) for number in range(6)]
    texts = [SpeakPiper(number, model, "لا", "", 1.0) for number, model in enumerate([*models, models[0]], 1)]

    answers = list(conversation(7, OpenPiper(), *texts))

    spoken = [answer.pcm for answer in answers if isinstance(answer, SpokenPart) and not answer.is_last]
    assert len(spoken) == 7
    assert len(set(spoken)) == 1
