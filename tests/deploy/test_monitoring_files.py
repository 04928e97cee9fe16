"""deploy/monitoring: valid, tested, documented, and about metrics that exist; the documentation likewise."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from exposed import everything, families
from programs import needs, path_of
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
OURS = ("hatif_", "voice_", "http_server_")
_METRIC = re.compile(r"\b(?:hatif|voice|http_server|process|python)_[a-z0-9_]+(?=[{\[)\s]|$)")
_RECORDED = re.compile(r"\bhatif:[a-z0-9_:]+")

needs_promtool = needs("promtool")


def promtool(*arguments: str, text: str | None = None) -> str:
    """What promtool says; it must be content."""
    done = subprocess.run(
        [path_of("promtool"), *arguments],
        cwd=FOLDER,
        input=text,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def read(name: str) -> Any:
    return YAML(typ="safe").load(FOLDER / name)


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every name of a sample that a daemon may expose."""
    names = set[str]()
    for name, kind in families(everything()).items():
        names |= {f"{name}_{part}" for part in ("bucket", "count", "sum")} if kind == "histogram" else {name}
    return names


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    return [rule for group in read("alerts.yml")["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((FOLDER / "grafana" / "dashboards" / "hatif.json").read_text(encoding="utf-8"))
    panels: list[dict[str, Any]] = dashboard["panels"]
    return panels


@needs_promtool
def test_configuration_and_rules_are_valid() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")


@needs_promtool
def test_alerts_fire_when_they_should() -> None:
    """alerts_test.yml plays series, and says which alerts come of them."""
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


@needs_promtool
def test_what_is_exposed_follows_the_conventions() -> None:
    """Of a registry in which everything has happened: units, suffixes, help."""
    assert promtool("check", "metrics", text=everything()).strip() == ""


@needs("amtool")
def test_alerts_reach_whom_they_should() -> None:
    """`page` wakes somebody, whatever else waits; the file is one that Alertmanager takes."""
    for severity, receiver in (("page", "wakes"), ("ticket", "morning")):
        command = [path_of("amtool"), "config", "routes", "test", "--config.file=alertmanager.yml"]
        command += [f"--verify.receivers={receiver}", "alertname=HatifDown", f"severity={severity}"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=150, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_severity_has_a_way_to_somebody(rules: list[dict[str, Any]]) -> None:
    """And Prometheus is told of Alertmanager, on a machine and in compose."""
    severities = {rule["labels"]["severity"] for rule in rules if "alert" in rule}
    assert severities == {"page", "ticket"}
    told = read("alertmanager.yml")
    assert told["route"]["receiver"] == "morning"
    assert [(each["matchers"], each["receiver"]) for each in told["route"]["routes"]] == [
        (['severity="page"'], "wakes")
    ]
    assert {each["name"] for each in told["receivers"]} == {"wakes", "morning"}
    (manager,) = read("prometheus.yml")["alerting"]["alertmanagers"]
    assert manager == {"static_configs": [{"targets": ["127.0.0.1:9093"]}]}


def test_every_alert_is_tested(rules: list[dict[str, Any]]) -> None:
    """With a case in which it fires."""
    cases = [case for test in read("alerts_test.yml")["tests"] for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if case["exp_alerts"]}
    assert fired == {rule["alert"] for rule in rules if "alert" in rule}


def test_rules_and_panels_ask_for_what_there_is(
    rules: list[dict[str, Any]], panels: list[dict[str, Any]], known: set[str]
) -> None:
    """A metric that was renamed leaves no alert that never fires, and no empty panel."""
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in panels for target in panel["targets"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for expression in asked:
        without_labels = re.sub(r"\b(by|on|without) \([^)]*\)", "", expression)
        named = set(_METRIC.findall(re.sub(r'"[^"]*"', '""', without_labels)))
        recordings = set(_RECORDED.findall(expression))
        assert named | recordings or expression == 'up{job="hatif"} == 0', expression
        assert named <= known, expression
        assert recordings <= recorded, expression


def test_panels_stand_beside_each_other(panels: list[dict[str, Any]]) -> None:
    """None covers another, and each has a title of its own."""
    taken = set[tuple[int, int]]()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["title"] for panel in panels}) == len({panel["id"] for panel in panels}) == len(panels)


def test_every_metric_is_documented_and_no_other() -> None:
    """The table of docs/monitoring.md is the registry's own."""
    table = PAGE[PAGE.index("## Metrics") :]
    rows = re.findall(r"^\| `([a-z0-9_]+)(?:\{[^`]*\})?` \|", table, re.MULTILINE)
    exposed = {name for name in families(everything()) if name.startswith(OURS)}
    assert {row for row in rows if row.startswith(OURS)} == exposed


def test_labels_are_documented(known: set[str]) -> None:
    """Beside each name its labels, as they are."""
    rows = dict(re.findall(r"^\| `([a-z0-9_]+)\{([^`}]*)\}` \|", PAGE, re.MULTILINE))
    written = {name: set(labels.split(", ")) for name, labels in rows.items()}
    found: dict[str, set[str]] = {}
    for line in everything().splitlines():
        if (sample := re.match(r"([a-z0-9_]+)\{(.*)\} ", line)) and line.startswith(OURS):
            name = re.sub(r"_(bucket|count|sum)$", "", sample[1])
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', sample[2]))
    assert {name: labels - {"le"} for name, labels in found.items() if labels - {"le"}} == written


def test_every_alert_is_documented(rules: list[dict[str, Any]]) -> None:
    written = set(re.findall(r"^\| `(Hatif[A-Za-z]+)` \|", PAGE, re.MULTILINE))
    assert written == {rule["alert"] for rule in rules if "alert" in rule}


def test_grafana_finds_what_is_provisioned() -> None:
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    (provider,) = read("grafana/provisioning/dashboards/hatif.yml")["providers"]
    assert (source["type"], provider["type"]) == ("prometheus", "file")
