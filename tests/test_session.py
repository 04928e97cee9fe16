"""One call's story: what is committed when, what a caller who goes on speaking changes, and how it fails."""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from databases import put_empty
from shipped import shipped
from structlog.testing import capture_logs

from bridge.admission import Admission, Seat
from bridge.audio.endpointing import EndReason
from bridge.audio.g711 import encode_ulaw
from bridge.audio.gate import UtteranceEnded, UtteranceResumed, UtteranceStarted
from bridge.audio.playout import Ticker
from bridge.audio.recording import CallRecorder, HeldSamples, SampleFile
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue.actions import Disposition
from bridge.dialogue.items import ConsentItem
from bridge.dialogue.loader import parse
from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import StorageError
from bridge.line import CLOSE_GOING_AWAY, KeyPressed, each_of
from bridge.resumption import find_earlier
from bridge.running import Stage
from bridge.session import CallSession, Outcome, Patience, Services
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompts import PromptCache
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.speech.worker import RestartPolicy
from bridge.storage.store import Store
from protocols.maqsam import MaqsamProtocol

QUESTIONNAIRE = shipped("post_discharge")
COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
MESSAGE = """\
format: 1
id: message
version: "1"
title: رسالة
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: recording, type: consent, purpose: recording, ask: "هَلْ نُسَجِّلُ الصَّوْت؟"}
  - {id: note, type: free_text, keep_audio: true, ask: "مَا الرِّسَالَة؟"}
"""
BY_KEYS = """\
format: 1
id: keys
version: "1"
title: مفاتيح
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: consent, type: consent, purpose: questions, ask: "هَلْ تُوَافِق؟"}
  - {id: fever, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكَ حُمَّى؟"}
  - {id: nights, type: integer, minimum: 0, maximum: 9, ask: "كَمْ يَوْمًا؟"}
"""
SETUP = '{"type":"session.setup","data":{"context":{"id":5,"caller_number":"962","direction":"inbound"}}}'
ENDED = UtteranceEnded(b"", 0.4, 0.5, EndReason.SILENCE)
STARTED = UtteranceStarted(b"11")
RESUMED = UtteranceResumed(b"22")


class Call:
    """A session over the Maqsam protocol, whose caller is the test."""

    def __init__(
        self,
        services: Services,
        database: Path,
        call_id: str,
        setup: str = SETUP,
        questionnaire: Questionnaire = QUESTIONNAIRE,
        *,
        recorder: CallRecorder | None = None,
        seat: Seat | None = None,
    ) -> None:
        self.database = database
        self.messages: asyncio.Queue[str | None] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.answers_when_sent: list[int] = []  # how many were on disk when each piece of audio left
        protocol = MaqsamProtocol(authenticated=True, check=None)
        self.session = CallSession(
            call_id=call_id,
            protocol=protocol,
            questionnaire=questionnaire,
            services=services,
            send=self._send,
            recorder=recorder,
            seat=seat,
        )
        self.running = asyncio.create_task(self.session.run(each_of(self._incoming())))
        self.messages.put_nowait(setup)

    async def _incoming(self) -> AsyncIterator[str | bytes]:
        while (message := await self.messages.get()) is not None:
            yield message

    async def _send(self, message: str | bytes) -> None:
        self.sent.append(json.loads(message))
        if self.sent[-1]["type"] == "call.mark":
            self.messages.put_nowait(json.dumps(self.sent[-1]))
        if self.sent[-1]["type"] == "response.stream":
            self.answers_when_sent.append(len(self.query("SELECT 1 FROM answers")))

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """What another connection sees on disk."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(30):
            while not is_so():  # noqa: ASYNC110 - other tasks and the disk tell no event
                await asyncio.sleep(0.01)

    async def hear(self, *happenings: Any, turns: int) -> None:
        """Let these happen on the line, and wait for so many turns in all."""
        for happening in happenings:
            self.session._line._happened(happening)
        await self.until(lambda: len(self.query("SELECT 1 FROM turns")) >= turns)

    async def prompt_heard(self) -> None:
        """Wait until the caller has heard what is being said."""
        await self.until(lambda: self.session._line.is_speaking)
        await self.until(lambda: not self.session._line.is_speaking)

    async def hang_up(self) -> Outcome:
        """Leave, and see how it ended."""
        self.messages.put_nowait(None)
        async with asyncio.timeout(20):
            return await self.running


@pytest.fixture(scope="module")
def rendered(spoken_prompts: Path) -> Path:
    """A folder in which every prompt is rendered: the one that daemons keep theirs in, by content."""

    async def render(folder: Path) -> None:
        voice = EspeakSynthesizer()
        await voice.start()
        await PromptCache(folder, voice).render(prompt_texts([QUESTIONNAIRE]))
        await voice.stop()

    asyncio.run(render(spoken_prompts))
    return spoken_prompts


@pytest.fixture
async def call(
    ears: Any, tmp_path: Path, rendered: Path, one_voice: Any
) -> AsyncIterator[Callable[..., Call]]:
    """Start a call with everything real but the ears and the far end."""
    clock = Clock(16)
    voice = EspeakSynthesizer()
    await voice.start()
    ticker = Ticker(clock, on_error=lambda _callback, _error: None)
    ticking = asyncio.create_task(ticker.run())
    store = await Store.open(put_empty(tmp_path / "hatif.db"), clock=clock, busy_seconds=0.05)

    def start(
        *,
        call_id: str = "c1",
        setup: str = SETUP,
        questionnaire: Questionnaire = QUESTIONNAIRE,
        ears: Any = ears,
        recorder: CallRecorder | None = None,
        seat: Seat | None = None,
        resumes_by_number: bool = False,
        **patience: float,
    ) -> Call:
        services = Services(
            clock=clock,
            store=store,
            recognizer=ears,
            recognizer_identity="ears@1",
            voices=one_voice(PromptCache(rendered, voice), voice),
            ticker=ticker,
            patience=Patience(**patience),
            resumes_by_number=resumes_by_number,
        )
        return Call(
            services, tmp_path / "hatif.db", call_id, setup, questionnaire, recorder=recorder, seat=seat
        )

    yield start
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    await store.close()
    await voice.stop()


async def test_an_answer_is_on_disk_before_the_next_word(call: Callable[..., Call]) -> None:
    """No audio of the next question leaves before the answer can be read by others."""
    one = call()
    await one.prompt_heard()
    before = len(one.answers_when_sent)
    await one.hear(KeyPressed("1"), turns=1)
    await one.prompt_heard()
    await one.hang_up()
    assert before > 0
    assert set(one.answers_when_sent[:before]) == {0}
    assert set(one.answers_when_sent[before:]) == {1}


async def test_a_key_pressed_twice_answers_one_question(call: Callable[..., Call]) -> None:
    """The second press comes while the first is being weighed, and is no answer to what follows."""
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), KeyPressed("1"), turns=2)
    await one.hang_up()
    assert one.query("SELECT item, value_json FROM answers") == [("consent", "true")]
    assert one.query("SELECT item, meaning FROM turns")[1] == ("pain", "premature")


async def test_free_speech_is_kept_as_sound_where_the_caller_agreed(
    call: Callable[..., Call], ears: Any
) -> None:
    """The utterance itself, in the transaction of its answer; nothing of a caller who said no."""
    questionnaire = parse(MESSAGE, name="message.yaml", common=COMMON)
    for call_id, key, kept in (("c1", "1", [(encode_ulaw(b"\x11\x01" * 2), None, 1)]), ("c2", "2", [])):
        ears.will_hear, ears.streams = ["[unk]"], []
        one = call(call_id=call_id, questionnaire=questionnaire)
        await one.prompt_heard()
        await one.hear(KeyPressed(key), turns=1)
        await one.prompt_heard()
        await one.hear(UtteranceStarted(b"\x11\x01" * 2), ENDED, turns=2)
        await one.hang_up()
        found = "SELECT ulaw, value_json, audio FROM sounds JOIN answers USING (call_id, turn_index)"
        assert one.query(f"{found} WHERE call_id = '{call_id}'") == kept


class Remembering(SampleFile):
    """A recording that is remembered instead of written."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        log.append("made")

    def append(self, samples: bytes) -> None:
        self.log.append("sound")

    def close(self) -> None:
        self.log.append("closed")


CONSENTS = "SELECT purpose, status, turn_index, via FROM consents ORDER BY turn_index, number"
RECORDED = MESSAGE.replace("purpose: recording", "purpose: call_recording").replace("keep_audio: true, ", "")


async def test_a_consent_is_stored_with_its_proof(call: Callable[..., Call]) -> None:
    """The words and the sound of the question, that it was heard to its end, and the version it stands in."""
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=1)
    await one.prompt_heard()
    await one.hang_up()
    assert one.query(CONSENTS) == [("questionnaire", "given", 1, "dtmf")]
    found = "SELECT prompt_hash, audio_hash, prompt_seconds, heard_seconds, acknowledged FROM consents"
    ((words, sound, seconds, heard, is_acknowledged),) = one.query(found)
    item = QUESTIONNAIRE.item("consent")
    assert isinstance(item, ConsentItem)
    assert words == sha256(item.ask[0].encode()).hexdigest()
    spoken = await one.session._mouth.phrases([item.ask[0]])  # type: ignore[union-attr]
    assert sound == sha256(spoken[0].audio).hexdigest()
    assert 1 < seconds == pytest.approx(heard)
    assert is_acknowledged
    hashes = one.query("SELECT questionnaire_hash, questionnaire_version FROM consents")
    assert hashes == [(QUESTIONNAIRE.hash, QUESTIONNAIRE.version)]


async def test_a_question_cut_short_gets_no_consent(call: Callable[..., Call]) -> None:
    """Whatever cut it: the reply does not count, and the question is put again; then it does."""
    one = call()
    await one.until(lambda: one.session._line.is_speaking)
    one.session._line.clear()
    await asyncio.sleep(0.2)
    await one.hear(KeyPressed("1"), turns=1)
    assert one.query("SELECT item, meaning FROM turns") == [("consent", "premature")]
    assert one.query("SELECT 1 FROM consents UNION ALL SELECT 1 FROM answers") == []
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=2)
    await one.hang_up()
    assert one.query(CONSENTS) == [("questionnaire", "given", 2, "dtmf")]


async def test_a_yes_that_becomes_a_no_is_proved_by_the_question_it_answers(
    call: Callable[..., Call], ears: Any
) -> None:
    """What was said goes on, and takes the consent back; the next question's sound is no proof of it."""
    ears.will_hear = ["نعم", "كلا لا"]
    one = call()
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=1)
    await one.hear(RESUMED, ENDED, turns=2)
    await one.hang_up()
    assert one.query(CONSENTS) == [
        ("questionnaire", "given", 1, "speech"),
        ("questionnaire", "refused", 2, "speech"),
    ]
    assert len(set(one.query("SELECT prompt_hash, audio_hash, prompt_seconds FROM consents"))) == 1


async def test_whoever_wants_no_more_has_withdrawn(call: Callable[..., Call], ears: Any) -> None:
    """From that moment on; what was agreed to before stands in the record as it was."""
    ears.will_hear = ["توقف", "نعم"]
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=1)
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=2)
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=3)
    await one.hang_up()
    assert one.query(CONSENTS)[1:] == [("questionnaire", "withdrawn", 3, "speech")]


async def test_a_call_is_recorded_once_that_is_agreed_to(call: Callable[..., Call]) -> None:
    """From its beginning, for it was held in memory; of one who refuses nothing is written."""
    questionnaire = parse(RECORDED, name="message.yaml", common=COMMON)
    for call_id, key, status, made in (("c1", "1", "given", ["made"]), ("c2", "2", "refused", [])):
        log: list[str] = []
        recorder = CallRecorder(HeldSamples(partial(Remembering, log), partial(log.append, "deleted")))
        one = call(call_id=call_id, questionnaire=questionnaire, recorder=recorder)
        await one.prompt_heard()
        recorder.heard(b"before")
        assert log == []
        await one.hear(KeyPressed(key), turns=1)
        await one.prompt_heard()  # it goes on either way
        recorder.heard(b"after")
        await one.hang_up()
        assert log == (["made", "sound", "sound", "closed"] if made else [])
        found = one.query("SELECT call_id, purpose, status FROM consents")
        assert found[-1:] == [(call_id, "call_recording", status)]


async def test_a_hang_up_is_a_turn_and_a_disposition(call: Callable[..., Call]) -> None:
    """The record says who left, and when in the dialogue."""
    one = call()
    await one.prompt_heard()
    outcome = await one.hang_up()
    assert outcome.disposition is Disposition.HUNG_UP
    assert one.query("SELECT item, input FROM turns") == [("consent", "hung_up")]
    assert one.query("SELECT disposition, caller_number FROM calls") == [("hung_up", "962")]


async def test_speech_that_goes_on_with_another_meaning_takes_the_turn_again(
    call: Callable[..., Call], ears: Any
) -> None:
    """A yes that turns out to be half of a no is withdrawn, and the no is what counts."""
    ears.will_hear = ["نعم", "نعم", "لا", "كلا لا"]
    one = call()
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=1)
    await one.hear(RESUMED, ENDED, turns=1)  # the same meaning: nothing happens
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=2)
    await one.hear(RESUMED, ENDED, turns=2)
    await one.hang_up()
    assert one.query("SELECT item, value_json FROM answers") == [("consent", "true"), ("pain", "false")]


async def test_what_was_taken_too_early_is_withdrawn(call: Callable[..., Call], ears: Any) -> None:
    """When the whole utterance says nothing clear, the first part's answer is no answer any more."""
    ears.will_hear = ["نعم", "نعم", "نعم لا"]
    one = call()
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=1)
    await one.hear(RESUMED, ENDED, turns=1)  # so far it means the same
    await one.hear(RESUMED, ENDED, turns=2)
    await one.hang_up()
    kept = one.query("SELECT item, status, value_json FROM answers ORDER BY revision")
    assert kept == [("consent", "answered", "true"), ("consent", "withdrawn", None)]
    assert ears.streams[2].pcm == b"112222"


async def test_a_database_that_fails_ends_in_an_apology(call: Callable[..., Call]) -> None:
    """What cannot be stored is not acknowledged: the caller hears an apology, and the call is over."""
    one = call()
    await one.prompt_heard()
    before = len(one.sent)
    with closing(sqlite3.connect(one.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        one.session._line._happened(KeyPressed("1"))
        async with asyncio.timeout(30):
            outcome = await one.running
        other.execute("ROLLBACK")
    said = [message["type"] for message in one.sent[before:]]
    assert outcome.disposition is Disposition.FAILED
    assert (said.count("response.stream") > 10, said[-1]) == (True, "call.hangup")
    assert one.query("SELECT 1 FROM answers") == []
    assert one.query("SELECT disposition FROM calls") == [(None,)]  # the next start calls it interrupted


async def test_a_slow_database_is_not_waited_for_in_silence(
    call: Callable[..., Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three seconds a tone says that we are there, and then the reply comes as ever."""
    one = call(commit_seconds=20.0)
    await one.prompt_heard()
    store = one.session._services.store
    at_last, record_turn = asyncio.Event(), store.record_turn

    async def record_slowly(*arguments: Any, **options: Any) -> Any:
        await at_last.wait()
        return await record_turn(*arguments, **options)

    monkeypatch.setattr(store, "record_turn", record_slowly)
    before = len(one.sent)
    one.session._line._happened(KeyPressed("1"))
    await one.until(lambda: "response.stream" in [message["type"] for message in one.sent[before:]])
    assert one.query("SELECT 1 FROM answers") == []
    await one.until(lambda: not one.session._line.is_speaking)
    at_last.set()
    await one.prompt_heard()
    await one.hang_up()
    assert one.query("SELECT item, value_json FROM answers") == [("consent", "true")]


async def test_a_reply_that_was_stopped_for_nothing_is_said_again(
    call: Callable[..., Call], ears: Any
) -> None:
    """Whoever goes on and means the same hears the next question whole, and answers it."""
    ears.will_hear = ["نعم", "نعم نعم", "لا"]
    one = call()
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=1)
    await one.until(lambda: one.session._line.is_speaking)
    one.session._line._happened(RESUMED)
    await one.until(lambda: one.sent[-1]["type"] == "speech.started")
    one.session._line._happened(ENDED)
    await one.prompt_heard()
    await one.hear(STARTED, ENDED, turns=2)
    await one.hang_up()
    assert one.query("SELECT item, value_json FROM answers") == [("consent", "true"), ("pain", "false")]
    assert one.query("SELECT prompt_heard_seconds = prompt_seconds FROM turns WHERE item = 'pain'")[0] == (1,)


async def test_nobody_waits_for_one_write_after_the_other(call: Callable[..., Call]) -> None:
    """What must be on disk before the caller hears more has its time together, not each part for itself."""
    one = call()
    await one.prompt_heard()
    await one.hang_up()  # so that nothing else is written
    one.session._services = replace(one.session._services, patience=Patience(commit_seconds=1.0))
    one.session._keep_waiting()
    await one.session._in_time(asyncio.sleep(0.6))
    with pytest.raises(StorageError, match=r"did not answer within 1 s"):
        await one.session._in_time(asyncio.sleep(0.6))
    one.session._keep_waiting()
    await one.session._in_time(asyncio.sleep(0.6))


async def test_the_record_says_whose_call_it_is(call: Callable[..., Call]) -> None:
    """The tenant of the seat that was given to it."""
    one = call(seat=Admission(5).place("north"))
    await one.prompt_heard()
    assert one.query("SELECT tenant FROM calls") == [("north",)]
    assert one.session.running().tenant == "north"
    await one.hang_up()


async def test_a_caller_who_is_dismissed_hears_a_goodbye(call: Callable[..., Call]) -> None:
    """In the middle of a question; what was answered before is kept, and the call can be gone on with."""
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=1)
    await one.until(lambda: one.session._line.is_speaking)
    before = len(one.sent)
    one.session.dismiss()
    async with asyncio.timeout(30):
        outcome = await one.running
    said = [message["type"] for message in one.sent[before:]]
    assert (outcome.disposition, outcome.close_code) == (Disposition.INTERRUPTED, CLOSE_GOING_AWAY)
    goodbye = said[said.index("speech.started") :]  # Maqsam's word for falling silent
    assert (goodbye.count("response.stream") > 10, goodbye[-1]) == (True, "call.hangup")
    assert one.query("SELECT disposition FROM calls") == [("interrupted",)]
    assert one.query("SELECT item FROM answers") == [("consent",)]
    now = datetime.now(UTC)
    assert await find_earlier(one.session._services.store, "c1", QUESTIONNAIRE, now=now) is not None


async def test_what_is_being_taken_in_is_committed_before_the_goodbye(
    call: Callable[..., Call], ears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dismissed while the answer is on its way to the disk: it gets there."""
    ears.will_hear = ["نعم"]
    one = call()
    await one.prompt_heard()
    record_turn = Store.record_turn

    async def dismissed_meanwhile(*arguments: Any, **options: Any) -> Any:
        one.session.dismiss()
        return await record_turn(*arguments, **options)

    monkeypatch.setattr(Store, "record_turn", dismissed_meanwhile)
    await one.hear(STARTED, ENDED, turns=1)
    async with asyncio.timeout(30):
        outcome = await one.running
    assert (outcome.disposition, outcome.close_code) == (Disposition.INTERRUPTED, CLOSE_GOING_AWAY)
    assert one.query("SELECT item, value_json FROM answers") == [("consent", "true")]


async def test_last_words_are_not_cut_by_a_dismissal(call: Callable[..., Call]) -> None:
    """Whoever is being told goodbye already is told no other, and the call ended as it did."""
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("2"), turns=1)  # no consent
    await one.until(lambda: one.session._line.is_speaking)
    one.session.dismiss()
    async with asyncio.timeout(30):
        outcome = await one.running
    assert (outcome.disposition, outcome.close_code) == (Disposition.REFUSED, 1000)


async def test_a_call_that_has_not_begun_does_not_begin(call: Callable[..., Call]) -> None:
    """Its carrier has opened the socket and not said which call it is for."""
    one = call(setup='{"type":"unknown"}')
    await asyncio.sleep(0)
    one.session.dismiss()
    async with asyncio.timeout(30):
        outcome = await one.running
    assert (outcome.disposition, outcome.close_code) == (None, CLOSE_GOING_AWAY)
    assert one.query("SELECT 1 FROM calls") == []


async def test_a_call_that_never_began_says_why(call: Callable[..., Call]) -> None:
    """Also where the carrier only closed the socket."""
    one = call(setup='{"type":"unknown"}')
    with capture_logs() as lines:
        await one.hang_up()
    (told,) = (line for line in lines if line["event"] == "call_not_started")
    assert (told["provider"], told["detail"]) == ("maqsam", "the connection ended before the call began")


async def test_a_bug_ends_its_own_call_with_a_closed_record(
    call: Callable[..., Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it strikes, on the way in, out or in between, the call has failed and is written down so."""
    for number, broken in enumerate(("gate.process", "_playout.due", "progress")):
        one = call(call_id=f"c{number}")
        await one.prompt_heard()
        line = one.session._line
        *path, name = broken.split(".")
        target = getattr(line, path[0]) if path else line
        monkeypatch.setattr(type(target), name, _break)
        one.messages.put_nowait('{"type":"audio.input","data":{"audio":"////"}}')
        line._happened(KeyPressed("1"))
        async with asyncio.timeout(20):
            outcome = await one.running
        monkeypatch.undo()
        assert outcome.disposition is Disposition.FAILED, broken
    assert one.query("SELECT disposition FROM calls") == [("failed",)] * 3


def _break(*_arguments: Any, **_options: Any) -> None:
    raise RuntimeError("a bug")


async def test_whoever_wants_a_person_is_handed_over(call: Callable[..., Call]) -> None:
    """The zero key: a word of explanation, then the carrier's own flow."""
    one = call()
    await one.prompt_heard()
    one.session._line._happened(KeyPressed("0"))
    async with asyncio.timeout(30):
        outcome = await one.running
    assert outcome.disposition is Disposition.TRANSFERRED
    assert one.sent[-1]["type"] == "call.redirect"


async def test_a_dropped_call_is_gone_on_with(call: Callable[..., Call]) -> None:
    """The carrier names the earlier call: a recap, and the first question without an answer."""
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=1)
    await one.hang_up()
    setup = json.loads(SETUP)
    setup["data"]["context"]["custom"] = {"resumes": "c1"}
    second = call(call_id="c2", setup=json.dumps(setup))
    await second.prompt_heard()
    await second.hear(KeyPressed("2"), turns=3)
    await second.hang_up()
    assert second.query("SELECT item FROM answers WHERE call_id = 'c2'") == [("pain",)]
    (prompt,) = second.query("SELECT prompt FROM turns WHERE call_id = 'c2' AND turn_index = 1")
    assert QUESTIONNAIRE.prompts.recap in prompt[0]


@pytest.mark.parametrize(
    ("number", "name", "by_number", "goes_on"),
    [
        ("+962 79 012 3456", "سلمى", True, True),
        ("962790123456", "سلمى", False, False),  # nobody has switched it on
        ("962790123457", "سلمى", True, False),
        ("962790123456", "نور", True, False),  # of the same household
        ("962790123456", None, True, False),
    ],
)
async def test_who_was_cut_off_goes_on_by_their_number(
    call: Callable[..., Call], number: str, name: str | None, by_number: bool, goes_on: bool
) -> None:
    """Where the site wants it, and it is the same patient: asked who they are, and then the rest."""
    first = call(setup=_setup("962790123456", "سلمى"), resumes_by_number=by_number)
    await first.prompt_heard()
    await first.hear(KeyPressed("1"), KeyPressed("1"), turns=2)
    await first.hang_up()
    second = call(call_id="c2", setup=_setup(number, name), resumes_by_number=by_number)
    await second.prompt_heard()
    await second.hang_up()
    (custom,) = second.query("SELECT custom_json FROM calls WHERE call_id = 'c2'")
    assert ("resumes" in json.loads(custom[0])) is goes_on


def _setup(number: str, name: str | None) -> str:
    setup = json.loads(SETUP)
    setup["data"]["context"] |= {
        "caller_number": number,
        "custom": {"patient_first_name": name} if name else {},
    }
    return json.dumps(setup)


async def test_what_the_carrier_tells_later_is_kept(call: Callable[..., Call]) -> None:
    """A second setup describes a call that has begun already."""
    one = call()
    await one.prompt_heard()
    one.messages.put_nowait('{"type":"session.setup","data":{"context":{"callee_number":"963"}}}')
    await one.hear(KeyPressed("1"), turns=1)
    await one.hang_up()
    assert one.query("SELECT caller_number, callee_number FROM calls") == [("962", "963")]


async def test_a_call_that_cannot_be_recorded_is_not_held(call: Callable[..., Call]) -> None:
    """Without a record there is no conversation: the carrier is told to try again later."""
    first = call()
    await first.prompt_heard()
    second = call()  # the same id once more: storage refuses it
    async with asyncio.timeout(20):
        outcome = await second.running
    await first.hang_up()
    assert (outcome.disposition, outcome.close_code) == (None, 1013)
    assert second.sent == []


async def test_no_call_lasts_for_ever(call: Callable[..., Call]) -> None:
    """At the limit the call is over, and its record says that it was cut short."""
    one = call(max_call_seconds=3.0)
    async with asyncio.timeout(20):
        outcome = await one.running
    assert outcome.disposition is Disposition.INTERRUPTED
    assert one.query("SELECT disposition FROM calls") == [("interrupted",)]


async def test_an_operator_sees_where_a_call_is(call: Callable[..., Call]) -> None:
    """Which question is open, after how many turns, since when: and nothing of whoever answers."""
    one = call(commit_seconds=60.0)
    assert one.session.running().stage is Stage.CONNECTING
    await one.prompt_heard()
    first = one.session.running()
    assert (first.stage, first.item, first.turns, first.direction) == (
        Stage.IN_PROGRESS,
        "consent",
        0,
        "inbound",
    )
    await one.hear(KeyPressed("1"), turns=1)
    await one.prompt_heard()
    second = one.session.running()
    assert (second.item, second.turns, second.since) == ("pain", 1, first.since)
    assert (second.provider, second.questionnaire, second.tenant) == ("maqsam", "post_discharge", "default")
    assert b"962" not in msgspec.json.encode(second)
    await one.hang_up()
    assert one.session.running().stage is Stage.ENDING


async def test_a_call_that_an_operator_ends_is_told_so(call: Callable[..., Call]) -> None:
    """The caller hears a last sentence, is hung up on, and the record says that the call was interrupted."""
    one = call(commit_seconds=60.0)
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=1)
    before = len(one.sent)
    one.session.dismiss()
    one.session.dismiss()  # twice is once
    async with asyncio.timeout(30):
        outcome = await one.running
    said = [message["type"] for message in one.sent[before:]]
    assert outcome.disposition is Disposition.INTERRUPTED
    assert (said.count("response.stream") > 10, said[-1]) == (True, "call.hangup")
    assert one.query("SELECT item FROM answers") == [("consent",)]
    assert one.query("SELECT disposition FROM calls") == [("interrupted",)]


async def test_a_call_that_has_not_begun_does_not_begin_once_it_is_ended(call: Callable[..., Call]) -> None:
    """Nobody has introduced it yet, so there is nobody to speak to."""
    one = call(setup='{"type":"unknown"}', commit_seconds=60.0)
    await asyncio.sleep(0)
    one.session.dismiss()
    async with asyncio.timeout(20):
        outcome = await one.running
    assert (outcome.disposition, one.query("SELECT 1 FROM calls")) == (None, [])


@pytest.mark.parametrize("trouble", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
async def test_without_a_recogniser_a_call_completes_by_keys(
    call: Callable[..., Call], trouble: signal.Signals
) -> None:
    """The real one dies or hangs, for long: an apology for each answer that is lost, then the keys."""
    policy = RestartPolicy(budget=1, window_seconds=600, slow_seconds=600)
    model = load_settings(DEFAULT_CONFIG).recogniser.model
    ears = VoskRecognizer(model, policy=policy, phases=1, finish_timeout_seconds=0.5)
    await ears.start()
    one = call(questionnaire=parse(BY_KEYS, name="keys.yaml", common=COMMON), ears=ears, commit_seconds=60.0)
    try:
        await one.prompt_heard()
        os.kill(ears.pid or 0, trouble)
        for turn, key in ((1, "1"), (3, "2"), (5, "7")):
            await one.hear(STARTED, ENDED, turns=turn)  # the caller speaks
            await one.prompt_heard()
            assert one.session.running().by_keypad or turn == 1  # by then it may not be known to last
            await one.hear(KeyPressed(key), turns=turn + 1)
            if turn < 5:
                await one.prompt_heard()
        async with asyncio.timeout(30):
            outcome = await one.running
        assert (ears.report()[0], ears.condition().up) == (False, False)
    finally:
        await ears.stop()
    assert outcome.disposition is Disposition.COMPLETED
    assert one.query("SELECT input FROM turns") == [("not_heard",), ("dtmf",)] * 3
    assert one.query("SELECT value_json FROM answers") == [("true",), ("false",), ("7",)]
    prompts = [prompt for (prompt,) in one.query("SELECT prompt FROM turns WHERE input = 'dtmf'")]
    assert all(one.session._questionnaire.prompts.not_heard in prompt for prompt in prompts)


async def test_a_stopping_daemon_leaves_a_closed_record(call: Callable[..., Call]) -> None:
    """Cancelled in mid-call, the session still writes how it ended."""
    one = call()
    await one.prompt_heard()
    one.running.cancel()
    await asyncio.gather(one.running, return_exceptions=True)
    assert one.query("SELECT disposition FROM calls") == [("interrupted",)]


async def test_a_carrier_without_manners_is_closed(call: Callable[..., Call]) -> None:
    """A broken message ends the call with the protocol's close code; what was stored stays."""
    one = call()
    await one.prompt_heard()
    await one.hear(KeyPressed("1"), turns=1)
    one.messages.put_nowait("not json")
    async with asyncio.timeout(20):
        outcome = await one.running
    assert (outcome.disposition, outcome.close_code) == (Disposition.HUNG_UP, 1003)
    assert one.query("SELECT item FROM answers") == [("consent",)]
