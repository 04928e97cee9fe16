"""What `make bench` writes: the right ratios, a page that is whole around them, and plots that are SVG."""

import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from benchmark_programs import benchmark, run_benchmark
from measured import measured_load

from bridge.bench.load import Server, quantiles
from bridge.bench.machine import Machine, this_machine

SVG = "{http://www.w3.org/2000/svg}"
QUIET = Machine(2, "a processor", (0.1, 0.2, 0.3), "3.11.7")
PAGE = "# Benchmarks\n\nBy hand.\n\n## Voices\n\nBy hand, too.\n"


@pytest.fixture(scope="module")
def page() -> ModuleType:
    return benchmark("page")


@pytest.fixture(scope="module")
def plots() -> ModuleType:
    return benchmark("plots")


def row(server: str, calls: int, cost: float, **seen: Any) -> dict[str, Any]:
    """One server under one load, as media.py writes it."""
    load = measured_load(calls=calls, completed=0, server=Server(cost), **seen)
    return {"server": server, "load": load}


@pytest.fixture
def results(page: ModuleType) -> Any:
    """What might have been measured."""
    distributions = {"reply": quantiles(range(100))}
    parts = {
        "media": [
            row("hatif", 10, 8.0, distributions=distributions),
            row("aiohttp+uvloop", 10, 4.0, distributions=distributions),
            row("hatif", 100, 5.0, distributions=distributions, pacing_ms=(1.0, 9.0, 31.0)),
            row("aiohttp+uvloop", 100, 2.0, distributions=distributions, late_ms=(1.0, 2.0, 9.0)),
        ],
        "peers": [
            row("hatif", 10, 8.0),
            row("pipecat", 10, 72.0),
            row("hatif", 100, 5.0),
            row("pipecat", 100, 12.0, replies=2, unanswered=60),
        ],
        "recognition": [
            {"way": "Hatif", "kind": "numbers", "ms": 110.0},
            {"way": "the same decoders", "kind": "numbers", "ms": 100.0},
        ],
        "turns": {
            "turns": [{"item": "slept", "total_ms": 200.0 + n, "endpoint_ms": 180.0} for n in range(5)],
            "ends": {
                "as needed": [
                    {"kind": "yes/no", "silences": [0.2], "revised": 0, "stored": True, "truth": False}
                ]
            },
            "cuts": [{"kind": "echo", "stopped": True, "lost": False}],
        },
    }
    # As it is read from the files in which it was kept.
    return page.Results(
        {
            name: page.Part(f"python {name}.py", QUIET, "2026-11-22 12:00", 60.0, json.loads(_json(found)))
            for name, found in parts.items()
        }
    )


def _json(found: Any) -> bytes:
    import msgspec  # noqa: PLC0415

    return msgspec.json.encode(found)


def rows_of(text: str, beginning: str) -> list[list[str]]:
    """The cells of the rows that begin so."""
    lines = [line for line in text.splitlines() if line.startswith(f"| {beginning}")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_ratios_come_first_and_are_of_one_run(page: ModuleType, results: Any) -> None:
    """In brackets where callers were late; peers against Hatif of their own run."""
    text = page.page(results)
    assert rows_of(text, "Hatif ÷ bare") == [["Hatif ÷ bare aiohttp agent, uvloop", "2.0", "(2.5)", ""]]
    assert rows_of(text, "Pipecat ÷") == [["Pipecat ÷ Hatif", "9.0", "did not keep up", "≥ 8"]]
    assert rows_of(text, "the same decoders (") == [["the same decoders (numbers)", "1.10", "≤ 1.15"]]
    assert text.index("### Ratios") < text.index("### A call") < text.index("### Beside Pipecat")


def test_capacity_is_the_most_that_was_borne(page: ModuleType, results: Any) -> None:
    text = page.page(results)
    told = text[text.index("**Capacity**") : text.index("### Beside Pipecat")]
    assert rows_of(told, "Hatif |") == [["Hatif", "10"]]
    assert rows_of(told, "bare") == [["bare aiohttp agent, uvloop", "100, more were not tried"]]
    lost = [page.Measured("hatif", measured_load(calls=50, broken=1))]
    assert page.capacity(lost) == "fewer than 50"


def test_whole_calls_are_counted_with_their_engines(page: ModuleType, results: Any) -> None:
    """And what was not borne well is told: 200 ms after the silence that ends an answer there is a reply."""
    loads = {
        "hatif+vosk": {"calls": 10, "reply_ms": (210.0, 380.0, 390.0), "server": Server(6.0, 20.0)},
        "hatif+vosk-1": {"calls": 20, "reply_ms": (250.0, 640.0, 700.0), "server": Server(5.0, 10.0)},
    }
    part = [{"server": name, "load": measured_load(completed=0, **seen)} for name, seen in loads.items()]
    kept = page.Part("python media.py", QUIET, "2026-11-22 12:00", 60.0, json.loads(_json(part)))
    text = page.page(page.Results({**results.parts, "whole": kept}))
    told = text[text.index("### Whole calls") : text.index("### Beside Pipecat")]
    ((*first, borne),) = rows_of(told, "Hatif |")
    assert (first[1:4], borne) == (["10", "26.0", "6.0 + 20.0"], "yes")
    ((*second, complaint),) = rows_of(told, "Hatif, `recogniser")
    assert (second[2], complaint) == ("15.0", "replies to speech: p95 640 ms, more than 600")
    media = page.Measured("hatif", measured_load(server=Server(4.0, 9.0)))
    assert media.cpu_ms == 4.0


def test_the_machine_and_the_commands_are_named(page: ModuleType, results: Any) -> None:
    text = page.page(results)
    assert "On 2 cores, a processor, Python 3.11.7." in text
    assert "`python media.py`" in text
    assert this_machine().cores >= 1


def test_what_was_not_measured_is_not_told(page: ModuleType) -> None:
    text = page.page(page.Results({}))
    assert "###" not in text.replace("### How it was measured", "")
    assert page.plots(page.Results({})) == {}


def test_every_plot_is_svg_that_the_page_shows(page: ModuleType, results: Any) -> None:
    """And has a line for each server; a dark page has colours of its own."""
    drawn, text = page.plots(results), page.page(results)
    assert set(drawn) == {"cpu", "pacing", "replies", "recognition", "turns"}
    for name, document in drawn.items():
        found = ET.fromstring(document)  # noqa: S314 - our own
        assert found.tag == f"{SVG}svg"
        assert "prefers-color-scheme: dark" in document
        assert f"(plots/{name}.svg)" in text
    lines = ET.fromstring(drawn["cpu"]).findall(f"{SVG}polyline")  # noqa: S314
    assert [len(one.attrib["points"].split()) for one in lines] == [
        2,
        2,
        1,
    ]  # what did not keep up is no point


def test_points_lie_where_their_values_are(plots: ModuleType) -> None:
    """Linear and logarithmic, within the frame, more being higher and further right."""
    document = plots.chart(
        "a < b",
        plots.Axis("x", is_log=True),
        plots.Axis("y"),
        [plots.Line("one", [(10, 0.0), (100, 5.0), (1000, 10.0)])],
        limit=("enough", 10.0),
    )
    circles = ET.fromstring(document).findall(f"{SVG}circle")  # noqa: S314
    across, up = ([float(one.attrib[name]) for one in circles] for name in ("cx", "cy"))
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)
    assert up[0] - up[1] == pytest.approx(up[1] - up[2], abs=0.2)
    assert up[0] > up[2]
    assert (across[0], across[2]) == (plots.LEFT, plots.WIDTH - plots.RIGHT)


@pytest.mark.parametrize(
    ("least", "most", "is_log", "ticks"),
    [
        (0, 10, False, [0, 2, 4, 6, 8, 10]),
        (0, 437, False, [0, 100, 200, 300, 400]),
        (3, 120, True, [5, 10, 20, 50, 100]),
    ],
)
def test_ticks_are_round(
    plots: ModuleType, least: float, most: float, is_log: bool, ticks: list[float]
) -> None:
    scale = plots.Axis("", is_log=is_log, least=least, most=most).spanned([])
    assert scale.ticks() == pytest.approx(ticks)


def test_nothing_outside_the_markers_is_touched(page: ModuleType) -> None:
    """The first time the part stands after the introduction; later it is replaced, and only it."""
    first = page.between(PAGE, "one")
    assert first.replace(f"{page.BEGIN}\none\n{page.END}\n\n", "") == PAGE
    assert first.index("By hand.") < first.index("one") < first.index("## Voices")
    assert page.between(first, "two") == first.replace("\none\n", "\ntwo\n")
    assert page.between(page.between(first, "two"), "one") == first


@pytest.mark.parametrize("broken", ["{begin}\n", "{end}\n", "{end}\n{begin}\n", "{begin}{begin}{end}"])
def test_a_page_whose_markers_are_broken_is_left_alone(page: ModuleType, broken: str) -> None:
    with pytest.raises(ValueError, match="there must be one"):
        page.between(PAGE + broken.format(begin=page.BEGIN, end=page.END), "one")


def test_what_is_kept_is_written_again(page: ModuleType, results: Any, tmp_path: Path) -> None:
    """Without measuring; a page that is not there is begun."""
    for name, part in results.parts.items():
        (tmp_path / f"{name}.json").write_bytes(_json(part))
    docs = tmp_path / "docs" / "benchmarks.md"
    docs.parent.mkdir()
    docs.write_text(PAGE, encoding="utf-8")
    ended = written(tmp_path, docs)
    assert ended.returncode == 0, ended.stderr
    text = docs.read_text(encoding="utf-8")
    assert text == page.between(PAGE, page.page(results))
    assert {path.name for path in (docs.parent / "plots").iterdir()} == {
        f"{name}.svg" for name in page.plots(results)
    }


def test_nothing_kept_is_told(tmp_path: Path) -> None:
    ended = written(tmp_path, tmp_path / "benchmarks.md")
    assert ended.returncode == 1
    assert "holds nothing that was measured" in ended.stderr


def written(keep: Path, docs: Path) -> subprocess.CompletedProcess[str]:
    """The program itself, which is to measure nothing."""
    return run_benchmark("bench", "--only-write", "--keep", str(keep), "--docs", str(docs))
