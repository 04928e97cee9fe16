"""deploy/compose, Railway and Render: held to the code, for neither docker nor a hoster is here to try."""

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from behind_nginx import nginx_command
from dockerfile import read_dockerfile
from programs import needs, path_of
from ruamel.yaml import YAML

from bridge.config import CREDENTIALS, load_settings, option_names
from bridge.config_aliases import ALIASES, UNUSED
from bridge.config_sources import OTHER_VARIABLES, variable
from bridge.lifecycle import Lifecycle
from bridge.privacy.keys import KeyRing
from bridge.web.health import Component, Health

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
OURS = ("hatif", "backup")  # of the image that is built here
GRACE_SECONDS = 20  # how long the goodbye may take, after calls.drain_seconds (docs/operations.md)


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(read(FOLDER / "compose.yaml"))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(compose["services"])


def is_known(name: str) -> bool:
    """A variable that the daemon reads, or that its table explains."""
    ours = {variable(option) for option in option_names()} | OTHER_VARIABLES | {"CREDENTIALS_DIRECTORY"}
    return name in ours | {alias.name for alias in ALIASES} | UNUSED.keys()


def seconds(text: str) -> float:
    """`11m`, `30s`."""
    number, unit = re.fullmatch(r"(\d+)([sm])", text).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


def test_files_that_are_mounted_exist(services: dict[str, dict[str, Any]], compose: dict[str, Any]) -> None:
    """Docker would make a folder of a name that does not, and the container would not start."""
    for service in services.values():
        for mounted in service.get("volumes", []):
            source, target, *mode = mounted.split(":")
            if not source.startswith("."):
                assert source in compose["volumes"]
                continue
            assert mode == ["ro"], mounted
            assert Path(target).is_absolute()
            if source != "./tls":  # the certificate is the site's
                assert (FOLDER / source).exists(), mounted


def test_monitoring_is_the_same_as_without_containers() -> None:
    """Both Prometheuses scrape the same job, with the same rules."""
    alone, here = (read(folder / "prometheus.yml") for folder in (ROOT / "deploy/monitoring", FOLDER))
    assert alone["rule_files"] == here["rule_files"]
    assert [job["job_name"] for job in alone["scrape_configs"]] == [
        job["job_name"] for job in here["scrape_configs"]
    ]


def test_every_service_is_watched_and_confined(services: dict[str, dict[str, Any]]) -> None:
    """A health check (Hatif's is in its image), only named capabilities, nothing written but volumes."""
    for name, service in services.items():
        assert ("healthcheck" in service) is (name != "hatif"), name
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert ":" in service["image"] or name in OURS, f"{name}: a version is to be named"
        assert not service["image"].endswith(":latest")


def test_nothing_but_nginx_can_be_reached_from_outside(services: dict[str, dict[str, Any]]) -> None:
    """Grafana from this machine alone."""
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published.pop("nginx") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert {name for name in ("postgres", "redis") if services[name]["networks"] != {"inside": {}}} == set()


def test_networks_and_addresses_fit(services: dict[str, dict[str, Any]], compose: dict[str, Any]) -> None:
    """What is named in configurations is what containers are given; databases reach nobody."""
    assert compose["networks"]["inside"]["internal"] is True
    used = {network for service in services.values() for network in service["networks"]}
    assert used == compose["networks"].keys()
    address = {name: services[name]["networks"]["front"].get("ipv4_address") for name in ("hatif", "nginx")}
    environment = services["hatif"]["environment"]
    assert environment["HATIF_SERVER__TRUSTED_PROXIES"] == address["nginx"]
    assert environment["HATIF_METRICS__HOST"] == address["hatif"]
    assert f"server {address['hatif']}:8080;" in (FOLDER / "hatif-upstream.conf").read_text()
    (job,) = read(FOLDER / "prometheus.yml")["scrape_configs"]
    target = f"{address['hatif']}:{environment['HATIF_METRICS__PORT']}"
    assert job["static_configs"] == [{"targets": [target]}]
    (data,) = read(FOLDER / "grafana-datasource.yml")["datasources"]
    assert data["url"] == "http://prometheus:9090"
    (manager,) = read(FOLDER / "prometheus.yml")["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert services["alertmanager"]["networks"].keys() & services["prometheus"]["networks"].keys()


def test_variables_are_known(services: dict[str, dict[str, Any]]) -> None:
    """To the daemon; and .env.example shows each that compose.yaml takes from outside."""
    assert all(map(is_known, services["hatif"]["environment"]))
    text = (FOLDER / "compose.yaml").read_text()
    taken = set(re.findall(r"\$\{(\w+)", text)) | {"COMPOSE_PROFILES"}
    shown = set(re.findall(r"^#?([A-Z_]+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))
    assert taken == shown


def test_no_secret_is_written_down(services: dict[str, dict[str, Any]], compose: dict[str, Any]) -> None:
    """Each is a file, which git does not keep; the daemon knows its own by their names."""
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY", name):
                assert str(value).startswith("/run/secrets/"), name
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()
    assert set(services["hatif"]["secrets"]) <= CREDENTIALS.keys()
    assert all(each["file"] == f"./secrets/{name}" for name, each in compose["secrets"].items())
    kept_out = (FOLDER / ".gitignore").read_text().split()
    assert set(kept_out) == {"secrets/", "tls/", ".env"}


def test_profiles_bring_what_is_optional(services: dict[str, dict[str, Any]]) -> None:
    """Without any, Hatif with its backups, and nginx; the addresses in .env.example lead to the others."""
    assert {name for name, service in services.items() if "profiles" not in service} == {*OURS, "nginx"}
    example = (FOLDER / ".env.example").read_text()
    assert "@postgres/" in example
    assert "//redis:" in example
    (profiles,) = re.findall(r"^#COMPOSE_PROFILES=(.*)$", example, re.MULTILINE)
    assert set(profiles.split(",")) == {
        name for each in services.values() for name in each.get("profiles", [])
    }


def test_calls_may_end_before_a_container_does(services: dict[str, dict[str, Any]]) -> None:
    """Everywhere, after the drain and the goodbye."""
    settings = load_settings(ROOT / "deploy/container/config.yaml", environ={})
    needed = settings.calls.drain_seconds + GRACE_SECONDS
    assert seconds(services["hatif"]["stop_grace_period"]) >= needed
    assert json.loads((ROOT / "railway.json").read_text())["deploy"]["drainingSeconds"] >= needed
    (render,) = read(ROOT / "render.yaml")["services"]
    set_there = {each["key"]: each.get("value") for each in render["envVars"]}
    assert float(set_there["HATIF_CALLS__DRAIN_SECONDS"]) + GRACE_SECONDS <= render["maxShutdownDelaySeconds"]


def test_backups_are_made_as_the_unit_makes_them(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The same commands on the same data; after a night that failed it is tried again soon."""
    backup, hatif = services["backup"], services["hatif"]
    unit = (ROOT / "systemd/hatif-backup.service").read_text()
    nightly = re.findall(r"^ExecStart=/opt/(?:hatif)/bin/(.*) --config \S+$", unit, re.MULTILINE)
    assert set(backup["volumes"]) <= set(hatif["volumes"])
    assert {"backup_key", "privacy_key"} <= set(backup["secrets"]), "what is encrypted cannot be verified"
    (script,) = backup["command"]
    (tmp_path / "hatif.db").touch()
    for ends, seconds_ in ((0, 86400), (1, 900)):
        (tmp_path / "hatif").write_text(
            f'#!/bin/sh\necho "hatif $*" >>{tmp_path}/called-{ends}\nexit {ends}\n'
        )
        (tmp_path / "sleep").write_text(f'#!/bin/sh\necho "$1" >>{tmp_path}/called-{ends}; kill $PPID\n')
        for program in ("hatif", "sleep"):
            (tmp_path / program).chmod(0o755)
        subprocess.run(
            [*backup["entrypoint"], script.replace("$$", "$")],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "DATA": str(tmp_path)},
            timeout=30,
            check=False,
        )
        assert (tmp_path / f"called-{ends}").read_text().splitlines() == [
            *(nightly if ends == 0 else nightly[:1]),
            str(seconds_),
        ]


@needs("openssl")
def test_secrets_are_made_once(tmp_path: Path, compose: dict[str, Any]) -> None:
    """Every one that is named, long enough, and never a second time."""
    script = Path(shutil.copy(FOLDER / "make-secrets.sh", tmp_path))
    for _ in range(2):
        subprocess.run(["/bin/sh", str(script)], check=True, capture_output=True)
    made = {path.name: path.read_text().strip() for path in (tmp_path / "secrets").iterdir()}
    assert made.keys() == compose["secrets"].keys()
    assert KeyRing.parse(made["privacy_key"]).current.name == "compose"
    assert all(len(text) == 64 for name, text in made.items() if name != "privacy_key")
    assert len(set(made.values())) == len(made)
    (tmp_path / "secrets/maqsam_token").chmod(0o600)
    (tmp_path / "secrets/maqsam_token").write_text("theirs")
    subprocess.run(["/bin/sh", str(script)], check=True, capture_output=True)
    assert (tmp_path / "secrets/maqsam_token").read_text() == "theirs"
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert os.access(FOLDER / "make-secrets.sh", os.X_OK)


@needs("nginx")
def test_nginx_takes_the_upstream_of_compose(tmp_path: Path) -> None:
    """The two files are to be exchanged for each other."""
    shutil.copy(FOLDER / "hatif-upstream.conf", tmp_path)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ include hatif-upstream.conf; "
        "server { listen 127.0.0.1:18099; location / { proxy_pass http://hatif; } } }"
    )
    tried = subprocess.run([*nginx_command(tmp_path), "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


@needs("promtool")
def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    """With the alerts beside it, as they are mounted."""
    for path in (FOLDER / "prometheus.yml", ROOT / "deploy/monitoring/alerts.yml"):
        shutil.copy(path, tmp_path)
    command = [path_of("promtool"), "check", "config", str(tmp_path / "prometheus.yml")]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_railway_builds_and_asks_what_is_there() -> None:
    """Numbers are numbers: Railway's parser takes nothing else."""
    said = json.loads((ROOT / "railway.json").read_text())
    assert said["build"] == {"builder": "DOCKERFILE", "dockerfilePath": "Dockerfile"}
    assert said["deploy"]["healthcheckPath"] in _health_paths()
    assert all(isinstance(said["deploy"][name], int) for name in said["deploy"] if name.endswith("Seconds"))


def test_render_builds_and_asks_what_is_there() -> None:
    """Its disk is the image's volume; its secrets are made there, or asked for; its variables are known."""
    (service,) = read(ROOT / "render.yaml")["services"]
    assert (service["type"], service["runtime"]) == ("web", "docker")
    assert (ROOT / service["dockerfilePath"]).is_file()
    assert service["healthCheckPath"] in _health_paths()
    assert 1 <= service["maxShutdownDelaySeconds"] <= 300
    image = read_dockerfile((ROOT / "Dockerfile").read_text())[-1]
    assert [service["disk"]["mountPath"]] == next(each.words for each in image if each.name == "VOLUME")
    for each in service["envVars"]:
        assert is_known(each["key"])
        if re.search("SECRET|TOKEN", each["key"]):
            assert "value" not in each


def _health_paths() -> set[str]:
    """What the daemon answers to whoever asks how it is."""
    lifecycle = Lifecycle()
    return {one.path for one in Health(lifecycle=lifecycle, components=_none, active_calls=int).endpoints()}


async def _none() -> list[Component]:
    return []
