"""The voices that questionnaires are rendered in: each in its own, read as the daemon reads, one folder."""

from collections.abc import Iterable

from bridge.config import Settings
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ConfigError
from bridge.readiness import texts_of
from bridge.speech.engines import VoiceBench, VoiceName
from bridge.speech.prompts import PromptCache
from bridge.voices.choosing import chooser
from bridge.voicing import prompt_files, prompts_in

__all__ = ["RenderingVoices"]


class RenderingVoices:
    """All voices of one rendering."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bench = VoiceBench(settings)
        self._files = prompt_files(settings)
        self._choose = chooser(settings)
        self._caches: dict[VoiceName, PromptCache] = {}
        self._started: dict[VoiceName, str] = {}  # and their identities

    @property
    def identities(self) -> tuple[str, ...]:
        """Of the voices that were started."""
        return tuple(self._started.values())

    async def started(self, questionnaire: Questionnaire) -> PromptCache:
        """The prompts of a questionnaire in its own voice, which can speak; a BridgeError when it cannot."""
        name = self._name(questionnaire)
        if name not in self._started:
            self._started[name] = (await self._bench.start(name)).identity
        return self._cache(name)

    def texts_of(self, questionnaire: Questionnaire) -> list[str]:
        """All that its calls say that is known before them."""
        return texts_of(questionnaire, self._settings.site.facts)

    def pin(self, questionnaires: Iterable[Questionnaire]) -> None:
        """Evict nothing that these say, as far as their voices are known here."""
        texts: dict[VoiceName, dict[str, None]] = {}
        for one in questionnaires:
            texts.setdefault(self._name(one), {}).update(dict.fromkeys(self.texts_of(one)))
        for name, said in texts.items():
            try:
                self._cache(name).pin(said)
            except ConfigError:  # a voice that cannot speak here has rendered nothing that could be evicted
                continue

    async def stop(self) -> None:
        """End their engines."""
        await self._bench.stop()

    def _name(self, questionnaire: Questionnaire) -> VoiceName:
        return self._choose(questionnaire)[0]

    def _cache(self, name: VoiceName) -> PromptCache:
        if name not in self._caches:
            self._caches[name] = prompts_in(self._settings, self._bench, name, files=self._files)
        return self._caches[name]
