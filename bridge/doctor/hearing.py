"""The ears: does the model recognise a known phrase? A voice that it was not trained on says it."""

from pathlib import Path

import numpy as np

from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.checkup import Finding, Verdict
from bridge.errors import BridgeError
from bridge.models.trial import Job, Trial
from bridge.speech.vosk.model import UNKNOWN_WORD, ModelSummary, written

__all__ = ["hearing"]

SAID = "نَعَم"
EXPECTED, OTHER = "نعم", "لا"
NOISE = 7  # the seed of the line's: every trial is the same


async def hearing(model: Path, summary: ModelSummary) -> Finding:
    """Load the model in a process of its own, and let it listen to one word on a line that hisses."""
    yes, no = summary.spell(EXPECTED), summary.spell(OTHER)
    if yes is None or no is None:
        advice = "choose a model that has the words of your questionnaires: `hatif models list`"
        return Finding("hearing", Verdict.WARNING, f"the model has no {EXPECTED} and no {OTHER}", advice)
    grammar = (yes, no, UNKNOWN_WORD) if summary.has_unknown_word else (yes, no)
    try:
        async with Trial.open(model, (grammar if summary.supports_grammar else (),)) as trial:
            heard = (await trial.decode(Job(await _said(), (0,)))).readings[0]
    except BridgeError as error:
        return Finding("hearing", Verdict.BAD, str(error), "try it by itself: `hatif models verify`")
    if written(heard.text) != EXPECTED:
        detail = f"“{EXPECTED}” was heard as “{written(heard.text)}”"
        return Finding(
            "hearing", Verdict.BAD, detail, "measure the model: `hatif models evaluate`, or take another one"
        )
    return Finding(
        "hearing", Verdict.GOOD, f"“{EXPECTED}” was heard, in {heard.cpu_seconds:.2f} s of a processor"
    )


async def _said() -> bytes:
    """The word as a telephone carries it; WorkerError when espeak-ng cannot speak."""
    async with synthetic_voice(LineNoise(np.random.default_rng(NOISE))) as voice:
        return await voice.speak(Wording(SAID))
