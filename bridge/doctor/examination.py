"""Everything at once: what `hatif check` looks at, and the deployment around it."""

import os
import pwd
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from bridge.checkup import Finding, Verdict, look
from bridge.config import Settings, load_settings
from bridge.config_sources import credentials_folder
from bridge.doctor import files
from bridge.doctor.certificate import certificate
from bridge.doctor.daemon import daemon
from bridge.doctor.database import database
from bridge.doctor.hearing import hearing
from bridge.doctor.machine import machine
from bridge.doctor.privacy import forgetting
from bridge.doctor.service import service
from bridge.errors import BridgeError
from bridge.speech.vosk.model import ModelSummary, check_model

__all__ = ["diagnose"]

# What to do about what `hatif check` finds, by its subject; most of it is part of what it says already.
ADVICE = {
    "configuration": "mend what is named there; `hatif check` says whether that was all",
    "credentials": "put a secret into /etc/hatif/credentials for each that you use, and turn the others off",
    "opus": "pip install 'hatif[media]', or set providers.browser.opus to false",
    "reading": "mend the file or the program that is named",
    "model": "hatif models list, and name one as recogniser.model",
    "voice": "hatif voices list, and name one as voice.voice",
    "questionnaires": "set questionnaires.folder to a folder with questionnaires",
    "rendered": "wait for the daemon, or run `hatif render`",
    "storage": "give the daemon's user the folder, with space in it",
    "prompts": "give the daemon's user the folder, with space in it, or lower prompts.max_mb",
    "recordings": "give the daemon's user the folder, with space in it",
}
OF_A_FILE = "mend it or what it asks for, or take it out of the folder; `hatif questionnaire check` says more"
OTHERWISE = "hatif voices list, and name one of them there"


async def diagnose(config: Path, now: datetime, *, online: bool) -> list[Finding]:
    """Look at everything; bad findings come as findings, not as errors."""
    try:
        settings = load_settings(config)
    except BridgeError as error:
        return [Finding("configuration", Verdict.BAD, str(error), ADVICE["configuration"])]
    found = [_advised(finding) for finding in look(settings)]
    summary = _summary(settings)
    found += _around(settings, config, summary, now)
    if summary is not None:
        found.append(await hearing(settings.recogniser.model, summary))
    if (shown := certificate(settings, now, online=online)) is not None:
        found.append(shown)
    return found


def _around(
    settings: Settings, config: Path, summary: ModelSummary | None, now: datetime
) -> Iterator[Finding]:
    yield from machine(settings, summary.size_bytes if summary else 0)
    yield files.configuration(config)
    yield from files.secrets_kept(settings, config)
    folder = credentials_folder(config, os.environ)
    if folder is not None:
        yield from files.credential_files(folder)
    yield files.data(settings)
    for finding in (files.user(settings, _users()), files.admin_socket(settings)):
        if finding is not None:
            yield finding
    yield from database(settings, now, sees_secrets=folder is None or _is_open(folder))
    yield forgetting(settings)
    yield from daemon(settings)
    yield from service()


def _is_open(folder: Path) -> bool:
    return not folder.exists() or os.access(folder, os.R_OK | os.X_OK)


def _users() -> dict[str, int]:
    return {each.pw_name: each.pw_uid for each in pwd.getpwall()}


def _summary(settings: Settings) -> ModelSummary | None:
    try:
        return check_model(settings.recogniser.model)
    except BridgeError:
        return None  # told of by what `hatif check` looks at


def _advised(finding: Finding) -> Finding:
    if finding.verdict is Verdict.GOOD or finding.advice:
        return finding
    otherwise = OF_A_FILE if finding.subject.endswith(".yaml") else OTHERWISE
    return msgspec.structs.replace(finding, advice=ADVICE.get(finding.subject, otherwise))
