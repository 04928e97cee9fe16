"""Renders the prompts of questionnaires, and measures what came of it."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import decode_ulaw
from bridge.audio.loudness import SILENT, loudness
from bridge.dialogue.prompts import known_prompts, prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.speech.prompts import PromptCache

__all__ = ["Done", "HeardPrompt", "RenderReport", "RenderedQuestionnaire", "hear", "render_all", "report_of"]

SHORTEST_COMPARED_SECONDS = 1.0  # a word alone has too little of a loudness to compare it


class Done(Struct, frozen=True):
    """How far rendering is."""

    texts: int
    audio_seconds: float  # made so far
    took_seconds: float

    def __add__(self, other: "Done") -> "Done":
        return Done(
            self.texts + other.texts,
            self.audio_seconds + other.audio_seconds,
            self.took_seconds + other.took_seconds,
        )

    @property
    def real_time_factor(self) -> float:
        """How long a second of speech takes to make; 0 before there is any."""
        return self.took_seconds / self.audio_seconds if self.audio_seconds else 0.0


class HeardPrompt(Struct, frozen=True):
    """One prompt as it sounds, and all places where a questionnaire says it."""

    text: str
    roles: tuple[str, ...]
    items: tuple[str, ...]  # those whose sentence it is; () where it is said about any
    seconds: float
    lufs: float | None  # as heard behind mu-law; None where it is too soft to be measured
    audio: bytes  # mu-law, 8 kHz


class RenderedQuestionnaire(Struct, frozen=True):
    """All that one questionnaire says."""

    id: str
    version: str
    title: str
    prompts: tuple[HeardPrompt, ...]


class RenderReport(Struct, frozen=True):
    """What `hatif render` did, and how the prompts are."""

    voice: str  # its identity; several, parted by semicolons, where questionnaires have voices of their own
    folder: str
    questionnaires: dict[str, int]  # distinct texts of each, by id
    texts: int  # distinct, of all
    rendered: int  # of them, now
    rendered_seconds: float  # of audio
    took_seconds: float
    real_time_factor: float | None  # took over audio; None where nothing was rendered
    audio_seconds: float  # of all prompts
    quietest_lufs: float | None  # of prompts longer than a second
    loudest_lufs: float | None
    spread_lu: float | None


async def render_all(
    texts: Sequence[str],
    cache: PromptCache,
    *,
    afresh: bool = False,
    on_done: Callable[[Done], None] = lambda _done: None,
) -> Done:
    """Render texts one after the other; each is kept when it is done, whatever happens then.

    Raises:
        WorkerError: the voice failed, or a prompt cannot be kept.

    """
    began, seconds, count = time.monotonic(), 0.0, 0
    for text in texts:
        await cache.render([text], afresh=afresh)
        seconds += len(cache.get(text) or b"") / SAMPLE_RATE
        count += 1
        on_done(Done(count, seconds, time.monotonic() - began))
    return Done(count, seconds, time.monotonic() - began)


def hear(questionnaire: Questionnaire, cache: PromptCache) -> RenderedQuestionnaire:
    """Every prompt of a questionnaire that is rendered, each text once, in the order of the questionnaire."""
    roles: dict[str, dict[str, None]] = {}
    items: dict[str, dict[str, None]] = {}
    for prompt in known_prompts(questionnaire):
        roles.setdefault(prompt.text, {})[prompt.role] = None
        items.setdefault(prompt.text, {}).update({prompt.item: None} if prompt.item else {})
    heard = [
        _heard(text, tuple(roles[text]), tuple(items[text]), audio)
        for text in prompt_texts([questionnaire])
        if (audio := cache.get(text)) is not None
    ]
    return RenderedQuestionnaire(questionnaire.id, questionnaire.version, questionnaire.title, tuple(heard))


def report_of(
    heard: Sequence[RenderedQuestionnaire], done: Done, *, voice: str, folder: Path
) -> RenderReport:
    """Figures of a whole run."""
    distinct = {prompt.text: prompt for one in heard for prompt in one.prompts}
    levels = [
        prompt.lufs
        for prompt in distinct.values()
        if prompt.lufs is not None and prompt.seconds > SHORTEST_COMPARED_SECONDS
    ]
    quietest, loudest = min(levels, default=None), max(levels, default=None)
    return RenderReport(
        voice=voice,
        folder=str(folder),
        questionnaires={one.id: len(one.prompts) for one in heard},
        texts=len(distinct),
        rendered=done.texts,
        rendered_seconds=round(done.audio_seconds, 2),
        took_seconds=round(done.took_seconds, 2),
        real_time_factor=round(done.real_time_factor, 4) if done.texts else None,
        audio_seconds=round(sum(prompt.seconds for prompt in distinct.values()), 2),
        quietest_lufs=quietest,
        loudest_lufs=loudest,
        spread_lu=None if loudest is None or quietest is None else round(loudest - quietest, 2),
    )


def _heard(text: str, roles: tuple[str, ...], items: tuple[str, ...], audio: bytes) -> HeardPrompt:
    level = loudness(decode_ulaw(audio))
    return HeardPrompt(
        text=text,
        roles=tuple(map(str, roles)),
        items=items,
        seconds=round(len(audio) / SAMPLE_RATE, 2),
        lufs=None if level == SILENT else round(level, 2),
        audio=audio,
    )
