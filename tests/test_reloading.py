"""reloading and offering: everything is taken up, or nothing; what needs a restart is named."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from bridge.audio.g711 import encode_ulaw
from bridge.checkup import Verdict, look
from bridge.config import Settings, load_settings
from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ConfigError, QuestionnaireError, StorageError, WorkerError
from bridge.offering import Change, Engines, Offer, changes, prepare, read_offer
from bridge.reloading import Reloader, waiting_for_restart


class Kept:
    """A store that keeps versions, or fails."""

    def __init__(self) -> None:
        self.hashes: list[str] = []
        self.is_broken = False

    async def keep_questionnaire(self, digest: str, *_: object) -> None:
        if self.is_broken:
            raise StorageError("the disk is full")
        self.hashes.append(digest)


class Rendered:
    """Renders everything, or fails."""

    def __init__(self) -> None:
        self.offered: list[str] = []
        self.is_broken = False

    async def replace(self, questionnaires: Iterable[Questionnaire], _site: Mapping[str, str]) -> int:
        if self.is_broken:
            raise WorkerError("the voice died")
        self.offered = [one.id for one in questionnaires]
        return len(self.offered)


class Knowing:
    """Ears that know every word."""

    def lacking(self, phrases: Iterable[str]) -> list[str]:
        return [phrase for phrase in phrases if phrase == "?"]


class Site:
    """A configuration with questionnaires of its own, and what a reload makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.store, self.readiness = Kept(), Rendered()
        self.engines: Any = Engines(self.store, Knowing(), self.readiness)
        self.configure("post_discharge")
        shutil.copytree(CONTENT / "questionnaires" / "common", folder / "questions" / "common")
        self.add("post_discharge")
        self.taken_up: list[tuple[Offer, Settings]] = []
        self.results: list[bool] = []

    def configure(self, default: str, *, allow_draft: bool = True, **sections: str) -> None:
        others = "".join(f"{name}: {text}\n" for name, text in sections.items())
        drafts = str(allow_draft).lower()
        self.config.write_text(
            f"questionnaires: {{folder: questions, default: {default}, allow_draft: {drafts}}}\n{others}",
            "utf-8",
        )

    def add(self, name: str) -> Path:
        return Path(shutil.copy(CONTENT / "questionnaires" / f"{name}.yaml", self.folder / "questions"))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / "questions" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def settings(self) -> Settings:
        return load_settings(self.config, environ={})

    def reloader(self) -> Reloader:
        return Reloader(
            settings=self.settings(),
            offer=read_offer(self.settings()),
            engines=self.engines,
            read_settings=self.settings,
            on_reloaded=lambda offer, settings: self.taken_up.append((offer, settings)),
            wanted=asyncio.Event(),
            on_result=self.results.append,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that asks one questionnaire."""
    return Site(tmp_path)


async def test_what_has_changed_is_kept_rendered_offered_and_told(site: Site) -> None:
    reloader = site.reloader()
    site.edit("post_discharge", 'version: "0.1.0"', 'version: "0.2.0"')
    site.add("blood_pressure")
    site.configure("blood_pressure", site='{name: "عيادة"}', calls="{max_concurrent: 3}")
    with capture_logs() as told:
        assert not (await reloader.reload()).problems
    ((offer, settings),) = site.taken_up
    assert (offer.default, offer.site, settings.calls.max_concurrent) == (
        "blood_pressure",
        {"name": "عيادة"},
        3,
    )
    after = load(site.folder / "questions" / "post_discharge.yaml")
    assert after.hash in site.store.hashes
    assert sorted(site.readiness.offered) == ["blood_pressure", "post_discharge"]
    versions = {
        line["questionnaire"]: (line["status"], line["questionnaire_version"], line["hash"])
        for line in told
        if line["event"] == "questionnaire_read_again"
    }
    assert versions["post_discharge"] == ("changed", "0.2.0", after.hash)
    assert versions["blood_pressure"][0] == "new"


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda site: site.edit("post_discharge", "type: consent", "type: consnt"), "'consnt'"),
        (lambda site: site.configure("nothing"), "questionnaires.default is 'nothing'"),
        (
            lambda site: site.configure("post_discharge", calls="{max_concurrent: 0}"),
            "config.yaml:2: calls.max",
        ),
        (
            lambda site: site.configure("post_discharge", calls="{waiting_sound: none.wav}"),
            "none.wav: no such sound file",
        ),
        (lambda site: setattr(site.store, "is_broken", True), "the disk is full"),
        (lambda site: setattr(site.readiness, "is_broken", True), "the voice died"),
    ],
    ids=["questionnaire", "default", "setting", "sound", "storage", "voice"],
)
async def test_whatever_is_wrong_nothing_changes(site: Site, break_it: Any, problem: str) -> None:
    """It is told, nothing is offered, and the next reload compares with what is still offered."""
    reloader = site.reloader()
    site.add("blood_pressure")
    break_it(site)
    with capture_logs() as told:
        assert (await reloader.reload()).problems
    assert site.taken_up == []
    assert [line for line in told if line["event"] == "reload_refused" and problem in line["problem"]]
    site.store.is_broken = site.readiness.is_broken = False
    site.configure("post_discharge")
    site.add("post_discharge")
    assert not (await reloader.reload()).problems
    assert site.results == [False, True]  # what the metric tells


async def test_a_sound_for_waiting_is_read_and_offered(site: Site) -> None:
    sound = encode_ulaw(np.arange(-800, 800, dtype="<i2").tobytes())
    (site.folder / "music.ulaw").write_bytes(sound)
    site.configure("post_discharge", calls="{waiting_sound: music.ulaw}")
    assert not (await site.reloader().reload()).problems
    ((offer, _),) = site.taken_up
    assert offer.waiting_sound == sound
    (found,) = [one for one in look(site.settings()) if one.subject == "waiting sound"]
    assert (found.verdict, found.detail.endswith("music.ulaw: 0.2 s")) == (Verdict.GOOD, True)


async def test_every_fault_has_a_line_of_its_own(site: Site) -> None:
    reloader = site.reloader()
    site.edit("post_discharge", "type: consent", "type: consnt")
    site.edit("post_discharge", "version:", "versoin:")
    with capture_logs() as told:
        await reloader.reload()
    problems = [line["problem"] for line in told if line["event"] == "reload_refused"]
    assert len(problems) >= 2
    assert all(problem.startswith("post_discharge.yaml:") for problem in problems)


async def test_what_waits_for_a_restart_is_named_every_time(site: Site) -> None:
    reloader = site.reloader()
    site.configure("post_discharge", server="{port: 9000}", calls="{max_seconds: 60}")
    for _ in range(2):
        with capture_logs() as told:
            await reloader.reload()
        waiting = [line["setting"] for line in told if line["event"] == "setting_waits_for_restart"]
        assert waiting == ["server.port"]
    assert waiting_for_restart(site.settings(), site.settings()) == []


async def test_a_wish_that_comes_during_a_reload_is_another_one(site: Site) -> None:
    wanted = asyncio.Event()
    reloads = 0

    class Counting(Reloader):
        async def reload(self) -> bool:
            nonlocal reloads
            reloads += 1
            if reloads == 1:
                wanted.set()
                wanted.set()
            return True

    reloader = Counting(
        settings=site.settings(),
        offer=read_offer(site.settings()),
        engines=site.engines,
        read_settings=site.settings,
        on_reloaded=lambda _offer, _settings: None,
        wanted=wanted,
    )
    wanted.set()
    task = asyncio.create_task(reloader.run())
    async with asyncio.timeout(5):
        while reloads < 2 or wanted.is_set():  # noqa: ASYNC110 - a task of ours
            await asyncio.sleep(0.01)
    task.cancel()
    assert reloads == 2


def test_a_questionnaire_without_its_crisis_number_is_not_offered(site: Site) -> None:
    """Nor is any other: one warning names what is missing, for all that it keeps out."""
    for name in ("phq9", "phq2"):
        site.add(name)
    with capture_logs() as told:
        offer = read_offer(site.settings())
    assert sorted(offer.questionnaires) == ["post_discharge"]
    reason = "site.crisis_number is not configured"
    assert told == [
        {
            "event": "questionnaires_left_out",
            "log_level": "warning",
            "questionnaire": "phq2, phq9",
            "reason": reason,
        }
    ]
    assert offer.left_out == {"phq2": reason, "phq9": reason}
    site.configure("post_discharge", site='{crisis_number: "937"}')
    assert sorted(read_offer(site.settings()).questionnaires) == ["phq2", "phq9", "post_discharge"]
    site.configure("phq2")
    with pytest.raises(ConfigError, match=r"'phq2': site\.crisis_number is not"):
        read_offer(site.settings())


def test_a_questionnaire_may_go(site: Site) -> None:
    before = read_offer(site.settings())
    site.add("blood_pressure")
    both = read_offer(site.settings())
    assert changes(before, both) == {"blood_pressure": Change.NEW, "post_discharge": Change.UNCHANGED}
    assert changes(both, before)["blood_pressure"] is Change.REMOVED


async def test_words_that_the_model_lacks_are_told(site: Site) -> None:
    class Deaf(Knowing):
        def lacking(self, phrases: Iterable[str]) -> list[str]:
            return sorted(phrases)[:2]

    engines: Any = Engines(site.store, Deaf(), site.readiness)
    with capture_logs() as told:
        await prepare(read_offer(site.settings()), engines)
    assert told[0]["event"] == "model_lacks_phrases"
    assert told[0]["count"] == 2


def test_a_folder_that_is_not_there_is_an_error(site: Site) -> None:
    shutil.rmtree(site.folder / "questions")
    with pytest.raises(QuestionnaireError):
        read_offer(site.settings())


def test_drafts_are_offered_only_where_the_configuration_takes_them(site: Site) -> None:
    """A site must say that it tries what no clinician has signed; what is signed needs no word."""
    site.configure("post_discharge", allow_draft=False)
    with pytest.raises(ConfigError, match="'post_discharge': it is a draft"):
        read_offer(site.settings())
    site.edit("post_discharge", "status: draft", "status: validated")
    assert list(read_offer(site.settings()).questionnaires) == ["post_discharge"]
