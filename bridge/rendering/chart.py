"""How loud and how long prompts are, as SVG that a page holds: its colours are the page's."""

from collections.abc import Iterator, Sequence
from html import escape

from bridge.audio.polish import TARGET_LUFS
from bridge.rendering.work import SHORTEST_COMPARED_SECONDS, HeardPrompt

__all__ = ["durations_svg", "loudness_svg"]

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 14, 40
HALF_RANGE_LU = 3.0  # above and below the target, at the least
MOST_BARS = 24
MOST_TICKS = 12


def loudness_svg(prompts: Sequence[HeardPrompt]) -> str:
    """Each prompt as a dot: how long it is, how loud it is, and the band in which all are to be."""
    levels = [(prompt, prompt.lufs) for prompt in prompts if prompt.lufs is not None]
    half = max([HALF_RANGE_LU, *(abs(level - TARGET_LUFS) + 0.5 for _, level in levels)])
    longest = max([1.0, *(prompt.seconds for prompt in prompts)])

    def y(level: float) -> float:
        return _between(level, TARGET_LUFS + half, TARGET_LUFS - half, TOP, HEIGHT - BOTTOM)

    def x(seconds: float) -> float:
        return _between(seconds, 0, longest, LEFT, WIDTH - RIGHT)

    band = f'<rect class="band" x="{LEFT}" y="{y(TARGET_LUFS + 0.5):.1f}" width="{WIDTH - LEFT - RIGHT}"'
    band += f' height="{y(TARGET_LUFS - 0.5) - y(TARGET_LUFS + 0.5):.1f}"/>'
    ticks = [
        _left_label(y(level), f"{level:.0f}")
        for level in (TARGET_LUFS + round(half) - 1, TARGET_LUFS, TARGET_LUFS - round(half) + 1)
    ]
    dots = [
        f'<circle class="{_kind(prompt)}" cx="{x(prompt.seconds):.1f}" cy="{y(level):.1f}" r="3.5">'
        f"<title>{escape(prompt.text)}\n{prompt.seconds:.1f} s, {level:.1f} LUFS</title></circle>"
        for prompt, level in levels
    ]
    seconds = _seconds_axis(longest)
    return _svg("Loudness in LUFS of each prompt by its length in seconds", [band, *ticks, *seconds, *dots])


def durations_svg(prompts: Sequence[HeardPrompt]) -> str:
    """How many prompts are how long, one bar for each second or more."""
    longest = max([1.0, *(prompt.seconds for prompt in prompts)])
    step = 1 + int(longest) // MOST_BARS
    counts = [0] * (int(longest) // step + 1)
    for prompt in prompts:
        counts[int(prompt.seconds) // step] += 1
    most = max(1, *counts)
    end = len(counts) * step
    bars = [
        _bar(index * step, (index + 1) * step, count, most, end)
        for index, count in enumerate(counts)
        if count
    ]
    ticks = [_left_label(_between(count, most, 0, TOP, HEIGHT - BOTTOM), str(count)) for count in (0, most)]
    return _svg("Number of prompts by length in seconds", [*ticks, *_seconds_axis(end), *bars])


def _bar(begin: int, end: int, count: int, most: int, longest: int) -> str:
    left, right = (_between(at, 0, longest, LEFT, WIDTH - RIGHT) for at in (begin, end))
    top = _between(count, most, 0, TOP, HEIGHT - BOTTOM)
    return (
        f'<rect class="bar" x="{left + 1:.1f}" y="{top:.1f}" width="{right - left - 2:.1f}"'
        f' height="{HEIGHT - BOTTOM - top:.1f}"><title>{count} of {begin} to {end} s</title></rect>'
    )


def _kind(prompt: HeardPrompt) -> str:
    return "dot" if prompt.seconds > SHORTEST_COMPARED_SECONDS else "dot short"


def _seconds_axis(longest: float) -> Iterator[str]:
    step = next((step for step in (1, 2, 5, 10, 20) if longest / step <= MOST_TICKS), 60)
    bottom = HEIGHT - BOTTOM
    yield f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{WIDTH - RIGHT}"/>'
    for seconds in range(0, int(longest) + 1, step):
        at = _between(seconds, 0, longest, LEFT, WIDTH - RIGHT)
        yield f'<text class="tick middle" x="{at:.1f}" y="{bottom + 18}">{seconds}</text>'
    yield f'<text class="tick end" x="{WIDTH - RIGHT}" y="{HEIGHT - 6}">seconds</text>'


def _left_label(y: float, text: str) -> str:
    return f'<text class="tick end" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(text)}</text>'


def _svg(label: str, parts: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
    return "\n".join((head, *parts, "</svg>"))


def _between(value: float, first: float, last: float, begin: float, end: float) -> float:
    """Where a value lies on a line from `begin` to `end`."""
    return begin + (value - first) / (last - first) * (end - begin)
