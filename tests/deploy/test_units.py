"""The units, judged by systemd's own tools without any systemd that runs, and held to what they start."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from programs import needs, path_of

from bridge.config import CREDENTIALS, Settings, load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.privacy.keys import new_key

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
SERVICES = ("hatif.service", "hatif-backup.service")
ALLOWED_EXPOSURE = 15  # tenths
OF_SYSTEMD = Path("/usr/lib/systemd/system")


def directives(name: str) -> dict[str, list[str]]:
    """Every directive of a unit with its values, in order; sections do not matter to these tests."""
    text = (UNITS / name).read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^([A-Za-z]+)=(.*)$", text, re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's files, as far as `systemd-analyze verify` looks: our units, and systemd's own."""
    for folder, source in (("usr/lib/systemd/system", OF_SYSTEMD), ("etc/systemd/system", UNITS)):
        shutil.copytree(source, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("drop-ins"))
    for program in ("opt/hatif/bin/hatif", "bin/kill", "bin/echo"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    return tmp_path


@needs("systemd-analyze")
@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("drop_in", [None, "gpu.conf", "closed-network.conf"])
def test_exposure_is_low(root: Path, name: str, drop_in: str | None) -> None:
    """1.5 at most, also with a GPU."""
    unit = root / "etc/systemd/system" / name
    if drop_in is not None:
        with unit.open("a") as whole:
            whole.write("\n" + (UNITS / "drop-ins" / drop_in).read_text())
    command = ["security", "--offline=yes", f"--threshold={ALLOWED_EXPOSURE}", "--no-pager", str(unit)]
    judged = subprocess.run(
        [path_of("systemd-analyze"), *command], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stdout[-200:] + judged.stderr
    assert not judged.stderr
    if (name, drop_in) == ("hatif.service", None):
        level = re.search(r"exposure level for hatif.service: ([\d.]+)", judged.stdout)
        assert level is not None
        assert f"exposure {level[1]} by" in (ROOT / "docs/install.md").read_text(encoding="utf-8")


@needs("systemd-analyze")
@pytest.mark.parametrize("drop_in", [None, "gpu.conf", "closed-network.conf"])
def test_units_are_well_formed(root: Path, drop_in: str | None) -> None:
    """Not one warning: an unknown directive would only be passed over."""
    if drop_in is not None:
        folder = root / "etc/systemd/system/hatif.service.d"
        folder.mkdir()
        shutil.copy(UNITS / "drop-ins" / drop_in, folder)
    names = [unit.name for unit in UNITS.iterdir() if unit.suffix in {".service", ".socket", ".timer"}]
    command = [
        path_of("systemd-analyze"),
        "verify",
        "--man=no",
        "--recursive-errors=one",
        f"--root={root}",
        *names,
    ]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@needs("systemd-analyze")
def test_an_unknown_directive_is_noticed(root: Path) -> None:
    """The test above can fail."""
    unit = root / "etc/systemd/system/hatif.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    command = [path_of("systemd-analyze"), "verify", "--man=no", f"--root={root}", unit.name]
    assert "WatchdogSecs" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


@needs("systemd-analyze")
def test_the_backup_comes_every_night() -> None:
    """The time is read as we mean it."""
    (when,) = directives("hatif-backup.timer")["OnCalendar"]
    command = [path_of("systemd-analyze"), "calendar", "--iterations=2", when]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(re.findall(r"02:30:00", told.partition("Next elapse")[2])) >= 2


@needs("systemd-sysusers")
def test_user_is_made(tmp_path: Path) -> None:
    """Without a shell, at home where its answers are."""
    (tmp_path / "etc").mkdir()
    command = [path_of("systemd-sysusers"), f"--root={tmp_path}", str(UNITS / "hatif.sysusers")]
    subprocess.run(command, capture_output=True, check=True)
    assert "Hatif:/var/lib/hatif:/usr/sbin/nologin\n" in (tmp_path / "etc/passwd").read_text()


@needs("systemd-tmpfiles")
def test_folders_are_those_of_the_unit() -> None:
    """With the same permissions, and no age after which answers or backups would be swept away."""
    lines = [line.split() for line in (UNITS / "hatif.tmpfiles").read_text().splitlines() if line[:1] in "dz"]
    modes = {line[1]: line[2] for line in lines}
    unit = directives("hatif.service")
    assert modes["/var/lib/hatif"] == unit["StateDirectoryMode"][0]
    assert modes["/etc/hatif/credentials"] == "0700"
    assert {line[5] for line in lines} == {"-"}


def test_a_night_that_failed_is_told() -> None:
    """Whatever of the nightly commands ends badly; systemd would pass over a unit that is not there."""
    nightly = directives("hatif-backup.service")
    assert [shlex.split(line)[1:3] for line in nightly["ExecStart"]] == [
        ["db", "backup"],
        ["db", "verify"],
        ["audit", "verify"],
    ]
    (told,) = nightly["OnFailure"]
    assert (UNITS / told.replace("%n", "")).is_file()


def test_life_of_the_service() -> None:
    """What the documentation promises of it."""
    unit = directives("hatif.service")
    settings = load_settings(DEFAULT_CONFIG, environ={})
    assert (unit["Type"], unit["NotifyAccess"], unit["KillMode"]) == (["notify"], ["main"], ["mixed"])
    assert int(unit["TimeoutStopSec"][0]) == settings.calls.drain_seconds + 30
    watchdog, abort = int(unit["WatchdogSec"][0]), int(unit["TimeoutAbortSec"][0])
    assert watchdog + abort + int(unit["RestartSec"][0]) <= 35
    assert (unit["Restart"], unit["OOMPolicy"]) == (["on-failure"], ["continue"])
    burst, interval = int(unit["StartLimitBurst"][0]), int(unit["StartLimitIntervalSec"][0])
    assert burst * (watchdog + abort + 1) < interval, "a daemon that always hangs would be started for ever"


@pytest.mark.parametrize("name", SERVICES)
def test_what_was_said_stays_off_the_disk(name: str) -> None:
    """Neither swap nor core dumps, and files for nobody else."""
    unit = directives(name)
    assert (unit["LimitCORE"], unit["MemorySwapMax"], unit["UMask"]) == (["0"], ["0"], ["0077"])


def test_enough_files_for_the_most_calls() -> None:
    """That the configuration takes."""
    (most,) = [item.le for item in _limits("calls", "max_concurrent") if hasattr(item, "le")]
    assert int(directives("hatif.service")["LimitNOFILE"][0]) >= 4 * most


def _limits(section: str, option: str) -> list[object]:
    annotation = Settings.model_fields[section].annotation
    assert annotation is not None
    return list(annotation.model_fields[option].metadata)


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_credentials(name: str, tmp_path: Path) -> None:
    """Each file of the folder, by the name that systemd gives it: `ID_FILE` (systemd.exec(5))."""
    (loaded,) = directives(name)["LoadCredential"]
    prefix, _, folder = loaded.partition(":")
    assert folder == "/etc/hatif/credentials"
    shaped = {"privacy_key": new_key("first"), "limits_redis_url": "redis://127.0.0.1"}
    for credential in CREDENTIALS:
        (tmp_path / f"{prefix}_{credential}").write_text(shaped.get(credential, "k" * 44))
    settings = load_settings(DEFAULT_CONFIG, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert {settings.origin(option) for option in CREDENTIALS.values()} == {
        f"credential {one}" for one in CREDENTIALS
    }
    environment = " ".join(directives(name).get("Environment", []))
    assert not re.search("secret|token|key", environment, re.IGNORECASE)


def test_socket_is_the_configured_port() -> None:
    """Where somebody turns it on."""
    settings = load_settings(DEFAULT_CONFIG, environ={})
    assert directives("hatif.socket")["ListenStream"] == [f"{settings.server.host}:{settings.server.port}"]


@pytest.mark.parametrize("name", SERVICES)
def test_services_start_what_is_installed(name: str) -> None:
    """The program and the configuration of docs/install.md."""
    program, *arguments = shlex.split(directives(name)["ExecStart"][0])
    assert program == "/opt/hatif/bin/hatif"
    assert arguments[-2:] == ["--config", "/etc/hatif/config.yaml"]
