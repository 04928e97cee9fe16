"""Which questionnaires may be asked: those of which every prompt is rendered, for a call renders no question.

The default questionnaire comes first and the others become ready one by one, while calls of those that are
ready go on. Where the questionnaire's own voice fails over its prompts, espeak-ng says what is missing, kept
under its own address, and the voice is tried again later.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.speaking import pieces_for
from bridge.errors import BridgeError, WorkerError
from bridge.speech.mouth import Speaker
from bridge.voicing import Voices

__all__ = ["Readiness", "Rendered", "texts_of"]

MOST_FAILURES = 3  # texts that a voice may fail over before it is stood in for altogether
TRY_AGAIN_SECONDS = 60.0
MOST_ROUNDS_LEFT_OUT = 60  # of those: an hour

log = structlog.get_logger()


class Rendered(Struct, frozen=True):
    """How far a questionnaire has come."""

    prompts: int
    missing: int  # in any voice: with one of them missing it is not asked
    stood_in: int = 0  # in the questionnaire's own voice only
    why: str = ""  # its own voice did not render them

    @property
    def is_ready(self) -> bool:
        """Whether calls may be asked it."""
        return not self.missing

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.missing and not self.stood_in

    @property
    def in_short(self) -> str:
        """For whoever asks which questionnaires can be asked."""
        return "ready" if self.is_ready else f"{self.missing} of {self.prompts} prompts are missing"


UNKNOWN = Rendered(0, 1)


def texts_of(questionnaire: Questionnaire, site: Mapping[str, str]) -> list[str]:
    """All that its calls say that is known before them: its prompts, and what the site told about itself."""
    facts = (piece for fact in site.values() for piece in pieces_for(questionnaire, None, fact))
    return list(dict.fromkeys((*prompt_texts([questionnaire]), *facts)))


class Readiness:
    """Renders what is offered, and knows how far that has come."""

    def __init__(self, voices: Voices) -> None:
        self._voices = voices
        self._rendered: dict[str, Rendered] = {}  # by the questionnaire's hash
        self._rests: dict[str, tuple[int, int]] = {}  # by hash: rounds to be left out, and how many it were
        self._offered: tuple[Questionnaire, ...] = ()
        self._site: Mapping[str, str] = {}

    def is_ready(self, questionnaire: Questionnaire) -> bool:
        """Whether calls may be asked it."""
        return self._of(questionnaire).is_ready

    def progress(self, questionnaire: Questionnaire) -> Rendered:
        """How far it has come."""
        return self._of(questionnaire)

    def report(self) -> str:
        """Which of the questionnaires offered are not ready, or not in their own voice; '' when all are."""
        return "; ".join(filter(None, map(self._told, self._offered)))

    async def begin(self, questionnaires: Sequence[Questionnaire], site: Mapping[str, str]) -> int:
        """Offer these, and make the first of them ready before anything else; how many prompts that took.

        Raises:
            BridgeError: neither its own voice nor espeak-ng can render it.

        """
        self._offered, self._site = tuple(questionnaires), site
        await self._voices.engage(questionnaires)
        await self._pin(questionnaires, site)
        for one in questionnaires:
            await self._look(one)
        return await self._complete(questionnaires[0])

    async def replace(self, questionnaires: Iterable[Questionnaire], site: Mapping[str, str]) -> int:
        """Render all that others lack, in their own voices, and offer those from then on; how many prompts.

        Raises:
            BridgeError: a prompt cannot be rendered; everything stays as it was.

        """
        new = tuple(questionnaires)
        await self._voices.engage(new)
        await self._pin((*self._offered, *new), site)
        rendered = 0
        for one in new:
            own = self._voices.speakers_of(one)[0]
            rendered += await own.prompts.render(await _missing(own, await _texts(one, site)))
        self._offered, self._site = new, site
        await self._pin(new, site)
        for one in new:
            await self._look(one)
        return rendered

    async def follow(self, questionnaires: Iterable[Questionnaire], site: Mapping[str, str]) -> None:
        """Speak for calls of these, whose prompts another process renders."""
        new = tuple(questionnaires)
        await self._voices.engage(new)
        await self._pin(new, site)
        for one in new:
            self._voices.keep(one, frozenset(await _texts(one, site)))

    async def _pin(self, questionnaires: Iterable[Questionnaire], site: Mapping[str, str]) -> None:
        """Keep the prompts of these, rendered or not yet, from being evicted."""
        pinned: dict[Speaker, set[str]] = {}
        for one in questionnaires:
            for speaker in self._voices.speakers_of(one):
                pinned.setdefault(speaker, set()).update(await _texts(one, site))
        for speaker, texts in pinned.items():
            speaker.prompts.pin(texts)

    async def run(self) -> None:
        """Make one questionnaire after the other ready; try again for ever what did not work.

        A voice that runs, and would not say the same texts again, is tried ever more rarely: XTTS says each
        text the same way every time, and half a minute of babble is minutes of a processor core.
        """
        while True:
            for one in self._offered:
                if one in self._offered and not self._of(one).is_complete and self._is_due(one):
                    await self._attempt(one)
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    def _is_due(self, questionnaire: Questionnaire) -> bool:
        left, all_ = self._rests.get(questionnaire.hash, (0, 0))
        self._rests[questionnaire.hash] = max(0, left - 1), all_
        return not left

    def _rest(self, questionnaire: Questionnaire, *, was_in_vain: bool) -> None:
        """After an attempt in vain, leave out twice as many rounds as the last time; else none."""
        _, last = self._rests.pop(questionnaire.hash, (0, 0))
        if was_in_vain:
            rounds = min(2 * last or 1, MOST_ROUNDS_LEFT_OUT)
            self._rests[questionnaire.hash] = rounds, rounds

    async def _attempt(self, questionnaire: Questionnaire) -> None:
        try:
            rendered = await self._complete(questionnaire)
        except BridgeError as error:
            log.error(  # noqa: TRY400 - ours, told in full
                "questionnaire_not_ready", questionnaire=questionnaire.id, code=error.code, detail=str(error)
            )
        except Exception:  # a bug in here must not keep the other questionnaires from being asked
            log.exception("questionnaire_not_ready", questionnaire=questionnaire.id)
        else:
            log.info("questionnaire_ready", questionnaire=questionnaire.id, rendered=rendered)

    async def _complete(self, questionnaire: Questionnaire) -> int:
        """Render what is missing, in its own voice or else in the last resort's; how many prompts."""
        speakers = self._voices.speakers_of(questionnaire)
        own, last = speakers[0], speakers[-1]
        texts = await _texts(questionnaire, self._site)
        rendered, why = await self._render(questionnaire, own, await _missing(own, texts))
        if why and last is not own:
            lacking = await _missing(last, await _missing(own, texts))
            log.error(
                "voice_stood_in",
                questionnaire=questionnaire.id,
                voice=own.voice.name,
                prompts=len(lacking),
                detail=why,
            )
            rendered += await last.prompts.render(lacking)
        await self._look(questionnaire, why)
        can_speak = own.voice.trouble is None and self.is_ready(questionnaire)
        self._rest(questionnaire, was_in_vain=bool(why) and not rendered and can_speak)
        if not self.is_ready(questionnaire):
            raise WorkerError(f"the prompts of {questionnaire.id} cannot be rendered: {why}")
        return rendered

    async def _render(
        self, questionnaire: Questionnaire, speaker: Speaker, texts: list[str]
    ) -> tuple[int, str]:
        """Render these in one voice, for as long as it makes any; how many were, and what went wrong last."""
        rendered, failures, why = 0, 0, ""
        for text in texts:
            if (trouble := speaker.voice.trouble) is not None:
                return rendered, trouble.why
            try:
                await _persistently(speaker, text)
            except BridgeError as error:
                why, failures = str(error), failures + 1
                if failures == MOST_FAILURES:
                    break
            else:
                rendered += 1
                self._count_down(questionnaire)
        return rendered, why

    def _count_down(self, questionnaire: Questionnaire) -> None:
        """One prompt less is missing, for those who ask meanwhile; at the end it is looked up."""
        so_far = self._of(questionnaire)
        self._rendered[questionnaire.hash] = replace(so_far, missing=max(1, so_far.missing - 1))

    async def _look(self, questionnaire: Questionnaire, why: str = "") -> None:
        """See how far it has come."""
        speakers = self._voices.speakers_of(questionnaire)
        own, last = speakers[0], speakers[-1]
        texts = await _texts(questionnaire, self._site)
        lacking = await _missing(own, texts)
        missing = await _missing(last, lacking)
        self._voices.keep(questionnaire, frozenset(texts))
        stood_in = len(lacking) - len(missing)
        self._rendered[questionnaire.hash] = Rendered(len(texts), len(missing), stood_in, why)

    def _told(self, questionnaire: Questionnaire) -> str:
        one = self._of(questionnaire)
        why = f" ({one.why})" if one.why else ""
        if not one.is_ready:
            return f"{questionnaire.id} is not ready, {one.missing} of {one.prompts} prompts are missing{why}"
        if not one.is_complete:
            return f"{questionnaire.id} has {one.stood_in} of {one.prompts} prompts in espeak-ng's voice{why}"
        return ""

    def _of(self, questionnaire: Questionnaire) -> Rendered:
        return self._rendered.get(questionnaire.hash, UNKNOWN)


async def _texts(questionnaire: Questionnaire, site: Mapping[str, str]) -> list[str]:
    return await asyncio.to_thread(texts_of, questionnaire, site)


async def _missing(speaker: Speaker, texts: list[str]) -> list[str]:
    return await asyncio.to_thread(speaker.prompts.missing, texts)


async def _persistently(speaker: Speaker, text: str) -> None:
    """Render a prompt, once more where the engine failed: a process that died over it is replaced."""
    try:
        await speaker.prompts.render([text])
    except BridgeError:
        await speaker.prompts.render([text])
