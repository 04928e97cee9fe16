"""What new calls are offered: questionnaires that are whole, kept and rendered. One value, replaced whole.

A call in progress never sees another offer than the one that it began with.
"""

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Protocol

import structlog
from msgspec import Struct

from bridge.audio.comfort import WAITING_TONE
from bridge.audio.g711 import encode_ulaw
from bridge.audio.soundfiles import SoundFileError, read_sound_file
from bridge.collecting import uncollected
from bridge.config import Settings
from bridge.config_admission import unknown_questionnaires
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.loader import load_folder
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.questions import read_ahead
from bridge.dialogue.targets import missing_site_facts
from bridge.errors import ConfigError
from bridge.readiness import Readiness
from bridge.storage.store import Store

__all__ = [
    "Change",
    "Engines",
    "Offer",
    "begin",
    "changes",
    "prepare",
    "read_offer",
    "read_waiting_sound",
    "refusal",
]

MAX_WAITING_SOUND_SECONDS = 4.0  # what is said next is heard after it

log = structlog.get_logger()


class Offer(Struct, frozen=True):
    """What new calls are offered."""

    questionnaires: Mapping[str, Questionnaire]  # by id
    default: str  # the one for calls that name none
    site: Mapping[str, str]  # what questionnaires may name as {site.NAME}
    left_out: Mapping[str, str] = {}  # by id: why callers are not asked it here
    waiting_sound: bytes = WAITING_TONE  # what is heard while something takes its time: mu-law, 8 kHz


class Ears(Protocol):
    """What is asked of a recogniser here."""

    def lacking(self, phrases: Iterable[str]) -> list[str]:
        """Those of `phrases` that no caller can be heard saying."""
        ...


class Engines(Struct, frozen=True):
    """What an offer is prepared with."""

    store: Store
    ears: Ears
    readiness: Readiness


class Change(StrEnum):
    """What became of a questionnaire between two offers."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


def read_offer(settings: Settings) -> Offer:
    """Read and check all questionnaires, and what it takes to understand the answers to them.

    Raises:
        QuestionnaireError: of all faulty files together.
        ConfigError: the default questionnaire is not among them, or the sound for waiting cannot be used.

    """
    with uncollected():
        return _read(settings)


def read_waiting_sound(settings: Settings) -> bytes:
    """The one that is configured, or a soft tone: mu-law, 8 kHz.

    Raises:
        ConfigError: it cannot be used.

    """
    path = settings.calls.waiting_sound
    if path is None:
        return WAITING_TONE
    try:
        return encode_ulaw(read_sound_file(path, max_seconds=MAX_WAITING_SOUND_SECONDS))
    except SoundFileError as error:
        option = "calls.waiting_sound"
        raise ConfigError(f"{settings.origin(option)}: {option}: {error}") from None


def _read(settings: Settings) -> Offer:
    loaded = load_folder(settings.questionnaires.folder)
    left_out = _left_out(loaded, settings)
    runnable = {name: one for name, one in loaded.items() if name not in left_out}
    waiting_sound = read_waiting_sound(settings)
    offer = Offer(runnable, settings.questionnaires.default, settings.site.facts, left_out, waiting_sound)
    if offer.default not in offer.questionnaires:
        raise ConfigError(_no_default(offer, loaded, settings))
    if problems := _unknown(settings, loaded):
        raise ConfigError("\n".join(problems))
    for one in offer.questionnaires.values():
        read_ahead(one.questions)
    return offer


def _unknown(settings: Settings, loaded: Mapping[str, Questionnaire]) -> list[str]:
    """One sentence for each questionnaire that a tenant is to ask, and that there is not."""
    names = ", ".join(sorted(loaded)) or "none"
    unknown = [
        (f"tenants.{tenant}.questionnaires", questionnaire)
        for tenant, questionnaire in unknown_questionnaires(settings.tenants, loaded)
    ]
    return [
        f"{settings.origin(option)}: {option}: there is no {questionnaire!r}; the folder holds: {names}"
        for option, questionnaire in unknown
    ]


def _no_default(offer: Offer, loaded: Mapping[str, Questionnaire], settings: Settings) -> str:
    if offer.default in loaded:
        return f"questionnaires.default, {offer.default!r}: {refusal(loaded[offer.default], settings)}"
    names = ", ".join(sorted(offer.questionnaires)) or "none"
    return f"questionnaires.default is {offer.default!r}, but the folder holds: {names}"


async def _keep(offer: Offer, engines: Engines) -> None:
    """Keep every version for calls that are resumed, and tell what callers cannot be heard saying.

    Raises:
        StorageError: a version cannot be kept.

    """
    for one in offer.questionnaires.values():
        await engines.store.keep_questionnaire(one.hash, one.id, one.version, one.sources)
        # A caller may still press a key; `hatif check` names the phrases.
        if lacking := await asyncio.to_thread(_lacking, engines.ears, one):
            log.warning("model_lacks_phrases", questionnaire=one.id, count=len(lacking))


async def begin(offer: Offer, engines: Engines) -> int:
    """Make an offer the first: its default questionnaire is ready after this, and the others soon.

    Returns:
        How many prompts were missing of the default.

    Raises:
        StorageError: a version cannot be kept.
        WorkerError: no voice can render the default.

    """
    await _keep(offer, engines)
    default = offer.questionnaires[offer.default]
    others = (one for one in offer.questionnaires.values() if one is not default)
    return await engines.readiness.begin((default, *others), offer.site)


async def prepare(offer: Offer, engines: Engines) -> int:
    """Make all of an offer ready, while calls of another go on; how many prompts were missing.

    Raises:
        StorageError: a version cannot be kept.
        WorkerError: a prompt cannot be rendered.

    """
    await _keep(offer, engines)
    return await engines.readiness.replace(offer.questionnaires.values(), offer.site)


def _lacking(ears: Ears, questionnaire: Questionnaire) -> list[str]:
    return ears.lacking(vocabulary(questionnaire))


def changes(before: Offer, after: Offer) -> dict[str, Change]:
    """What became of each questionnaire, by id."""
    old, new = before.questionnaires, after.questionnaires
    return {name: _change(old.get(name), new.get(name)) for name in sorted({*old, *new})}


def _change(old: Questionnaire | None, new: Questionnaire | None) -> Change:
    if old is None:
        return Change.NEW
    if new is None:
        return Change.REMOVED
    return Change.UNCHANGED if old.hash == new.hash else Change.CHANGED


def _left_out(questionnaires: Mapping[str, Questionnaire], settings: Settings) -> dict[str, str]:
    """Why callers may not be asked some of these, by id; each reason is told once, of all together."""
    reasons = {name: refusal(one, settings) for name, one in questionnaires.items()}
    left_out = {name: reason for name, reason in reasons.items() if reason}
    for reason in dict.fromkeys(left_out.values()):
        names = sorted(name for name, its_own in left_out.items() if its_own == reason)
        log.warning("questionnaires_left_out", questionnaire=", ".join(names), reason=reason)
    return left_out


def refusal(questionnaire: Questionnaire, settings: Settings) -> str:
    """Why callers may not be asked this here; '' if they may.

    What would have to name somebody whom nobody has configured, above all for a crisis; and what no clinician
    has signed, unless the configuration takes drafts.
    """
    problems = [
        f"site.{fact} is not configured" for fact in missing_site_facts(questionnaire, settings.site.facts)
    ]
    if questionnaire.status == "draft" and not settings.questionnaires.allow_draft:
        problems.append("it is a draft, and questionnaires.allow_draft is not true")
    return "; ".join(problems)
