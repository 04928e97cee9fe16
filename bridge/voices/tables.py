"""How voices look on a terminal."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Column, Table

from bridge.voices.listing import ListedVoice
from bridge.voices.trying import Trial

__all__ = ["trials_table", "voices_table"]


def voices_table(voices: Iterable[ListedVoice]) -> Table:
    """Every voice, and whom it speaks for."""
    voice_column = Column("voice", no_wrap=True)
    table = Table(voice_column, "language", "gender", "speaks for", "", box=None, padding=(0, 2, 0, 0))
    for voice in voices:
        dialect = f" ({voice.dialect})" if voice.dialect else ""
        told = f"[yellow]{escape(voice.problem)}[/]" if voice.problem else escape(voice.description)
        speaks_for = ", ".join(voice.speaks_for)
        table.add_row(escape(voice.name), voice.language + dialect, voice.gender, speaks_for, told)
    return table


def trials_table(trials: Iterable[Trial]) -> Table:
    """How each voice did; why one is mute is told beside the table."""
    table = Table(
        "",
        Column("voice", no_wrap=True),
        *("ready after", "first sound", "whole", "of sound", "loudness"),
        box=None,
        padding=(0, 2, 0, 0),
    )
    for trial in trials:
        if trial.problem:
            table.add_row("[red]mute[/]", escape(trial.name))
            continue
        seconds = (trial.ready_seconds, trial.first_seconds, trial.work_seconds, trial.sound_seconds)
        told = (*(f"{each:.2f} s" for each in seconds), f"{trial.lufs:.1f} LUFS")
        table.add_row("[green]speaks[/]", escape(trial.name), *told)
    return table
