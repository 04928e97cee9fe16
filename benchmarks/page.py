"""The generated part of docs/benchmarks.md and its plots, from what was measured. Pure.

Ratios come first: they depend less on the machine than milliseconds do. What was not measured is not told,
and a row whose callers were late says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, convert
from plots import Axis, Line, bars, chart

from bridge.bench.load import Limits, Load
from bridge.bench.machine import Machine

__all__ = ["BEGIN", "END", "Measured", "Part", "Results", "between", "page", "plots"]

BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
PACING_MS = Limits().pacing_ms
WHOLE_LIMITS = Limits(reply_ms=600.0)  # 400 of them are the silence by which what was said ends
USUAL_CALLS = 100  # at which distributions are shown
OVERHEAD_WANTED = 1.15  # of recognition, over bare Vosk
OURS = "hatif"
WHOLE = {"hatif+vosk", "hatif+vosk-1"}  # with the real recogniser
NAMES = {
    "hatif": "Hatif",
    "hatif-asyncio": "Hatif, Python's own loop",
    "hatif+vosk": "Hatif",
    "hatif+vosk-1": "Hatif, `recogniser.phases: 1`",
    "aiohttp": "bare aiohttp agent",
    "aiohttp+uvloop": "bare aiohttp agent, uvloop",
    "pipecat": "Pipecat",
    "vocode": "Vocode",
}
EMBEDDED = {  # plots, and what is told of them
    "cpu": "CPU for a second of a call, by calls at once",
    "pacing": "How uneven prompts come, by calls at once",
    "replies": "How soon callers are replied to",
    "recognition": "What hearing costs",
    "turns": "How soon turns are replied to with the real recogniser",
}


class Measured(Struct, frozen=True):
    """One server under one load."""

    server: str
    load: Load

    @property
    def cpu_ms(self) -> float:
        """Of a processor, for a second of one call; a whole call's with its engines."""
        server = self.load.server
        if server is None:
            return 0.0
        return server.daemon_ms + ((server.engines_ms or 0.0) if self.server in WHOLE else 0.0)

    @property
    def note(self) -> str:
        """What is to be known of its row."""
        if not self.load.keeps_up:
            return " (did not keep up)"
        return "" if self.load.is_ours else " (callers late)"


class Part(Struct, frozen=True):
    """What one program measured."""

    command: str
    machine: Machine
    began: str  # UTC, to the minute
    seconds: float
    found: Any  # as it wrote it, by `--json`


class Results(Struct, frozen=True):
    """All parts that there are, by name."""

    parts: Mapping[str, Part]

    def found(self, name: str) -> Any:
        """What that part measured; None where it was not run."""
        part = self.parts.get(name)
        return None if part is None else part.found

    def servers(self, name: str) -> list[Measured]:
        """Servers under load, of one run; only there do they compare."""
        return [convert(one, Measured) for one in self.found(name) or []]


def between(text: str, new: str) -> str:
    """The page with another generated part; where it has none yet, the part stands after the first paragraph.

    Raises:
        ValueError: only one of the two markers is there, or they are in the wrong order.

    """
    begin, end = text.find(BEGIN), text.find(END)
    block = f"{BEGIN}\n{new.strip()}\n{END}"
    if begin < 0 and end < 0:
        heading = text.find("\n## ")
        at = len(text) if heading < 0 else heading + 1
        return f"{text[:at].rstrip()}\n\n{block}\n\n{text[at:]}"
    if not 0 <= begin < end or text.count(BEGIN) > 1 or text.count(END) > 1:
        raise ValueError(f"there must be one {BEGIN!r} and then one {END!r}")
    return text[:begin] + block + text[end + len(END) :]


def page(results: Results) -> str:
    """The generated part, as Markdown."""
    drawn = plots(results)
    sections = [
        _heading(results),
        _ratios(results),
        _media(results.servers("media"), drawn),
        _whole(results.servers("whole")),
        _peers(results.servers("peers")),
        _recognition(results, drawn),
        _turns(results, drawn),
        _hearing(results),
        _commands(results),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def plots(results: Results) -> dict[str, str]:
    """SVG documents, by name."""
    measured = results.servers("media")
    known = {one.server for one in measured}
    found = dict(
        _media_plots(measured + [one for one in results.servers("peers") if one.server not in known])
    )
    costs = results.found("recognition")
    if costs:
        kind = costs[0]["kind"]
        found["recognition"] = bars(
            f"A processor's time for a second in which somebody speaks ({kind})",
            "ms",
            [(one["way"], one["ms"]) for one in costs if one["kind"] == kind],
        )
    turns = (results.found("turns") or {}).get("turns")
    if turns:
        found["turns"] = _turns_plot(turns)
    return found


# Sections


def _heading(results: Results) -> Iterator[str]:
    yield "## In one go"
    yield ""
    yield "    make bench            # and `make bench-peers` for Pipecat and Vocode beside it"
    yield ""
    machines = {part.machine.named.partition(", load average")[0]: None for part in results.parts.values()}
    loads = [part.machine.load_average[0] for part in results.parts.values()]
    yield f"On {'; '.join(machines) or 'no machine yet'}."
    if loads:
        busy = f"{min(loads):.1f}" if min(loads) == max(loads) else f"{min(loads):.1f} to {max(loads):.1f}"
        yield f"Load average when the parts began: {busy}; above about 0.5 other work was done beside them."
    yield "The text between the two markers is written by that command; the rest of this page is not."


def _ratios(results: Results) -> Iterator[str]:
    media, peers = results.servers("media"), results.servers("peers")
    calls = sorted({one.load.calls for one in media + peers})
    told = {one.server for one in media} - {OURS}
    rows = [
        *_cpu_ratios(media, calls),
        *_cpu_ratios([one for one in peers if one.server not in told], calls),
    ]
    if rows:
        yield "### Ratios"
        yield ""
        yield from _table(
            ("CPU for a second of a call", *(f"{number} calls" for number in calls), "wanted"), rows
        )
        yield ""
    costs = results.found("recognition")
    if costs:
        yield from _table(("a second of voice", "Hatif ÷ this", "wanted"), _recognition_ratios(costs))
        yield ""
    if rows or costs:
        yield "A ratio is of the same run, under the same callers; in brackets where the callers were late."
        yield "Who leaves more than a tenth of the turns without a reply has not kept up, and has no ratio."


def _cpu_ratios(measured: Sequence[Measured], calls: Sequence[int]) -> Iterator[tuple[str, ...]]:
    by_place = {(one.server, one.load.calls): one for one in measured}
    for server in dict.fromkeys(one.server for one in measured):
        if server == OURS:
            continue
        is_bare = server.startswith("aiohttp")
        cells = []
        for number in calls:
            ours, theirs = by_place.get((OURS, number)), by_place.get((server, number))
            if ours is None or theirs is None or not ours.cpu_ms or not theirs.cpu_ms:
                cells.append("")
                continue
            if not (ours.load.keeps_up and theirs.load.keeps_up):
                cells.append("did not keep up")
                continue
            ratio = ours.cpu_ms / theirs.cpu_ms if is_bare else theirs.cpu_ms / ours.cpu_ms
            cells.append(f"{ratio:.1f}" if ours.load.is_ours and theirs.load.is_ours else f"({ratio:.1f})")
        name = f"Hatif ÷ {NAMES[server]}" if is_bare else f"{NAMES[server]} ÷ Hatif"
        yield name, *cells, {"pipecat": "≥ 8", "vocode": "≥ 2"}.get(server, "")


def _recognition_ratios(costs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for kind in dict.fromkeys(one["kind"] for one in costs):
        hatif, *others = [one for one in costs if one["kind"] == kind]
        for number, other in enumerate(others):
            wanted = f"≤ {OVERHEAD_WANTED}" if number == 0 else ""
            yield f"{other['way']} ({kind})", f"{hatif['ms'] / other['ms']:.2f}", wanted


def _media(measured: Sequence[Measured], drawn: Mapping[str, str]) -> Iterator[str]:
    if not measured:
        return
    yield "### A call, beside recognition"
    yield ""
    yield (
        "The real daemon with all of its bookkeeping; only its recogniser's process is another, which "
        "answers at once. Callers speak a quarter of the time and over every other reply. Replies are "
        "timed from the end of speech, 400 ms of silence included; clears from speech over a reply; pacing "
        "is how far a piece of a reply came from where its own rhythm wanted it. Milliseconds, p50/p95/p99."
    )
    yield ""
    yield from _servers(measured)
    yield from _shown("cpu", drawn)
    yield from _shown("replies", drawn)
    yield "**Capacity**: the most calls that were tried at which no call was lost and pacing stayed below"
    yield f"{PACING_MS:g} ms (p99), on one core."
    yield ""
    servers = dict.fromkeys(one.server for one in measured)
    by_server = {server: [one for one in measured if one.server == server] for server in servers}
    yield from _table(("server", "calls"), [(NAMES[name], capacity(of)) for name, of in by_server.items()])
    yield ""
    yield from _shown("pacing", drawn)


def _whole(measured: Sequence[Measured]) -> Iterator[str]:
    """What was borne with the real recogniser."""
    if not measured:
        return
    yield "### Whole calls"
    yield ""
    yield (
        "The same callers, who say yes three times in a breath, and the real recogniser: daemon, database "
        "and recogniser share one core, and all of them are counted. A quarter of the time somebody speaks; "
        "on most real calls it is less (below, `make overload` has callers who say one word at a question). "
        "What they say is no whole answer, so it is given all its 400 ms of silence. Replies are as above."
    )
    yield ""
    rows = []
    for one in sorted(measured, key=lambda one: (one.server, one.load.calls)):
        load, server = one.load, one.load.server
        parts = "" if server is None else f"{server.daemon_ms:.1f} + {server.engines_ms or 0.0:.1f}"
        complaints = "; ".join(WHOLE_LIMITS.exceeded(load)) or "yes"
        name = NAMES[one.server] + ("" if load.is_ours else " (callers late)")
        rows.append((name, str(load.calls), f"{one.cpu_ms:.1f}", parts, *spreads_shown(load), complaints))
    columns = ("", "calls", "CPU ms for a second of a call", "daemon + recogniser", "reply", "until `clear`")
    yield from _table((*columns, "pacing", "borne well"), rows)
    yield ""
    yield f"**Borne well**: 95 of 100 replies within {WHOLE_LIMITS.reply_ms:g} ms, pacing within"
    yield f"{PACING_MS:g} ms (p99), nobody lost or refused, nine of ten turns at least replied to."


def _peers(measured: Sequence[Measured]) -> Iterator[str]:
    if not measured:
        return
    yield "### Beside Pipecat and Vocode"
    yield ""
    yield (
        "The same callers, and the same silence and onset. **Not like for like**: both run their own "
        "pipelines with stand-ins for recognition and voice and have none of Hatif's bookkeeping; Pipecat "
        "runs Silero's network to tell speech; Vocode has nothing of its own for that, is given the energy "
        "of mu-law, sends a whole prompt at once, so that its pacing says nothing, and after an interruption "
        "waits almost a second before it replies, by its own design."
    )
    yield ""
    yield from _servers(measured)


def _servers(measured: Sequence[Measured]) -> Iterator[str]:
    """A row for each server and load."""
    columns = ("calls", "server", "CPU ms for a second of a call", "reply", "until `clear`", "pacing")
    rows = []
    for one in sorted(measured, key=lambda one: one.load.calls):
        load = one.load
        cells = (f"{one.cpu_ms:.2f}", *spreads_shown(load))
        troubled = f"{load.lost + load.refused}, {load.underruns}, {load.unanswered + load.uncleared}"
        rows.append((str(load.calls), NAMES[one.server] + one.note, *cells, troubled))
    yield from _table((*columns, "calls lost, gaps, turns lost"), rows)
    yield ""


def capacity(measured: Sequence[Measured]) -> str:
    """The most calls that one server bore, and whether more were tried."""
    borne = [one.load.calls for one in measured if _is_borne(one.load)]
    tried = max((one.load.calls for one in measured), default=0)
    if not borne:
        fewest = min((one.load.calls for one in measured), default=0)
        return f"fewer than {fewest}"
    return f"{max(borne)}, more were not tried" if max(borne) == tried else str(max(borne))


def _is_borne(load: Load) -> bool:
    return not load.lost and not load.refused and bool(load.pacing_ms) and load.pacing_ms[-1] < PACING_MS


def _recognition(results: Results, drawn: Mapping[str, str]) -> Iterator[str]:
    costs = results.found("recognition") or []
    if not costs:
        return
    yield "### Recognition"
    yield ""
    yield (
        "Milliseconds of a processor for a second in which somebody speaks, with the embedded model, on "
        "recordings of people on a line that hisses. *The same decoders by themselves* are fed with what the "
        "gate let through; *one bare recogniser* is what a program costs that asks each voice once, without "
        "Hatif's second opinions."
    )
    yield ""
    kinds = list(dict.fromkeys(one["kind"] for one in costs))
    ways = dict.fromkeys(one["way"] for one in costs)
    by_place = {(one["way"], one["kind"]): one["ms"] for one in costs}
    rows = [(way, *(f"{by_place[way, kind]:.0f}" for kind in kinds)) for way in ways]
    yield from _table(("", *kinds), rows)
    yield ""
    yield from _shown("recognition", drawn)


def _turns(results: Results, drawn: Mapping[str, str]) -> Iterator[str]:
    found = results.found("turns")
    if not found:
        return
    yield "### Turns, with the real recogniser"
    yield ""
    turns = found.get("turns", [])
    if turns:
        yield (
            "One caller after the other, people and synthetic voices. Milliseconds, p50/p95. With `went_out` "
            "the questionnaire ends, so it is given all its silence, as consent is."
        )
        yield ""
        parts = ("endpoint", "recognise", "understand", "commit", "first_audio", "total")
        rows = []
        for item in dict.fromkeys(str(turn["item"]) for turn in turns):
            group = [turn for turn in turns if str(turn["item"]) == item]
            cells = (_two([turn.get(f"{part}_ms") for turn in group]) for part in parts)
            rows.append((item, str(len(group)), *cells))
        yield from _table(("", "turns", *(part.replace("_", " ") for part in parts)), rows)
        yield ""
        yield from _shown("turns", drawn)
    if found.get("ends"):
        yield from _ends(found["ends"])
    if found.get("cuts"):
        yield from _cuts(found["cuts"])


def _ends(ends: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    yield "Ends: the silence that was waited for, and what was stored."
    yield ""
    rows = []
    for rule, results in ends.items():
        for kind in dict.fromkeys(one["kind"] for one in results):
            group = [one for one in results if one["kind"] == kind]
            first = [one["silences"][0] * 1000 for one in group if one["silences"]]
            stored = [one for one in group if one["stored"] is not None]
            wrong = sum(one["stored"] != one["truth"] for one in stored)
            taken_back = sum(one["revised"] > 0 for one in group)
            counts = map(str, (taken_back, len(stored), wrong))
            rows.append((kind, rule, str(len(group)), _two(first), *counts))
    yield from _table(("", "rule", "sounds", "silence, ms", "taken back", "stored at once", "wrong"), rows)
    yield ""


def _cuts(cuts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "What stops a prompt; *for good*: it was not taken up again."
    yield ""
    rows = []
    for kind in dict.fromkeys(one["kind"] for one in cuts):
        group = [one for one in cuts if one["kind"] == kind]
        stopped, lost = (sum(one[name] for one in group) for name in ("stopped", "lost"))
        rows.append((kind, *map(str, (len(group), stopped, lost))))
    yield from _table(("over a prompt", "prompts", "stopped", "for good"), rows)
    yield ""


HEARD = {
    "recordings": "recordings",
    "right_at_once": "right at once",
    "wrong_at_once": "wrong at once",
    "read_back_right": "read back, right",
    "read_back_wrong": "read back, wrong",
    "asked_again": "asked again",
    "grammar_alone_wrong": "grammar alone, wrong",
    "dialogue_wrong": "**stored wrong in the end**",
    "dialogue_questions_mean": "questions each",
}


def _hearing(results: Results) -> Iterator[str]:
    found = results.found("hearing")
    if not found:
        return
    yield "### Hearing"
    yield ""
    yield "Recordings of people through the hearing rule and the whole repair dialogue, by the model"
    yield f"{found['model']}."
    yield ""
    rows = [(kind, *(f"{counts[name]:g}" for name in HEARD)) for kind, counts in found["kinds"].items()]
    yield from _table(("", *HEARD.values()), rows)


def _commands(results: Results) -> Iterator[str]:
    yield "### How it was measured"
    yield ""
    rows = [
        (name, f"`{part.command}`", part.began, f"{part.seconds / 60:.0f} min", part.machine.named)
        for name, part in results.parts.items()
    ]
    yield from _table(("", "command", "began, UTC", "took", "machine"), rows)


# Plots


def _media_plots(measured: Sequence[Measured]) -> Iterator[tuple[str, str]]:
    if not measured:
        return
    calls = Axis("calls at once", is_log=True)
    servers = list(dict.fromkeys(one.server for one in measured))

    def lines(value: str) -> list[Line]:
        found = []
        for server in servers:
            rows = sorted((one for one in measured if one.server == server), key=lambda one: one.load.calls)
            points = [
                (one.load.calls, one.cpu_ms if value == "cpu" else one.load.pacing_ms[-1])
                for one in rows
                if one.load.keeps_up and (value == "cpu" or one.load.pacing_ms)
            ]
            if points:
                found.append(Line(NAMES[server], points))
        return found

    yield "cpu", chart(EMBEDDED["cpu"], calls, Axis("ms, logarithmic", is_log=True), lines("cpu"))
    yield (
        "pacing",
        chart(
            EMBEDDED["pacing"],
            calls,
            Axis("p99, ms, logarithmic", is_log=True),
            lines("pacing"),
            limit=(f"{PACING_MS:g} ms", PACING_MS),
        ),
    )
    usual = _usual(measured)
    replies = [
        Line(NAMES[one.server], _share(one.load.distributions["reply"]), is_dotted=False)
        for one in measured
        if one.load.calls == usual and one.load.distributions.get("reply")
    ]
    if replies:
        title = f"{EMBEDDED['replies']} at {usual} calls"
        yield "replies", chart(title, Axis("ms"), Axis("share of turns", most=1.0), replies)


def _usual(measured: Sequence[Measured]) -> int:
    """The most calls, up to a hundred, that Hatif and another server were both given."""
    ours = {one.load.calls for one in measured if one.server == OURS}
    others = {one.load.calls for one in measured if one.server != OURS}
    shared = [calls for calls in (ours & others) or ours or others if calls <= USUAL_CALLS]
    return max(shared, default=max(ours | others))


def _turns_plot(turns: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for item in dict.fromkeys(str(turn["item"]) for turn in turns):
        values = sorted(turn["total_ms"] for turn in turns if str(turn["item"]) == item and turn["total_ms"])
        if len(values) > 1:
            lines.append(Line(item, _share(values)))
    return chart(EMBEDDED["turns"], Axis("ms"), Axis("share of turns", most=1.0), lines)


def _share(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(value, number / max(len(values) - 1, 1)) for number, value in enumerate(values)]


def _shown(name: str, drawn: Mapping[str, str]) -> Iterator[str]:
    if name in drawn:
        yield f"![{EMBEDDED[name]}](plots/{name}.svg)"
        yield ""


# Words


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"


def spreads_shown(load: Load) -> tuple[str, str, str]:
    """What callers met with: replies, interruptions, pacing."""
    return spread_shown(load.reply_ms), spread_shown(load.clear_ms), spread_shown(load.pacing_ms)


def spread_shown(values: Sequence[float]) -> str:
    """Milliseconds in as many digits as matter."""
    return "/".join(f"{value:.0f}" if value >= 10 else f"{value:.1f}" for value in values)


def _two(values: Sequence[float | None]) -> str:
    known = sorted(value for value in values if value is not None)
    if not known:
        return ""
    return "/".join(f"{known[min(int(len(known) * part), len(known) - 1)]:.0f}" for part in (0.5, 0.95))
