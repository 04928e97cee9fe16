"""`hatif`, as it is but for its recogniser, whose process is `media_ears`; --asyncio leaves uvloop out.

Only for benchmarks/media.py: nothing in Hatif knows of it.
"""

import sys
from typing import Any

from bridge.__main__ import main
from bridge.speech.vosk import recognizer
from bridge.speech.worker import WorkerProcess


class StandIn(WorkerProcess):
    """The same supervision, pipe and messages; another program at the far end."""

    def __init__(self, _name: str, _module: str, *arguments: Any, **options: Any) -> None:
        super().__init__("stand-in", "benchmarks.media_ears", *arguments, **options)


if __name__ == "__main__":
    if "--asyncio" in sys.argv:
        sys.argv.remove("--asyncio")
        sys.modules["uvloop"] = None  # type: ignore[assignment]  # what cannot be imported is not used
    recognizer.WorkerProcess = StandIn  # type: ignore[misc]
    main()
