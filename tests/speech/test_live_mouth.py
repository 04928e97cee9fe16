"""What a call hears when it was not rendered ahead: in time, in the best voice, and only its own."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.carriers.virtual import VirtualLoop, run
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.measured import MeasuredVoice
from bridge.speech.mouth import Mouth, Phrase, Speaker, spoken_by
from bridge.speech.prompts import PromptCache

NAME = "عَبْدُ الرَّحْمٰن"
LIVE_SECONDS = 1.0


class Company:
    """A slow voice, its nearest relative, and the one that always makes it."""

    def __init__(self, pretend: Any) -> None:
        self._pretend = pretend
        self.own = pretend.voice("xtts/nurse", lambda _: 60.0)
        self.near = pretend.voice("piper/nurse", lambda _: 0.3)
        self.last = pretend.voice("espeak-ng/ar", lambda _: 0.02)
        self.speakers: list[Speaker] = []

    async def begin(self, *voices: Any) -> Mouth:
        """A mouth for one call; the voices are shared by all that are begun."""
        self.speakers = [await self._pretend.speaker(voice) for voice in voices]
        return self.another()

    def another(self) -> Mouth:
        return Mouth(self.speakers, live_seconds=LIVE_SECONDS)

    async def end(self) -> None:
        for speaker in self.speakers:
            await speaker.voice.stop()


def on(scene: Callable[[Company], Awaitable[None]], pretend: Any) -> None:
    """Play it in virtual time."""

    async def play(_: VirtualLoop) -> None:
        company = Company(pretend)
        await scene(company)
        await company.end()

    run(play)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_name_is_said_within_a_second_though_the_engine_takes_a_minute(pretend: Any) -> None:
    """espeak-ng has made it when the second is over; the engine is told to stop, and not asked again."""

    async def scene(company: Company) -> None:
        mouth, began = await company.begin(company.own, company.last), now()
        first = await mouth.phrase(NAME)
        assert now() - began <= LIVE_SECONDS
        assert first.audio == f"espeak-ng/ar:{NAME}".encode()
        assert spoken_by([first]) == "espeak-ng/ar live 1.00 s after xtts/nurse took too long"
        assert company.own.ended == [NAME]
        began = now()
        second = await company.another().phrase("سَارَة")
        assert now() - began <= 0.05
        assert spoken_by([second]) == "espeak-ng/ar live 0.02 s after xtts/nurse failed just now"

    on(scene, pretend)


def test_an_engine_known_to_be_slow_is_not_waited_for(pretend: Any) -> None:
    async def scene(company: Company) -> None:
        mouth = await company.begin(company.own, company.last)
        await company.speakers[0].voice.synthesise("سُؤَال" * 10)
        began = now()
        said = await mouth.phrase(NAME)
        assert now() - began <= 0.05
        assert said.by == "espeak-ng/ar"
        assert "xtts/nurse needs" in said.after
        assert NAME not in company.own.asked

    on(scene, pretend)


def test_the_best_voice_that_is_quick_enough_speaks(pretend: Any) -> None:
    """And the one that began for safety is not heard."""

    async def scene(company: Company) -> None:
        company.own.seconds = lambda _: 0.5
        mouth = await company.begin(company.own, company.near, company.last)
        said = await mouth.phrase(NAME)
        assert said.audio == f"xtts/nurse:{NAME}".encode()
        assert spoken_by([said]) == "xtts/nurse live 0.50 s"
        assert company.near.asked == []

    on(scene, pretend)


def test_when_the_own_voice_dies_its_relative_speaks(pretend: Any) -> None:
    async def scene(company: Company) -> None:
        company.own.seconds, company.own.is_dead = lambda _: 0.1, True
        mouth = await company.begin(company.own, company.near, company.last)
        said = await mouth.phrase(NAME)
        assert spoken_by([said]) == "piper/nurse live 0.40 s after xtts/nurse failed"

    on(scene, pretend)


def test_what_is_missing_is_made_at_the_same_time(pretend: Any) -> None:
    """Several pieces have one second together, not one each."""

    async def scene(company: Company) -> None:
        mouth, began = await company.begin(company.own, company.last), now()
        texts = ["أَحْمَد", "سَارَة", "لَيْلَى", "أَحْمَد"]
        said = await mouth.phrases(texts)
        assert now() - began <= LIVE_SECONDS
        assert [phrase.audio for phrase in said] == [f"espeak-ng/ar:{text}".encode() for text in texts]

    on(scene, pretend)


def test_when_nobody_makes_it_the_caller_waits_no_longer(pretend: Any) -> None:
    async def scene(company: Company) -> None:
        company.last.seconds = lambda _: 3600.0
        mouth, began = await company.begin(company.own, company.last), now()
        said = await mouth.phrase(NAME)
        assert now() - began <= LIVE_SECONDS
        assert said.audio == b""
        assert spoken_by([said]) == "nobody after xtts/nurse took too long, espeak-ng/ar took too long"
        assert (company.own.ended, company.last.ended) == ([NAME], [NAME])

    on(scene, pretend)


def test_a_hang_up_ends_what_was_being_made(pretend: Any) -> None:
    async def scene(company: Company) -> None:
        company.last.seconds = lambda _: 3600.0
        mouth = await company.begin(company.own, company.last)
        saying = asyncio.create_task(mouth.phrases(["أَحْمَد", "سَارَة"]))
        await asyncio.sleep(0.5)
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        await asyncio.sleep(0)
        assert sorted(company.own.ended) == sorted(company.last.ended) == sorted(["أَحْمَد", "سَارَة"])

    on(scene, pretend)


def test_a_call_remembers_what_was_made_for_it_and_no_other_does(pretend: Any) -> None:
    async def scene(company: Company) -> None:
        mouth = await company.begin(company.last)
        await mouth.phrase(NAME)
        again = await mouth.phrase(NAME)
        assert (again.how, company.last.asked) == ("repeated", [NAME])
        assert (await company.another().phrase(NAME)).how == "live"

    on(scene, pretend)


def test_what_was_rendered_ahead_comes_first_also_where_another_voice_stood_in(pretend: Any) -> None:
    async def scene(company: Company) -> None:
        mouth = await company.begin(company.own, company.last)
        own, last = (speaker.prompts for speaker in company.speakers)
        await last.phrase("سُؤَال")
        (said,) = await mouth.phrases(["سُؤَال"])
        assert (spoken_by([said]), company.own.asked) == ("espeak-ng/ar rendered ahead", [])
        await own.phrase("سُؤَال")
        (said,) = await mouth.phrases(["سُؤَال"])
        assert (spoken_by([said]), said.audio) == ("cache", "xtts/nurse:سُؤَال".encode())

    on(scene, pretend)


def test_fifty_calls_never_hear_each_other(pretend: Any) -> None:
    """Names at the same moment, engines that are slow, fail and hang, callers who hang up."""

    async def scene(company: Company) -> None:
        chance = random.Random(6)
        company.own.seconds = lambda _: chance.choice((0.01, 0.2, 5.0))
        company.near.seconds = lambda _: chance.choice((0.01, 0.1))
        company.last.seconds = lambda _: 0.005
        await company.begin(company.own, company.near, company.last)

        async def call(number: int) -> list[tuple[str, Phrase]]:
            mouth, heard = company.another(), []
            for turn in range(4):
                await asyncio.sleep(chance.random())
                texts = [f"<{number}.{turn}.{piece}>" for piece in range(3)]
                heard += list(zip(texts, await mouth.phrases(texts), strict=True))
                company.own.is_dead = chance.random() < 0.2
            return heard

        calls = [asyncio.create_task(call(number)) for number in range(50)]
        for leaving in chance.sample(calls, 15):
            asyncio.get_running_loop().call_later(3 * chance.random(), leaving.cancel)
        ended = await asyncio.gather(*calls, return_exceptions=True)
        heard = [pair for one in ended if isinstance(one, list) for pair in one]
        assert len(heard) >= 35 * 4 * 3
        for text, phrase in heard:
            assert phrase.audio in {b"", f"{phrase.by}:{text}".encode()}
        assert len({phrase.by for _, phrase in heard if phrase.audio}) > 1
        assert sum(bool(phrase.audio) for _, phrase in heard) > len(heard) // 2

    on(scene, pretend)


def contents_of(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


async def test_what_depends_on_the_caller_is_never_on_disk(tmp_path: Path) -> None:
    """With a real voice and a real cache: what questionnaires say is kept, a name leaves no trace."""
    voice = EspeakSynthesizer()
    measured = MeasuredVoice("espeak-ng/ar", voice, now=lambda: datetime.now(UTC))
    await measured.start()
    try:
        speakers = [Speaker(measured, PromptCache(tmp_path, measured))]
        mouth = Mouth(speakers, live_seconds=60.0, known={"كَيْفَ حَالُك؟"})
        name, question = await mouth.phrases([NAME, "كَيْفَ حَالُك؟"])
    finally:
        await measured.stop()
    assert name.audio
    assert question.audio
    kept = contents_of(tmp_path)
    assert len(kept) == 1
    assert question.audio in kept[0]
    assert all(name.audio[200:1000] not in content for content in kept)
