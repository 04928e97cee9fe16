"""How `hatif models` shows what it found: values in, tables for a terminal out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from bridge.models.catalogue import Catalogue, Installed
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

_FATES = {"wrong": "wrong", "doubtful": "read back", "command": "command", "refused": "refused"}
_WORD_FATES = {"wrong": "wrong", "refused": "refused"}
_SHORT = {
    Task.YES_NO: "yes/no",
    Task.OFFERED: "taken for yes/no",
    Task.SCALE: "number",
    Task.PHRASE: "0-999",
    Task.LABELS: "labels",
    Task.OPEN: "open",
}


def installed_table(catalogue: Catalogue) -> Table:
    """Models on this machine, the one in use marked."""
    table = _table("Models on this machine", "model", ">size", ">words", "how it is", "folder")
    for one in catalogue.installed:
        size, words = ("", "") if one.problem else (as_size(one.size_bytes), str(one.words))
        table.add_row(one.name, size, words, "; ".join(_notes(one)), escape(one.folder))
    return table


def _notes(one: Installed) -> Iterator[str]:
    if one.is_used:
        yield "[green]in use[/]"
    if one.problem:
        yield f"[red]{escape(one.problem)}[/]"
        return
    if not one.takes_grammars:
        yield "[yellow]takes no grammars[/]"
    if not one.has_unknown_word:
        yield "[yellow]no unknown word[/]"


def public_table(catalogue: Catalogue) -> Table:
    """Models that can be fetched."""
    table = _table("Public models: hatif models fetch NAME", "model", ">size", "licence", "what it is")
    for one in catalogue.public:
        here = "[green]here already[/]; " if one.is_installed else ""
        table.add_row(one.name, as_size(one.size_bytes), one.licence, here + escape(one.what))
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
        left = len(missing.phrases) - SHOWN_PHRASES
        more = f" and {left} more" if left > 0 else ""
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
    yield _accuracies("Answers, by question", "recordings of", figures.questions, _FATES)
    yield _accuracies(
        "Words, under all labels and in the open vocabulary", "class", figures.classes, _WORD_FATES
    )
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


def _accuracies(title: str, what: str, rows: Iterable[Accuracy], fates: dict[str, str]) -> Table:
    table = _table(title, what, "noise", ">count", ">right", ">%", *(f">{fate}" for fate in fates.values()))
    group = ""
    for row in rows:
        if group and row.group != group:
            table.add_section()
        shown, group = "" if row.group == group else row.group, row.group
        shares = (str(row.count), str(row.right), f"{row.percent_right:.1f}")
        table.add_row(shown, row.condition, *shares, *(str(getattr(row, fate)) for fate in fates))
    return table


def _false_acceptance(rows: Iterable[Accuracy]) -> Table:
    title = "Other words offered to a yes/no question"
    table = _table(title, "noise", ">count", ">taken for yes/no", ">%", ">read back", ">command", ">refused")
    for row in rows:
        shares = (str(row.count), str(row.wrong), f"{row.percent_wrong:.1f}")
        table.add_row(row.condition, *shares, *map(str, (row.doubtful, row.command, row.refused)))
    return table


def _reliability(bins: Sequence[Bin]) -> Table:
    """A row for each confidence, a column for each task: how many were right, of how many."""
    tasks = list(dict.fromkeys(one.task for one in bins))
    title = "How often a confidence is right: right/count and %, all conditions together"
    table = _table(title, "confidence", *(f">{_SHORT.get(task, task)}" for task in tasks))
    by_place = {(one.task, one.low): one for one in bins}
    for low, high in dict.fromkeys((one.low, one.high) for one in bins):
        table.add_row(f"{low:.2f}-{high:.2f}", *(_cell(by_place[task, low]) for task in tasks))
    return table


def _cell(one: Bin) -> str:
    if one.percent_right is None:
        return ""
    if one.task is Task.OFFERED:  # none of them can be right
        return str(one.count)
    return f"{one.right}/{one.count} {one.percent_right:3.0f}"


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
    """A table whose columns that begin with > hold numbers; the first column keeps to one line."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, collapse_padding=True
    )
    for number, column in enumerate(columns):
        side: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=side, overflow="fold", no_wrap=number == 0)
    return table


def as_size(count: int) -> str:
    """Bytes as people say them."""
    if count >= 1 << 30:
        return f"{count / 2**30:.1f} GiB"
    return f"{count / 2**20:.0f} MiB" if count >= 10 << 20 else f"{count / 2**20:.1f} MiB"
