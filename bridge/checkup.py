"""`hatif check`: everything that a start needs, looked at in one go and reported together.

Nothing is started and nothing is changed, so it may run beside a daemon.
"""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import cast

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.config import Settings, load_settings, unguarded_in_short
from bridge.dialogue.loader import load
from bridge.dialogue.prompts import vocabulary
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import BridgeError
from bridge.identity.public_keys import read_public_keys
from bridge.offering import read_waiting_sound, refusal
from bridge.opus import require_opus
from bridge.readiness import texts_of
from bridge.speech.engines import VoiceBench
from bridge.speech.reading.building import build_reader
from bridge.speech.vosk.model import ModelSummary, check_model, unfit_for_transcripts
from bridge.voicing import prompts_of
from bridge.web.limits import RateLimits
from protocols.browser import BrowserOptions

__all__ = ["Finding", "Verdict", "examine", "look"]

MIN_FREE_BYTES = 1 << 30  # years of answers; but a full disk ends every call, so warn early


class Verdict(StrEnum):
    """How a thing is."""

    GOOD = "good"
    WARNING = "warning"  # works, but not as one would want it
    BAD = "bad"  # the daemon would not start, or could not serve


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    detail: str
    advice: str = ""  # what to do next, in one sentence


def examine(config: Path | None) -> list[Finding]:
    """Look at configuration, questionnaires, model, voice and disk."""
    try:
        settings = load_settings(config)
    except BridgeError as error:
        return [Finding("configuration", Verdict.BAD, str(error))]
    return list(look(settings))


def look(settings: Settings) -> Iterator[Finding]:
    """The same with a configuration that has been read."""
    yield Finding("configuration", Verdict.GOOD, "every option is known and valid")
    yield from _credentials(settings)
    yield from _identity(settings)
    yield from _opus(settings)
    yield from _reading(settings)
    summary, finding = _model(settings)
    yield finding
    yield _voice(settings)
    yield from _other_voices(settings)
    yield from _waiting_sound(settings)
    yield from _questionnaires(settings, summary)
    yield from _folders(settings)


def _credentials(settings: Settings) -> Iterator[Finding]:
    missing = unguarded_in_short(settings)
    if missing:
        detail = f"not configured, so that only this machine is served there: {', '.join(missing)}"
        yield Finding("credentials", Verdict.WARNING, detail)
    else:
        yield Finding("credentials", Verdict.GOOD, "every door has one")


def _identity(settings: Settings) -> Iterator[Finding]:
    try:
        issuers = read_public_keys(settings.identity.keys)
        RateLimits.open(settings.limits)  # it connects with the first request only
    except BridgeError as error:
        yield Finding("identity", Verdict.BAD, str(error))
    else:
        if issuers:
            yield Finding(
                "identity", Verdict.GOOD, f"keys of other issuers: {', '.join(k.kid for k in issuers)}"
            )


def _opus(settings: Settings) -> Iterator[Finding]:
    if not cast("BrowserOptions", settings.provider("browser")).opus:
        return
    try:
        require_opus()
    except BridgeError as error:
        yield Finding("opus", Verdict.BAD, str(error))
    else:
        yield Finding("opus", Verdict.GOOD, "pages may send it")


def _reading(settings: Settings) -> Iterator[Finding]:
    if settings.voice.lexicon is None and settings.voice.diacritiser is None:
        return
    try:
        build_reader(settings.voice)
    except BridgeError as error:
        yield Finding("reading", Verdict.BAD, str(error))
    else:
        yield Finding("reading", Verdict.GOOD, "the lexicon and the diacritiser can be used")


def _model(settings: Settings) -> tuple[ModelSummary | None, Finding]:
    try:
        summary = check_model(settings.recogniser.model)
    except BridgeError as error:
        return None, Finding("model", Verdict.BAD, str(error))
    detail = f"{summary.identity}: {len(summary.words)} words, {summary.size_bytes / 2**20:.1f} MiB"
    if settings.monitoring.enabled and (unfit := unfit_for_transcripts(summary)):
        return summary, Finding("model", Verdict.BAD, unfit)
    if not summary.supports_grammar:
        return summary, Finding("model", Verdict.WARNING, f"{detail}; its static graph takes no grammar")
    if not summary.has_unknown_word:
        unable = f"{detail}; without an unknown word it hears other speech as the nearest word that it knows"
        return summary, Finding("model", Verdict.WARNING, unable)
    return summary, Finding("model", Verdict.GOOD, detail)


def _voice(settings: Settings) -> Finding:
    bench = VoiceBench(settings)
    try:
        voice = bench.default()
    except BridgeError as error:
        return Finding("voice", Verdict.BAD, str(error))
    return Finding("voice", Verdict.GOOD, f"{bench.default_name}: {voice.identity}")


def _other_voices(settings: Settings) -> Iterator[Finding]:
    """Those that the configuration and questionnaires name; others stand in for one that cannot speak."""
    wanted: dict[str, list[str]] = {}
    for who, name in settings.voices.defaults.items():
        wanted.setdefault(name, []).append(f"voices.defaults {who}")
    for path in sorted(settings.questionnaires.folder.glob("*.yaml")):
        if named := _voice_named_by(path):
            wanted.setdefault(named, []).append(path.name)
    bench = VoiceBench(settings)
    for name, by in wanted.items():
        try:
            bench.voice(name)
        except BridgeError as error:
            yield Finding(f"voice {name}", Verdict.WARNING, f"{error} (named by {', '.join(by)})")
        else:
            yield Finding(f"voice {name}", Verdict.GOOD, f"named by {', '.join(by)}")


def _voice_named_by(path: Path) -> str | None:
    """The voice that a questionnaire names; a broken one is told of elsewhere."""
    try:
        choice = load(path).voice
    except BridgeError:
        return None
    return choice.name if choice is not None else None


def _waiting_sound(settings: Settings) -> Iterator[Finding]:
    if settings.calls.waiting_sound is None:
        return
    try:
        seconds = len(read_waiting_sound(settings)) / SAMPLE_RATE
    except BridgeError as error:
        yield Finding("waiting sound", Verdict.BAD, str(error))
    else:
        yield Finding("waiting sound", Verdict.GOOD, f"{settings.calls.waiting_sound}: {seconds:.1f} s")


def _questionnaires(settings: Settings, summary: ModelSummary | None) -> Iterator[Finding]:
    folder = settings.questionnaires.folder
    files = sorted(folder.glob("*.yaml"))
    offered: list[Questionnaire] = []
    ids: set[str] = set()
    if not files:
        yield Finding("questionnaires", Verdict.BAD, f"{folder} holds no *.yaml file")
    for path in files:
        try:
            questionnaire = load(path)
        except BridgeError as error:
            yield Finding(path.name, Verdict.BAD, str(error))
        else:
            ids.add(questionnaire.id)
            yield _sayable(path, questionnaire, summary)
            if problem := refusal(questionnaire, settings):
                yield Finding(path.name, Verdict.WARNING, f"refused by `hatif serve`: {problem}")
            else:
                offered.append(questionnaire)
    if drafts := sorted(one.id for one in offered if one.status == "draft"):
        detail = f"no clinician has signed what callers are asked: {', '.join(drafts)}"
        advice = "before you call patients, have them signed (status: validated) and remove allow_draft"
        yield Finding("drafts", Verdict.WARNING, detail, advice)
    yield from _retention(settings, ids)
    if offered:
        yield from _told_of_danger(settings, offered)
    yield from _rendered(settings, offered)


def _retention(settings: Settings, ids: Collection[str]) -> Iterator[Finding]:
    """Periods for a questionnaire that there is not: misspelt, or of one that was asked before."""
    if unknown := sorted(set(settings.privacy.keep_days_of) - set(ids)):
        detail = f"privacy.keep_days_of names what is not in the folder: {', '.join(unknown)}"
        advice = "correct its id; where it is one that was asked before, its calls are still kept so long"
        yield Finding("retention", Verdict.WARNING, detail, advice)


def _told_of_danger(settings: Settings, offered: Sequence[Questionnaire]) -> Iterator[Finding]:
    """Does anybody hear of a caller who may be in danger? Trials may do without; patients may not."""
    subject, escalating = "notifications", sorted(one.id for one in offered if one.escalations)
    if settings.notifications.url is not None:
        yield Finding(
            subject, Verdict.GOOD, f"callers in danger are told of to {settings.notifications.url.host}"
        )
    elif escalating:
        detail = (
            f"nobody is told of a caller in danger by {', '.join(escalating)}: it is only kept and logged"
        )
        advice = (
            "set notifications.url to an address that reaches people, day and night (docs/notifications.md)"
        )
        verdict = Verdict.WARNING if settings.questionnaires.allow_draft else Verdict.BAD
        yield Finding(subject, verdict, detail, advice)


def _sayable(path: Path, questionnaire: Questionnaire, summary: ModelSummary | None) -> Finding:
    """Does the recogniser know the words that the questionnaire waits for?"""
    detail = f"{questionnaire.id} {questionnaire.version}: {len(questionnaire.items)} items"
    unknown = summary.lacking(sorted(vocabulary(questionnaire))) if summary else []
    if unknown:
        return Finding(path.name, Verdict.WARNING, f"{detail}; the model does not know {'، '.join(unknown)}")
    return Finding(path.name, Verdict.GOOD, detail)


def _rendered(settings: Settings, offered: Sequence[Questionnaire]) -> Iterator[Finding]:
    """Are the prompts rendered of what callers may be asked?"""
    missing: dict[str, int] = {}
    for one in offered:
        try:
            prompts = prompts_of(settings, one)
        except BridgeError:  # told of among the voices
            continue
        missing[one.id] = len(prompts.missing(texts_of(one, settings.site.facts)))
    lacking = ", ".join(f"{name} ({count} missing)" for name, count in sorted(missing.items()) if count)
    if lacking:
        detail = f"calls are answered busy until the daemon, or `hatif render`, has rendered: {lacking}"
        yield Finding("rendered", Verdict.WARNING, detail)
    elif missing:
        yield Finding("rendered", Verdict.GOOD, f"all prompts of {', '.join(sorted(missing))}")


def _folders(settings: Settings) -> Iterator[Finding]:
    folders = {"prompts": settings.prompts.folder}
    if (database := settings.database.file) is not None:
        folders = {"storage": database.parent, **folders}
    if settings.recording.enabled:
        folders["recordings"] = settings.recording.folder
    for subject, folder in folders.items():
        yield _folder(subject, folder)


def _folder(subject: str, folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding(subject, Verdict.BAD, f"{existing} cannot be written to by this user")
    free = shutil.disk_usage(existing).free
    detail = f"{folder}: {free / 2**30:.1f} GiB free"
    return Finding(subject, Verdict.GOOD if free >= MIN_FREE_BYTES else Verdict.WARNING, detail)
