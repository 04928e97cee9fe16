"""How many answers are understood, on lists of utterances with the meaning that each has.

    python benchmarks/understanding.py [DIR …] [--misses] [--json]

A list is a file NAME.tsv with the columns question, utterance and expected. The question is named as on the
command line (`hatif understand --question`), or `any`: then the utterance must mean the same under several.
Expected is a value; `~value`, one that must be read back; `?`, no value, or one that is read back;
`!command`; `!!danger`, by kind. Several that will do are parted by `|`.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bridge.understand_questions import parse_question
from bridge.understanding import Context, Finding, Meaning, understand

__all__ = ["Case", "Rates", "judge", "lists", "main", "rates", "read_list"]

DATA = Path(__file__).parents[1] / "tests" / "understanding" / "data"
TODAY = Context(today=date(2026, 11, 21))  # a Saturday: what the lists' days count from
ANY = ("yes_no:symptom", "number", "scale:frequency4")
OPPOSITES = {("yes", "no"), ("no", "yes")}


class Case(Struct, frozen=True):
    """One utterance under one question, what was expected, and what was made of it."""

    question: str
    utterance: str
    expected: tuple[str, ...]
    found: str  # a value, "?", "!command" or "!!danger"
    doubtful: bool
    rule: str

    @property
    def is_right(self) -> bool:
        """Whether it means what the list says."""
        return any(self._agrees(expected) for expected in self.expected)

    @property
    def is_wrong_value(self) -> bool:
        """Whether a value was found that would be stored and is not what was said."""
        named = {expected.removeprefix("~") for expected in self.expected}
        return self._is_value and not self.doubtful and self.found not in named

    @property
    def is_flip(self) -> bool:
        """Whether a clear yes was taken as a no, or a no as a yes, read back or not."""
        named = {expected.removeprefix("~") for expected in self.expected}
        return not self.is_right and any((one, self.found) in OPPOSITES for one in named)

    @property
    def is_clear(self) -> bool:
        """Whether a plain value is the only thing that the list allows."""
        return not any(expected.startswith(("?", "~", "!")) for expected in self.expected)

    @property
    def _is_value(self) -> bool:
        return not self.found.startswith(("?", "!"))

    def _agrees(self, expected: str) -> bool:
        if expected == "?":
            return not self._is_value or self.doubtful
        if expected.startswith("~"):
            return self.doubtful and self.found == expected[1:]
        return self.found == expected


class Rates(Struct, frozen=True):
    """What one list came to. Shares are of 1."""

    said: int
    right: float
    wrong_values: int  # that nobody would have read back
    flips: int
    read_back: float  # of the right answers
    ambiguous: float  # of the utterances with a clear value


def judge(question: str, utterance: str, expected: str) -> Case:
    """Read one utterance and set it beside what was expected."""
    meaning = understand(utterance, parse_question(question), TODAY)
    allowed = tuple(expected.split("|"))
    return Case(question, utterance, allowed, _shown(meaning), meaning.doubtful, meaning.rule)


def _shown(meaning: Meaning) -> str:
    if meaning.flag is not None:
        return f"!!{meaning.flag}"
    if meaning.command is not None:
        return f"!{meaning.command}"
    if meaning.finding is not Finding.VALUE:
        return "?" if meaning.finding is not Finding.AMBIGUOUS else "?ambiguous"
    if isinstance(meaning.value, tuple):
        return ",".join(meaning.value)
    return {"True": "yes", "False": "no"}.get(str(meaning.value), str(meaning.value))


def read_list(path: Path) -> Iterator[Case]:
    """Judge every line of a list."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            for question in ANY if row["question"] == "any" else (row["question"],):
                yield judge(question, row["utterance"], row["expected"])


def rates(cases: Sequence[Case]) -> Rates:
    """Count a list."""
    right = [case for case in cases if case.is_right]
    answered = [case for case in right if case.is_clear]
    clear = [case for case in cases if case.is_clear]
    return Rates(
        said=len(cases),
        right=len(right) / len(cases),
        wrong_values=sum(case.is_wrong_value for case in cases),
        flips=sum(case.is_flip for case in cases),
        read_back=sum(case.doubtful for case in answered) / max(len(answered), 1),
        ambiguous=sum(case.found == "?ambiguous" for case in clear) / max(len(clear), 1),
    )


def lists(folders: Sequence[Path]) -> dict[str, list[Case]]:
    """Every list in some folders, judged, by its folder's name and its own."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.tsv"))]
    return {f"{path.parent.name}/{path.stem}": list(read_list(path)) for path in paths}


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge the lists and show their rates."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "folders", nargs="*", type=Path, help="with lists in them (default: those of the tests)"
    )
    parser.add_argument("--misses", action="store_true", help="show what was not understood as listed")
    parser.add_argument("--json", action="store_true", help="write the rates as JSON")
    chosen = parser.parse_args(arguments)
    folders = chosen.folders or sorted(path for path in DATA.iterdir() if path.is_dir())
    judged = lists(folders)
    counted = {name: rates(cases) for name, cases in judged.items()}
    if chosen.json:
        sys.stdout.write(msgspec.json.encode(counted).decode() + "\n")
    else:
        _print(counted)
    if chosen.misses:
        for case in (case for cases in judged.values() for case in cases if not case.is_right):
            mark = "FLIP" if case.is_flip else "WRONG" if case.is_wrong_value else "miss"
            print(
                mark, case.question, case.utterance, "|".join(case.expected), case.found, case.rule, sep="\t"
            )


def _print(counted: dict[str, Rates]) -> None:
    table = Table("list", "said", "right", "wrong values", "flips", "read back", "ambiguous")
    for name, found in counted.items():
        shares = [f"{share:.1%}" for share in (found.right, found.read_back, found.ambiguous)]
        table.add_row(
            name, str(found.said), shares[0], str(found.wrong_values), str(found.flips), shares[1], shares[2]
        )
    Console().print(table)


if __name__ == "__main__":
    main()
