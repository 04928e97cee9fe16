"""The real worker over tiny networks, with two orders of its own: `python -m tiny_worker`.

"how many" is answered with the number of parts that were made so far, as samples; "take memory" is spoken
like any text, and takes memory for good once its first part has been made.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tiny_networks import shrink

from bridge.speech.messages import LoadXtts, SpeakAs
from bridge.speech.xtts import worker as xtts_worker

if TYPE_CHECKING:
    from bridge.speech.xtts.model import XttsModel

STEP_BYTES = 64 << 20
HOARD: list[bytes] = []
MADE: list[int] = []  # how long each part was


def loaded_model(message: LoadXtts) -> "XttsModel":
    from bridge.speech.xtts.model import XttsModel

    speak = XttsModel.speak

    def counted(self: XttsModel, request: SpeakAs, is_cancelled: object) -> Iterator[bytes]:
        if request.text == "how many":
            yield len(MADE).to_bytes(4, "little")
            return
        for part in speak(self, request, is_cancelled):
            yield part
            MADE.append(len(part))
            if request.text.startswith("take memory"):
                while True:
                    HOARD.append(b"\1" * STEP_BYTES)

    XttsModel.speak = counted
    return model_of(message)


model_of = xtts_worker._model_of


def main() -> None:
    prepare = xtts_worker._prepare_threads

    def prepare_and_shrink(threads: int) -> None:
        prepare(threads)
        shrink()

    xtts_worker._prepare_threads = prepare_and_shrink
    xtts_worker._model_of = loaded_model
    xtts_worker.main()


if __name__ == "__main__":
    main()
