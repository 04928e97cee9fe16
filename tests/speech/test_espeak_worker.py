"""The child that espeak-ng lives in, spoken to directly over its pipe."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridge.speech.messages import Message, OpenEspeak, Ready, Refused, Speak, Spoken, WorkerMessage
from bridge.speech.pipe import HEADER, encode_frame

ROOT = Path(__file__).parents[2]


def conversation(*messages: Message) -> list[WorkerMessage]:
    """Everything that the worker answers until its pipe is closed."""
    run = subprocess.run(
        [sys.executable, "-m", "bridge.speech.espeak.worker"],
        input=b"".join(map(encode_frame, messages)),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    return list(answers(run.stdout))


def answers(content: bytes) -> Iterator[WorkerMessage]:
    while content:
        (length,) = HEADER.unpack_from(content)
        end = HEADER.size + length
        yield msgspec.msgpack.decode(content[HEADER.size : end], type=WorkerMessage)
        content = content[end:]


def speak(text: str, key: int = 1) -> Speak:
    return Speak(key, text, "ar", 80, 50)


def test_it_opens_speaks_and_leaves() -> None:
    """The library tells its version; every text is answered in order; a closed pipe ends the process."""
    ready, first, second = conversation(OpenEspeak(), speak("نَعَم", 1), speak("نَعَم", 2))

    assert ready == Ready("espeak-ng 1.52.0")
    assert isinstance(first, Spoken)
    assert isinstance(second, Spoken)
    assert (first.id, second.id, first.pcm) == (1, 2, second.pcm)


def test_a_voice_sounds_the_same_whichever_was_used_before() -> None:
    """Whatever stays of a voice for the next text, each sounds as in a process that never knew another."""
    voices = ["ar", "en", "ar+Reed", "ar", "ar+nobody", "de", "xx", "ar+Reed", "ar"]
    spoken = [Speak(key, "هَلْ عِنْدَكَ أَلَم؟", voice, 150, 50) for key, voice in enumerate(voices)]
    _, *together = conversation(OpenEspeak(), *spoken)
    alone = {each.voice: conversation(OpenEspeak(), each)[1] for each in spoken}

    for request, answer in zip(spoken, together, strict=True):
        assert msgspec.structs.replace(answer, id=0) == msgspec.structs.replace(alone[request.voice], id=0)
    assert [answer.id for answer in together if isinstance(answer, Refused)] == [4, 6]


def test_it_is_opened_first() -> None:
    """A text before that is refused, not crashed over."""
    assert conversation(speak("نعم")) == [Refused(1, "espeak-ng has not been opened")]


def test_a_text_without_end_is_cut_short() -> None:
    """A few thousand digits would be read out for half an hour."""
    _, refused, spoken = conversation(OpenEspeak(), speak("98765432 " * 400, 1), speak("لا", 2))

    assert refused == Refused(1, "a text takes longer than 300 s to speak")
    assert isinstance(spoken, Spoken)


COPIES = """
import os, signal, time
from bridge.speech.espeak import worker as espeak_worker
espeak_worker.MAX_SPEAKING_SECONDS = 1
copies = [lambda: None, lambda: 1 / 0, os.abort, lambda: time.sleep(30)]
print([espeak_worker._exit_status_of(copy) & 0xFF7F for copy in copies])
"""


def test_a_copy_dies_alone() -> None:
    """An exception, a crash or a hang of the copy is an exit status to the process that it was made of."""
    run = subprocess.run(
        [sys.executable, "-c", COPIES], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )

    assert run.stdout.strip() == str([0, 1 << 8, int(signal.SIGABRT), int(signal.SIGALRM)])
