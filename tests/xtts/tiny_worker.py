"""The real worker over tiny networks: `python -m tiny_worker`.

With HATIF_ removed from its environment like every worker's, it takes an order from XTTS_TEST: "hoard" takes
memory until it is stopped, once it is asked for a voice.
"""

import os
import threading
import time
from typing import TYPE_CHECKING

from bridge.speech import xtts_worker
from bridge.speech.messages import LoadXtts

if TYPE_CHECKING:
    from bridge.speech.xtts_model import XttsModel

HOARD_STEP = 64 << 20


def hoard() -> None:
    """Take memory a little at a time, for good."""
    hoarded = []
    while True:
        hoarded.append(b"\1" * HOARD_STEP)
        time.sleep(0.05)


def main() -> None:
    original = xtts_worker._loaded_model

    def loaded_model(message: LoadXtts) -> "XttsModel":
        from tiny_networks import shrink

        shrink()
        model = original(message)
        if os.environ.get("XTTS_TEST") == "hoard":
            threading.Timer(1.0, hoard).start()
        return model

    xtts_worker._loaded_model = loaded_model
    xtts_worker.main()


if __name__ == "__main__":
    main()
