"""`hatif say`: parses and prints; `bridge.speech.say` does it, and is loaded only then."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.console import EXIT_REFUSED, Config, Json, err, out, run_quietly, settings_of
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.speech.say import Report
    from bridge.speech.ssml import SsmlError

__all__ = ["mount"]

SAID = Path("said.wav")
SHOWN_CHARACTERS = 70  # of the place where SSML is wrong


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("say")(say)


def say(  # noqa: PLR0917 - a command's options
    text: Annotated[str | None, typer.Argument(help="What to say: Arabic text, or SSML (<speak>…).")] = None,
    engine: Annotated[
        str | None, typer.Option(help="espeak, piper, xtts or server; the configured one by default.")
    ] = None,
    voice: Annotated[
        str | None, typer.Option(help="A voice of that engine, such as ar+Denis; or ENGINE/VOICE.")
    ] = None,
    language: Annotated[str, typer.Option(help="The language of what names none (BCP 47).")] = "ar",
    to: Annotated[
        Path | None, typer.Option("--out", help="The file to write: .wav, .au or .ulaw; said.wav by default.")
    ] = None,
    play_ulaw: Annotated[
        bool, typer.Option("--play-ulaw", help="Write raw mu-law, 8 kHz, to standard output as it is made.")
    ] = False,
    file: Annotated[Path | None, typer.Option(help="Say what is in this file; - for standard input.")] = None,
    json: Json = None,
    config: Config = None,
) -> None:
    """Say a text or SSML in any voice, as a caller would hear it, and show how long that took.

    What SSML is understood, and what each engine makes of it, is in docs/ssml.md.

    Examples: [bold]hatif say "مَرْحَباً بِكَ"[/]   [bold]hatif say --file prompt.ssml --out prompt.wav[/]

    [bold]hatif say "<speak>نَعَم <break/> لا</speak>" --play-ulaw | aplay -t raw -f MU_LAW -r 8000[/]
    """
    from bridge.speech.say import SayError, Wish, say_aloud, say_to_file  # noqa: PLC0415 - `--help` needs no engines
    from bridge.speech.ssml import SsmlError  # noqa: PLC0415

    if play_ulaw and (to is not None or json == STDOUT or sys.stdout.isatty()):
        raise SayError(
            "--play-ulaw fills standard output with sound: pipe it, and ask for nothing else there"
        )
    said, settings = _text(text, file), settings_of(config)
    wish = Wish(text=said, engine=engine, voice=voice, language=language)
    try:
        if play_ulaw:
            report = run_quietly(lambda: say_aloud(wish, settings, sys.stdout.buffer))
        else:
            report = run_quietly(lambda: say_to_file(wish, settings, to or SAID))
    except SsmlError as error:
        _show_fault(error, said)
        raise typer.Exit(EXIT_REFUSED) from None
    except BrokenPipeError:  # whoever listened has gone, and what is left for them goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        _show(report, err if play_ulaw else out)


def _text(text: str | None, file: Path | None) -> str:
    from bridge.speech.say import SayError  # noqa: PLC0415

    if (text is None) == (file is None):
        raise SayError('give a text, or a file with --file: hatif say "نَعَم"')
    if file is None:
        return text or ""
    try:
        return sys.stdin.read() if file == STDOUT else file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SayError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SayError(f"{file} is not UTF-8") from None


def _show(report: "Report", console: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    if report.file is not None:
        table.add_row("written to", escape(report.file))
    table.add_row("voice", escape(report.voice))
    table.add_row("sound", f"{report.audio_seconds:.2f} s")
    table.add_row("engine ready after", _milliseconds(report.start_seconds))
    table.add_row("first sound after", _milliseconds(report.first_sound_seconds))
    table.add_row("all of it after", _milliseconds(report.elapsed_seconds))
    table.add_row("real-time factor", f"{report.real_time_factor:.3f}")
    for mark in report.marks:
        table.add_row("mark", f"{escape(mark.name)} at {mark.seconds:.2f} s")
    console.print(table, highlight=False)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _show_fault(error: "SsmlError", text: str) -> None:
    """The error, and under it the text from there on: before it may be Arabic."""
    err.print(f"[bold red]hatif:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    lines = text.removeprefix("\ufeff").split("\n")
    if error.line <= len(lines) and (shown := lines[error.line - 1][error.column - 1 :]):
        cut = "" if len(shown) <= SHOWN_CHARACTERS else "…"
        before = "" if error.column == 1 else "… "
        place = f"  {error.line:>4} | {before}"
        err.print(escape(f"{place}{shown[:SHOWN_CHARACTERS]}{cut}"), highlight=False, soft_wrap=True)
        err.print(" " * len(place) + "[red]^[/]", highlight=False)
