"""A stand-in for the recogniser's process, for benchmarks of everything else: whoever spoke has said yes.

It takes every piece of audio over the real pipe, as the real one does, and hears none of it.
"""

import msgspec

from bridge.speech.messages import (
    FinishStream,
    Heard,
    LoadModel,
    Probe,
    Probed,
    Ready,
    VoskRequest,
)
from bridge.speech.pipe import ParentPipe

SAID = ("نعم",)


def main() -> None:
    """Serve the parent until it closes the pipe."""
    pipe = ParentPipe.claim()

    def handle(message: VoskRequest) -> None:
        match message:
            case LoadModel():
                pipe.send(Ready("a stand-in that hears nothing"))
            case Probe(id=key):
                pipe.send(Probed(key, 0.0))
            case FinishStream(id=key):
                pipe.send(Heard(key, SAID, SAID, 1.0))
            case _:
                pass

    pipe.serve(msgspec.msgpack.Decoder(VoskRequest), handle)


if __name__ == "__main__":
    main()
