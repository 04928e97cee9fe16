"""The worker itself, asked by hand over its pipe."""

import subprocess
import sys
from pathlib import Path

import msgspec

from bridge.models.trial_messages import Decode, Decoded, OpenTrial, TrialFailed, TrialOpened, TrialReply
from bridge.speech.messages import Message
from bridge.speech.pipe import HEADER, encode_frame

ULAW_SILENCE = b"\xff" * 8000


def answers(*messages: Message) -> list[TrialReply]:
    """What it says to all this, before it leaves with the closing pipe."""
    run = subprocess.run(
        [sys.executable, "-m", "bridge.models.trial_worker"],
        input=b"".join(map(encode_frame, messages)),
        capture_output=True,
        timeout=60,
        check=True,
    )
    found = []
    rest = run.stdout
    while rest:
        (length,) = HEADER.unpack_from(rest)
        body, rest = rest[HEADER.size : HEADER.size + length], rest[HEADER.size + length :]
        found.append(msgspec.msgpack.decode(body, type=TrialReply))
    return found


def test_it_answers_and_leaves(model: Path) -> None:
    """One answer for each message; nothing else comes out of the pipe."""
    opened, decoded = answers(OpenTrial(str(model), ((), ("نعم",))), Decode(7, ULAW_SILENCE, (1, 0, 1)))

    assert isinstance(opened, TrialOpened)
    assert isinstance(decoded, Decoded)
    assert decoded.id == 7
    assert [reading.text for reading in decoded.readings] == [""] * 3
    assert [reading.confidence for reading in decoded.readings] == [0.0] * 3
    assert decoded.bytes_resident > opened.bytes_after // 2


def test_without_a_model_it_decodes_nothing(tmp_path: Path) -> None:
    """It says so once, and stays silent after that."""
    (failed,) = answers(Decode(1, ULAW_SILENCE, (0,)), OpenTrial(str(tmp_path), ((),)), Decode(2, b"", (0,)))

    assert failed == TrialFailed("Vosk cannot load it")
