"""A worker that speaks XTTS's messages and none of its networks: `python -m pretend_xtts`.

A voice's latents are made of its recording, and its sound is a tone made of its latents.
"""

import hashlib
import os
import time

import msgspec
import numpy as np

from bridge.speech.messages import (
    CancelStream,
    Condition,
    Conditioned,
    LoadXtts,
    Ready,
    Refused,
    SpeakAs,
    SpokenPart,
    XttsRequest,
)
from bridge.speech.pipe import ParentPipe
from bridge.speech.xtts.voice import Latents, fingerprint_of, pack_latents

RATE = 24_000


def latents_of(pcm: bytes) -> bytes:
    digest = np.frombuffer(hashlib.sha256(pcm).digest(), np.uint8).astype(np.float32)
    return pack_latents(Latents(digest[:16].reshape(1, 2, 8), digest[16:].reshape(1, 16, 1)))


def hertz_of(latents: bytes) -> int:
    return 200 + int(fingerprint_of(latents)[:2], 16) * 4


def main() -> None:
    pipe = ParentPipe.claim()
    decoder: msgspec.msgpack.Decoder[XttsRequest] = msgspec.msgpack.Decoder(XttsRequest)
    for message in pipe.receive(decoder):
        match message:
            case LoadXtts():
                pipe.send(Ready("pretend"))
            case Condition(id=request, pcm=pcm):
                pipe.send(Conditioned(request, latents_of(pcm)))
                with open(os.environ["PRETEND_COUNT"], "a", encoding="ascii") as file:  # noqa: PTH123
                    file.write("conditioned\n")
            case SpeakAs(id=request, latents=latents):
                at = np.arange(RATE) / RATE
                pcm = (8000 * np.sin(2 * np.pi * hertz_of(latents) * at)).astype("<i2").tobytes()
                for piece, is_last in ((pcm[:4800], False), (pcm[4800:], True)):
                    time.sleep(0.01)
                    pipe.send(SpokenPart(request, piece, RATE, is_last=is_last))
            case CancelStream():
                pass
            case other:
                pipe.send(Refused(other.id, "it pretends nothing such"))
    pipe.leave()


if __name__ == "__main__":
    main()
