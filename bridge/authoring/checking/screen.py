"""What is found out about questionnaires, on a terminal: Arabic stands apart from what is beside it."""

import re

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.authoring.checking.costs import Cost
from bridge.authoring.checking.report import Facts, FileReport, Report

__all__ = ["minutes", "show", "show_list", "summary"]

# Runs of Arabic, which is written from the right, are isolated: otherwise a comma or a number changes sides.
_ARABIC = re.compile(r"[\u0600-\u06ff](?:[\u0600-\u06ff\s،.]*[\u0600-\u06ff])?")
_ISOLATE, _POP = "\u2067", "\u2069"
SECONDS_IN_MINUTE = 60


def show(report: Report, out: Console, *, with_accepted: bool = False) -> None:
    """Everything about every file: faults, warnings, on request those that are accepted, facts."""
    for file in report.files:
        for fault in file.faults:
            _line(out, str(fault), "red")
        for warning in file.warnings:
            _line(out, str(warning), "yellow")
        for accepted in file.accepted if with_accepted else ():
            _line(out, str(accepted), "cyan")
        if file.facts is not None:
            out.print(_facts(file, file.facts, out))
            out.print()


def summary(report: Report) -> str:
    """How many files, faults and warnings, and how many of these are accepted."""
    counts = [
        _counted(len(report.files), "file"),
        _counted(report.faults, "fault"),
        _counted(report.warnings, "warning"),
    ]
    accepted = [f"{report.accepted} more accepted"] if report.accepted else []
    return ", ".join([*counts, *accepted])


def show_list(report: Report, out: Console) -> None:
    """One line for each questionnaire."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("id", no_wrap=True)
    for name in ("version", "status", "items", "minutes", "title"):
        table.add_column(name)
    for file in report.files:
        facts = file.facts
        if facts is None:
            table.add_row(f"[red]{escape(file.file)}[/]", "", "[red]faulty[/]", "", "", "")
            continue
        row = (facts.id, facts.version, facts.status, str(facts.items))
        table.add_row(*row, _minutes_of(facts), _apart(escape(facts.title), out))
    out.print(table)


def minutes(cost: Cost) -> float:
    """How many minutes, to a tenth."""
    return round(cost.seconds / SECONDS_IN_MINUTE, 1)


def _minutes_of(facts: Facts) -> str:
    if facts.shortest is None or facts.longest is None:
        return "never ends"
    return f"{minutes(facts.shortest):.1f} to {minutes(facts.longest):.1f}"


def _facts(file: FileReport, facts: Facts, out: Console) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    title = _apart(escape(facts.title), out)
    table.add_row(facts.id, f"{facts.version}, {facts.status}: {title} ({escape(file.file)})")
    table.add_row("asks", f"{_counted(facts.questions, 'question')} in {_counted(facts.items, 'item')}")
    table.add_row("shortest call", _call(facts.shortest))
    table.add_row(
        "longest call", f"{_call(facts.longest)}; ended after {facts.most_turns} turns whatever happens"
    )
    table.add_row("times", _basis(facts))
    grammars = facts.grammars
    listened = f"{grammars.smallest} to {grammars.largest} phrases a question"
    table.add_row("listens for", f"{listened} (most: {grammars.largest_item}), {grammars.whole} in all")
    return table


def _call(cost: Cost | None) -> str:
    if cost is None:
        return "none comes to the end"
    asked = f"{_counted(cost.questions, 'question')}, {_counted(cost.turns, 'turn')}"
    return f"{asked}, about {minutes(cost):.1f} minutes"


def _basis(facts: Facts) -> str:
    measured = f"{facts.rendered} of {facts.prompts} prompts are rendered and measured"
    reckoned = ", the others reckoned by letters" if facts.rendered < facts.prompts else ""
    return f"{measured}{reckoned}; answers are understood at once, in the longest call each is read back"


def _line(out: Console, text: str, colour: str) -> None:
    place, found, rest = re.match(r"(.*?:\d+:\d+:)( warning:| accepted:)?(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    marked = f"[bold]{escape(place)}[/][{colour}]{found or ''}[/]{escape(rest)}"
    out.print(_apart(marked, out), soft_wrap=True, highlight=False)


def _apart(text: str, out: Console) -> str:
    """Isolate Arabic on a terminal; a file or a pipe gets the text as it is."""
    return _ARABIC.sub(lambda found: f"{_ISOLATE}{found[0]}{_POP}", text) if out.is_terminal else text


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
