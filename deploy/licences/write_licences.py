"""Writes NOTICE and docs/licences.md; `make licences` asks pip first what every package declares and needs.

Usage: write_licences.py [REPORT], a file of `pip install --dry-run --ignore-installed --report`.
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from licences import HERE, ROOT, Judged, Package, from_report, packages, read_judged, read_seen, wanted

__all__ = ["notice", "page"]

WIDTH = 112
PAGE_HEADER = """\
# Licences

Hatif is under Apache-2.0. This page and `NOTICE` are written by `make licences` from what packages declare
(`deploy/licences/seen.json`) and what was judged of it (`deploy/licences/judged.toml`); do not edit it.
The tests fail when a dependency comes with a licence that nobody judged, when one declares another one,
and when the daemon would load code under the GPL; they also look into the memory of one that runs.
This is what packages say of themselves, for Linux; it is no lawyer's advice.
"""
NOTICE_HEADER = """\
Hatif
Copyright 2026 the Hatif authors

Licensed under the Apache License, Version 2.0 (see LICENSE).
"""


def page(found: Sequence[Package], judged: Judged) -> str:
    """docs/licences.md."""
    return "\n".join([PAGE_HEADER, *_rules(judged), *_contents(judged), *_by_process(found, judged)])


def _rules(judged: Judged) -> Iterator[str]:
    yield "## What is asked for\n"
    yield "| kind | licences | in Hatif's own process | why |\n|---|---|---|---|"
    for name, kind in judged.kinds.items():
        place = "yes" if kind["daemon"] else "**no**"
        yield f"| {name} | {', '.join(kind['licences'])} | {place} | {kind['why']} |"
    yield ""


def _contents(judged: Judged) -> Iterator[str]:
    yield "## What the repository and the wheel contain\n"
    yield "| what | licence | |\n|---|---|---|"
    yield from (f"| {one['what']} | {one['licence']} | {one['text'].strip()} |" for one in judged.contained)
    yield "\n## What is neither contained nor installed\n"
    yield "| what | licence | |\n|---|---|---|"
    yield from (f"| {one['what']} | {one['licence']} | {one['text'].strip()} |" for one in judged.fetched)
    yield ""


def _by_process(found: Sequence[Package], judged: Judged) -> Iterator[str]:
    for process, facts in judged.processes.items():
        here = [one for one in found if one.process == process]
        if here:
            yield f"## {facts['title']}\n"
            yield "| package | licence | carries | for Hatif, or its extra | |\n|---|---|---|---|---|"
            yield from map(_row, here)
            yield ""


def _row(one: Package) -> str:
    extras = [extra for extra in one.extras if extra != "dev"] or ["dev"]
    wanting = ", ".join(f"`{extra}`" if extra else "Hatif" for extra in extras)
    return f"| {one.name} | {one.licence} | {one.carries} | {wanting} | {one.note} |"


def notice(found: Sequence[Package], judged: Judged) -> str:
    """NOTICE, which goes into the wheel."""
    lines = [NOTICE_HEADER, *_headed("What this repository and its wheel contain besides Hatif's own code")]
    for one in judged.contained:
        lines += [one["what"], textwrap.indent(textwrap.fill(one["text"].strip(), WIDTH), "    ")]
    lines += ["", *_headed("What Hatif needs and installs, but does not contain")]
    for process, facts in judged.processes.items():
        here = [one for one in found if one.process == process and process != "tools"]
        if here:
            lines += [re.sub("`", "", facts["title"]), *(_line(one) for one in here), ""]
    lines += _headed("What Hatif neither contains nor installs")
    for one in judged.fetched:
        told = f"{one['what']}: {one['licence']}. {one['text'].strip()}"
        lines.append(textwrap.fill(told, WIDTH, subsequent_indent="    "))
    return re.sub("`", "'", "\n".join(lines)) + "\n"


def _headed(title: str) -> list[str]:
    return [title, "-" * len(title)]


def _line(one: Package) -> str:
    carried = f"; carries {one.carries}" if one.carries else ""
    told = f"{one.licence}{carried}" + (f". {one.note}" if one.note else "")
    return textwrap.fill(f"    {one.name:<28}{told}", WIDTH, subsequent_indent=" " * 32)


def main() -> None:
    """Take in a report, if there is one, and write both files."""
    if sys.argv[1:]:
        report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        seen = json.dumps(from_report(report, wanted()), indent=1, ensure_ascii=False) + "\n"
        (HERE / "seen.json").write_text(seen, encoding="utf-8")
    judged = read_judged()
    found = packages(read_seen(), judged)
    (ROOT / "NOTICE").write_text(notice(found, judged), encoding="utf-8")
    (ROOT / "docs" / "licences.md").write_text(page(found, judged), encoding="utf-8")


if __name__ == "__main__":
    main()
