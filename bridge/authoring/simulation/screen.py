"""A played call on the terminal: what the caller hears, how each input was understood, what it came to."""

from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.authoring.simulation.lines import readable
from bridge.authoring.simulation.report import PlayedCall, turn_of
from bridge.authoring.simulation.simulating import Played, Sounded
from bridge.authoring.simulation.telephone import Exchange
from bridge.dialogue.actions import Notify, Say, Transfer
from bridge.dialogue.answer import Answer, Value
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.state import DialogueState
from bridge.understanding import UNKNOWN_WORD

__all__ = ["Screen"]

# Arabic inside a line that runs from left to right: Unicode's isolates keep both in order (UAX 9).
ISOLATE, POP = "\u2068", "\u2069"


class Screen:
    """Writes a call to a console."""

    def __init__(self, console: Console, *, with_vowels: bool = False) -> None:
        self._console = console
        self._with_vowels = with_vowels

    def remark(self, text: str) -> None:
        """One dim line."""
        self._console.print(f"[dim]{escape(text)}[/]", highlight=False, soft_wrap=True)

    def typed(self, line: str) -> None:
        """A line that nobody has typed: it came from a file."""
        self._console.print(
            f"[bold green]>[/] {escape(_aside(line or '(silence)'))}", highlight=False, soft_wrap=True
        )

    def opens(self, exchange: Exchange) -> None:
        """The call's first sentences."""
        self._speak(exchange.said)

    def shows(self, played: Played) -> None:
        """One step: how each of its inputs was understood, and what was said upon it."""
        if played.sounded is not None:
            self.remark(f"  {_sounded(played.sounded)}")
        if played.is_lost:
            self.remark("  lost: this prompt is heard to its end")
        for exchange in played.exchanges:
            self.remark(f"  {' · '.join(_understood(exchange))}")
            self._speak(exchange.said)
            self._tell(exchange)

    def state(self, state: DialogueState) -> None:
        """Where the dialogue stands, as it is stored; what is as in any fresh call is left out."""
        plain, fresh = msgspec.to_builtins(state), msgspec.to_builtins(DialogueState())
        for name, value in plain.items():
            if value != fresh[name] and name != "context":
                self.remark(f"  {name}: {msgspec.json.encode(value).decode()}")

    def result(self, report: PlayedCall) -> None:
        """What the call came to."""
        table = Table(
            "item", "status", "value", "via", "tries", "read back", title="answers", title_justify="left"
        )
        for answer in report.answers:
            table.add_row(*map(escape, _row(answer)))
        self._console.print()
        self._console.print(table, highlight=False)
        for name, score in report.scores.items():
            band = f", {score.band}" if score.band else ""
            self._fact("score", f"{name} = {'no score' if score.value is None else score.value}{band}")
        for notified in report.notified:
            self._fact("notified", notified, "bold red")
        if report.put_through_to is not None:
            self._fact("put through to", report.put_through_to, "bold red")
        self._fact("ended", report.disposition or "the call goes on")

    def _fact(self, name: str, text: str, style: str = "bold") -> None:
        self._console.print(f"{name:<14} [{style}]{escape(text)}[/]", highlight=False, soft_wrap=True)

    def _speak(self, says: list[Say]) -> None:
        for say in says:
            text = say.text if self._with_vowels else readable(say.text)
            role = f"{say.role} {say.item}" if say.item else str(say.role)
            line = f"[bold]{escape(_aside(text))}[/]  [dim]{escape(role)}[/]"
            self._console.print(line, highlight=False, soft_wrap=True)

    def _tell(self, exchange: Exchange) -> None:
        """What happens beside the talk."""
        for action in exchange.turn.actions:
            if isinstance(action, Notify):
                told = f"{', '.join(action.recipients)} told: {action.escalation}, {action.reason}"
                self._console.print(f"  [red]{escape(told)}[/]", highlight=False, soft_wrap=True)
            elif isinstance(action, Transfer):
                target = action.target or "a person"
                self._console.print(f"  [red]put through to {escape(target)}[/]", highlight=False)


def _understood(exchange: Exchange) -> Iterator[str]:
    """The parts of the dim line."""
    turn = turn_of(exchange)
    yield turn.meaning if turn.input is None else f"{turn.input}: {turn.meaning}"
    if turn.value is not None:
        yield f"value {_value(turn.value)}"
    if turn.rule:
        yield f"rule {turn.rule}"
    if turn.confidence is not None:
        yield f"confidence {turn.confidence:.2f}"
    if turn.input in ("speech", "keys"):
        yield "read back" if turn.reads_back else "not read back"
    if turn.stored:
        yield f"stored {', '.join(turn.stored)}"
    if unknown := _unknown(exchange):
        yield f"not listened for: {_aside(' '.join(unknown))}"


def _unknown(exchange: Exchange) -> list[str]:
    """Typed words that the question's grammar has no place for."""
    heard = exchange.heard
    if not isinstance(heard, Utterance) or len(heard.closed) != 1 or len(heard.open) != 1:
        return []
    closed, typed = heard.closed[0].split(), heard.open[0].split()
    if len(closed) != len(typed):
        return []
    return [word for word, within in zip(typed, closed, strict=True) if within == UNKNOWN_WORD]


def _sounded(sounded: Sounded) -> str:
    spoken = f"spoken {_aside(sounded.spoken)}"
    if sounded.heard is None:
        return f"{spoken} · nothing was heard"
    among_all = f"among all words {_aside(sounded.heard.open_text)}"
    heard = f"{spoken} · heard {_aside(sounded.heard.closed_text)}, {among_all}"
    lost = f" · {sounded.lost} more after a pause, not waited for" if sounded.lost else ""
    return f"{heard} · recogniser {sounded.heard.confidence:.2f}{lost}"


def _row(answer: Answer) -> tuple[str, ...]:
    value = "" if answer.value is None else _value(answer.value)
    return (
        answer.item,
        str(answer.status),
        "sound" if answer.audio and not value else value,
        str(answer.via),
        str(answer.tries),
        "yes" if answer.confirmed else "",
    )


def _value(value: Value) -> str:
    return msgspec.json.encode(value).decode()


def _aside(text: str) -> str:
    return f"{ISOLATE}{text}{POP}" if text else "(nothing)"
