"""A worker process that misbehaves on request; `python -m pretend_worker` with what to do in PRETEND.

It speaks through the real pipe; its engine says a text's own bytes, unless the text is one of a few orders.
"""

import os
import signal
import sys
import time

import msgspec

from bridge.speech.messages import (
    CancelStream,
    EspeakRequest,
    OpenEspeak,
    Ready,
    Refused,
    Speak,
    Spoken,
    SpokenPart,
    StartFailed,
)
from bridge.speech.pipe import HEADER, ParentPipe

CANCELLED: list[int] = []
HOARD: list[bytes] = []


def begin(pipe: ParentPipe) -> None:
    match os.environ.get("PRETEND"):
        case "to-fail":
            pipe.send(StartFailed("the engine has no voice today"))
        case "to-die":
            os.kill(os.getpid(), signal.SIGABRT)
        case "to-hang":
            time.sleep(60)
        case _:
            print("hello from a library")  # noqa: T201 - the point
            os.write(1, b"and from below")
            pipe.send(Ready("pretend 1"))


def speak(pipe: ParentPipe, request: Speak) -> None:
    match request.text:
        case "refuse":
            pipe.send(Refused(request.id, "it does not like the text"))
        case "garbage":
            pipe._sink.write(HEADER.pack(3) + b"\xc1\xc1\xc1")
            pipe._sink.flush()
        case "giant":
            pipe._sink.write(HEADER.pack(2**31))
            pipe._sink.flush()
        case "environment":
            pipe.send(Spoken(request.id, " ".join(os.environ).encode(), 1))
        case "flood":
            sys.stderr.write("x" * 300_000)
            pipe.send(Spoken(request.id, b"done", 1))
        case "parts" | "a part, then never" | "a part, then death":
            speak_in_parts(pipe, request)
        case "cancelled":
            pipe.send(Spoken(request.id, " ".join(map(str, CANCELLED)).encode(), 1))
        case "hoard":
            HOARD.extend(bytes(1 << 20) for _ in range(200))
            HOARD[:] = [part.replace(b"\0", b"\1") for part in HOARD]
        case "never":
            pass
        case text:
            pipe.send(Spoken(request.id, text.encode(), 1))


def speak_in_parts(pipe: ParentPipe, request: Speak) -> None:
    if request.text == "parts":
        for number in range(3):
            pipe.send(SpokenPart(request.id, bytes([number]), 1, is_last=number == 2))
        return
    pipe.send(SpokenPart(request.id, b"0", 1, is_last=False))
    if request.text.endswith("death"):
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    pipe = ParentPipe.claim()
    for message in pipe.receive(msgspec.msgpack.Decoder(EspeakRequest | CancelStream)):
        if isinstance(message, OpenEspeak):
            begin(pipe)
        elif isinstance(message, CancelStream):
            CANCELLED.append(message.id)
        else:
            speak(pipe, message)
    pipe.leave()


if __name__ == "__main__":
    main()
