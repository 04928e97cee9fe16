"""The listening page: every prompt with its sound, so that a clinician hears all before the first call.

One HTML file with its sounds beside it, or within it. It needs no server and no network, and asks for none.
"""

import base64
import hashlib
import io
import re
import wave
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, decode_ulaw
from bridge.rendering.chart import durations_svg, loudness_svg
from bridge.rendering.page_style import SCRIPT, STYLE
from bridge.rendering.work import HeardPrompt, RenderedQuestionnaire, RenderReport
from bridge.reports import ReportError

__all__ = ["MOST_EMBEDDED_BYTES", "write_page"]

MOST_EMBEDDED_BYTES = 24 << 20  # of WAV in one file; a third more as text, and browsers hold it all at once
HEADER_BYTES = 44
_SOUND_NAME = re.compile(r"[0-9a-f]{24}\.wav")


def write_page(heard: Sequence[RenderedQuestionnaire], report: RenderReport, target: Path) -> Path:
    """Write the page to a file that holds the sounds, if `target` ends in .html; else to a folder, with them.

    Sounds in the folder that an earlier page left and this one does not name are removed.

    Raises:
        ReportError: it cannot be written there, or there is too much sound for one file.

    """
    try:
        if target.suffix.lower() in {".html", ".htm"}:
            _require_embeddable(heard, target)
            _replace(target, _page(heard, report, _embedded))
            return target
        return _write_folder(heard, report, target)
    except OSError as error:
        raise ReportError(f"the page cannot be written to {target}: {error.strerror}") from None


def _write_folder(heard: Sequence[RenderedQuestionnaire], report: RenderReport, folder: Path) -> Path:
    sounds = folder / "sounds"
    sounds.mkdir(parents=True, exist_ok=True)
    written: set[str] = set()

    def beside(audio: bytes) -> str:
        name = f"{hashlib.sha256(audio).hexdigest()[:24]}.wav"
        if name not in written:
            (sounds / name).write_bytes(_wav(audio))
            written.add(name)
        return f"sounds/{name}"

    page = _page(heard, report, beside)
    for left in sounds.iterdir():
        if _SOUND_NAME.fullmatch(left.name) and left.name not in written:
            left.unlink()
    _replace(folder / "index.html", page)
    return folder / "index.html"


def _replace(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(target)


def _require_embeddable(heard: Sequence[RenderedQuestionnaire], target: Path) -> None:
    size = sum(HEADER_BYTES + SAMPLE_WIDTH * len(prompt.audio) for one in heard for prompt in one.prompts)
    if size > MOST_EMBEDDED_BYTES:
        raise ReportError(
            f"{target} would hold {size / 2**20:.0f} MiB of sound, more than"
            f" {MOST_EMBEDDED_BYTES / 2**20:.0f}: name a folder for it, or one questionnaire"
        )


def _wav(audio: bytes) -> bytes:
    """16-bit PCM, which every browser plays, of mu-law."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(SAMPLE_WIDTH)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(decode_ulaw(audio))
    return file.getvalue()


def _embedded(audio: bytes) -> str:
    return f"data:audio/wav;base64,{base64.b64encode(_wav(audio)).decode()}"


def _page(
    heard: Sequence[RenderedQuestionnaire], report: RenderReport, source: Callable[[bytes], str]
) -> str:
    script = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; media-src 'self' data: file:;"
        f" script-src 'sha256-{script}'"
    )
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            f"<title>Prompts of {escape(', '.join(one.id for one in heard))}</title>",
            f"<style>{STYLE}</style>\n</head>\n<body>",
            *_head(heard, report),
            *(part for one in heard for part in _section(one, source)),
            f"<script>{SCRIPT}</script>\n</body>\n</html>\n",
        )
    )


def _head(heard: Sequence[RenderedQuestionnaire], report: RenderReport) -> Iterator[str]:
    prompts = list({prompt.text: prompt for one in heard for prompt in one.prompts}.values())
    yield f"<header><h1>Every prompt, as callers hear it {_arabic('كل ما يُقال للمتصل')}</h1>"
    yield f"<p>{escape(_summary(report))}</p>"
    yield f'<p class="voice">Voice: <code>{escape(report.voice)}</code></p>'
    if len(heard) > 1:
        links = (f'<a href="#{escape(one.id)}">{escape(one.id)}</a>' for one in heard)
        yield f"<nav>{' '.join(links)}</nav>"
    yield '<p><button type="button" id="all">Play all, one after the other</button></p></header>'
    yield '<div class="charts">'
    yield f"<figure>{loudness_svg(prompts)}<figcaption>Loudness (LUFS, behind μ-law) by length. Full dots are"
    yield "longer than a second: they belong within the band, which is one LU high.</figcaption></figure>"
    yield f"<figure>{durations_svg(prompts)}<figcaption>How many prompts are how long.</figcaption></figure>"
    yield "</div>"


def _summary(report: RenderReport) -> str:
    minutes, seconds = divmod(round(report.audio_seconds), 60)
    said = f"{report.texts} prompts, {minutes} min {seconds} s."
    if report.spread_lu is None:
        return said
    return f"{said} Those longer than a second differ in loudness by {report.spread_lu:.2f} LU."


def _section(one: RenderedQuestionnaire, source: Callable[[bytes], str]) -> Iterator[str]:
    yield f'<section id="{escape(one.id)}"><h2>{escape(one.id)} {escape(one.version)}'
    yield f"{_arabic(one.title)}</h2>"
    yield '<div class="wide"><table><thead><tr>'
    for heading in ("No.", "Role", "Item", "Text", "Seconds", "LUFS", "Listen"):
        yield f'<th scope="col" class="{heading.lower().strip(".")}">{heading}</th>'
    yield "</tr></thead><tbody>"
    for number, prompt in enumerate(one.prompts, 1):
        yield _row(one.id, number, prompt, source(prompt.audio))
    yield "</tbody></table></div></section>"


def _row(questionnaire: str, number: int, prompt: HeardPrompt, source: str) -> str:
    level = "" if prompt.lufs is None else f"{prompt.lufs:.1f}"
    name = f"{escape(questionnaire)}-{number}"
    cells = (
        f'<td class="number">{number}</td>',
        f"<td>{escape(', '.join(prompt.roles))}</td>",
        f"<td>{_items(prompt.items)}</td>",
        f'<td class="said" lang="ar" dir="rtl">{escape(prompt.text)}</td>',
        f'<td class="number">{prompt.seconds:.1f}</td>',
        f'<td class="number">{level}</td>',
        f'<td><audio controls preload="none" aria-label="{name}" src="{source}"></audio></td>',
    )
    return f'<tr id="{name}">{"".join(cells)}</tr>'


def _arabic(text: str) -> str:
    return f'<span lang="ar" dir="rtl">{escape(text)}</span>'


def _items(items: Sequence[str]) -> str:
    shown = ", ".join(f"<code>{escape(item)}</code>" for item in items[:3])
    return (
        f'{shown} <span title="{escape(", ".join(items))}">and {len(items) - 3} more</span>'
        if items[3:]
        else shown
    )
