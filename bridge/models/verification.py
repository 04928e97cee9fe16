"""Whether a model works: its files are looked at, and a process of its own loads it and listens."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import ULAW_SILENCE
from bridge.dialogue.listening import listen_for_yes_no, vocabulary
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ModelError, WorkerError
from bridge.models.questions import spell
from bridge.models.trial import Heard, Job, Opened, Trial
from bridge.speech.vosk.model import ModelSummary, check_model, written

__all__ = ["Missing", "Verified", "verify"]

SILENCE_SECONDS = 1
OWN_WORDS = 3  # for a grammar, where a model knows no yes and no


class Missing(Struct, frozen=True):
    """What a questionnaire waits for and no caller can be heard saying."""

    questionnaire: str
    phrases: list[str]


class Verified(Struct, frozen=True):
    """A model that works, and what it is."""

    identity: str
    size_bytes: int
    words: int
    sample_rate: int  # hertz, that it was made for
    takes_grammars: bool
    has_unknown_word: bool
    engine: str
    load_seconds: float
    memory_bytes: int  # that loading it took
    heard_in_silence: str  # under a grammar; '' is right
    missing: list[Missing]


async def verify(path: Path, questionnaires: Iterable[Questionnaire]) -> Verified:
    """Check, load and try the model at `path`.

    Raises:
        ModelError: it cannot be used; one sentence with what is wrong.

    """
    questionnaires = list(questionnaires)
    summary = await asyncio.to_thread(check_model, path)
    opened, heard = await _listen(path, _grammar(summary, questionnaires))
    return Verified(
        identity=summary.identity,
        size_bytes=summary.size_bytes,
        words=len(summary.words),
        sample_rate=summary.sample_rate,
        takes_grammars=summary.supports_grammar,
        has_unknown_word=summary.has_unknown_word,
        engine=opened.version,
        load_seconds=round(opened.load_seconds, 3),
        memory_bytes=max(0, opened.bytes_after - opened.bytes_before),
        heard_in_silence=written(heard.readings[0].text),
        missing=_missing(summary, questionnaires),
    )


def _grammar(summary: ModelSummary, questionnaires: list[Questionnaire]) -> tuple[str, ...]:
    """A real question's, or else some words of the model; () where it takes none."""
    if not summary.supports_grammar:
        return ()
    asked = [phrase for one in questionnaires for phrase in listen_for_yes_no(one).phrases]
    return spell(asked, summary) or tuple(sorted(summary.words)[:OWN_WORDS])


async def _listen(path: Path, grammar: tuple[str, ...]) -> tuple[Opened, Heard]:
    silence = bytes([ULAW_SILENCE]) * (SILENCE_SECONDS * SAMPLE_RATE)
    async with Trial.open(path, (grammar,)) as trial:
        try:
            return trial.opened, await trial.decode(Job(silence, (0,)))
        except WorkerError as error:
            raise ModelError(f"{path} is no usable model: a second of silence {error}") from error


def _missing(summary: ModelSummary, questionnaires: list[Questionnaire]) -> list[Missing]:
    lacking = {one.id: summary.lacking(sorted(vocabulary(one))) for one in questionnaires}
    return [Missing(name, phrases) for name, phrases in lacking.items() if phrases]
