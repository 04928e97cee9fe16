"""What a demonstration may be asked for."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bridge.carriers.patient import THINKING_SECONDS
from bridge.carriers.voice import DEFAULT_VOICE
from bridge.content import DEFAULT_CONFIG
from bridge.reports import STDOUT

__all__ = ["CallerKind", "DemoOptions"]

FAST_SPEED = 4.0  # two cores keep up with it while Vosk, espeak-ng and both ends of the call share them
FAST_THINKING_SECONDS = 0.4  # still longer than the daemon needs to notice that its prompt was played


class CallerKind(StrEnum):
    """Whose voice answers."""

    SYNTHETIC = "synthetic"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """One demonstration."""

    provider: str = "maqsam"
    config: Path = DEFAULT_CONFIG
    answers: Path | None = None  # None: the shipped answers to the default questionnaire
    caller: CallerKind = CallerKind.SYNTHETIC
    voice: str = DEFAULT_VOICE  # of the synthetic caller
    speech: Path | None = None  # folder or archive of the recorded one
    speaker: str = "00000012"
    take: str = "01"
    fast: bool = False
    keep: Path | None = None  # None: a new temporary folder
    json: Path | None = None  # Path("-"): standard output, which then carries nothing else
    port: int | None = None  # None: a free one
    seed: int = 0  # of the line noise

    @property
    def speed(self) -> float:
        return FAST_SPEED if self.fast else 1.0

    @property
    def thinking_seconds(self) -> float:
        return FAST_THINKING_SECONDS if self.fast else THINKING_SECONDS

    @property
    def reserves_stdout(self) -> bool:
        return self.json == STDOUT
