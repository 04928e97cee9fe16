"""Tables of the documentation that repeat what the code says: they say the same."""

import re
from pathlib import Path
from typing import Any, get_args

from bridge.admission import BusyReason
from bridge.config import option_names
from bridge.config_options import DataPath
from bridge.reloading import RELOADABLE

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    """A page as it is written."""
    return (DOCS / name).read_text(encoding="utf-8")


def row(text: str, *begins: str) -> str:
    """The one row of a table that begins so."""
    (found,) = (line for line in text.splitlines() if line.startswith(begins))
    return found


def test_every_reason_for_which_a_call_is_not_taken_is_documented() -> None:
    """Operators read them in `hatif_calls_refused_total` and in the log."""
    told = row(page("monitoring.md"), "| `hatif_calls_refused_total")
    assert set(re.findall(r"`(\w+)`", told)) == {*BusyReason, "not_recorded"}


def test_what_a_reload_takes_up_is_documented() -> None:
    """And nothing else."""
    table = page("install.md").partition("| taken up by a reload |")[2].partition("\n\n")[0]
    taken_up = table.splitlines()[2].split("|")[1]
    told = [name.removesuffix(".*") for name in re.findall(r"`([a-z_.*]+)`", taken_up)]
    covered = {name for name in option_names() for one in told if name == one or name.startswith(f"{one}.")}
    assert covered == RELOADABLE


def test_every_place_of_data_is_copied_or_left_out_on_purpose() -> None:
    """An option that names a file or folder of ours is in what is said about copies."""
    section = page("data.md").partition("## What to copy elsewhere")[2].partition("\n## ")[0]
    places = {name for name, info in option_names().items() if _is_data(info)}
    assert {"storage.backups", "recording.folder", "voices.folder"} <= places
    assert {name for name in places if f"`{name}`" not in section} == set()


def _is_data(info: Any) -> bool:
    """Whether an option's type is DataPath, or that or null."""
    marks = set(get_args(DataPath)[1:])
    inside = [*info.metadata, *(mark for one in get_args(info.annotation) for mark in get_args(one)[1:])]
    return any(mark in marks for mark in inside)
