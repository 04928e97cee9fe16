"""`python -m training`: make the embedded model, or speech of voices that it was not taught with."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from threadpoolctl import threadpool_limits

from bridge.errors import BridgeError
from training.corpus import DATASET_WORDS
from training.course import Course, run
from training.examples import speak_examples
from training.graphs import Tuning
from training.teach import Plan

VERSION = "0.2"
LESSONS = 340_000
WHERE_THE_DATA_IS = """\
Name the folder of the recordings: make model DATA=DIR
They are the Arabic Speech Commands dataset by Ghandoura, Hjabo and Al Dakkak (CC BY 4.0):
  git clone https://github.com/abdulkaderghandoura/arabic-speech-commands-dataset
DIR holds WORD/SPEAKER_NO_ROUND.wav (or .ulaw, or archives of these) and the background noise."""

application = typer.Typer(add_completion=False, rich_markup_mode=None)


@application.command()
def make(
    data: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    work: Annotated[Path, typer.Option(help="Folder of what is half done.")] = Path("build/training"),
    models: Annotated[Path, typer.Option(help="Folder that the model goes into.")] = Path("models"),
    version: Annotated[str, typer.Option(help="The model's version.")] = VERSION,
    lessons: Annotated[int, typer.Option(help="How long to teach.", min=1000)] = LESSONS,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="A word (yes, no, three) whose recordings are left out, to see what synthesis teaches."
        ),
    ] = None,
) -> None:
    """Make the embedded model; started again, it goes on where it was stopped.

    Example: python -m training make --data ~/arabic-speech-commands-dataset/dataset
    """
    if data is None:
        raise BridgeError(WHERE_THE_DATA_IS)
    unknown = sorted(set(without or ()) - DATASET_WORDS.keys())
    if unknown:
        raise BridgeError(f"--without: {', '.join(unknown)} is none of {', '.join(DATASET_WORDS)}")
    course = Course(
        data=data,
        work=work,
        model=models / f"hatif-ar-phone-{version}",
        plan=Plan(lessons=lessons),
        tuning=Tuning(),
        without=frozenset(DATASET_WORDS[name] for name in without or ()),
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars,
        threadpool_limits(1),
    ):
        run(course, bars)
    typer.echo(f"{course.model} is made. Measure it: hatif models evaluate {course.model} --data {data}")


@application.command()
def speak(
    folder: Annotated[Path, typer.Argument(help="Folder that the speech goes into.")],
    count: Annotated[int, typer.Option(help="How many sayings of each kind.", min=1)] = 600,
) -> None:
    """Write words and numbers in synthetic voices that are held out, to measure a model on.

    Example: python -m training speak build/held-out
    """
    tables = speak_examples(folder, count)
    for table in tables:
        typer.echo(f"hatif models evaluate MODEL --data {table}")


def main() -> None:
    """Run, and say in one sentence what is wrong where something is."""
    try:
        application(standalone_mode=False)
    except typer.Abort:
        sys.exit("Stopped; the same command goes on from here.")
    except BridgeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
