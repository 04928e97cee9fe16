"""A voice that is watched: what is expected of it, when it is left alone, and how it comes back"""

import asyncio
from contextlib import aclosing, suppress
from typing import Any

import pytest

from bridge.carriers.virtual import run
from bridge.errors import WorkerError
from bridge.speech.measured import STALE_SECONDS, TRIAL, TRIAL_PAUSE_SECONDS
from bridge.speech.script import Passage


def test_an_engine_is_asked_only_what_it_has_time_for(pretend: Any) -> None:
    """A tenth of a second for each character: a name yes, a sentence no; and what it is doing counts too."""

    async def scene(_: object) -> None:
        one = (await pretend.speaker(pretend.voice("slow", lambda text: len(text) / 10))).voice
        assert one.hindrance(1000, 1.0) == ""  # nobody knows yet
        for text in ("a" * 10, "b" * 30):
            await one.synthesise(text)
        assert one.hindrance(5, 1.0) == ""
        assert one.hindrance(30, 1.0) == "needs 3.0 s"
        rendering = asyncio.create_task(one.synthesise("c" * 20))
        await asyncio.sleep(0)
        assert one.hindrance(5, 1.0) == "needs 2.5 s"
        await rendering
        assert one.hindrance(5, 1.0) == ""

    run(scene)


def test_a_voice_that_fails_is_left_alone_until_it_speaks_again(pretend: Any) -> None:
    """It is tried with words of ours; since when it is down, and why, can be told."""

    async def scene(_: object) -> None:
        engine = pretend.voice("mortal")
        one = (await pretend.speaker(engine)).voice
        engine.is_dead = True
        with suppress(WorkerError):
            await one.synthesise("أحمد")
        assert one.hindrance(5, 1.0) == "failed just now"
        await asyncio.sleep(1)
        assert one.hindrance(5, 1.0) == "is down"
        assert one.trouble.since == pretend.long_ago
        assert one.trouble.why == "the mortal worker died"
        engine.is_dead = False
        await asyncio.sleep(TRIAL_PAUSE_SECONDS)
        assert (one.hindrance(5, 1.0), one.is_ready) == ("", True)
        assert set(engine.asked) == {"أحمد", TRIAL}
        await one.stop()

    run(scene)


def test_one_refused_text_is_no_trouble(pretend: Any) -> None:
    """An engine that speaks other words at once is not called down."""

    async def scene(_: object) -> None:
        engine = pretend.voice("choosy")
        one = (await pretend.speaker(engine)).voice
        engine.is_dead = True
        with suppress(WorkerError):
            await one.synthesise("؟؟؟")
        engine.is_dead = False
        await asyncio.sleep(0.1)
        assert (one.trouble, one.hindrance(5, 1.0)) == (None, "")

    run(scene)


def test_an_engine_that_hangs_is_doubted_by_those_who_give_up(pretend: Any) -> None:
    async def scene(_: object) -> None:
        engine = pretend.voice("hanging")
        one = (await pretend.speaker(engine)).voice
        await one.synthesise("نعم")
        engine.seconds = lambda _: 3600.0
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await one.synthesise("أحمد")
        assert engine.ended == ["أحمد"]
        assert one.hindrance(5, 1.0) == "failed just now"
        await one.stop()

    run(scene)


def test_what_a_replacement_took_says_nothing_about_the_pace(pretend: Any) -> None:
    """The first words after it come as late as the new process; the voice is as quick as before."""

    async def scene(_: object) -> None:
        took = iter((0.1, 3600.0, 90.0))
        one = (await pretend.speaker(pretend.voice("reborn", lambda _: next(took, 0.1)))).voice
        await one.synthesise("أحمد")
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await one.synthesise("مريم")
        await asyncio.sleep(89)
        assert one.hindrance(4, 1.0) == "failed just now"
        await asyncio.sleep(2)
        assert one.hindrance(4, 1.0) == ""
        await one.stop()

    run(scene)


def test_who_hangs_up_says_nothing_about_the_engine(pretend: Any) -> None:
    """Closed in mid-speech before it was expected to end, it is as good as before."""

    async def scene(_: object) -> None:
        one = (await pretend.speaker(pretend.voice("good", lambda _: 0.4))).voice
        await one.synthesise("نعم")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await one.synthesise("لا")
        async with aclosing(one.stream(Passage("لا"))) as pieces:
            await anext(pieces)
        assert one.hindrance(3, 1.0) == ""

    run(scene)


def test_a_pace_that_was_too_slow_is_measured_again_after_a_while(pretend: Any) -> None:
    """The machine may have been busy; nothing but the trial would ever tell."""

    async def scene(_: object) -> None:
        engine = pretend.voice("busy", lambda _: 20.0)
        one = (await pretend.speaker(engine)).voice
        await one.synthesise("نعم")
        engine.seconds = lambda _: 0.1
        assert one.hindrance(3, 1.0).startswith("needs")
        await asyncio.sleep(STALE_SECONDS + 1)
        for _ in range(60):
            one.hindrance(3, 1.0)
            await asyncio.sleep(STALE_SECONDS + 1)
        assert one.hindrance(3, 1.0) == ""

    run(scene)


def test_a_voice_that_cannot_start_is_down_from_then_on(pretend: Any) -> None:
    async def scene(_: object) -> None:
        engine = pretend.voice("broken")
        engine.is_unstartable = engine.is_dead = True
        with pytest.raises(WorkerError, match="broken has half a checkpoint"):
            await pretend.speaker(engine)

    run(scene)


def test_an_engine_that_does_not_run_is_noticed_without_being_asked(pretend: Any) -> None:
    async def scene(_: object) -> None:
        engine = pretend.voice("away")
        one = (await pretend.speaker(engine)).voice
        engine.runs = False
        assert not one.is_ready
        assert one.trouble.why == "its engine does not run, or not reliably"
        engine.runs = True
        await asyncio.sleep(1)
        assert one.is_ready

    run(scene)
