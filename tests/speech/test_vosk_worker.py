"""The child that Vosk lives in, spoken to directly: it defends itself even against its own parent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.audio.g711 import decode_ulaw
from bridge.errors import WorkerError
from bridge.speech.messages import (
    MAX_STREAMS,
    CancelStream,
    FeedStream,
    FinishStream,
    Heard,
    LoadModel,
    OpenStream,
    PartlyHeard,
    Probe,
    Probed,
)
from bridge.speech.vosk.recognizer import KNOWN_PHRASE, KNOWN_SOUND
from bridge.speech.vosk.worker import PARTIAL_BYTES, _Ears, _Ends, _Utterance, _Watch
from bridge.speech.worker import WorkerProcess

SECONDS = 20.0
SILENCE = bytes(16000)


@pytest.fixture
async def worker(model: Path) -> AsyncIterator[WorkerProcess]:
    process = WorkerProcess("vosk", "bridge.speech.vosk.worker", LoadModel(str(model), 2, 3))
    await process.start()
    yield process
    await process.stop()


async def heard(worker: WorkerProcess, *phrases: str) -> Heard:
    key = worker.new_id()
    worker.post(OpenStream(key, phrases))
    worker.post(FeedStream(key, SILENCE))
    return await worker.request(FinishStream(key), Heard, SECONDS)


@pytest.mark.parametrize("phrases", [(), ("",), ("[]",), ("زرافة",), ('"', "\\"), ("نعم", "زرافة", "")])
async def test_no_grammar_crashes_it(worker: WorkerProcess, phrases: tuple[str, ...]) -> None:
    """What the parent should have caught is caught again."""
    assert set((await heard(worker, *phrases)).closed) <= {""}
    assert worker.restarts == 0


@pytest.mark.parametrize(
    ("sound", "phrase", "is_ready"),
    [
        (decode_ulaw(KNOWN_SOUND.read_bytes()), KNOWN_PHRASE, True),
        (decode_ulaw(KNOWN_SOUND.read_bytes()), "لا", False),
        (b"", KNOWN_PHRASE, False),
        (b"", "زرافة", True),  # the model has no word for it, and is asked to decode only
    ],
    ids=["heard", "another", "silence", "foreign"],
)
async def test_it_is_ready_once_it_has_recognised_a_phrase(
    model: Path, sound: bytes, phrase: str, *, is_ready: bool
) -> None:
    """A model that loads and hears wrongly takes no calls."""
    setup = LoadModel(str(model), 1, 1, phrase, sound)
    process = WorkerProcess("vosk", "bridge.speech.vosk.worker", setup)
    expected = nullcontext() if is_ready else pytest.raises(WorkerError, match="does not hear a known phrase")
    with expected:
        await process.start()
    await process.stop()


async def test_an_unknown_utterance_is_refused(worker: WorkerProcess) -> None:
    """An end without a beginning is answered, and so is audio without one: with nothing."""
    worker.post(FeedStream(99, SILENCE))
    worker.post(CancelStream(99))
    with pytest.raises(WorkerError):
        await worker.request(FinishStream(99), Heard, SECONDS)

    assert (await heard(worker, "نعم")).open == ("",) * 3


async def test_it_takes_no_more_than_it_can(worker: WorkerProcess) -> None:
    """Utterances beyond the bound are refused; those within it, and those after a cancel, are heard."""
    keys = [worker.new_id() for _ in range(MAX_STREAMS)]
    for key in keys:
        worker.post(OpenStream(key, ("نعم",)))
    with pytest.raises(WorkerError, match="as many"):
        await heard(worker, "نعم")
    for key in keys[1:]:
        worker.post(CancelStream(key))

    assert (await heard(worker, "نعم")).open == ("",) * 3
    assert (await worker.request(FinishStream(keys[0]), Heard, SECONDS)).open == ("",) * 3


async def test_cancelling_in_the_middle_is_safe(worker: WorkerProcess) -> None:
    """Decoders are never freed under a thread that runs them."""
    for _ in range(50):
        key = worker.new_id()
        worker.post(OpenStream(key, ("نعم", "لا")))
        for _ in range(5):
            worker.post(FeedStream(key, SILENCE))
        worker.post(CancelStream(key))
        await asyncio.sleep(0)

    assert (await heard(worker, "نعم")).open == ("",) * 3
    assert worker.restarts == 0


async def test_a_probe_waits_for_nobody_s_backlog(worker: WorkerProcess) -> None:
    """However much is still to be decoded: a recogniser with too much to do is not taken for dead."""
    keys = [worker.new_id() for _ in range(30)]
    for key in keys:
        worker.post(OpenStream(key, ("نعم", "لا"), tenant=str(key % 3)))
        for _ in range(20):
            worker.post(FeedStream(key, SILENCE))
    ends = [asyncio.create_task(worker.request(FinishStream(key), Heard, 60.0)) for key in keys]
    await asyncio.sleep(0)
    await worker.request(Probe(worker.new_id()), Probed, SECONDS)
    assert not any(end.done() for end in ends)
    for key, end in zip(keys, ends, strict=True):
        end.cancel()
        worker.post(CancelStream(key))
    assert (await heard(worker, "نعم")).open == ("",) * 3


async def test_a_model_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    """Vosk's refusal becomes the reason why the worker does not start."""
    worker = WorkerProcess("vosk", "bridge.speech.vosk.worker", LoadModel(str(tmp_path), 1, 1))
    with pytest.raises(WorkerError, match="Vosk cannot load it"):
        await worker.start()


class Decoder:
    """One that ends with a word, or fails."""

    def __init__(self, word: str) -> None:
        self.word = word

    def finish(self) -> list[str]:
        if not self.word:
            raise RuntimeError("no word")
        return [self.word]


@pytest.mark.parametrize(
    ("words", "told"),
    [(("a", "b", "c"), [["a"], ["b"], ["c"]]), (("a", "", "c"), None)],
    ids=["all", "but one"],
)
def test_ends_are_told_once_and_in_order(words: tuple[str, ...], told: Any) -> None:
    """On whatever thread each comes; where one fails, nothing was heard."""
    seen: list[Any] = []
    ends = _Ends([Decoder(word) for word in words], seen.append)  # type: ignore[misc]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ends.end, (2, 0, 1)))
    assert seen == [told]


class Chatty:
    """A decoder that makes a word of each piece; and a model that has no other."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def open_vocabulary(self, _phases: slice) -> list["Chatty"]:
        return [self]

    def closed_vocabulary(self, _phrases: object) -> list["Chatty"]:
        return []

    def accept(self, _pcm: bytes) -> None:
        self.words.append("word")

    def so_far(self) -> str:
        return " ".join(self.words)


class Later:
    """Turns that come when they are told to."""

    is_idle = False

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None], _path: object) -> None:
        self.jobs.append(job)


def test_what_nobody_waits_for_any_more_is_not_decoded() -> None:
    """Also after its end was asked for: where there is too much to do, others come sooner."""
    turns, model, sent = Later(), Chatty(), list[Any]()
    ears = _Ears(sent.append)
    ears._turns, ears._model = cast("Any", turns), cast("Any", model)
    ears.handle(OpenStream(7, ()))
    ears.handle(FeedStream(7, SILENCE))
    ears.handle(FinishStream(7))
    ears.handle(CancelStream(7))
    for job in turns.jobs:  # which grow meanwhile
        job()
    assert (model.words, sent) == ([], [])


class AtOnce:
    """Turns that never wait, whether or not somebody else does."""

    def __init__(self, *, is_idle: bool) -> None:
        self.is_idle = is_idle

    def submit(self, job: Callable[[], None], _path: object) -> None:
        job()


@pytest.mark.parametrize("is_idle", [True, False])
def test_what_is_being_said_is_told_where_nobody_waits(*, is_idle: bool) -> None:
    """Every fifth of a second; who waits for the end of an utterance comes first."""
    sent: list[Any] = []
    stand_ins: Any = (AtOnce(is_idle=is_idle), _Watch(), sent.append)
    model: Any = Chatty()
    utterance = _Utterance(*stand_ins, OpenStream(7, (), tells=True), model)
    for _ in range(5):
        utterance.feed(bytes(PARTIAL_BYTES // 2))
    told = [("word word", PARTIAL_BYTES), ("word word word word", 2 * PARTIAL_BYTES)]
    assert sent == [PartlyHeard(7, *one) for one in told if is_idle]
