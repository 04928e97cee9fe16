"""The ears as the calls see them, with the real model, over a real telephone line of mu-law."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bridge import understanding
from bridge.errors import ModelError, WorkerError
from bridge.lifecycle import State
from bridge.pulse import Pulse
from bridge.speech.base import Partial, Speech
from bridge.speech.espeak.synthesizer import EspeakSynthesizer, EspeakWorker
from bridge.speech.messages import MAX_STREAMS, MAX_UTTERANCE_BYTES
from bridge.speech.vosk.model import UNKNOWN_WORD
from bridge.speech.vosk.recognizer import ModelSummary, VoskRecognizer
from bridge.speech.waits import Waits
from bridge.supervision import Situation, Supervision

pytestmark = pytest.mark.asyncio(loop_scope="module")

YES_NO = ("نعم", "لا", "لا أعرف")
CHUNK_BYTES = 1600  # 100 ms

Say = Callable[..., Awaitable[bytes]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def say(espeak: EspeakWorker, telephone: Callable[[Speech], bytes]) -> Say:
    """Words as they come out of a telephone line, in a voice that the model was not trained on."""

    async def speak(text: str, voice: str = "ar+Denis") -> bytes:
        return telephone(await EspeakSynthesizer(worker=espeak, voice=voice).synthesise(text))

    return speak


def chunks(pcm: bytes) -> list[bytes]:
    return [pcm[i : i + CHUNK_BYTES] for i in range(0, len(pcm), CHUNK_BYTES)]


async def hear(recognizer: VoskRecognizer, pcm: bytes, phrases: tuple[str, ...] = YES_NO) -> tuple[str, str]:
    stream = recognizer.open(phrases)
    for chunk in chunks(pcm):
        stream.feed(chunk)
    hearing = await stream.finish()
    return distinct(hearing.closed), distinct(hearing.open)


def distinct(readings: tuple[str, ...]) -> str:
    """What all phases read; with bars between where they differ."""
    return " | ".join(dict.fromkeys(readings))


def kill(recognizer: VoskRecognizer, how: int = signal.SIGKILL) -> None:
    assert recognizer.pid is not None
    os.kill(recognizer.pid, how)


@pytest.mark.parametrize(
    ("spoken", "heard"),
    [("نَعَم", "نعم"), ("لا", "لا"), ("لا أَعْرِف", "لا أعرف"), ("ثَلاثَة", "ثلاثة")],
)
async def test_a_word_is_heard(recognizer: VoskRecognizer, say: Say, spoken: str, heard: str) -> None:
    """Every closed decoder and an open one hear a synthetic caller, and spell as people write."""
    closed, opened = await hear(recognizer, await say(spoken), (*YES_NO, "ثلاثة"))

    assert closed == heard
    assert heard in opened.split(" | ")


async def test_what_is_being_said_is_told(recognizer: VoskRecognizer, say: Say) -> None:
    """As it becomes more, before the utterance is over, and only where it was asked for without phrases."""
    told: list[Partial] = []
    sound = b"".join([await say(text) for text in ("نَعَم", "لا", "ثَلاثَة")])

    async def listen(*phrases: str) -> list[str]:
        told.clear()
        stream = recognizer.open(phrases, told.append)
        for chunk in chunks(sound):
            stream.feed(chunk)
            await asyncio.sleep(0.02)  # all at once would leave no time for it
        assert (await stream.finish()).open
        return [partial.text for partial in told]

    assert not await listen(*YES_NO)
    texts = await listen()
    assert len(set(texts)) == len(texts) > 1
    lengths = [len(text.split()) for text in texts]
    assert lengths == sorted(lengths)
    assert all(partial.behind_seconds >= 0 for partial in told)


@pytest.mark.parametrize(
    ("phases", "phrases", "readings"),
    [(1, YES_NO, (1, 1)), (3, YES_NO, (3, 1)), (3, ("لا",), (3, 3)), (3, (), (0, 3))],
    ids=["one phase", "agreed", "not agreed", "no phrases"],
)
async def test_an_utterance_is_read_once_for_each_phase(
    model: Path, say: Say, phases: int, phrases: tuple[str, ...], readings: tuple[int, int]
) -> None:
    """Either vocabulary in each, but for the open one where one phase says what all the closed ones say."""
    recognizer = VoskRecognizer(model, phases=phases)
    await recognizer.start()
    stream = recognizer.open(phrases)
    stream.feed(await say("نَعَم"))
    hearing = await stream.finish()
    await recognizer.stop()

    assert (len(hearing.closed), len(hearing.open)) == readings
    assert set(hearing.open) == {"نعم"}
    assert ("نعم" in hearing.closed) == ("نعم" in phrases)


async def test_confidence_and_time_are_told(recognizer: VoskRecognizer, say: Say) -> None:
    """A hearing carries the lowest word confidence, and how long the answer took."""
    stream = recognizer.open(YES_NO)
    stream.feed(await say("نَعَم"))
    hearing = await stream.finish()

    assert 0 < hearing.confidence <= 1
    assert hearing.recognise_seconds > 0


async def test_pieces_are_joined(recognizer: VoskRecognizer, say: Say) -> None:
    """A pause at which Vosk ends a piece does not end the utterance."""
    pcm = await say("نَعَم") + bytes(int(8000 * 0.7) * 2) + await say("لا")

    closed, opened = await hear(recognizer, pcm)

    assert closed == "نعم لا"
    assert "نعم لا" in opened.split(" | ")


async def test_a_word_outside_the_grammar_is_the_unknown_word(recognizer: VoskRecognizer, say: Say) -> None:
    """The grammar's decoder takes it for nothing that it knows; the open decoder hears it."""
    closed, opened = await hear(recognizer, await say("ثَلاثَة"), ("نعم", "لا"))

    assert opened == "ثلاثة"
    assert closed == UNKNOWN_WORD


async def test_unknown_phrases_are_dropped_and_counted(recognizer: VoskRecognizer, say: Say) -> None:
    """Vosk never sees a word that the model lacks; the phrases that it has still work."""
    before = recognizer.unknown_phrases
    closed, _ = await hear(recognizer, await say("نَعَم"), ("زرافة", "ألم زرافة", "نعم"))

    assert closed == "نعم"
    assert recognizer.unknown_phrases == before + 2
    assert recognizer.knows("لا أعرف")
    assert not recognizer.knows("زرافة")


@pytest.mark.parametrize("phrases", [(), ("زرافة",), ("",), ('"]', "[]", "\0")])
async def test_an_empty_grammar_leaves_the_open_vocabulary(
    recognizer: VoskRecognizer, say: Say, phrases: tuple[str, ...]
) -> None:
    """What would crash Vosk as a grammar is none: the closed text is empty, and the process lives."""
    assert await hear(recognizer, await say("نَعَم"), phrases) == ("", "نعم")
    assert recognizer.restarts == 0


@pytest.mark.parametrize("pcm", [b"", b"\0", bytes(16000), b"\1\2\3" * 999])
async def test_what_is_no_speech_is_heard_as_nothing(recognizer: VoskRecognizer, pcm: bytes) -> None:
    """No audio, half a sample, silence or a hum give empty texts."""
    assert await hear(recognizer, pcm) == ("", "")


async def test_many_callers_are_heard_at_once(recognizer: VoskRecognizer, say: Say) -> None:
    """Utterances that arrive chunk by chunk in turn do not mix."""
    spoken = {"نعم": await say("نَعَم"), "لا": await say("لا"), "ثلاثة": await say("ثَلاثَة")}
    callers = [(word, recognizer.open(tuple(spoken))) for word in spoken for _ in range(4)]
    for i in range(max(map(len, spoken.values())) // CHUNK_BYTES + 1):
        for word, stream in callers:
            stream.feed(spoken[word][i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES])
    hearings = await asyncio.gather(*(stream.finish() for _, stream in callers))

    assert [distinct(hearing.closed) for hearing in hearings] == [word for word, _ in callers]


async def test_utterances_are_bounded_and_cancelling_frees(recognizer: VoskRecognizer, say: Say) -> None:
    """Beyond the bound an utterance fails by itself; a cancelled one makes room."""
    streams = [recognizer.open(YES_NO) for _ in range(MAX_STREAMS)]
    refused = recognizer.open(YES_NO)
    refused.feed(b"\0\0")
    with pytest.raises(WorkerError, match="as many"):
        await refused.finish()
    for stream in streams:
        stream.cancel()

    assert await hear(recognizer, await say("نَعَم")) == ("نعم", "نعم")


async def test_a_minute_is_enough(recognizer: VoskRecognizer, say: Say) -> None:
    """A line that hums for ever is cut off after a minute; what came before is heard."""
    stream = recognizer.open(YES_NO)
    stream.feed(await say("نَعَم"))
    stream.feed(bytes(MAX_UTTERANCE_BYTES))
    stream.feed(await say("لا"))

    assert distinct((await stream.finish()).closed) == "نعم"


async def test_what_is_over_is_over(recognizer: VoskRecognizer, say: Say) -> None:
    """After the end, or a cancel, audio is ignored and another end is an error."""
    stream = recognizer.open(YES_NO)
    stream.feed(await say("نَعَم"))
    await stream.finish()
    stream.feed(b"\0\0")
    stream.cancel()
    with pytest.raises(WorkerError, match="over"):
        await stream.finish()


async def test_a_killed_worker_costs_one_utterance(mortal: VoskRecognizer, say: Say) -> None:
    """The caller who spoke is told; the next utterance, begun at once, is heard by the new process."""
    pcm = await say("نَعَم")
    stream = mortal.open(YES_NO)
    stream.feed(pcm[:8000])
    before = mortal.pid
    kill(mortal)
    with pytest.raises(WorkerError, match="died"):
        await stream.finish()

    assert await hear(mortal, pcm) == ("نعم", "نعم")
    assert mortal.pid != before
    assert mortal.restarts == 1


async def test_an_utterance_outlived_by_its_worker_is_lost(
    mortal: VoskRecognizer, say: Say, until: Until
) -> None:
    """An utterance whose beginning died is never finished by a process that heard only its end."""
    pcm = await say("نَعَم")
    stream = mortal.open(YES_NO)
    stream.feed(pcm[:4000])
    kill(mortal)
    await until(lambda: mortal.restarts == 1)
    stream.feed(pcm[4000:])
    with pytest.raises(WorkerError, match="died while the caller was speaking"):
        await stream.finish()


async def test_an_utterance_waits_for_the_new_worker(mortal: VoskRecognizer, say: Say, until: Until) -> None:
    """Audio that comes while no process is there is kept and decoded by the next."""
    pcm = await say("نَعَم")
    kill(mortal)
    await until(lambda: mortal.pid is None)

    assert await hear(mortal, pcm) == ("نعم", "نعم")


async def test_a_hung_worker_is_replaced(model: Path, say: Say, until: Until) -> None:
    """A process that does not answer in time is killed; the next utterance is heard."""
    pcm = await say("نَعَم")
    recognizer = VoskRecognizer(model, finish_timeout_seconds=3.0)
    await recognizer.start()
    try:
        kill(recognizer, signal.SIGSTOP)
        with pytest.raises(WorkerError, match="in time"):
            await hear(recognizer, pcm)
        await until(lambda: recognizer.restarts == 1)
        heard = await hear(recognizer, pcm)
    finally:
        await recognizer.stop()

    assert heard == ("نعم", "نعم")


async def test_what_keeps_somebody_waiting_has_no_time_to_spare(model: Path) -> None:
    """Until that is a while ago."""
    now = [0.0]
    recognizer = VoskRecognizer(model)
    recognizer._waits = Waits(lambda: now[0])
    assert recognizer.is_quick
    with recognizer._waits.one():
        now[0] = 0.4
        assert not recognizer.is_quick
    assert not recognizer.is_quick
    now[0] = 20.0
    assert recognizer.is_quick


async def test_idle_threads_answer_a_probe(recognizer: VoskRecognizer) -> None:
    """Nobody has been at anything for long."""
    assert await recognizer.probe(20.0) < 20.0


async def test_busy_threads_answer_a_probe(recognizer: VoskRecognizer, say: Say) -> None:
    """Work that goes on is no reason to be taken for dead."""
    hearings = [asyncio.create_task(hear(recognizer, await say("نَعَم"))) for _ in range(4)]
    assert await recognizer.probe(20.0) < 20.0
    assert [await hearing for hearing in hearings] == [("نعم", "نعم")] * 4


async def test_a_stopped_process_fails_a_probe_and_is_replaced(mortal: VoskRecognizer, until: Until) -> None:
    """The pulse feels the new one."""
    kill(mortal, signal.SIGSTOP)
    with pytest.raises(WorkerError, match="in time"):
        await mortal.probe(0.5)
    await until(lambda: mortal.restarts == 1)
    assert await mortal.probe(20.0) < 20.0


async def test_a_stopped_process_ends_the_signs_of_life(
    mortal: VoskRecognizer, tmp_path: Path, until: Until
) -> None:
    """The service manager hears nothing while the recogniser hangs, however well the loop runs."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        pulse = Pulse(stuck_seconds=4.0)
        pulse.watch(mortal)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        supervision = Supervision(lambda: Situation(State.RUNNING, is_alive=pulse.is_alive()), environ)
        looking = [asyncio.create_task(run) for run in (pulse.run(), supervision.run())]
        await until(lambda: _is_fed(manager))

        kill(mortal, signal.SIGSTOP)
        await until(lambda: not pulse.is_alive())
        _is_fed(manager)  # what was sent before
        restarts, is_fed = mortal.restarts, False
        while mortal.restarts == restarts and not pulse.is_alive():
            is_fed = is_fed or _is_fed(manager)
            await asyncio.sleep(0.05)
        assert not is_fed
        await until(lambda: _is_fed(manager))  # by the process that took its place
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)


def _is_fed(manager: socket.socket) -> bool:
    """Whether there was a sign of life since the last look."""
    told = b""
    with suppress(BlockingIOError):
        while True:
            told += manager.recv(4096)
    return b"WATCHDOG=1" in told


async def test_a_process_that_is_given_up_is_replaced(mortal: VoskRecognizer, until: Until) -> None:
    """As it is when its threads are stuck."""
    mortal.replace()
    await until(lambda: mortal.restarts == 1 and mortal.is_ready)


async def test_nothing_is_heard_before_the_start(model: Path) -> None:
    """Ears that are not up are not ready, and say so within their time."""
    recognizer = VoskRecognizer(model, finish_timeout_seconds=0.1)
    stream = recognizer.open(YES_NO)

    assert not recognizer.is_ready
    assert recognizer.pid is None
    with pytest.raises(WorkerError, match="not running"):
        await stream.finish()


async def test_ready_means_loaded_and_tried(recognizer: VoskRecognizer, model: Path) -> None:
    """After the start the model is loaded, and what it is can be told."""
    assert recognizer.is_ready
    assert recognizer.identity.startswith(f"{model.name}@")
    assert {"لا", "أعرف"} <= recognizer.vocabulary


async def test_half_a_model_is_refused(model: Path, tmp_path: Path) -> None:
    """A file that is missing is named before a process is started."""
    half = Path(shutil.copytree(model, tmp_path / "half"))
    (half / "graph" / "HCLr.fst").unlink()
    recognizer = VoskRecognizer(half)
    with pytest.raises(ModelError, match=r"graph/HCLr\.fst is missing"):
        await recognizer.start()

    assert not recognizer.is_ready


async def test_a_model_that_only_vosk_can_judge_is_refused(model: Path, tmp_path: Path) -> None:
    """What looks whole and is not, whether Vosk raises or aborts over it, is one sentence."""
    bad = Path(shutil.copytree(model, tmp_path / "bad"))
    network = bad / "am" / "final.mdl"
    network.write_bytes(network.read_bytes()[:400] + b"</Nnet3>")
    with pytest.raises(ModelError, match="cannot be used as a recognition model"):
        await VoskRecognizer(bad).start()


async def test_every_grammar_ends_with_the_unknown_word(model: Path) -> None:
    """Where the model has one: else whatever is said would be taken for one of the phrases."""
    recognizer = VoskRecognizer(model)
    words = frozenset({"نعم", "لا", UNKNOWN_WORD})
    recognizer.summary = ModelSummary("with", "with@1", words, 1, supports_grammar=True)
    assert recognizer._spell(("نعم", "زرافة", "لا")) == ("نعم", "لا", UNKNOWN_WORD)
    assert recognizer._spell(("زرافة",)) == ()

    without = VoskRecognizer(model)
    without.summary = ModelSummary("without", "without@1", words - {UNKNOWN_WORD}, 1, supports_grammar=True)
    assert without._spell(("نعم", "لا")) == ("نعم", "لا")


async def test_the_unknown_word_is_spelled_as_the_dialogue_reads_it() -> None:
    """Neither side may import the other."""
    assert UNKNOWN_WORD == understanding.UNKNOWN_WORD


async def test_a_static_graph_gives_the_open_vocabulary_only(model: Path) -> None:
    """Without grammars there is no closed text: two readings by one graph would always agree."""
    recognizer = VoskRecognizer(model)
    recognizer.summary = recognizer.summary.__class__(
        "static", "static@1", recognizer.summary.words, 1, supports_grammar=False
    )

    assert recognizer._spell(("نعم", "لا")) == ()
