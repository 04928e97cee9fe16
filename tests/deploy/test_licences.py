"""Licences of others' code: all are judged, none is where it may not be, and what is written is current."""

import tomllib
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from licences import Judged, declared, from_report, judge, needs, packages, read_judged, read_seen, wanted
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from write_licences import notice, page

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def judged() -> Judged:
    return read_judged()


def test_what_is_written_is_current(judged: Judged) -> None:
    """`make licences` writes both."""
    found = packages(read_seen(), judged)
    assert (ROOT / "NOTICE").read_text(encoding="utf-8") == notice(found, judged)
    assert (ROOT / "docs" / "licences.md").read_text(encoding="utf-8") == page(found, judged)


def test_every_extra_has_a_process(judged: Judged) -> None:
    assert set(wanted()) == set(judged.extras)
    assert set(judged.extras.values()) <= set(judged.processes)


def test_what_is_installed_declares_what_was_seen() -> None:
    """An update that changes its licence, or needs something else, is judged anew."""
    seen = read_seen()
    here = {"": needs(wanted()[""]), "dev": needs(wanted()["dev"])}
    waiting = [name.partition("[")[0] for listed in here.values() for name in listed]
    looked_at = set[str]()
    while waiting:
        name = waiting.pop()
        if name in looked_at or (metadata := metadata_of(name)) is None:
            continue
        looked_at.add(name)
        classifiers = metadata.get_all("Classifier") or []
        said = declared(metadata.get("License-Expression"), metadata.get("License"), classifiers)
        assert seen[name]["declared"] == said, name
        for extra, listed in seen[name]["needs"].items():
            assert listed == needs(metadata.get_all("Requires-Dist") or [], extra), name
            waiting += [need.partition("[")[0] for need in listed]
    assert len(looked_at) > 60


def metadata_of(name: str) -> Any:
    try:
        return distribution(name).metadata
    except PackageNotFoundError:
        return None  # for another Python


def test_versions_are_kept_only_of_what_is_judged() -> None:
    """What constraints.txt names, and nothing wants, was forgotten there."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if line and line[0] != "#"}
    assert pinned - set(read_seen()) == set()


@pytest.mark.parametrize(
    ("said", "process", "complaint"),
    [
        ("SSPL-1.0", "daemon", "new: nobody has judged the licence 'SSPL-1.0'"),
        ("SSPL-1.0", "voice", "new: nobody has judged the licence 'SSPL-1.0'"),
        ("BSD", "daemon", "nobody has judged the licence 'BSD'"),
        ("", "daemon", "new declares no licence"),
        ("GPL-3.0-or-later", "daemon", r"new \(GPL-3.0-or-later\) may not be loaded by Hatif itself"),
        ("MIT AND GPL-2.0-or-later", "import", "may not be loaded by The command that imports"),
    ],
)
def test_a_new_dependency_has_to_be_judged(judged: Judged, said: str, process: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        judge("new", said, judged, ("",), process)


@pytest.mark.parametrize(
    ("said", "process"),
    [("MIT", "daemon"), ("MIT OR GPL-3.0-or-later", "daemon"), ("GPL-3.0-or-later", "voice")],
)
def test_what_was_judged_may_come(judged: Judged, said: str, process: str) -> None:
    """Of alternatives we take the one that suits."""
    assert judge("new", said, judged, ("",), process).licence == said


def test_another_declaration_is_judged_again(judged: Judged) -> None:
    with pytest.raises(ValueError, match="vosk was judged when it declared 'Apache Software License'"):
        judge("vosk", "AGPL-3.0-only", judged, ("",), "ears")


def test_a_package_that_carries_the_gpl_needs_a_process_of_its_own(judged: Judged) -> None:
    """Although it is itself under another licence."""
    careless = dict(judged.packages["av"]) | {"process": "daemon"}
    judged = replace(judged, packages={**judged.packages, "av": careless})
    with pytest.raises(ValueError, match=r"av .* may not be loaded by Hatif itself"):
        packages(read_seen(), judged)


def test_what_nobody_has_seen_is_told(judged: Judged) -> None:
    seen = {name: facts for name, facts in read_seen().items() if name != "yarl"}
    with pytest.raises(ValueError, match="nobody has seen the licence of yarl"):
        packages(seen, judged)


def test_what_a_package_says_is_taken_where_it_says_it() -> None:
    """An expression before a text, a text before a classifier, and no text of a whole licence."""
    classifiers = ["License :: OSI Approved :: MIT License", "Topic :: Communications"]
    assert declared("ISC", "BSD", classifiers) == "ISC"
    assert declared(None, "BSD", classifiers) == "BSD"
    assert declared(None, "Copyright ...\nAll rights", classifiers) == "MIT License"
    assert declared(None, "UNKNOWN", classifiers) == "MIT License"
    assert declared(None, None, []) == ""


def test_conditions_and_extras_are_followed() -> None:
    """What another Python, or Windows, or an extra that nobody asked for needs."""
    listed = [
        "one",
        'two; python_version >= "3.13"',
        'three; sys_platform == "win32"',
        'Four[b,a]; extra == "x"',
    ]
    assert needs(listed) == ["one", "two"]
    assert needs(listed, "x") == ["four[a,b]", "one", "two"]
    report = {
        "install": [
            {"metadata": {"name": "one", "license": "MIT", "requires_dist": ["two", 'three; extra == "x"']}},
            {"metadata": {"name": "two", "license_expression": "ISC"}},
            {"metadata": {"name": "unrelated", "license": "GPL"}},
        ]
    }
    assert from_report(report, {"": ["one"]}) == {
        "one": {"declared": "MIT", "needs": {"": ["two"]}},
        "two": {"declared": "ISC", "needs": {"": []}},
    }


def test_the_wheel_carries_the_notice() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "NOTICE" in project["license-files"]
