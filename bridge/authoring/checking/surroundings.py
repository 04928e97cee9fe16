"""What a questionnaire is looked at with: the model that will hear, the voice that will speak, the folder."""

from pathlib import Path

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.config import Settings
from bridge.errors import BridgeError, ModelError
from bridge.speech.prompts import PromptCache
from bridge.speech.vosk.model import ModelSummary, check_model
from bridge.voicing import prompts_of

__all__ = ["Surroundings", "surroundings_of"]


class Surroundings(Struct, frozen=True):
    """They decide about warnings and times, never about faults."""

    model: ModelSummary | None = None  # None: its words cannot be looked up
    model_problem: str = ""  # why not
    prompts: PromptCache | None = None  # None: nothing has been rendered on this machine
    words_per_minute: int = 140
    served: Path | None = None  # the folder that `hatif serve` reads

    def can_be_heard(self, phrase: str) -> bool:
        """Whether the model knows all words of a phrase; without a model nothing is held against it."""
        return self.model is None or self.model.spell(phrase) is not None

    def seconds_of(self, text: str) -> float | None:
        """How long a rendered prompt is; None where it is not rendered."""
        audio = self.prompts.get(text) if self.prompts else None
        return len(audio) / SAMPLE_RATE if audio else None

    def is_served(self, file: Path) -> bool:
        """Whether calls are held with this file."""
        return self.served is not None and file.resolve().parent == self.served.resolve()


def surroundings_of(settings: Settings) -> Surroundings:
    """What is configured, as far as it is there."""
    model, problem = _model(settings.recogniser.model)
    return Surroundings(
        model=model,
        model_problem=problem,
        prompts=_prompts(settings),
        words_per_minute=settings.voice.words_per_minute,
        served=settings.questionnaires.folder,
    )


def _prompts(settings: Settings) -> PromptCache | None:
    if not settings.prompts.folder.is_dir():
        return None
    try:
        return prompts_of(settings)
    except BridgeError:  # `hatif check` tells it; no questionnaire is worse for it
        return None


def _model(path: Path) -> tuple[ModelSummary | None, str]:
    try:
        return check_model(path), ""
    except ModelError as error:
        return None, str(error)
