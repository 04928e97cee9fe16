"""`hatif read`: how a text will be said."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bridge.console import Config, settings_of
from bridge.errors import BridgeError

__all__ = ["ReadingError", "mount"]


class ReadingError(BridgeError):
    """A text that is not what it is to be read as."""

    code = "read"


def mount(app: typer.Typer) -> None:
    """Add the command to where it belongs."""
    app.command("read")(read)


def read(
    text: Annotated[str, typer.Argument(help="What is written; - reads it from standard input.")],
    language: Annotated[str, typer.Option("--language", "-l", help="ar, en, or a region of them.")] = "ar",
    kind: Annotated[
        str | None,
        typer.Option("--as", help="Read it as SSML's say-as: KIND or KIND:FORMAT, such as digits, date:dmy."),
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option("--lexicon", help="This lexicon in place of the configured one.")
    ] = None,
    config: Config = None,
) -> None:
    """Show how a text will be said: its figures, dates, units, abbreviations and Latin words in words.

    Examples: [bold]hatif read "خذ 3 حبات كل 8 ساعات"[/]
    [bold]hatif read 21/11/2026 --as date:dmy[/]
    """
    from bridge.speech.reading.building import build_reader  # noqa: PLC0415 - `hatif --help` is light
    from bridge.speech.reading.saying import say_as  # noqa: PLC0415

    written = sys.stdin.read().rstrip("\n") if text == "-" else text
    if kind is not None:
        name, _, form = kind.partition(":")
        try:
            sys.stdout.write(say_as(written, name, form, language) + "\n")
        except ValueError as error:
            raise ReadingError(str(error)) from error
        return
    voice = settings_of(config).voice
    if lexicon is not None:
        voice = voice.model_copy(update={"lexicon": lexicon})
    today = date.today()  # noqa: DTZ011 - the author's day is the machine's
    sys.stdout.write(build_reader(voice, today).read(written, language) + "\n")
