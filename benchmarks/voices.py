"""How fast voices are, how much memory they take, and how evenly loud their prompts come out.

    python benchmarks/voices.py [--voice ENGINE/VOICE …] [--config config.yaml] [--questionnaire ID …]

It prints Markdown. Every voice has its engine to itself and renders into an empty folder; without --voice it
is the configured one. What a voice cannot do is said in its place.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import numpy as np
from msgspec import Struct

from bridge.audio.frames import FRAME_BYTES
from bridge.audio.polish import Polisher, polish
from bridge.config import Settings, load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.dialogue.loader import load_folder
from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import BridgeError
from bridge.rendering.work import hear, render_all, report_of
from bridge.speech.base import Synthesizer
from bridge.speech.engines import VoiceBench
from bridge.speech.prompts import PromptCache
from bridge.speech.script import Passage

__all__ = ["VoiceFigures", "alias_db", "hit_times", "main", "measure"]

SPOKEN = 20  # texts for the times of a voice; each is said once before
HITS = 2000
REFERENCE_HERTZ = 730
TONES = (4200, 4400, 5000, 6000, 7000, 8100, 9300, 10_000)
RATES = (16_000, 22_050, 24_000, 44_100, 48_000)


class Rendered(Struct, frozen=True):
    """One questionnaire, rendered into an empty folder."""

    questionnaire: str
    texts: int
    audio_seconds: float
    took_seconds: float


class VoiceFigures(Struct, frozen=True):
    """What was measured of one voice."""

    voice: str
    first_piece_seconds: float  # the median
    real_time_factor: float  # of the engine alone
    memory_mb: float  # the most that its processes ever took
    rendered: tuple[Rendered, ...]
    spread_lu: float | None
    compared: int  # prompts longer than a second
    hit_ms: tuple[float, float]  # from memory: median, 99th percentile
    disk_ms: tuple[float, float]


async def measure(name: str, settings: Settings, questionnaires: Sequence[Questionnaire]) -> VoiceFigures:
    """Measure one voice; BridgeError when it cannot speak."""
    bench = VoiceBench(settings)
    try:
        voice = await bench.start(name)
        texts = prompt_texts(questionnaires)
        first, factor = await _speaking(voice, texts[:SPOKEN])
        with tempfile.TemporaryDirectory() as folder:
            cache = PromptCache(Path(folder) / "all", voice)
            rendered = [await _rendered(one, Path(folder) / one.id, voice) for one in questionnaires]
            done = await render_all(cache.missing(texts), cache)
            heard = [hear(one, cache) for one in questionnaires]
            report = report_of(heard, done, voice=voice.identity, folder=Path(folder))
            hits = hit_times(lambda: cache, texts)
            disk = hit_times(lambda: PromptCache(Path(folder) / "all", voice), texts)
        compared = {prompt.text for one in heard for prompt in one.prompts if prompt.seconds > 1}
        return VoiceFigures(
            voice=name,
            first_piece_seconds=first,
            real_time_factor=factor,
            memory_mb=_memory_of_children() / 2**20,
            rendered=tuple(rendered),
            spread_lu=report.spread_lu,
            compared=len(compared),
            hit_ms=hits,
            disk_ms=disk,
        )
    finally:
        await bench.stop()


async def _speaking(voice: Synthesizer, texts: Sequence[str]) -> tuple[float, float]:
    """The median time to the first piece, and time over audio."""
    firsts, took, audio = [], 0.0, 0.0
    await voice.synthesise(texts[0])  # what is loaded with the first word is no figure of the others
    for text in texts:
        began, pieces = time.perf_counter(), 0
        async with aclosing(voice.stream(Passage(text))) as stream:
            async for speech in stream:
                if not pieces:
                    firsts.append(time.perf_counter() - began)
                pieces += 1
                audio += len(speech.pcm) / 2 / speech.rate
        took += time.perf_counter() - began
    return statistics.median(firsts), took / audio


async def _rendered(questionnaire: Questionnaire, folder: Path, voice: Synthesizer) -> Rendered:
    texts = prompt_texts([questionnaire])
    done = await render_all(texts, PromptCache(folder, voice))
    return Rendered(questionnaire.id, len(texts), done.audio_seconds, done.took_seconds)


def hit_times(cache: Callable[[], PromptCache], texts: Sequence[str]) -> tuple[float, float]:
    """How long a prompt that is there takes to its first frame, in ms: the median and the 99th percentile."""
    times = []
    opened = cache()
    for number in range(HITS):
        if number % len(texts) == 0:
            opened = cache()
        began = time.perf_counter()
        audio = opened.get(texts[number % len(texts)])
        frame = audio[:FRAME_BYTES] if audio else b""
        times.append((time.perf_counter() - began) * 1000)
        if len(frame) != FRAME_BYTES:
            raise BridgeError("a prompt that was rendered is not there")
    return statistics.median(times), float(np.percentile(times, 99))


def alias_db(rate: int, hertz: int, *, is_streamed: bool) -> float:
    """What a tone above the band leaves in it, against one of the same level within it, in dB."""
    time_ = np.arange(round(rate * 1.5)) / rate
    both = 8000 * (np.sin(2 * np.pi * REFERENCE_HERTZ * time_) + np.sin(2 * np.pi * hertz * time_))
    pcm = np.rint(both).astype("<i2").tobytes()
    polisher = Polisher(rate)
    polished = polisher.process(pcm) + polisher.flush() if is_streamed else polish(pcm, rate)
    samples = np.frombuffer(polished, "<i2")[2000:10_000] / 32_768
    windowed = samples * np.blackman(len(samples))

    def level(frequency: float) -> float:
        turn = np.exp(-2j * np.pi * frequency / 8000 * np.arange(len(samples)))
        return float(20 * np.log10(abs(np.dot(windowed, turn)) + 1e-9))

    return level(abs(hertz - 8000 * round(hertz / 8000))) - level(REFERENCE_HERTZ)


def _memory_of_children() -> int:
    """The most that each process of ours ever had in memory, together, in bytes."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [pid for path in children for pid in path.read_text().split()]
    return sum(_peak_of(pid) for pid in pids)


def _peak_of(pid: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _report(found: Iterable[VoiceFigures | tuple[str, str]]) -> Iterator[str]:
    figures = [one for one in found if isinstance(one, VoiceFigures)]
    yield "| voice | first piece | real-time factor | memory | loudness spread | hit, memory | hit, disk |"
    yield "|---|---|---|---|---|---|---|"
    for one in figures:
        spread = "" if one.spread_lu is None else f"{one.spread_lu:.2f} LU of {one.compared}"
        hits, disk = (f"{median:.3f} ms, p99 {high:.3f}" for median, high in (one.hit_ms, one.disk_ms))
        yield (
            f"| {one.voice} | {one.first_piece_seconds * 1000:.0f} ms | {one.real_time_factor:.4f}"
            f" | {one.memory_mb:.0f} MiB | {spread} | {hits} | {disk} |"
        )
    for one in figures:
        yield f"\n| {one.voice}: questionnaire | prompts | speech | rendered in |\n|---|---|---|---|"
        for each in one.rendered:
            row = f"| {each.questionnaire} | {each.texts} | {each.audio_seconds:.0f} s"
            yield f"{row} | {each.took_seconds:.1f} s |"


def _aliases() -> Iterator[str]:
    yield f"\n| tone at the engine's rate | {' | '.join(f'{rate} Hz' for rate in RATES)} |"
    yield "|---" * (len(RATES) + 1) + "|"
    for hertz in TONES:
        cells = [
            f"{max(alias_db(rate, hertz, is_streamed=live) for live in (False, True)):.0f} dB"
            if hertz < rate / 2
            else ""
            for rate in RATES
        ]
        yield f"| {hertz} Hz | {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--voice", action="append", default=[], help="ENGINE/VOICE; may be repeated")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--questionnaire", action="append", default=[], help="all by default")
    options = parser.parse_args(arguments)
    settings = load_settings(options.config)
    known = load_folder(settings.questionnaires.folder)
    chosen = [
        one for name, one in known.items() if not options.questionnaire or name in options.questionnaire
    ]
    figures = []
    for name in options.voice or [str(VoiceBench(settings).default_name)]:
        try:
            figures.append(asyncio.run(measure(name, settings, chosen)))
        except BridgeError as error:
            print(f"{name} was not measured: {error}\n")
    print("\n".join((*_report(figures), *_aliases())))


if __name__ == "__main__":
    main()
