"""Which voice speaks: the one that a questionnaire names, or the nearest of those that are configured."""

from collections.abc import Callable

from msgspec import Struct

from bridge.config import Settings
from bridge.config_speech import ENGINES
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ConfigError
from bridge.speech.engines import VoiceName

__all__ = ["VoiceWish", "choose_voice", "chooser", "voices_for", "wish_of"]

# Where a dialect is spoken, by ISO 3166: `ar-JO` is a voice for callers of the Levant too.
REGIONS = {
    **dict.fromkeys(("AE", "BH", "IQ", "KW", "OM", "QA", "SA", "YE"), Dialect.GLF),
    **dict.fromkeys(("EG", "SD"), Dialect.EGY),
    **dict.fromkeys(("JO", "LB", "PS", "SY"), Dialect.LEV),
}


class VoiceWish(Struct, frozen=True):
    """Who is to speak."""

    voice: str = ""  # ENGINE/VOICE: this one, and no other
    language: str = "ar"  # BCP 47: ar, ar-JO
    dialect: str = ""  # msa, glf, egy or lev; '' is any
    gender: str = ""  # female or male; '' is any


class _Default(Struct, frozen=True):
    """One line of `voices.defaults`."""

    language: str
    where: str  # a region or a dialect; '' is anywhere
    gender: str
    voice: str

    @classmethod
    def read(cls, who: str, voice: str) -> "_Default":
        place, _, gender = who.partition(".")
        language, _, where = place.partition("-")
        return cls(language, where, gender, voice)

    def nearness(self, wish: VoiceWish) -> tuple[bool, int] | None:
        """How well it fits, the gender first; None where it does not.

        A voice of the other gender is another person; one of another region has an accent.
        """
        language, _, region = wish.language.partition("-")
        dialect = _dialect_of(wish.dialect or region)
        if self.language != language or (self.gender and self.gender != wish.gender):
            return None
        if not self.where:
            return bool(self.gender), 0
        if self.where == region:
            return bool(self.gender), 2
        return (bool(self.gender), 1) if dialect and _dialect_of(self.where) == dialect else None


def choose_voice(settings: Settings, wish: VoiceWish) -> VoiceName:
    """The voice that is named, the nearest of `voices.defaults`, or `voice.engine`/`voice.voice`.

    Raises:
        ConfigError: what is named is no voice's name.

    """
    return voices_for(settings, wish)[0]


def voices_for(settings: Settings, wish: VoiceWish) -> tuple[VoiceName, ...]:
    """The voice that is wished for, and after it those that may stand in for it, the nearest first.

    Raises:
        ConfigError: what is named is no voice's name.

    """
    near = [(one.nearness(wish), one.voice) for one in _defaults(settings)]
    fitting = sorted(((how, voice) for how, voice in near if how is not None), key=_by_nearness)
    configured = f"{settings.voice.engine}/{settings.voice.voice}"
    names = (wish.voice, *(voice for _, voice in fitting), configured)
    return tuple(dict.fromkeys(_named(name) for name in names if name))


def chooser(settings: Settings) -> Callable[[Questionnaire], tuple[VoiceName, ...]]:
    """What names the voices of a questionnaire's calls: its own, and after it those that stand in for it."""
    return lambda questionnaire: voices_for(settings, wish_of(questionnaire))


def wish_of(questionnaire: Questionnaire) -> VoiceWish:
    """What a questionnaire asks for; where it tells no dialect, its callers', if they have one."""
    language, choice = questionnaire.language, questionnaire.voice
    spoken = [dialect for dialect in questionnaire.dialects if dialect is not Dialect.MSA]
    callers = str(spoken[0]) if len(spoken) == 1 else ""
    if choice is None:
        return VoiceWish(language=language, dialect=callers)
    dialect = str(choice.dialect) if choice.dialect is not None else callers
    return VoiceWish(choice.name or "", language, dialect, choice.gender or "")


def _named(text: str) -> VoiceName:
    """A name of a voice of an engine that there could be; whether it is installed is found out elsewhere."""
    engine, _, voice = text.partition("/")
    if engine not in ENGINES or not voice:
        raise ConfigError(f"{text!r} names no voice; it must be ENGINE/VOICE (engines: {', '.join(ENGINES)})")
    return VoiceName(engine, voice)


def _defaults(settings: Settings) -> list[_Default]:
    return [_Default.read(who, voice) for who, voice in settings.voices.defaults.items()]


def _by_nearness(found: tuple[tuple[bool, int], str]) -> tuple[bool, int]:
    (has_gender, rank), _ = found
    return not has_gender, -rank  # what is equally near stays in the order of the configuration


def _dialect_of(where: str) -> str:
    """The dialect of a region; a dialect's name is its own."""
    return str(REGIONS.get(where, where))
