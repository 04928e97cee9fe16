"""`hatif understand`: shows what an utterance means as an answer to a question, and by which rule."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from rich.markup import escape
from rich.table import Table

from bridge.console import out
from bridge.errors import BridgeError
from bridge.understanding import Context, Finding, Meaning, Value
from bridge.understanding.meaning import Command

__all__ = ["ReadingError", "Row", "row_of", "understand_command"]

_STATUS = {
    Finding.VALUE: "value",
    Finding.COMMAND: "command",
    Finding.AMBIGUOUS: "ambiguous",
    Finding.OUT_OF_RANGE: "no_match",  # its rule says so
    Finding.NOTHING: "no_match",
}
# Arabic is written from the right, and stays apart from what stands beside it.
_ISOLATE, _POP = "\u2067", "\u2069"


class ReadingError(BridgeError):
    """A question, a date or a file of utterances that cannot be read."""

    code = "understand"


class Row(Struct, frozen=True):
    """One utterance in a batch, and what became of it."""

    utterance: str
    status: str  # value, command, ambiguous, no_match, escalate
    value: Value | None
    command: str | None
    rule: str
    confidence: float
    needs_readback: bool


def row_of(utterance: str, meaning: Meaning) -> Row:
    """Put a meaning as a line of a batch; a number out of range is no match, and its rule says so."""
    is_danger = meaning.command is Command.EMERGENCY
    is_value = meaning.finding is Finding.VALUE
    rule = f"out_of_range:{meaning.rule}" if meaning.finding is Finding.OUT_OF_RANGE else meaning.rule
    return Row(
        utterance=utterance,
        status="escalate" if is_danger else _STATUS[meaning.finding],
        value=_shown(meaning.value) if is_value else None,
        command=None if meaning.command is None else str(meaning.command),
        rule=rule if meaning.flag is None else f"{rule}:{meaning.flag}",
        confidence=round(meaning.confidence, 2),
        needs_readback=meaning.doubtful,
    )


def _shown(value: Value | None) -> Value | None:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def understand_command(
    utterance: Annotated[str | None, typer.Argument(help="What was said.")] = None,
    question: Annotated[
        str,
        typer.Option(
            "--question", "-q", help="What was asked: yes_no:symptom, number:0-10, scale:severity …"
        ),
    ] = "yes_no:symptom",
    batch: Annotated[
        Path | None, typer.Option(help="Read one utterance a line from this file; - for stdin.")
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Write one JSON object a line.")] = False,
    today: Annotated[
        str | None, typer.Option(help="The day that relative dates count from, 2026-11-21.")
    ] = None,
) -> None:
    """Show what an utterance means as an answer to a question, and by which rule.

    Questions: yes_no:permission|symptom|fact|promise, number[:MIN-MAX], integer[:MIN-MAX], decimal[:MIN-MAX],
    digits, blood_pressure, temperature, glucose[:mg/dL|mmol/L], weight, date[:past|future], time, duration,
    phone[:REGION], scale:NAME, choice:FILE#ITEM, multi_choice:FILE#ITEM, text.

    A batch writes utterance, status (value, command, ambiguous, no_match, escalate), value, command, rule,
    confidence and needs_readback. A number that the question does not allow has the status no_match.

    Examples: [bold]hatif understand --question yes_no:symptom "لا والله ما عندي"[/]
    [bold]hatif understand --question blood_pressure --batch said.txt --jsonl[/]
    """
    from bridge.dialogue.questions import meaning_of  # noqa: PLC0415 - only this command needs them
    from bridge.understand_questions import parse_question  # noqa: PLC0415

    if (utterance is None) == (batch is None):
        raise ReadingError('give one utterance, or --batch FILE: hatif understand --question number "خمسة"')
    asked = parse_question(question)
    context = Context(today=_day(today))
    if batch is None:
        said = utterance or ""
        meaning = meaning_of(said, asked, context)
        _write(row_of(said, meaning)) if jsonl else _show(said, question, meaning)
        return
    for line in _lines(batch):
        row = row_of(line, meaning_of(line, asked, context))
        _write(row) if jsonl else _print_row(row)


def _day(text: str | None) -> date:
    if text is None:
        return date.today()  # noqa: DTZ011 - the caller's day is the machine's, where none is named
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ReadingError(f"--today {text!r} is no day; write it as 2026-11-21") from None


def _lines(path: Path) -> Iterator[str]:
    """The utterances of a file, one a line, each as it is: the answers stand beside them."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ReadingError(f"{path}: {reason}; --batch names a text file with one utterance a line") from None
    except UnicodeDecodeError:
        raise ReadingError(
            f"{path}: is not UTF-8; --batch names a text file with one utterance a line"
        ) from None
    yield from (line.rstrip("\r") for line in text.removesuffix("\n").split("\n") if text)


def _write(row: Row) -> None:
    sys.stdout.write(msgspec.json.encode(row).decode() + "\n")


def _print_row(row: Row) -> None:
    value = "" if row.value is None else msgspec.json.encode(row.value).decode()
    mark = "read back" if row.needs_readback else ""
    text = (
        f"{row.status:<10} {row.command or value:<14} {mark:<9} {_ISOLATE}{row.utterance}{_POP}  {row.rule}"
    )
    out.print(escape(text), highlight=False, soft_wrap=True)


def _show(utterance: str, question: str, meaning: Meaning) -> None:
    """The reasoning, line by line."""
    row = row_of(utterance, meaning)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("said", f"{_ISOLATE}{escape(utterance)}{_POP}")
    table.add_row("normalised", f"{_ISOLATE}{escape(meaning.normalised)}{_POP}")
    table.add_row("asked", escape(question))
    table.add_row("understood", _looks(row))
    table.add_row("by rule", escape(row.rule))
    for name, parts in _reasons(question, utterance):
        table.add_row(name, escape(parts))
    if meaning.argument is not None:
        table.add_row("asked for", escape(meaning.argument))
    if meaning.alternatives:
        table.add_row("or perhaps", ", ".join(escape(str(_shown(other))) for other in meaning.alternatives))
    table.add_row("confidence", f"{row.confidence:.2f}")
    table.add_row("read back", "yes: the words have another reading too" if row.needs_readback else "no")
    out.print(table, highlight=False)


def _looks(row: Row) -> str:
    colours = {"value": "green", "command": "cyan", "escalate": "bold red"}
    what = row.command if row.value is None else msgspec.json.encode(row.value).decode()
    shown = escape(f"{row.status}" + (f": {what}" if what else ""))
    return f"[{colours.get(row.status, 'yellow')}]{shown}[/]"


def _reasons(question: str, utterance: str) -> Iterator[tuple[str, str]]:
    """How a sentence was cut, where the question was for a yes or a no."""
    from bridge.understanding.labelling import label  # noqa: PLC0415

    if question.startswith("yes_no"):
        parts = " · ".join(f"{_ISOLATE}{chunk.text}{_POP} {chunk.part}" for chunk in label(utterance))
        yield "word by word", parts
