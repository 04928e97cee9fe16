"""What the tests of XTTS share: recordings to be cloned, and how the worker is configured."""

from pathlib import Path

import numpy as np

from bridge.config_speech import Xtts

__all__ = ["MEMORY_MB", "RATE", "options", "recording"]

RATE = 22050
MEMORY_MB = 1500  # three times what the worker takes


def recording(hertz: float, seconds: float = 3.0) -> bytes:
    """Something that hums and throbs."""
    time = np.arange(int(RATE * seconds)) / RATE
    hum = 8000 * np.sin(2 * np.pi * hertz * time) * (1.2 + np.sin(2 * np.pi * 3 * time)) / 2
    return hum.astype("<i2").tobytes()


def options(checkpoint: Path, **others: object) -> Xtts:
    return Xtts.model_validate(
        {"model": checkpoint, "accept_cpml": True, "device": "cpu", "memory_mb": MEMORY_MB, **others}
    )
