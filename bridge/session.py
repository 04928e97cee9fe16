"""One call, told as a story: be introduced, converse, finish.

The session joins the line, the dialogue, the prompts and the store. Whatever goes wrong in here ends this
call and no other. Three rules hold throughout. An answer is committed before anything else is said. Speech
that goes on right after its endpoint belongs to the utterance before it, so that turn is taken again from the
state before it. And every wait has a deadline.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from bridge.audio.g711 import encode_ulaw
from bridge.audio.playout import Ticker
from bridge.audio.recording import CallRecorder
from bridge.circumstances import context_of
from bridge.clock import Clock
from bridge.dialogue import engine
from bridge.dialogue.actions import Action, Disposition, HangUp, Listen, Notify, Say, Store, Transfer
from bridge.dialogue.answer import Answer
from bridge.dialogue.context import CallContext
from bridge.dialogue.engine import DialogueState, Turn
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import StorageError, WorkerError
from bridge.line import CLOSE_NORMAL, Line
from bridge.listening import Heard, Listener, Unfinished
from bridge.phone_control import ControlError, PhoneControl
from bridge.reconnection import CallKey, Reconnections, call_before, is_lost
from bridge.record import call_record, described, turn_record, withdrawn
from bridge.resumption import RESUMES, Earlier, find_earlier
from bridge.speech.base import Recognizer
from bridge.speech.prompts import PromptCache
from bridge.storage.records import StoredCall
from bridge.storage.store import Store as AnswerStore
from protocols import commands, events
from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.errors import CLOSE_POLICY

__all__ = ["CallSession", "Outcome", "Patience", "Services"]

CLOSE_TRY_AGAIN = 1013  # registered with IANA: the service cannot go on, another call may
APOLOGY_SECONDS = 10.0  # longer than any apology

log = structlog.get_logger()

T = TypeVar("T")


class Patience(Struct, frozen=True):
    """How long a session waits, in seconds of call time."""

    first_message_seconds: float = 10.0
    send_seconds: float = 5.0
    commit_seconds: float = 4.0  # of silence: nobody waits longer than 5 s to hear something
    max_call_seconds: float = 1800.0
    look_back_seconds: float = 0.3


@dataclass(frozen=True, slots=True)
class Services:
    """What all calls share."""

    clock: Clock
    store: AnswerStore
    recognizer: Recognizer
    recognizer_identity: str
    prompts: PromptCache
    ticker: Ticker
    patience: Patience
    site: Mapping[str, str] = field(default_factory=dict)  # what questionnaires may name as {site.NAME}
    control: PhoneControl | None = None  # of phone calls, beside their sockets
    reconnections: Reconnections = field(default_factory=Reconnections)


class Outcome(Struct, frozen=True):
    """How a session ended, for the socket and the log."""

    disposition: Disposition | None  # None: no call came about
    close_code: int
    detail: str


class _Said(Struct, frozen=True):
    """The present prompt."""

    text: str = ""
    barge_in: bool = True


class _Taken(Struct, frozen=True):
    """The last turn taken, kept for as long as its utterance may go on."""

    before: DialogueState
    unfinished: Unfinished
    answers: tuple[Answer, ...]

    def going_on(self, pcm: bytes) -> "_Taken":
        """The same turn, of an utterance of which more has been heard."""
        return _Taken(self.before, Unfinished(self.unfinished.phrases, pcm), self.answers)


class _AwaitingReply(Struct, frozen=True):
    """A turn whose reply has not begun to leave yet."""

    turn_index: int
    commit_ms: float
    committed_at: float
    speech_ended_at: float | None


class CallSession:
    """Serves one call over one protocol."""

    def __init__(
        self,
        *,
        call_id: str,
        protocol: MediaProtocol,
        questionnaire: Questionnaire,
        services: Services,
        send: Callable[[str | bytes], Awaitable[None]],
        recorder: CallRecorder | None = None,
        known: events.CallDetails | None = None,
    ) -> None:
        """`known` is what is known of the call already, where its wire does not say it."""
        self.call_id = call_id
        self._questionnaire = questionnaire
        self._services = services
        self._clock = services.clock
        self._recorder = recorder
        self._known = known or events.CallDetails()
        self._line = Line(
            protocol,
            clock=services.clock,
            send=send,
            send_seconds=services.patience.send_seconds,
            look_back_seconds=services.patience.look_back_seconds,
            recorder=recorder,
        )
        self._log = log.bind(call_id=call_id, provider=protocol.capabilities.name)
        self._said = _Said()
        self._taken: _Taken | None = None
        self._earlier: Earlier | None = None
        self._has_given_way = False
        self._hand_over: Transfer | None = None
        self._is_taken_over = False  # the provider was asked to, and will end the stream itself
        self._awaiting_reply: _AwaitingReply | None = None
        self._notes: set[asyncio.Task[None]] = set()

    async def run(self, messages: AsyncIterator[str | bytes]) -> Outcome:
        """Serve the call until it is over; what the carrier or an engine does wrong is not raised."""
        disposition = None
        async with asyncio.TaskGroup() as directions:
            reader = directions.create_task(self._guarded(self._line.read(messages)))
            writer = directions.create_task(self._guarded(self._line.write()))
            try:
                disposition = await self._serve()
                await self._line.flush()
                await self._see_off(reader)
            finally:
                reader.cancel()
                writer.cancel()
        return Outcome(disposition, self._line.close_code, self._line.close_reason)

    async def _see_off(self, reader: asyncio.Task[None]) -> None:
        """Let the carrier close first, where its protocol has a farewell or it takes the caller from us."""
        capabilities = self._line.capabilities
        seconds = capabilities.transfer_seconds if self._is_taken_over else capabilities.farewell_seconds
        if seconds:
            await asyncio.wait({reader}, timeout=self._clock.real_seconds(seconds))
            await self._line.flush()

    async def _guarded(self, direction: Coroutine[Any, Any, None]) -> None:
        """Run one direction of the line; a bug in it ends this call, not the daemon's peace."""
        try:
            await direction
        except Exception:  # noqa: BLE001
            self._log.exception("line_broke_down")
            self._line.break_down()

    async def _serve(self) -> Disposition | None:
        details = await self._introduced()
        if details is None:
            self._log.warning("call_not_started", detail=self._line.close_reason)
            return None
        key = self._key(details)
        if key is None:
            return await self._take(details)
        try:
            async with self._services.reconnections.only(key, self._give_way, self._clock):
                return None if self._line.is_gone else await self._take(details, key)
        except TimeoutError:
            self._line.fail(CLOSE_TRY_AGAIN, "the call's earlier socket does not let go of it")
            return None

    async def _take(self, details: events.CallDetails, key: CallKey | None = None) -> Disposition | None:
        """Begin the call, or go on with it; None: there is nothing to be held."""
        try:
            lost = None if key is None else await self._before(key)
            if lost is not None and not is_lost(lost):
                self._log.warning("call_was_over", before=lost.call_id, disposition=lost.disposition)
                await self._release(details)
                return None
            if lost is not None:
                details = await self._going_on(details, lost)
            await self._find_earlier(details, is_same_call=lost is not None)
            await self._begin(details)
        except StorageError as error:
            self._log.error("call_not_recorded", code=error.code, detail=str(error))
            self._line.fail(CLOSE_TRY_AGAIN, "the call cannot be recorded")
            return None
        return await self._hold(details)

    # Where a provider opens a lost socket again

    def _key(self, details: events.CallDetails) -> CallKey | None:
        """The phone call, where another socket may come for it."""
        capabilities = self._line.capabilities
        if not capabilities.reconnect_seconds or details.provider_call_id is None:
            return None
        return CallKey(capabilities.name, details.provider_call_id)

    def _give_way(self) -> None:
        """Another socket has come for this call."""
        self._has_given_way = True
        self._line.fail(CLOSE_NORMAL, "the provider has opened another socket for the call")

    async def _before(self, key: CallKey) -> StoredCall | None:
        return await self._in_time(
            call_before(
                self._services.store,
                key,
                self._questionnaire.id,
                now=self._clock.now(),
                seconds=self._line.capabilities.reconnect_seconds,
            )
        )

    async def _going_on(self, details: events.CallDetails, lost: StoredCall) -> events.CallDetails:
        """The call as another that goes on with the one whose line was gone, and that was interrupted."""
        self._log.info("call_goes_on", before=lost.call_id)
        await self._in_time(self._services.store.note_interrupted(lost.call_id))
        return replace(details, custom={**details.custom, RESUMES: lost.call_id})

    async def _begin(self, details: events.CallDetails) -> None:
        record = call_record(
            self.call_id,
            details,
            provider=self._line.capabilities.name,
            questionnaire=self._questionnaire,
            model=self._services.recognizer_identity,
            started_at=self._clock.now(),
        )
        await self._in_time(self._services.store.begin_call(record))

    async def _find_earlier(self, details: events.CallDetails, *, is_same_call: bool = False) -> None:
        """Go on with an earlier call, where the carrier was given one to name and it can be gone on with."""
        earlier_id = details.custom.get(RESUMES)
        if earlier_id is None:
            return
        store, now = self._services.store, self._clock.now()
        self._earlier = await self._in_time(
            find_earlier(store, earlier_id, self._questionnaire, now=now, is_same_call=is_same_call)
        )
        if self._earlier is not None:
            self._questionnaire = self._earlier.questionnaire

    async def _hold(self, details: events.CallDetails) -> Disposition:
        """Hold the conversation, and close the call's record whatever happens."""
        self._log.info("call_started", questionnaire=self._questionnaire.id, direction=details.direction)
        started = self._clock.monotonic()
        disposition = Disposition.INTERRUPTED
        remove_from_ticker = self._services.ticker.add(self._line.tick)
        try:
            self._line.command(commands.AcceptCall())
            disposition = await self._converse_safely(details)
            if self._line.has_broken_down:
                disposition = Disposition.FAILED
            elif self._has_given_way and disposition is Disposition.HUNG_UP:
                disposition = Disposition.INTERRUPTED
        finally:
            remove_from_ticker()
            await asyncio.shield(self._finish(disposition, details))
            seconds = round(self._clock.monotonic() - started, 1)
            self._log.info("call_ended", disposition=disposition, seconds=seconds)
        return disposition

    # Be introduced

    async def _introduced(self) -> events.CallDetails | None:
        """Wait for the carrier to introduce the call; None when it does not."""
        grace = self._line.capabilities.setup_grace_seconds
        if grace is not None:
            with suppress(TimeoutError):
                return await self._introduced_within(grace)
            self._line.begin_without_setup()
        patience = self._services.patience.first_message_seconds
        try:
            return await self._introduced_within(patience)
        except TimeoutError:
            self._line.fail(CLOSE_POLICY, f"no call setup within {patience:g} s")
            return None

    async def _introduced_within(self, seconds: float) -> events.CallDetails | None:
        async with self._clock.timeout(seconds):
            details = await asyncio.shield(self._line.introduction)
        return details.completed_by(self._known) if details else None

    async def _describe_further(self) -> None:
        """Record what the carrier told about the call after it had begun."""
        while self._line.further_details:
            details = self._line.further_details.pop(0)
            await self._services.store.describe_call(self.call_id, **described(details))

    # Converse

    async def _converse_safely(self, details: events.CallDetails) -> Disposition:
        limit = self._services.patience.max_call_seconds
        try:
            async with self._clock.timeout(limit):
                return await self._converse(details)
        except TimeoutError:
            self._log.warning("call_too_long", limit_seconds=limit)
            await self._apologise()
            return Disposition.INTERRUPTED
        except (StorageError, WorkerError) as error:
            self._log.error("call_failed", code=error.code, detail=str(error))
        except Exception:  # noqa: BLE001
            # The session's edge: a bug ends this call and is reported in full; no other call notices.
            self._log.exception("call_failed")
        await self._apologise()
        return Disposition.FAILED

    async def _converse(self, details: events.CallDetails) -> Disposition:
        turn = self._open(self._context(details))
        state = turn.state
        await self._perform(turn.actions)
        while True:
            heard = await self._hear(_listen(turn))
            if heard is None:
                last = turn.actions[-1]
                self._hand_over = last if isinstance(last, Transfer) else None
                return _disposition(turn)
            before = self._taken.before if heard.revises and self._taken else state
            started = self._clock.monotonic()
            following = engine.advance(self._questionnaire, before, heard.input)
            understand_seconds = self._clock.monotonic() - started
            if heard.revises and self._taken and following.reading == turn.reading:
                self._taken = self._taken.going_on(heard.pcm)  # more was said, and it means the same
                continue
            answers = await self._commit(heard, following, understand_seconds)
            self._taken = self._keep(heard, before, turn, answers)
            if heard.revises:
                self._line.clear()
            turn, state = following, following.state
            await self._perform(turn.actions)

    def _open(self, context: CallContext) -> Turn:
        earlier = self._earlier
        if earlier is None:
            return engine.begin(self._questionnaire, context)
        return engine.resume(self._questionnaire, earlier.state, context, earlier.hours_since)

    def _context(self, details: events.CallDetails) -> CallContext:
        """What the dialogue is told about the call; days are those of the machine's own time zone."""
        return context_of(
            details,
            self._questionnaire,
            now=self._clock.now().astimezone(),
            site=self._services.site,
            can_transfer=_can_hand_over(self._line.capabilities, self._services, details),
            has_open_vocabulary=self._services.recognizer.has_open_vocabulary,
        )

    async def _hear(self, listen: Listen | None) -> Heard | None:
        return await Listener(
            self._line,
            self._services.recognizer,
            self._clock,
            listen=listen,
            barge_in=self._said.barge_in,
            unfinished=self._taken.unfinished if self._taken else None,
        ).hear()

    def _keep(
        self, heard: Heard, before: DialogueState, asked: Turn, answers: tuple[Answer, ...]
    ) -> _Taken | None:
        """What to keep of a turn so that it can be taken again; only speech can go on."""
        if not isinstance(heard.input, Utterance):
            return None
        if heard.revises and self._taken is not None:
            phrases = self._taken.unfinished.phrases
        else:
            listen = _listen(asked)
            phrases = listen.phrases if listen else ()
        return _Taken(before, Unfinished(phrases, heard.pcm), answers)

    async def _perform(self, actions: tuple[Action, ...]) -> None:
        """Say what is to be said. Answers among the actions were committed with the turn."""
        says = [action for action in actions if isinstance(action, Say)]
        phrases = [await self._services.prompts.phrase(piece) for say in says for piece in say.pieces]
        self._said = _Said(" ".join(say.text for say in says), all(say.barge_in for say in says))
        self._line.say(phrases, on_first_audio=self._on_first_audio)

    # Commit

    async def _commit(self, heard: Heard, following: Turn, understand_seconds: float) -> tuple[Answer, ...]:
        """Put the turn, its answers and the dialogue's state on disk, in one transaction."""
        answers = tuple(action.answer for action in following.actions if isinstance(action, Store))
        stored = answers
        if heard.revises and self._taken is not None:
            stored += withdrawn(self._taken.answers, answers)
        record = turn_record(
            heard,
            following,
            at=self._clock.now(),
            prompt=self._said.text,
            progress=self._line.progress(),
            understand_seconds=understand_seconds,
        )
        state = msgspec.json.encode(following.state)
        await self._in_time(self._describe_further())
        notices = tuple(action for action in following.actions if isinstance(action, Notify))
        receipt = await self._in_time(
            self._services.store.record_turn(
                self.call_id, record, stored, state, notices, sound=_sound(heard, answers)
            )
        )
        for notice in notices:
            self._log.warning("escalated", turn=receipt.index, item=notice.item)
        self._awaiting_reply = _AwaitingReply(
            receipt.index, receipt.commit_ms, self._clock.monotonic(), heard.speech_ended_at
        )
        self._log.info("turn_taken", turn=receipt.index, item=following.reading.item)
        return answers

    async def _in_time(self, writing: Coroutine[Any, Any, T]) -> T:
        """Give up on a database that keeps the caller waiting; what it still writes was not acknowledged."""
        limit = self._services.patience.commit_seconds
        try:
            async with self._clock.timeout(limit):
                return await writing
        except TimeoutError:
            raise StorageError(f"the database did not answer within {limit:g} s") from None

    def _on_first_audio(self, now: float) -> None:
        """The reply to a turn has begun to leave: measure how long the caller waited for it."""
        waited, self._awaiting_reply = self._awaiting_reply, None
        if waited is None:
            return
        note = asyncio.create_task(self._note_latency(waited, now))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    async def _note_latency(self, waited: _AwaitingReply, now: float) -> None:
        first_audio_ms = (now - waited.committed_at) * 1000
        total_ms = None if waited.speech_ended_at is None else (now - waited.speech_ended_at) * 1000
        try:
            await self._services.store.note_first_audio(
                self.call_id, waited.turn_index, first_audio_ms, total_ms, commit_ms=waited.commit_ms
            )
        except StorageError as error:  # a measurement, not an answer: the call goes on
            self._log.warning("latency_not_stored", code=error.code)

    # Finish

    async def _apologise(self) -> None:
        """Tell the caller that the call cannot go on, if we still can."""
        if self._line.is_gone:
            return
        with suppress(StorageError, WorkerError, TimeoutError):
            async with self._clock.timeout(APOLOGY_SECONDS):
                self._line.clear()
                await self._perform((engine.apology(self._questionnaire),))
                await self._hear(None)

    async def _finish(self, disposition: Disposition, details: events.CallDetails) -> None:
        """Leave the line as the disposition wants it, and close the record."""
        await self._release(details)
        await asyncio.gather(*self._notes)
        try:
            await self._services.store.end_call(self.call_id, disposition)
        except StorageError as error:  # the next start finds the call open and marks it interrupted
            self._log.error("call_end_not_stored", code=error.code, detail=str(error))
        if self._recorder is not None:
            self._recorder.close()

    async def _release(self, details: events.CallDetails) -> None:
        """Hand the caller over, or hang up: on the wire, or by asking the provider."""
        capabilities = self._line.capabilities
        control = None if self._line.is_gone else self._services.control
        to = self._hand_over.target if self._hand_over else None
        if self._hand_over and capabilities.transfer in {Ending.IN_BAND, Ending.CLOSE}:
            self._line.command(commands.TransferCall(to))
            return
        number = to or self._services.site.get("phone")
        try:
            if self._hand_over and control is not None and number is not None:
                await control.transfer(capabilities.name, details, number)
                if capabilities.transfer_seconds:
                    self._is_taken_over = True
                    return
            elif control is not None and capabilities.hang_up is Ending.REST:
                await control.hang_up(capabilities.name, details)
        except ControlError as error:
            self._log.error("provider_not_obeying", code=error.code, detail=str(error))
        self._line.command(commands.HangUp())


def _can_hand_over(capabilities: Capabilities, services: Services, details: events.CallDetails) -> bool:
    """Whether a caller can be put through to somebody: on the wire, or by a request to a known number."""
    if capabilities.transfer is not Ending.REST:
        return capabilities.can_transfer
    has_number = bool(services.site.get("phone") or services.site.get("crisis_number"))
    control = services.control
    return control is not None and control.can_transfer(capabilities.name, details) and has_number


def _sound(heard: Heard, answers: tuple[Answer, ...]) -> bytes:
    """What was said, as mu-law, if that is an answer; most utterances leave nothing but their meaning."""
    return encode_ulaw(heard.pcm) if any(answer.audio for answer in answers) else b""


def _listen(turn: Turn) -> Listen | None:
    last = turn.actions[-1]
    return last if isinstance(last, Listen) else None


def _disposition(turn: Turn) -> Disposition:
    match turn.actions[-1]:
        case HangUp(disposition=disposition) | Transfer(disposition=disposition):
            return disposition
        case _:
            return Disposition.FAILED  # no turn of ours ends otherwise
