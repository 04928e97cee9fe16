"""Which code of others Hatif comes with or needs, under which licences, and in which process each is loaded.

`seen.json` is what packages declare and need, as pip tells it (`make licences`); `judged.toml` is what was
decided about that. NOTICE and docs/licences.md are written from both. Nothing of this is needed to run Hatif.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = [
    "Judged",
    "Package",
    "declared",
    "from_report",
    "judge",
    "needs",
    "packages",
    "read_judged",
    "read_seen",
    "wanted",
]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHONS = ("3.11", "3.12", "3.13")  # what is needed on any of them, on Linux, is needed
LONGEST_DECLARATION = 60  # some declare the whole text of their licence

Node = tuple[str, str]  # a package and an extra of it, or ""
Seen = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Package:
    """A package that Hatif or one of its extras needs."""

    name: str
    extras: tuple[str, ...]  # of Hatif, that need it; "" is Hatif itself
    process: str
    licence: str
    carries: str = ""
    note: str = ""


@dataclass(frozen=True)
class Judged:
    """What judged.toml says."""

    kinds: Mapping[str, Mapping[str, Any]]
    processes: Mapping[str, Mapping[str, Any]]
    extras: Mapping[str, str]
    spellings: Mapping[str, str]
    unseen: dict[str, Mapping[str, Any]]
    packages: Mapping[str, Mapping[str, str]]
    contained: Sequence[Mapping[str, str]]
    fetched: Sequence[Mapping[str, str]]

    def kind_of(self, licence: str) -> str:
        """The most demanding kind of licence in an expression; of alternatives the least demanding counts.

        Raises:
            ValueError: a licence was never judged.

        """
        order = list(self.kinds)
        return order[min(max(map(self._rank, one.split(" AND "))) for one in licence.split(" OR "))]

    def _rank(self, licence: str) -> int:
        for rank, kind in enumerate(self.kinds.values()):
            if licence.strip() in kind["licences"]:
                return rank
        raise ValueError(f"nobody has judged the licence {licence.strip()!r}")


def read_judged() -> Judged:
    """What was decided."""
    return Judged(**tomllib.loads((HERE / "judged.toml").read_text(encoding="utf-8")))


def read_seen() -> Seen:
    """By package: what it declares as its licence, and by its extras what it needs."""
    return read_judged().unseen | json.loads((HERE / "seen.json").read_text(encoding="utf-8"))


def wanted() -> dict[str, list[str]]:
    """By Hatif's extras, "" being none: what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": project["dependencies"]} | project["optional-dependencies"]


def declared(expression: str | None, text: str | None, classifiers: Sequence[str]) -> str:
    """What a package says that its licence is; nothing, when it says nothing."""
    told = (text or "").strip()
    if expression:
        return expression
    if told and told != "UNKNOWN" and "\n" not in told and len(told) <= LONGEST_DECLARATION:
        return told
    names = [one.rpartition("::")[2].strip() for one in classifiers if one.startswith("License ::")]
    return " AND ".join(names)


def needs(requirements: Sequence[str], extra: str = "") -> list[str]:
    """Of these requirements those that hold with this extra, without versions and conditions."""
    found = set()
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is None or any(marker.evaluate(_machine(python, extra)) for python in PYTHONS):
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            found.add(canonicalize_name(requirement.name) + extras)
    return sorted(found)


def _machine(python: str, extra: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "extra": extra,
    }


def nodes(requirement: str) -> Iterator[Node]:
    """A requirement as packages with their extras."""
    name, _, extras = requirement.rstrip("]").partition("[")
    yield name, ""
    yield from ((name, extra) for extra in extras.split(",") if extra)


def packages(seen: Seen, judged: Judged) -> list[Package]:
    """Every package that Hatif needs, by name.

    Raises:
        ValueError: a package was never seen, or what it declares was never judged.

    """
    processes: dict[str, str] = {}
    extras: dict[str, list[str]] = {}
    roots = wanted()
    for extra, process in judged.extras.items():
        for name, place in _reached(needs(roots.get(extra, [])), process, seen, judged):
            processes.setdefault(name, place)
            if extra not in extras.setdefault(name, []):
                extras[name].append(extra)
    return [
        judge(name, seen[name]["declared"], judged, tuple(extras[name]), processes[name])
        for name in sorted(processes)
    ]


def _reached(roots: Sequence[str], process: str, seen: Seen, judged: Judged) -> Iterator[tuple[str, str]]:
    """Packages with the process that loads them; what a process of its own needs as well comes last."""
    waiting = [(node, process) for root in roots for node in nodes(root)]
    done = set[Node]()
    while waiting:
        waiting.sort(key=lambda one: one[1] != process)
        (name, extra), place = waiting.pop(0)
        if (name, extra) in done:
            continue
        done.add((name, extra))
        if extra not in seen.get(name, {"needs": {}})["needs"]:
            raise ValueError(f"nobody has seen the licence of {name}; run `make licences`")
        place = judged.packages.get(name, {}).get("process", place)
        yield name, place
        waiting += [(node, place) for need in seen[name]["needs"][extra] for node in nodes(need)]


def judge(name: str, said: str, judged: Judged, extras: tuple[str, ...], process: str) -> Package:
    """What holds for a package that declares this.

    Raises:
        ValueError: nobody has judged it, or it may not be loaded where it is.

    """
    own = judged.packages.get(name)
    if own is None:
        package = Package(name, extras, process, judged.spellings.get(said, said))
    elif own["declared"] != said:
        raise ValueError(f"{name} was judged when it declared {own['declared']!r}; now it is {said!r}")
    else:
        package = Package(name, extras, process, own["licence"], own.get("carries", ""), own.get("note", ""))
    try:
        kinds = {judged.kind_of(licence) for licence in (package.licence, package.carries) if licence}
    except ValueError as error:
        raise ValueError(f"{name}: {error}; it declares {said!r}") from error
    if not kinds:
        raise ValueError(f"{name} declares no licence; read its text and add it to judged.toml")
    is_alone = judged.processes[process].get("alone", False)
    if not is_alone and not all(judged.kinds[kind]["daemon"] for kind in kinds):
        title = judged.processes[process]["title"]
        raise ValueError(f"{name} ({package.licence}) may not be loaded by {title}")
    return package


def from_report(report: Mapping[str, Any], roots: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """What is seen in `pip install --report`: everything that the roots lead to."""
    metadata = {canonicalize_name(one["metadata"]["name"]): one["metadata"] for one in report["install"]}
    waiting = [node for listed in roots.values() for need in needs(listed) for node in nodes(need)]
    seen: dict[str, dict[str, Any]] = {}
    while waiting:
        name, extra = waiting.pop()
        if extra in seen.get(name, {"needs": {}})["needs"] or name not in metadata:
            continue
        told = metadata[name]
        licence = declared(told.get("license_expression"), told.get("license"), told.get("classifier", []))
        found = needs(told.get("requires_dist", []), extra)
        seen.setdefault(name, {"declared": licence, "needs": {}})["needs"][extra] = found
        waiting += [node for need in found for node in nodes(need)]
    return {name: seen[name] for name in sorted(seen)}
