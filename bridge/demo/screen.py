"""What a person sees of a demonstration. Looks and words only; decides nothing.

Arabic is printed in logical order and always as the last thing on its line: terminals that order it (most of
today's) show it right, and nothing that follows can be drawn into it.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from bridge.demo.ledger import LedgerTurn
from bridge.demo.verdict import AnswerReport, DemoReport, StoredAnswer
from bridge.dialogue.answer import Value, Via

__all__ = ["Screen"]

STEP_COLUMNS = 40  # the longest description of a next step

_NAMES = {Via.SPEECH: "speech", Via.DTMF: "keys", Via.NONE: "nothing"}
_CALLER_LABEL = {
    "speech": "heard",
    "dtmf": "keys",
    "no_input": "(said nothing)",
    "not_heard": "(could not be heard)",
    "hung_up": "(hung up)",
}


class Screen:
    """Prints a demonstration as it goes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def headline(self, text: str) -> None:
        """Announce a stage."""
        self._console.print(Text(text, style="bold"))

    def status(self, text: str) -> Status:
        """A spinner that says what is being waited for; a context manager."""
        return self._console.status(text)

    def problem(self, text: str) -> None:
        """Say what went wrong."""
        self._console.print(Text(text, style="red"))

    def turn(self, turn: LedgerTurn, stored: Iterable[StoredAnswer]) -> None:
        """Show one turn: what Hatif said, what it heard, how long it took, and what it stored."""
        lines = Table.grid(padding=(0, 2))
        lines.add_column(width=7, justify="right", style="bold")
        lines.add_column(overflow="fold")
        if turn.prompt:
            lines.add_row(Text("Hatif", style="cyan"), Text(turn.prompt, style="cyan"))
        lines.add_row(Text("caller", style="yellow"), _caller_line(turn))
        lines.add_row("", Text(_measurements(turn), style="dim"))
        for answer in stored:
            lines.add_row("", Text(f"stored: {answer.item} = {shown(answer.value)}", style="green"))
        self._console.print(lines)

    def answers(self, report: DemoReport) -> None:
        """Show every answer, held against what the caller said."""
        table = Table(title="Answers, read back from the database after the call", title_justify="left")
        for heading in ("item", "caller said", "stored", "", "via", "tries"):
            table.add_column(heading)
        for answer in report.answers:
            table.add_row(*_cells(answer))
        self._console.print(table)

    def outcome(self, failures: Sequence[str]) -> None:
        """Say whether it went as it should."""
        for failure in failures:
            self.problem(f"✗ {failure}")
        if not failures:
            self._console.print(Text("✓ every answer was stored as it was said", style="bold green"))

    def next_steps(self, steps: Sequence[tuple[str, str]]) -> None:
        """Say where things are and what to try next."""
        for what, where in steps:
            # Never folded: a path or a command is there to be copied.
            line = Text.assemble((f"{what:<{STEP_COLUMNS}}", "dim"), where)
            self._console.print(line, soft_wrap=True)


def _caller_line(turn: LedgerTurn) -> Text:
    label = _CALLER_LABEL.get(turn.input, turn.input)
    return Text.assemble((f"{label}  ", "dim"), (turn.closed, "yellow"))


def _measurements(turn: LedgerTurn) -> str:
    latency = turn.latency_ms
    parts = [
        ("{}", turn.meaning or None),
        ("confidence {:.2f}", turn.confidence),
        ("endpoint {:.0f} ms", latency.endpoint),
        ("reply {:.0f} ms", latency.total),
    ]
    return " · ".join(text.format(value) for text, value in parts if value is not None)


def _cells(answer: AnswerReport) -> list[Text | str]:
    mark = Text("✓", style="green") if answer.ok else Text("✗", style="bold red")
    via = _NAMES.get(Via(answer.via), answer.via)
    return [answer.item, shown(answer.said), shown(answer.stored), mark, via, str(answer.tries)]


def shown(value: Value) -> str:
    """A value as people write it."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
