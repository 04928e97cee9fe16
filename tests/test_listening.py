"""From happenings on the line to one input: speech and keys race, silence waits, nothing is lost between."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from bridge.audio.endpointing import EndReason
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.gate import UtteranceContinued, UtteranceEnded, UtteranceResumed, UtteranceStarted
from bridge.carriers.voice import LineNoise
from bridge.clock import Clock
from bridge.dialogue.actions import Keys, Listen
from bridge.dialogue.inputs import Digits, HungUp, Input, NoInput, NotHeard, Utterance
from bridge.line import KeyPressed, Line, WentDead
from bridge.listening import LONGEST_WAIT_SECONDS, MAX_LOOKS, Heard, Listener, Unfinished
from bridge.speech.vosk.recognizer import KNOWN_SOUND
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


class EndlessStream:
    """An utterance of which nobody will ever know what was said."""

    def feed(self, pcm: bytes) -> None:
        pass

    async def finish(self) -> Any:
        await asyncio.Event().wait()

    def cancel(self) -> None:
        pass


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


async def test_nobody_waits_for_ears_that_take_their_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five seconds of their last word callers hear that they were not heard, and may say it again."""
    assert LONGEST_WAIT_SECONDS < 5
    monkeypatch.setattr("bridge.listening.LONGEST_WAIT_SECONDS", ENDED.silence_seconds + 0.2)
    monkeypatch.setattr(scene.ears, "open", lambda _phrases: EndlessStream())
    heard = await scene.hear(UtteranceStarted(b"11"), ENDED)
    assert heard is not None
    assert heard.input == NotHeard()


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


# Looks at pauses

LOOKING = replace(LISTEN, end_silence_seconds=0.4, look_seconds=0.1)


def on_a_line(*stretches: bytes | float) -> bytes:
    """Words, and seconds between them, on a line that hisses; mu-law."""
    pcm = b"".join(
        bytes(int(one * 8000) * 2) if isinstance(one, float) else decode_ulaw(one) for one in stretches
    )
    return encode_ulaw(LineNoise(np.random.default_rng(1)).under(pcm))


async def look(scene: Scene, *stretches: bytes | float, listen: Listen = LOOKING, **options: Any) -> Heard:
    """What is made of that, frame by frame, every thing that can be done between two frames being done."""
    audio = on_a_line(0.5, *stretches)
    options = {"barge_in": True, "unfinished": None, "end_silence": lambda _: 0.1} | options
    hearing = asyncio.create_task(
        Listener(scene.line, scene.ears, scene.clock, listen=listen, **options).hear()
    )
    for at in range(0, len(audio), 160):
        if not hearing.done():
            scene.line._take(audio[at : at + 160])
        for _ in range(4):
            await asyncio.sleep(0)
    async with asyncio.timeout(5):
        heard = await hearing
    assert heard is not None
    return heard


YES = KNOWN_SOUND.read_bytes()


async def test_what_is_complete_is_over_at_the_pause(scene: Scene) -> None:
    """Nothing more of the silence is waited for, and nothing is heard twice."""
    scene.ears.will_hear = ["نعم", "لا"]
    told: list[Utterance] = []

    def rule(utterance: Utterance) -> float:
        told.append(utterance)
        return 0.1

    heard = await look(scene, YES, 1.0, end_silence=rule)
    assert heard.input == told[0]
    assert heard.endpoint_seconds == pytest.approx(0.1)
    assert scene.ears.streams[0].pcm == heard.pcm
    assert len(scene.ears.streams) == 1


async def test_what_may_go_on_is_waited_for_and_heard_once(scene: Scene) -> None:
    """What was heard at the pause is what is heard at the end: only silence came after it."""
    scene.ears.will_hear = ["نعم", "لا"]
    heard = await look(scene, YES, 1.0, end_silence=lambda _: 0.4)
    assert heard.endpoint_seconds == pytest.approx(0.4)
    assert heard.input == Utterance(("نعم",), ("نعم",), 1.0, pytest.approx(heard.input.speech_seconds))
    assert heard.pcm.startswith(scene.ears.streams[0].pcm)
    assert len(scene.ears.streams) == 1


async def test_whoever_goes_on_is_heard_anew_and_whole(scene: Scene) -> None:
    """What was heard at the first pause is forgotten."""
    scene.ears.will_hear = ["نعم", "نعم نعم"]
    heard = await look(scene, YES, 0.2, YES, 1.0, end_silence=lambda _: 0.6)
    assert isinstance(heard.input, Utterance)
    assert heard.input.closed == ("نعم نعم",)
    assert heard.pcm.startswith(scene.ears.streams[1].pcm)
    assert scene.ears.streams[1].pcm.startswith(scene.ears.streams[0].pcm)


async def test_half_a_number_is_waited_for_longer(scene: Scene) -> None:
    """Than the question asks."""
    heard = await look(scene, YES, 2.0, end_silence=lambda _: 1.2)
    assert heard.endpoint_seconds == pytest.approx(1.2)


async def test_somebody_who_hesitates_is_not_heard_over_and_over(scene: Scene) -> None:
    """After some looks the end is waited for."""
    listen = replace(LOOKING, end_silence_seconds=0.8)
    heard = await look(scene, *[YES, 0.25] * 6, 1.0, listen=listen, end_silence=lambda _: 0.8)
    assert heard.endpoint_seconds == pytest.approx(0.8)
    assert len(scene.ears.streams) == MAX_LOOKS + 1


@pytest.mark.parametrize("missing", ["time", "a rule", "a question that asks for it"])
async def test_where_nobody_looks_the_silence_is_waited_for(scene: Scene, missing: str) -> None:
    """A recogniser without time to spare has other callers to hear."""
    scene.ears.is_quick = missing != "time"
    listen = replace(LOOKING, look_seconds=None) if missing.startswith("a question") else LOOKING
    rule = None if missing == "a rule" else lambda _: 0.1
    heard = await look(scene, YES, 1.0, listen=listen, end_silence=rule)
    assert heard.endpoint_seconds == pytest.approx(0.4)


async def test_ears_that_fail_at_a_pause_fail_at_the_end(scene: Scene) -> None:
    """The caller is asked again, and not left waiting for a second failure."""
    scene.ears.will_hear = [None]
    heard = await look(scene, YES, 1.0)
    assert heard.input == NotHeard()
    assert len(scene.ears.streams) == 1


@pytest.mark.parametrize("has_gone_on", [False, True])
async def test_a_reply_stops_once_for_whoever_goes_on(scene: Scene, *, has_gone_on: bool) -> None:
    """An echo of the reply must not stop it over and over."""
    scene.line.say([PROMPT])
    scene.ears.will_hear = ["لا"]
    unfinished = Unfinished(("قبل",), b"00", has_gone_on=has_gone_on)
    heard = await scene.hear(UtteranceResumed(b"11"), ENDED, unfinished=unfinished)
    assert heard is not None
    assert scene.line.is_speaking is has_gone_on
    assert heard.has_stopped_reply is not has_gone_on


# A prompt that was stopped for nothing

TWO = (b"\x20" * 4000, b"\x21" * 4000)  # phrases of half a second


@pytest.mark.parametrize(("heard_seconds", "left"), [(0.2, 2), (0.7, 1)], ids=["the first", "the second"])
async def test_a_cough_lets_the_prompt_go_on(scene: Scene, heard_seconds: float, left: int) -> None:
    """With the phrase that it stopped; what is said after that is the answer."""
    scene.ears.will_hear = ["[unk]", "نعم"]
    scene.line.say(TWO)
    await scene.clock.sleep(heard_seconds)
    for happening in (UtteranceStarted(b"11"), ENDED):
        scene.line._happened(happening)
    hearing = asyncio.create_task(
        scene.hear(prompt=TWO, is_nothing=lambda utterance: utterance.closed == ("[unk]",))
    )
    async with asyncio.timeout(5):
        while not scene.ears.streams or not scene.line.is_speaking:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0)
        assert [one.seconds for one in scene.line.progress()] == [0.5] * left
        while scene.line.is_speaking:  # noqa: ASYNC110 - the line tells its listener alone
            await asyncio.sleep(0.01)
    for happening in (UtteranceStarted(b"11"), ENDED):
        scene.line._happened(happening)
    heard = await hearing
    assert heard is not None
    assert heard.input == Utterance(("نعم",), ("نعم",), 1.0, 0.5)


async def test_a_prompt_that_was_taken_up_is_said_to_its_end(scene: Scene) -> None:
    """Noise does not chop it up; a key still stops it."""
    scene.ears.will_hear = ["[unk]", "نعم"]
    scene.line.say(TWO)
    cough = (UtteranceStarted(b"11"), ENDED)
    heard = await scene.hear(
        *cough, *cough, KeyPressed("1"), KeyPressed("#"), prompt=TWO, is_nothing=lambda _: True
    )
    assert heard == Heard(Digits("1"))
    assert len(scene.ears.streams) == 1
    assert not scene.line.is_speaking


async def test_what_follows_a_cough_is_not_the_turn_before(scene: Scene) -> None:
    """An utterance that goes on is the last one that was begun."""
    scene.line.say(TWO)
    cough = (UtteranceStarted(b"11"), ENDED, UtteranceResumed(b"22"), ENDED)
    heard = await scene.hear(*cough, unfinished=Unfinished(("قبل",), b"00"), barge_in=False)
    assert heard == Heard(NoInput())
    assert scene.ears.streams == []


# Our own echo


def as_echo(said: bytes, decibels: float) -> bytes:
    """What comes back of it, on a line that hisses; mu-law."""
    pcm = np.frombuffer(decode_ulaw(said), dtype="<i2") * 10 ** (decibels / 20)
    return encode_ulaw(LineNoise(np.random.default_rng(5)).under(pcm.astype("<i2").tobytes()))


SPOKEN = YES * 4  # a prompt of a few seconds
OTHER = YES[::-1]  # somebody else


@pytest.mark.parametrize("speaks", [False, True], ids=["alone", "and a caller"])
async def test_our_own_echo_does_not_stop_us(scene: Scene, *, speaks: bool) -> None:
    """A tenth of a second late and 15 dB softer; whoever speaks over it does."""
    heard = as_echo(b"\xff" * 800 + SPOKEN, -15)
    if speaks:
        mixed = np.frombuffer(decode_ulaw(heard), dtype="<i2").astype(np.float64)
        mixed[4800 : 4800 + len(OTHER)] += np.frombuffer(decode_ulaw(OTHER), dtype="<i2")
        heard = encode_ulaw(np.clip(mixed, -32768, 32767).astype("<i2").tobytes())
    scene.line._take(on_a_line(0.5))
    hearing = asyncio.create_task(scene.hear(prompt=[SPOKEN]))
    scene.line.say([SPOKEN])
    at = 0
    async with asyncio.timeout(20):
        while at < len(heard) and scene.line.is_speaking:
            said = scene.line.progress()[0].heard_seconds * 8000
            while at < min(said, len(heard)):
                scene.line._take(heard[at : at + 160])
                at += 160
            await asyncio.sleep(0.001)
    assert ("speech.started" in scene.sent) is speaks
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


@pytest.mark.parametrize(
    ("after_seconds", "becomes"), [(0.2, NoInput), (1.5, Utterance)], ids=["at once", "much later"]
)
async def test_the_echo_of_our_last_words_is_no_answer(
    scene: Scene, after_seconds: float, becomes: type[Input]
) -> None:
    """It comes when we have fallen silent; what comes much later is no echo."""
    scene.line._take(on_a_line(0.5))
    scene.line.say([YES])
    hearing = asyncio.create_task(scene.hear(prompt=[YES]))
    async with asyncio.timeout(20):
        while scene.line.is_speaking:  # noqa: ASYNC110 - the line tells its listener alone
            await asyncio.sleep(0.001)
        await scene.clock.sleep(after_seconds)
        for piece in frames(as_echo(YES, -15)):
            scene.line._take(piece)
            await asyncio.sleep(0)
        scene.line._take(on_a_line(1.0))
        heard = await hearing
    assert heard is not None
    assert isinstance(heard.input, becomes)


async def test_whoever_answers_into_the_echo_is_heard_from_the_first_sound(scene: Scene) -> None:
    """The echo before it is dismissed, and the word is whole."""
    scene.line._take(on_a_line(0.5))
    scene.line.say([YES])
    hearing = asyncio.create_task(scene.hear(prompt=[YES]))
    echo, noise = as_echo(YES, -15), LineNoise(np.random.default_rng(9))
    async with asyncio.timeout(20):
        while scene.line.is_speaking:  # noqa: ASYNC110 - the line tells its listener alone
            await asyncio.sleep(0.001)
        for piece in frames(echo + OTHER + noise.ulaw(8000)):
            scene.line._take(piece)
            await asyncio.sleep(0)
        heard = await hearing
    assert heard is not None
    assert isinstance(heard.input, Utterance)
    assert len(heard.pcm) >= 2 * len(OTHER.strip(b"\xff\x7e\x7f\xfe"))


def frames(ulaw: bytes) -> list[bytes]:
    """20 ms each."""
    return [ulaw[at : at + 160] for at in range(0, len(ulaw), 160)]


# A line that goes dead


async def test_half_an_utterance_is_none(scene: Scene) -> None:
    """Where nothing came any more in mid-utterance the caller is asked again, whatever was heard before."""
    scene.ears.will_hear = ["نعم"]
    heard = await scene.hear(UtteranceStarted(b"11"), UtteranceContinued(b"22"), WentDead(), ENDED)
    assert heard is not None
    assert heard.input == NotHeard()
    assert scene.ears.streams[0].pcm == b"1122"


async def test_a_dead_line_on_which_nobody_is_listened_to_is_nothing(scene: Scene) -> None:
    """The question is asked to its end, and an answer to it is awaited."""
    scene.ears.will_hear = ["نعم"]
    heard = await scene.hear(WentDead(), UtteranceStarted(b"11"), ENDED)
    assert heard is not None
    assert heard.input == Utterance(("نعم",), ("نعم",), 1.0, 0.5)
