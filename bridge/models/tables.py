"""How `hatif models` shows what it found: values in, tables for a terminal out."""

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.markup import escape
from rich.table import Table

from bridge.models.catalogue import Catalogue
from bridge.models.evaluation import Evaluation
from bridge.models.figures import Accuracy, Bin, Figures
from bridge.models.questions import Task
from bridge.models.recordings import Unreadable
from bridge.models.verification import Verified

__all__ = [
    "as_size",
    "evaluation_tables",
    "installed_table",
    "public_table",
    "unreadable_table",
    "verified_table",
]

SHOWN_MISTAKES = 12
SHOWN_UNREADABLE = 20
SHOWN_PHRASES = 8

_OFFERED_CLAIMS = "other words taken for yes or no"
_VERDICTS = "right", "wrong", "read back", "command", "asked again"


def installed_table(catalogue: Catalogue) -> Table:
    """Models on this machine, the one in use marked."""
    table = _table(
        "Models on this machine", "", "model", ">size", ">words", "grammars", "unknown word", "folder"
    )
    for one in catalogue.installed:
        mark = "[green]in use[/]" if one.is_used else ""
        if one.problem:
            table.add_row(mark, one.name, "", "", f"[red]{escape(one.problem)}[/]", "", "")
            continue
        facts = (
            as_size(one.size_bytes),
            str(one.words),
            _yes(one.takes_grammars),
            _yes(one.has_unknown_word),
        )
        table.add_row(mark, one.name, *facts, escape(str(one.path)))
    return table


def public_table(catalogue: Catalogue) -> Table:
    """Models that can be fetched."""
    table = _table(
        "Public Arabic models (hatif models fetch NAME)", "", "model", ">download", "licence", "what it is"
    )
    for one in catalogue.public:
        here = "[green]here[/]" if one.is_installed else ""
        table.add_row(here, one.name, as_size(one.size_bytes), one.licence, one.what)
    return table


def verified_table(verified: Verified) -> Table:
    """A model that works."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("model", verified.identity)
    table.add_row("size", f"{as_size(verified.size_bytes)}, {verified.words} words")
    table.add_row("made for", f"speech of {verified.sample_rate} Hz")
    grammars = "taken" if verified.takes_grammars else "[yellow]not taken: its graph is static (HCLG.fst)[/]"
    table.add_row("grammars", grammars)
    unknown = "[unk], so that other speech can be refused"
    none = "none: other speech is heard as the nearest word that it knows"
    table.add_row("unknown word", escape(unknown) if verified.has_unknown_word else f"[yellow]{none}[/]")
    memory = f", {as_size(verified.memory_bytes)} of memory" if verified.memory_bytes else ""
    table.add_row("loaded by", f"{verified.engine} in {verified.load_seconds * 1000:.0f} ms{memory}")
    silence = "nothing, as it should be"
    heard = f"[yellow]{escape(verified.heard_in_silence)}[/]" if verified.heard_in_silence else silence
    table.add_row("heard in silence", heard)
    for missing in verified.missing:
        shown = "، ".join(missing.phrases[:SHOWN_PHRASES])
        more = (
            f" and {len(missing.phrases) - SHOWN_PHRASES} more"
            if len(missing.phrases) > SHOWN_PHRASES
            else ""
        )
        table.add_row("no words for", f"[yellow]{escape(missing.questionnaire)}: {shown}{more}[/]")
    return table


def unreadable_table(unreadable: Sequence[Unreadable]) -> Table:
    """Files that were left out."""
    count = "1 file" if len(unreadable) == 1 else f"{len(unreadable)} files"
    table = _table(f"{count} could not be used", "file", "because it")
    for one in unreadable[:SHOWN_UNREADABLE]:
        table.add_row(escape(one.path), escape(one.reason))
    if len(unreadable) > SHOWN_UNREADABLE:
        table.add_row("…", f"and {len(unreadable) - SHOWN_UNREADABLE} more; --json lists them all")
    return table


def evaluation_tables(evaluation: Evaluation) -> Iterable[Table]:
    """Everything that was measured, in the order of a model's card."""
    figures = evaluation.figures
    yield _facts(evaluation)
    yield _accuracies("Answers, by question", "recordings of", figures.questions)
    yield _accuracies("Words, by class", "class", figures.classes)
    if figures.false_acceptance:
        yield _false_acceptance(figures.false_acceptance)
    yield _reliability(figures.reliability)
    if figures.mistakes:
        yield _mistakes(figures)
    yield _costs(figures)


def _facts(evaluation: Evaluation) -> Table:
    material, cost = evaluation.material, evaluation.cost
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    unknown = "with" if evaluation.has_unknown_word else "without"
    words = f"{as_size(evaluation.size_bytes)}, {evaluation.words} words, {unknown} an unknown word"
    table.add_row("model", f"{evaluation.model}: {words}")
    table.add_row("loaded by", f"{cost.engine} in {cost.load_seconds * 1000:.0f} ms")
    if cost.bytes_loaded:
        steps = " → ".join(map(as_size, (cost.bytes_before, cost.bytes_loaded, cost.bytes_after)))
        table.add_row("memory", f"{steps} (process alone, model loaded, most after a recording)")
    table.add_row("recordings", f"{material.recordings} of {material.labels} labels, 8 kHz mu-law")
    table.add_row("noise", f"{', '.join(material.conditions)}; {escape(material.noise)}")
    if material.unsayable:
        table.add_row("no words for", f"[yellow]{escape('، '.join(material.unsayable))}[/]")
    if evaluation.untried:
        table.add_row(
            "not tried", f"[yellow]{', '.join(evaluation.untried)}[/]: the model cannot be given them"
        )
    return table


def _accuracies(title: str, what: str, rows: Iterable[Accuracy]) -> Table:
    table = _table(title, what, "noise", ">count", ">right", *(f">{verdict}" for verdict in _VERDICTS))
    group = ""
    for row in rows:
        if group and row.group != group:
            table.add_section()
        shown, group = "" if row.group == group else row.group, row.group
        counts = (row.right, row.wrong, row.doubtful, row.command, row.refused)
        table.add_row(shown, row.condition, str(row.count), f"{row.percent_right:.1f} %", *map(str, counts))
    return table


def _false_acceptance(rows: Iterable[Accuracy]) -> Table:
    title = "Other words offered to a yes/no question"
    table = _table(
        title, "noise", ">count", ">taken for yes or no", ">", ">read back", ">command", ">asked again"
    )
    for row in rows:
        counts = map(str, (row.doubtful, row.command, row.refused))
        table.add_row(row.condition, str(row.count), f"{row.percent_wrong:.1f} %", str(row.wrong), *counts)
    return table


def _reliability(bins: Sequence[Bin]) -> Table:
    """A row for each confidence, a column for each task: how many, and how many of them were right."""
    tasks = list(dict.fromkeys(one.task for one in bins))
    table = _table(
        "How often a confidence is right: right of count", "confidence", *(f">{task}" for task in tasks)
    )
    by_place = {(one.task, one.low): one for one in bins}
    for low, high in dict.fromkeys((one.low, one.high) for one in bins):
        cells = [_cell(by_place[task, low]) for task in tasks]
        table.add_row(f"{low:.2f} to {high:.2f}", *cells)
    return table


def _cell(one: Bin) -> str:
    if one.task is Task.OFFERED:  # none of them can be right
        return str(one.count) if one.count else ""
    return "" if one.percent_right is None else f"{one.percent_right:.0f} % ({one.right} of {one.count})"


def _mistakes(figures: Figures) -> Table:
    table = _table("Commonest mistakes", ">times", "said", "heard", "under")
    for one in figures.mistakes[:SHOWN_MISTAKES]:
        table.add_row(str(one.count), escape(one.said), escape(one.heard), one.task)
    return table


def _costs(figures: Figures) -> Table:
    title = "Cost: processor seconds for a second of audio, decoders made anew for each recording"
    table = _table(title, "", ">recordings", ">audio", ">processor", ">RTF")
    for one in figures.cost:
        seconds = (f"{one.audio_seconds:.0f} s", f"{one.cpu_seconds:.1f} s")
        table.add_row(
            "  the same, other words" if one.task is Task.OFFERED else one.task,
            str(one.count),
            *seconds,
            f"{one.rtf:.4f}",
        )
    return table


def _table(title: str, *columns: str) -> Table:
    """A table whose columns that begin with > hold numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        side: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=side, overflow="fold")
    return table


def as_size(count: int) -> str:
    """Bytes as people say them."""
    if count >= 1 << 30:
        return f"{count / 2**30:.1f} GiB"
    return f"{count / 2**20:.0f} MiB" if count >= 10 << 20 else f"{count / 2**20:.1f} MiB"


def _yes(fact: bool) -> str:
    """A fact in a cell."""
    return "yes" if fact else "no"
