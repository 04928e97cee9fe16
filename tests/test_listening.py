"""From happenings on the line to one input: speech and keys race, silence waits, nothing is lost between."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.audio.endpointing import EndReason
from bridge.audio.gate import UtteranceContinued, UtteranceEnded, UtteranceResumed, UtteranceStarted
from bridge.clock import Clock
from bridge.dialogue.actions import Keys, Listen
from bridge.dialogue.inputs import Digits, HungUp, NoInput, NotHeard, Utterance
from bridge.line import KeyPressed, Line
from bridge.listening import Heard, Listener, Unfinished
from protocols.commands import AcceptCall
from protocols.maqsam import MaqsamProtocol

LISTEN = Listen(phrases=("نعم", "لا"), keys=Keys(max_digits=2), no_input_seconds=2.0)
ENDED = UtteranceEnded(b"33", 0.4, 0.5, EndReason.SILENCE)
PROMPT = b"\x20" * 8000  # a second of sound


class Scene:
    """A line in a call, what it sent, and a listener on it."""

    def __init__(self, ears: Any) -> None:
        self.ears = ears
        self.clock = Clock(8)
        self.sent: list[str] = []
        protocol = MaqsamProtocol(authenticated=True, check=None)
        self.line = Line(protocol, clock=self.clock, send=self._send)
        for event in protocol.receive('{"type":"session.setup","data":{}}'):
            self.line._on_event(event, self.clock.monotonic())
        self.line.command(AcceptCall())

    async def _send(self, message: str | bytes) -> None:
        self.sent.append(json.loads(message)["type"])

    async def hear(self, *happenings: Any, listen: Listen | None = LISTEN, **options: Any) -> Heard | None:
        """What the listener makes of these happenings."""
        for happening in happenings:
            self.line._happened(happening)
        options = {"barge_in": True, "unfinished": None} | options
        async with asyncio.timeout(5):
            return await Listener(self.line, self.ears, self.clock, listen=listen, **options).hear()


@pytest.fixture
async def scene(ears: Any) -> AsyncIterator[Scene]:
    """A line that delivers and ticks."""
    scene = Scene(ears)
    writer = asyncio.create_task(scene.line.write())

    async def tick() -> None:
        while True:
            scene.line.tick(scene.clock.monotonic())
            await scene.clock.sleep(0.02)

    ticker = asyncio.create_task(tick())
    yield scene
    for task in (writer, ticker):
        task.cancel()
    await asyncio.gather(writer, ticker, return_exceptions=True)


async def test_an_utterance_is_fed_whole_and_heard(scene: Scene) -> None:
    """Look-back, middle and tail reach the recogniser in order, under the question's phrases."""
    scene.ears.will_hear = ["نعم"]
    heard = await scene.hear(UtteranceStarted(b"11"), UtteranceContinued(b"22"), ENDED)
    assert heard is not None
    assert heard.input == Utterance(("نعم",), ("نعم",), 1.0, 0.5)
    assert (scene.ears.streams[0].pcm, heard.pcm) == (b"112233", b"112233")
    assert (scene.ears.streams[0].phrases, heard.endpoint_seconds) == (LISTEN.phrases, 0.4)


async def test_dead_ears_are_not_the_callers_fault(scene: Scene) -> None:
    """When the recogniser dies, the dialogue is told that nothing was heard."""
    scene.ears.will_hear = [None]
    heard = await scene.hear(UtteranceStarted(b"11"), ENDED)
    assert heard is not None
    assert heard.input == NotHeard()


async def test_ears_that_keep_dying_are_told_to_do_so(scene: Scene) -> None:
    """The dialogue need not try its patience on them."""
    scene.ears.will_hear, scene.ears.is_reliable = [None], False
    heard = await scene.hear(UtteranceStarted(b"11"), ENDED)
    assert heard is not None
    assert heard.input == NotHeard(lasting=True)


async def test_speaking_over_a_prompt_stops_it(scene: Scene) -> None:
    """The carrier is told to drop what it has not played."""
    scene.line.say([PROMPT])
    await scene.hear(UtteranceStarted(b"11"), ENDED)
    await scene.line.flush()
    assert "speech.started" in scene.sent


async def test_how_quickly_a_prompt_stopped_is_told(scene: Scene) -> None:
    """From the beginning of the speech, of which the gate wanted some to be sure; of a key, at once."""
    told: list[float] = []
    for happening, least in ((UtteranceStarted(b"11", 0.14), 0.14), (KeyPressed("1"), 0.0)):
        scene.line.say([PROMPT])
        await scene.hear(happening, ENDED, on_barge_in=told.append)
        assert told.pop() >= least
    await scene.hear(UtteranceStarted(b"11", 0.14), ENDED, on_barge_in=told.append)
    assert told == []  # nothing was being said


async def test_some_prompts_may_not_be_spoken_over(scene: Scene) -> None:
    """During consent, speech is not an answer and does not stop the prompt."""
    scene.line.say([PROMPT])
    scene.ears.will_hear = ["نعم"]
    heard = await scene.hear(UtteranceStarted(b"11"), ENDED, KeyPressed("1"), barge_in=False)
    await scene.line.flush()
    assert heard == Heard(NoInput())
    assert "speech.started" not in scene.sent


NEW = replace(LISTEN, is_new=True)


async def test_speech_that_waited_for_its_listener_is_premature(scene: Scene) -> None:
    """It began while the turn before was still being weighed: the new prompt was not even begun."""
    scene.ears.will_hear = ["نعم"]
    scene.line._happened(UtteranceStarted(b"11"))
    scene.line.say([PROMPT])
    heard = await scene.hear(ENDED, listen=NEW)
    assert heard is not None
    assert isinstance(heard.input, Utterance)
    assert heard.input.premature


async def test_an_entry_is_as_early_as_its_first_key(scene: Scene) -> None:
    """Half an entry would be another value."""
    scene.line.say([PROMPT])
    scene.line._happened(KeyPressed("1"))
    await scene.clock.sleep(0.8)
    assert await scene.hear(KeyPressed("0"), listen=NEW) == Heard(Digits("10", premature=True))


@pytest.mark.parametrize(("listen", "seconds"), [(NEW, 0.8), (LISTEN, 0.0)], ids=["heard", "known"])
async def test_a_question_that_was_heard_may_be_answered(
    scene: Scene, listen: Listen, seconds: float
) -> None:
    """Over the prompt after its beginning, or at once where it is put again."""
    scene.line.say([PROMPT])
    await scene.clock.sleep(seconds)
    assert await scene.hear(KeyPressed("1"), KeyPressed("#"), listen=listen) == Heard(Digits("1"))


async def test_keys_make_one_entry(scene: Scene) -> None:
    """As many digits as there may be, or the terminator, end an entry."""
    assert await scene.hear(KeyPressed("1"), KeyPressed("0")) == Heard(Digits("10"))
    assert await scene.hear(KeyPressed("3"), KeyPressed("#")) == Heard(Digits("3"))


async def test_a_lonely_digit_is_taken_after_a_while(scene: Scene) -> None:
    """Nobody has to know the terminator."""
    assert await scene.hear(KeyPressed("7")) == Heard(Digits("7"))


async def test_a_key_outranks_speech(scene: Scene) -> None:
    """A key is certain; what was being said is forgotten."""
    heard = await scene.hear(UtteranceStarted(b"11"), KeyPressed("1"), KeyPressed("#"))
    assert heard == Heard(Digits("1"))
    assert scene.ears.streams[0].is_cancelled


async def test_silence_is_told_after_the_prompt(scene: Scene) -> None:
    """The time to answer begins when the prompt has been heard."""
    scene.line.say([PROMPT])
    began = scene.clock.monotonic()
    assert await scene.hear() == Heard(NoInput())
    assert scene.clock.monotonic() - began >= 1.0 + LISTEN.no_input_seconds


async def test_whoever_is_speaking_is_not_silent(scene: Scene) -> None:
    """An utterance may last longer than the patience for silence."""

    async def go_on() -> None:
        await scene.clock.sleep(LISTEN.no_input_seconds * 1.5)
        scene.line._happened(ENDED)

    scene.ears.will_hear = ["لا"]
    task = asyncio.create_task(go_on())
    heard = await scene.hear(UtteranceStarted(b"11"))
    await task
    assert heard is not None
    assert isinstance(heard.input, Utterance)


async def test_an_utterance_that_goes_on_comes_back_whole(scene: Scene) -> None:
    """Under the phrases of its own question, with what was heard of it before, as a revision."""
    scene.ears.will_hear = ["لا"]
    unfinished = Unfinished(("قبل",), b"00")
    heard = await scene.hear(UtteranceResumed(b"11"), ENDED, unfinished=unfinished)
    assert heard is not None
    assert (heard.revises, heard.pcm) == (True, b"001133")
    assert scene.ears.streams[0].phrases == ("قبل",)


async def test_a_carrier_that_leaves_ends_the_listening(scene: Scene) -> None:
    """Whatever was under way, the input is that the caller has gone."""
    scene.line._happened(UtteranceStarted(b"11"))
    scene.line.leave()
    assert await scene.hear() == Heard(HungUp())
    assert scene.ears.streams[0].is_cancelled


async def test_without_a_question_only_the_prompt_is_waited_for(scene: Scene) -> None:
    """Nothing is listened for while the last words are said."""
    scene.line.say([PROMPT])
    assert await scene.hear(UtteranceStarted(b"11"), KeyPressed("1"), ENDED, listen=None) is None
    assert not scene.line.is_speaking
    assert scene.ears.streams == []


async def test_a_carrier_that_does_not_read_loses_its_call(ears: Any) -> None:
    """A full outbox is not waited for: the call ends with a policy violation."""
    scene = Scene(ears)
    for _ in range(300):
        scene.line.say([PROMPT[:160]])
        scene.line.clear()
    assert (scene.line.is_gone, scene.line.close_code) == (True, 1008)


async def test_a_session_that_does_not_listen_loses_its_call(ears: Any) -> None:
    """The inbox is bounded too."""
    scene = Scene(ears)
    for _ in range(700):
        scene.line._happened(UtteranceContinued(b"11"))
    assert (scene.line.is_gone, scene.line.close_code) == (True, 1008)
