"""What an operator types on a site that is encrypted: root's commands know the service's secrets."""

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typed import typed

from bridge.clock import Clock
from bridge.config import load_settings
from bridge.privacy.keys import new_key
from bridge.storage.store import Store
from tests.privacy.conftest import hold_call

NOBODY = 65534
Hatif = Callable[..., CompletedProcess[str]]


@pytest.fixture
async def site(tmp_path: Path) -> Path:
    """As docs/install.md makes it: config.yaml, the credentials beside it, and data of the daemon's user."""
    (tmp_path / "config.yaml").write_text("storage: {path: data/hatif.db}\nserver: {port: 0}\n")
    (tmp_path / "credentials").mkdir(mode=0o700)
    (tmp_path / "credentials/privacy_key").write_text(new_key("2026-11") + "\n")
    (tmp_path / "credentials/storage_password").write_text("secret-of-postgres\n")
    (tmp_path / "credentials/backup_key").write_text("b" * 40)
    settings = load_settings(tmp_path / "config.yaml", environ={})
    store = await Store.open(settings.database, clock=Clock())
    await hold_call(store)
    await store.close()
    if os.geteuid() == 0:
        for path in (tmp_path / "data", *(tmp_path / "data").iterdir()):
            os.chown(path, NOBODY, NOBODY)
    return tmp_path


@pytest.fixture
def hatif(site: Path) -> Hatif:
    """`hatif ... --config config.yaml`, without a variable that names the secrets."""

    def run(*words: object, **environment: str) -> CompletedProcess[str]:
        return typed(*words, "--config", site / "config.yaml", folder=site, **environment)

    return run


def test_commands_know_the_secrets_of_the_service(hatif: Hatif, site: Path) -> None:
    """Nothing has to be exported; what root makes on the way, the daemon's user can open."""
    shown = hatif("answers", "show", "c1")
    assert (shown.returncode, "كَناري" in shown.stdout) == (0, True), shown.stderr
    made = hatif("db", "backup")
    assert (made.returncode, ".db.sealed" in made.stdout) == (0, True), made.stderr
    for words in (("answers", "list"), ("keys", "list"), ("notifications", "list"), ("audit", "verify")):
        assert hatif(*words).returncode == 0, words
    backup = next((site / "data/backups").iterdir())
    assert hatif("db", "verify", backup).returncode == 0
    if os.geteuid() == 0:
        owners = {path.name: path.stat().st_uid for path in (site / "data").rglob("*")}
        assert {"hatif.db.audit", "backups", backup.name} <= owners.keys()
        assert set(owners.values()) == {NOBODY}, owners


@pytest.mark.parametrize("words", [("answers", "list"), ("keys", "list"), ("audit", "verify")])
def test_without_them_it_is_said_how(hatif: Hatif, words: tuple[str, ...]) -> None:
    """A variable that names no folder takes the place of the folder, as does a user who may not look."""
    told = hatif(*words, CREDENTIALS_DIRECTORY="")
    assert told.returncode == 2
    assert "encrypted with the key 2026-11; privacy.key must hold it" in told.stderr
    assert "the credential privacy_key of the service, run this as root" in told.stderr


def test_the_password_of_postgresql_comes_the_same_way(site: Path) -> None:
    """And a variable that names a folder is the last word."""
    password = load_settings(site / "config.yaml", environ={}).storage.password
    assert password is not None
    assert password.get_secret_value() == "secret-of-postgres"
    other = load_settings(site / "config.yaml", environ={"CREDENTIALS_DIRECTORY": str(site / "data")})
    assert other.storage.password is None


def test_a_folder_that_may_not_be_looked_into_stops_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon's own user goes without: `hatif status` and its like need no secret."""
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != site / "credentials")
    assert load_settings(site / "config.yaml", environ={}).privacy.key is None
