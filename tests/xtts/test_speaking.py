"""XTTS as a voice: what it says is its own, comes in parts, and survives what can happen to its process."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
from xtts_samples import MEMORY_MB, RATE, options, recording

from bridge.errors import BusyError, ModelError, WorkerError, WorkerLostError
from bridge.speech.base import Speech
from bridge.speech.messages import SpeakAs
from bridge.speech.queueing import speaking_for
from bridge.speech.script import Manner, Passage
from bridge.speech.xtts.synthesizer import XttsSynthesizer, XttsWorker

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "السلام عليكم، معك عيادة الصحة. هل تشعر بألم في الصدر اليوم؟"
LONG = "هل تشعر بألم في الصدر اليوم؟ " * 60  # about 14 pieces
SPOKEN_RATE = 24000
REQUESTS = 50

Until = Callable[[Callable[[], bool]], Awaitable[None]]


async def spoken(voice: XttsSynthesizer, text: str, rate: float = 1.0) -> list[bytes]:
    """The parts of a text."""
    passage = Passage(text, manner=Manner(rate=rate))
    return [part.pcm async for part in voice.stream(passage)]


def send(worker: XttsWorker, how: signal.Signals) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, how)


async def parts_made(voice: XttsSynthesizer) -> int:
    return int.from_bytes((await voice.synthesise("how many")).pcm, "little")


async def test_it_loads_and_says_what_it_is(worker: XttsWorker) -> None:
    """The versions, and a checkpoint that is told by its content."""
    assert worker.is_ready
    assert worker.version.startswith("coqui-tts 0.28.")
    assert len(worker.checkpoint) == 16


async def test_a_voice_is_cloned_and_is_itself_each_time(worker: XttsWorker) -> None:
    """The same recording is the same voice, another one is another."""
    one = await worker.latents_of(recording(200), RATE)
    same = await worker.latents_of(recording(200), RATE)
    other = await worker.latents_of(recording(300), RATE)

    assert one == same != other


@pytest.mark.parametrize("rate", [8000, 48000])
async def test_recordings_come_at_any_rate(worker: XttsWorker, rate: int) -> None:
    """As whoever read them found them."""
    assert await worker.latents_of(recording(200), rate)


async def test_a_recording_that_is_too_short_is_refused(worker: XttsWorker) -> None:
    """And the next request is answered."""
    with pytest.raises(WorkerError, match="too short"):
        await worker.latents_of(recording(200, seconds=0.1), RATE)

    assert await worker.latents_of(recording(200), RATE)


async def test_voices_that_came_with_the_checkpoint_speak(worker: XttsWorker) -> None:
    """By name, once they have been asked for."""
    voice = XttsSynthesizer(worker, name="Asma")
    with pytest.raises(WorkerError, match="not been started"):
        await voice.synthesise(GREETING)

    await voice.start()

    assert await worker.speakers() == ("Asma", "Badr")
    assert (await voice.synthesise(GREETING)).rate == SPOKEN_RATE
    with pytest.raises(WorkerError, match="no voice 'Nobody'"):
        await XttsSynthesizer(worker, name="Nobody").start()


async def test_the_same_text_is_the_same_sound(voices: list[XttsSynthesizer]) -> None:
    """To the sample, so that it can be kept; another text and another voice are not."""
    nurse, doctor, *_ = voices

    first, between, second = [await nurse.synthesise(text) for text in (GREETING, "نعم", GREETING)]

    assert first == second != between
    assert (await doctor.synthesise(GREETING)) != first
    assert np.abs(np.frombuffer(first.pcm, "<i2")).max() > 100
    assert nurse.identity != doctor.identity


async def test_a_slower_manner_takes_longer(voices: list[XttsSynthesizer]) -> None:
    """By a quarter, but for pauses and for ends that are cut short; the network's words are the same."""
    plain, slow = [sum(map(len, await spoken(voices[0], LONG[:600], rate))) for rate in (1.0, 0.8)]

    assert 1.1 < slow / plain <= 1.25


@pytest.mark.parametrize("text", ["", " ؟! ... "])
async def test_a_text_without_words_is_refused(voices: list[XttsSynthesizer], text: str) -> None:
    """In a sentence that does not repeat it."""
    with pytest.raises(WorkerError, match="nothing in it that can be spoken"):
        await voices[0].synthesise(text)


async def test_a_language_that_it_does_not_know_is_refused(voices: list[XttsSynthesizer]) -> None:
    """By its name; a country after one that it knows is no matter."""
    with pytest.raises(WorkerError, match="not 'sw'"):
        [part async for part in voices[0].stream(Passage("habari", "sw"))]

    assert [part async for part in voices[0].stream(Passage(GREETING, "ar-SA"))]


async def test_latents_of_another_checkpoint_are_refused(worker: XttsWorker) -> None:
    """They fit its own networks only."""
    from bridge.speech.xtts.voice import Latents, pack_latents

    latents = pack_latents(Latents(np.ones((1, 32, 1024), "f4"), np.ones((1, 512, 1), "f4")))

    with pytest.raises(WorkerError, match="another checkpoint"):
        await XttsSynthesizer(worker, latents, name="stranger").synthesise(GREETING)


async def test_the_first_part_comes_while_the_rest_is_made(
    worker: XttsWorker, voices: list[XttsSynthesizer]
) -> None:
    """A process stopped at its first part has not sent the others; let go on, it does."""
    whole = await spoken(voices[0], LONG)
    async with aclosing(voices[0].stream(Passage(LONG))) as stream:
        first = await anext(stream)
        send(worker, signal.SIGSTOP)
        rest = asyncio.create_task(remaining(stream))
        done, _ = await asyncio.wait([rest], timeout=1.0)
        send(worker, signal.SIGCONT)

        assert first.pcm == whole[0]
        assert not done
        assert [first.pcm, *await rest] == whole


async def remaining(stream: AsyncGenerator[Speech]) -> list[bytes]:
    return [part.pcm async for part in stream]


async def do_to(worker: XttsWorker, how: signal.Signals, voice: XttsSynthesizer) -> None:
    """Send the process a signal at each part of a long text."""
    async with aclosing(voice.stream(Passage(LONG))) as stream:
        async for _part in stream:
            send(worker, how)


async def test_cancelling_in_mid_stream_ends_the_work(
    worker: XttsWorker, voices: list[XttsSynthesizer]
) -> None:
    """Most of the text is never made, and the next text is what it always is."""
    reference = await voices[1].synthesise(GREETING)
    parts = len(await spoken(voices[0], LONG))
    before = await parts_made(voices[0])

    async with aclosing(voices[0].stream(Passage(LONG))) as stream:
        await anext(stream)
    after_it = await voices[1].synthesise(GREETING)

    assert after_it == reference
    assert await parts_made(voices[0]) - before < parts
    assert worker.restarts == 0


async def test_two_at_once_are_never_mixed_up(worker: XttsWorker, voices: list[XttsSynthesizer]) -> None:
    """Also where nothing queues before the process: it does one after the other."""
    references = [await voice.synthesise(GREETING) for voice in voices[:2]]
    order: list[int] = []
    heard: dict[int, bytes] = {0: b"", 1: b""}

    async def listen(number: int) -> None:
        latents = voices[number]._latents
        assert latents is not None
        request = SpeakAs(worker.new_id(), GREETING, "ar", latents, 1.0)
        async for part in worker.stream(request, 60.0):
            order.append(number)
            heard[number] += part.pcm

    await asyncio.gather(listen(0), listen(1))

    assert [heard[0], heard[1]] == [one.pcm for one in references]
    assert order == sorted(order)


async def test_not_a_sample_of_fifty_crosses(voices: list[XttsSynthesizer]) -> None:
    """Requests of all voices and callers at once, many of them given up: each that ends is its reference."""
    chance = random.Random(6)
    texts = [f"{word} {i}" for i in range(REQUESTS // 2) for word in ("نعم يا", "pain number")]
    jobs = [(chance.choice(voices), text) for text in texts]
    references = [await outcome(voice, text) for voice, text in jobs]
    assert len(set(references)) > REQUESTS * 0.9  # distinguishable

    async def attempt(number: int) -> bytes | str | None:
        speaking_for.set(f"call {number % 7}")
        voice, text = jobs[number]
        match chance.choice(["whole", "whole", "left", "cut off", "cut off early"]):
            case "left":
                return await left(voice, text)
            case "cut off":
                return await cut_off(voice, text, chance.random() * 10)
            case "cut off early":
                return await cut_off(voice, text, 0.0)
            case _:
                return await outcome(voice, text)

    results = await asyncio.gather(*(attempt(number) for number in range(REQUESTS)))

    completed = [(result, wanted) for result, wanted in zip(results, references, strict=True) if result]
    assert len(completed) > REQUESTS / 4
    assert len(completed) < REQUESTS
    assert all(result == wanted for result, wanted in completed)
    assert voices[0].worker.waiting == 0
    assert await outcome(*jobs[0]) == references[0]


async def outcome(voice: XttsSynthesizer, text: str) -> bytes | str:
    """What is heard of a text, or why nothing is."""
    try:
        return (await voice.synthesise(text)).pcm
    except WorkerError as error:
        return str(error)


async def left(voice: XttsSynthesizer, text: str) -> None:
    """Whoever listens hangs up after the first part."""
    async with aclosing(voice.stream(Passage(text))) as stream:
        async for _part in stream:
            return


async def cut_off(voice: XttsSynthesizer, text: str, seconds: float) -> bytes | str | None:
    """The call's task is cancelled, wherever it is."""
    task = asyncio.create_task(outcome(voice, text))
    await asyncio.sleep(seconds)
    task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        return None


async def test_a_full_queue_takes_no_more(
    worker: XttsWorker, voices: list[XttsSynthesizer], until: Until
) -> None:
    """At once, and with a clear word."""
    worker._queue._limit = 2
    send(worker, signal.SIGSTOP)
    tasks = [asyncio.create_task(outcome(voices[0], GREETING)) for _ in range(3)]
    try:
        await until(lambda: worker.waiting == 2)
        with pytest.raises(BusyError, match="2 texts waiting"):
            await voices[0].synthesise("نعم")
    finally:
        worker._queue._limit = 64
        send(worker, signal.SIGCONT)
        results = await asyncio.gather(*tasks)

    assert len(set(results)) == 1
    assert isinstance(results[0], bytes)


async def test_death_while_speaking_is_told_and_survived(
    worker: XttsWorker, voices: list[XttsSynthesizer], until: Until
) -> None:
    """What had been heard cannot be taken back, so nothing is said again; the next text is what it was."""
    reference = await voices[0].synthesise(GREETING)

    with pytest.raises(WorkerLostError, match="died"):
        await do_to(worker, signal.SIGKILL, voices[0])

    await until(lambda: worker.is_up)
    assert await voices[0].synthesise(GREETING) == reference


async def test_death_before_a_sound_costs_nothing_but_time(
    worker: XttsWorker, voices: list[XttsSynthesizer]
) -> None:
    """The text is given to the next process."""
    reference = await voices[0].synthesise(GREETING)
    before = worker.restarts
    send(worker, signal.SIGSTOP)
    speaking = asyncio.create_task(voices[0].synthesise(GREETING))
    await asyncio.sleep(0.2)
    send(worker, signal.SIGKILL)

    assert await speaking == reference
    assert worker.restarts == before + 1


async def test_a_process_that_hangs_is_replaced(
    worker: XttsWorker, voices: list[XttsSynthesizer], until: Until
) -> None:
    """It is given so long for a part, and no longer."""
    reference = await voices[0].synthesise(GREETING)
    patience, worker._part_seconds = worker._part_seconds, 3.0
    try:
        with pytest.raises(WorkerLostError, match="did not answer in time"):
            await do_to(worker, signal.SIGSTOP, voices[0])
    finally:
        worker._part_seconds = patience

    await until(lambda: worker.is_up)
    assert await voices[0].synthesise(GREETING) == reference


async def test_a_process_that_takes_too_much_memory_is_replaced(
    worker: XttsWorker, voices: list[XttsSynthesizer], until: Until
) -> None:
    """Before the machine has none left."""
    reference = await voices[0].synthesise(GREETING)

    with pytest.raises(WorkerLostError, match=f"more than {MEMORY_MB} MiB of memory"):
        await voices[0].synthesise(f"take memory {LONG}")

    await until(lambda: worker.is_up)
    assert await voices[0].synthesise(GREETING) == reference


async def test_the_real_worker_loads_networks_of_the_public_width(wide: Path) -> None:
    """Nothing is patched here: module, loader and vocoder are the ones that serve."""
    worker = XttsWorker(options(wide))
    await worker.start()
    try:
        voice = XttsSynthesizer(worker, await worker.latents_of(recording(120), RATE), name="nurse")
        once, twice = [await outcome(voice, "لا") for _ in range(2)]
    finally:
        await worker.stop()

    assert once == twice
    assert isinstance(once, bytes)


async def test_a_checkpoint_that_the_process_cannot_load_is_told(checkpoint: Path) -> None:
    """The unpatched worker finds the tiny one's vocoder too narrow, says so, and does not start."""
    worker = XttsWorker(options(checkpoint))

    with pytest.raises(WorkerError, match="another architecture, or half of one"):
        await worker.start()

    assert not worker.is_up


async def test_half_a_checkpoint_is_told_without_a_process(checkpoint: Path, tmp_path: Path) -> None:
    """The files are looked at first."""
    for name in ("config.json", "vocab.json"):
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())

    with pytest.raises(ModelError, match=r"lacks model\.pth"):
        await XttsWorker(options(tmp_path)).start()
