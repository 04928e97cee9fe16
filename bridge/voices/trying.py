"""Letting voices speak, to see whether they can, how soon and how loud."""

import math
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing

from msgspec import Struct

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.loudness import loudness
from bridge.audio.polish import polish
from bridge.errors import BridgeError
from bridge.speech.base import Synthesizer
from bridge.speech.engines import VoiceBench, VoiceName
from bridge.speech.script import Passage

__all__ = ["SENTENCE", "Trial", "try_voices"]

SENTENCE = "السَّلَامُ عَلَيْكُمْ، نَتَّصِلُ بِكُمْ مِنَ الْعِيَادَةِ لِنَطْمَئِنَّ عَلَى صِحَّتِكُمْ."


class Trial(Struct, frozen=True):
    """How one voice did."""

    name: str
    problem: str = ""  # why it cannot speak; '' where it can
    ready_seconds: float = 0.0  # until it could begin; the first voice of an engine waits for its process
    first_seconds: float = 0.0  # from the order to the first sound
    work_seconds: float = 0.0  # from the order to the last
    sound_seconds: float = 0.0
    lufs: float = 0.0  # as a caller hears it


async def try_voices(
    bench: VoiceBench, names: Iterable[str], on_trial: Callable[[Trial], None] | None = None
) -> list[Trial]:
    """Let each voice say the same sentence, one after the other."""
    trials = []
    for name in names:
        trial = await _tried(bench, name)
        trials.append(trial)
        if on_trial is not None:
            on_trial(trial)
    return trials


async def _tried(bench: VoiceBench, name: str) -> Trial:
    began = time.monotonic()
    try:
        voice = await bench.start(VoiceName.parse(name))
        return await _spoken(name, voice, time.monotonic() - began)
    except BridgeError as error:
        return Trial(name, str(error))


async def _spoken(name: str, voice: Synthesizer, ready_seconds: float) -> Trial:
    began = time.monotonic()
    pcm, rate, first_seconds = bytearray(), 0, math.nan
    async with aclosing(voice.stream(Passage(SENTENCE))) as pieces:
        async for piece in pieces:
            if piece.pcm and not pcm:
                first_seconds = time.monotonic() - began
            pcm += piece.pcm
            rate = piece.rate
    work_seconds = time.monotonic() - began
    heard = polish(bytes(pcm), rate) if pcm else b""
    if not heard:
        return Trial(name, "it gave no sound")
    return Trial(
        name,
        ready_seconds=round(ready_seconds, 3),
        first_seconds=round(first_seconds, 3),
        work_seconds=round(work_seconds, 3),
        sound_seconds=round(len(pcm) / 2 / rate, 2),
        lufs=round(loudness(decode_ulaw(encode_ulaw(heard))), 1),
    )
