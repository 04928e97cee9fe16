"""One conversation, told as a story: begin or go on, converse, hand over or hang up.

The session joins the line, the dialogue, the prompts and the store; how a call is held is in `holding`. Two
rules hold throughout. An answer is committed before anything else is said. Speech that goes on right after
its endpoint belongs to the utterance before it, so that turn is taken again from the state before it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.audio.g711 import encode_ulaw
from bridge.audio.recording import CallRecorder
from bridge.circumstances import context_of
from bridge.consenting import (
    CALL_RECORDING,
    GIVEN,
    ConsentQuestion,
    consents_of_turn,
    is_void,
    may_record_the_call,
    question_of,
    unless_unheard,
)
from bridge.cuts import Cut
from bridge.dialogue import engine
from bridge.dialogue.actions import Action, Disposition, HangUp, Listen, Notify, Say, Store, Transfer
from bridge.dialogue.answer import Answer
from bridge.dialogue.context import CallContext
from bridge.dialogue.engine import DialogueState, Turn
from bridge.dialogue.form import Form
from bridge.dialogue.inputs import Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.turn_ends import end_silence_seconds, is_nothing
from bridge.errors import StorageError, WorkerError
from bridge.holding import CLOSE_TRY_AGAIN, HeldCall, Outcome, Patience, Place, Services
from bridge.line import CLOSE_GOING_AWAY, CLOSE_NORMAL, Line
from bridge.listening import DismissedError, Heard, Listener, Unfinished
from bridge.phone_control import ControlError, PhoneControl
from bridge.reconnection import CallKey, call_before, is_lost
from bridge.record import call_record, described, input_name, milliseconds, turn_record, withdrawn
from bridge.resumption import RESUMES, Earlier, call_cut_off, find_earlier
from bridge.running import RunningCall
from bridge.saying import Saying, pieces_of, saying
from bridge.speech.mouth import LIVE, Mouth
from bridge.storage.consents import ConsentRecord
from bridge.storage.records import CallKind
from bridge.telemetry.metrics import TurnParts
from bridge.telemetry.tracing import TurnFacts
from protocols import commands, events
from protocols.base import Capabilities, Ending, MediaProtocol

__all__ = ["CallSession", "Outcome", "Patience", "Services"]

LAST_WORDS_SECONDS = 10.0  # longer than any apology or goodbye
# A machine's greeting is over after so much silence, or is never over.
GREETING_SILENCE_SECONDS, LONGEST_GREETING_SECONDS = 1.5, 45.0


class _Taken(Struct, frozen=True):
    """The last turn taken, kept for as long as its utterance may go on."""

    before: DialogueState
    unfinished: Unfinished
    answers: tuple[Answer, ...]
    consent: ConsentQuestion | None = None  # for which it may have been the reply

    def going_on(self, pcm: bytes) -> "_Taken":
        """The same turn, of an utterance of which more has been heard."""
        return replace(self, unfinished=Unfinished(self.unfinished.phrases, pcm, has_gone_on=True))


class _AwaitingReply(Struct, frozen=True):
    """A turn whose reply has not begun to leave yet."""

    turn_index: int
    input: str  # what kind it was
    parts: TurnParts  # until the commit
    committed_at: float
    speech_ended_at: float | None

    def parts_with(self, first_audio_at: float) -> TurnParts:
        """All parts, once the reply has begun to leave."""
        ended_at = self.speech_ended_at
        total = None if ended_at is None else first_audio_at - ended_at
        return replace(self.parts, first_audio=first_audio_at - self.committed_at, total=total)


class CallSession(HeldCall[Line]):
    """Asks one caller one questionnaire."""

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
        seat: Place | None = None,
    ) -> None:
        """`known` is what is known of the call already, where its wire does not say it."""
        line = Line(
            protocol,
            clock=services.clock,
            send=send,
            send_seconds=services.patience.send_seconds,
            look_back_seconds=services.patience.look_back_seconds,
            recorder=recorder,
            opus=services.opus,
            on_dropped=services.metrics.dropped,
        )
        super().__init__(call_id, line, services, known, seat)
        self._questionnaire = questionnaire
        self._recorder = recorder
        self._said = Saying()
        self._consent: ConsentQuestion | None = None  # the one that was asked for last
        self._mouth: Mouth | None = None  # of the version that is asked
        self._state: DialogueState | None = None  # None: nothing has been asked yet
        self._stored_turns = 0
        self._reply_after_ms: float | None = None
        self._taken: _Taken | None = None
        self._earlier: Earlier | None = None
        self._goes_on = False  # with the same phone call, whose socket was lost
        self._has_given_way = False
        self._hand_over: Transfer | None = None
        self._is_put_through = False  # by the provider, which we have asked to
        self._awaiting_reply: _AwaitingReply | None = None
        self._notes: set[asyncio.Task[None]] = set()

    def running(self) -> RunningCall:
        """How the conversation is at this moment."""
        state = self._state
        step = Form(self._questionnaire, state).current() if state is not None else None
        return RunningCall(
            id=self.call_id,
            provider=self._line.capabilities.name,
            kind=CallKind.CONVERSATION,
            since=self._time.began,
            stage=self._stage,
            tenant=self._tenant,
            direction=self._direction,
            questionnaire=self._questionnaire.id,
            questionnaire_version=self._questionnaire.version,
            item=step.id if step is not None else None,
            turns=state.turns if state is not None else 0,
            reply_after_ms=self._reply_after_ms,
            by_keypad=state is not None and state.tally.by_keypad,
            is_dismissed=self._is_dismissed,
        )

    def machine_answered(self) -> None:
        """No person has picked up; not believed of a call that somebody has given an answer in."""
        if self._state is not None and self._state.answers:
            self._log.info("machine_not_believed")
        else:
            self._line.machine_answered()

    async def _begin(self, details: events.CallDetails) -> None:
        if details.is_machine:
            self._line.machine_answered()
        details = await self._find_earlier(details)
        record = call_record(
            self.call_id,
            details,
            provider=self._line.capabilities.name,
            questionnaire=self._questionnaire,
            model=self._services.recognizer_identity,
            tenant=self._tenant,
            started_at=self._time.now(),
        )
        await self._in_time(self._services.store.begin_call(record))
        self._log.info("call_started", questionnaire=self._questionnaire.id, direction=details.direction)

    # Where a provider opens a lost socket again

    async def _take(self, details: events.CallDetails) -> str | None:
        capabilities = self._line.capabilities
        if not capabilities.reconnect_seconds or details.provider_call_id is None:
            return await super()._take(details)
        key = CallKey(capabilities.name, details.provider_call_id)
        try:
            async with self._services.reconnections.only(key, self._give_way, self._clock):
                return None if self._line.is_gone else await self._take_up(details, key)
        except TimeoutError:
            self._line.fail(CLOSE_TRY_AGAIN, "the call's earlier socket does not let go of it")
            return None

    async def _take_up(self, details: events.CallDetails, key: CallKey) -> str | None:
        """Begin the call, or go on with it where another socket had it before."""
        lost = await self._in_time(
            call_before(
                self._services.store,
                key,
                self._questionnaire.id,
                now=self._clock.now(),
                seconds=self._line.capabilities.reconnect_seconds,
            )
        )
        if lost is None:
            return await super()._take(details)
        if not is_lost(lost):
            self._log.warning("call_was_over", before=lost.call_id, disposition=lost.disposition)
            await self._release(details)
            return None
        self._log.info("call_goes_on", before=lost.call_id)
        self._goes_on = True
        await self._in_time(self._services.store.note_interrupted(lost.call_id))
        return await super()._take(replace(details, custom={**details.custom, RESUMES: lost.call_id}))

    def _give_way(self) -> None:
        """Another socket has come for this call."""
        self._has_given_way = True
        self._line.fail(CLOSE_NORMAL, "the provider has opened another socket for the call", Cut.REPLACED)

    async def _find_earlier(self, details: events.CallDetails) -> events.CallDetails:
        """Go on with an earlier call, named or known by its number, where it can be gone on with."""
        store, now = self._services.store, self._clock.now()
        earlier_id = details.custom.get(RESUMES)
        if earlier_id is None and self._services.resumes_by_number:
            earlier_id = await self._in_time(
                call_cut_off(store, details, self._questionnaire, now=now, tenant=self._tenant)
            )
        if earlier_id is None:
            return details
        self._earlier = await self._in_time(
            find_earlier(
                store,
                earlier_id,
                self._questionnaire,
                now=now,
                is_same_call=self._goes_on,
                tenant=self._tenant,
            )
        )
        if self._earlier is None:
            return details
        self._questionnaire = self._earlier.questionnaire
        return replace(details, custom={**details.custom, RESUMES: earlier_id})

    # Converse

    async def _describe_further(self) -> None:
        """Record what the carrier told about the call after it had begun."""
        while self._line.further_details:
            details = self._line.further_details.pop(0)
            await self._services.store.describe_call(self.call_id, **described(details))

    async def _attend(self, details: events.CallDetails) -> Disposition:
        limit = self._services.patience.max_call_seconds
        try:
            async with self._clock.timeout(limit):
                disposition = await self._converse(details)
                if not await self._put_through(details) and disposition is Disposition.TRANSFERRED:
                    return Disposition.FAILED
                is_interrupted = self._has_given_way and disposition is Disposition.HUNG_UP
                return Disposition.INTERRUPTED if is_interrupted else disposition
        except TimeoutError:
            self._log.warning("call_too_long", limit_seconds=limit)
            self._cut = Cut.TOO_LONG
            await self._apologise()
            return Disposition.INTERRUPTED
        except DismissedError:
            self._cut = Cut.DISMISSED
            await self._say_last(engine.goodbye(self._questionnaire))
            self._line.close_code = CLOSE_GOING_AWAY
            return Disposition.INTERRUPTED
        except (StorageError, WorkerError) as error:
            self._log.error("call_failed", code=error.code, detail=str(error))
        except Exception:  # noqa: BLE001
            # The session's edge: a bug ends this call and is reported in full; no other call notices.
            self._log.exception("call_failed")
        self._cut = Cut.FAILED
        await self._apologise()
        return Disposition.FAILED

    async def _converse(self, details: events.CallDetails) -> Disposition:
        turn = self._open(self._context(details))
        state = self._state = turn.state
        if self._goes_on and may_record_the_call(self._questionnaire, state):
            self._record()  # agreed to in this very phone call, before its line was lost
        await self._perform(turn.actions)
        while True:
            heard = await self._hear(_listen(turn), state)
            if heard is None:
                last = turn.actions[-1]
                self._hand_over = last if isinstance(last, Transfer) else None
                return _disposition(turn)
            before = self._taken.before if heard.revises and self._taken else state
            heard = self._unless_unheard(heard, state)
            started = self._clock.monotonic()
            following = engine.advance(self._questionnaire, before, heard.input)
            understand_seconds = self._clock.monotonic() - started
            if heard.revises and self._taken and following.reading == turn.reading:
                self._taken = self._taken.going_on(heard.pcm)  # more was said, and it means the same
                if heard.has_stopped_reply:
                    await self._perform(turn.actions)
                continue
            answers = await self._commit(heard, before, following, understand_seconds)
            self._taken = self._keep(heard, before, turn, answers)
            if heard.revises and self._line.is_speaking:
                self._line.clear()
            turn, state = following, following.state
            self._state = state
            if isinstance(heard.input, Machine):
                await self._let_greet(turn)
            await self._perform(turn.actions)

    async def _let_greet(self, turn: Turn) -> None:
        """Wait until a machine has said its greeting, if it is to keep what we say."""
        if not any(isinstance(action, Say) for action in turn.actions):
            return
        with suppress(TimeoutError):
            async with self._clock.timeout(LONGEST_GREETING_SECONDS):
                while await self._line.next(GREETING_SILENCE_SECONDS):
                    if self._line.is_gone or self._is_dismissed:
                        return

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

    async def _hear(self, listen: Listen | None, state: DialogueState | None = None) -> Heard | None:
        rules: dict[str, Any] = {}
        if listen is not None and state is not None:
            rules = {
                "end_silence": partial(end_silence_seconds, self._questionnaire, state, listen),
                "is_nothing": partial(is_nothing, self._questionnaire, state),
            }
        return await Listener(
            self._line,
            self._services.recognizer,
            self._clock,
            listen=listen,
            barge_in=self._said.barge_in,
            unfinished=self._taken.unfinished if self._taken else None,
            prompt=self._said.audio,
            on_barge_in=self._metrics.barged_in,
            **rules,
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
        return _Taken(
            before, Unfinished(phrases, heard.pcm, has_gone_on=heard.revises), answers, self._consent
        )

    async def _perform(self, actions: tuple[Action, ...]) -> None:
        """Say what is to be said. Answers among the actions were committed with the turn.

        Raises:
            WorkerError: a sentence that must not be left out cannot be said.

        """
        if self._mouth is None:
            self._mouth = self._services.voices.of(self._questionnaire)
        pieces = pieces_of(actions)
        phrases = dict(zip(pieces, await self._mouth.phrases(pieces), strict=True))
        self._consent = question_of(self._questionnaire, actions, phrases) or self._consent
        for phrase in phrases.values():
            if phrase.how == LIVE or not phrase.audio:
                self._metrics.spoke_live(phrase.by, phrase.seconds)
        self._said = saying(actions, phrases)
        # Without words of its own a turn has no reply: what may still leave belongs to the one before.
        on_first_audio = self._on_first_audio if self._said.audio else None
        self._line.say(self._said.audio, on_first_audio=on_first_audio)

    # Commit

    def _unless_unheard(self, heard: Heard, state: DialogueState) -> Heard:
        """What was heard; premature, where it would answer a consent that was not heard to its end."""
        if heard.revises:
            return heard  # it was weighed when its first part came
        progress = self._line.progress()
        if self._consent is not None and not self._consent.is_whole:
            self._consent = self._consent.heard(progress)
        weighed = unless_unheard(self._questionnaire, state, heard.input, self._consent, progress)
        return replace(heard, input=weighed)

    async def _commit(
        self, heard: Heard, before: DialogueState, following: Turn, understand_seconds: float
    ) -> tuple[Answer, ...]:
        """Put the turn, its answers and the dialogue's state on disk, in one transaction."""
        answers = tuple(action.answer for action in following.actions if isinstance(action, Store))
        stored = answers
        if heard.revises and self._taken is not None:
            stored += withdrawn(self._taken.answers, answers)
            self._consent = self._taken.consent
        record = turn_record(
            heard,
            following,
            at=self._time.now(),
            prompt=self._said.text,
            spoken_by=self._said.by,
            progress=self._line.progress(),
            understand_seconds=understand_seconds,
        )
        state = msgspec.json.encode(following.state)
        self._keep_waiting()
        await self._in_time(self._describe_further())
        notices = tuple(action for action in following.actions if isinstance(action, Notify))
        consents = consents_of_turn(
            self._questionnaire, before, following.state, stored, self._consent, heard=heard.input
        )
        with self._sign_of_life(heard.speech_ended_at):
            receipt = await self._in_time(
                self._services.store.record_turn(
                    self.call_id,
                    record,
                    stored,
                    state,
                    notices,
                    sound=_sound(heard, answers),
                    consents=consents,
                    turn_number=self._stored_turns + 1,
                )
            )
        self._stored_turns = receipt.index
        for notice in notices:
            self._log.warning("escalated", turn=receipt.index, item=notice.item)
        self._record_or_not(consents)
        self._count(heard, following)
        self._metrics.committed(len(answers), len(notices))
        self._settle(None)
        parts = TurnParts(
            heard.endpoint_seconds, heard.recognise_seconds, understand_seconds, receipt.commit_ms / 1000
        )
        self._awaiting_reply = _AwaitingReply(
            receipt.index, input_name(heard.input), parts, self._clock.monotonic(), heard.speech_ended_at
        )
        self._log.info("turn_taken", turn=receipt.index, item=following.reading.item)
        return answers

    @contextmanager
    def _sign_of_life(self, since: float | None) -> Iterator[None]:
        """Let the caller hear that we are there, if this takes long; `since` is when they fell silent."""
        loop, now = asyncio.get_running_loop(), self._clock.monotonic()
        silent_seconds = self._clock.real_seconds(now - (now if since is None else since))
        patience = self._services.patience

        def hum() -> None:
            if not self._line.is_speaking and not self._line.gate.is_speaking:
                self._line.say([patience.waiting_sound])
            humming.append(loop.call_later(patience.waiting_seconds, hum))

        humming = [loop.call_later(max(0.0, patience.waiting_seconds - silent_seconds), hum)]
        try:
            yield
        finally:
            humming[-1].cancel()

    def _record_or_not(self, consents: tuple[ConsentRecord, ...]) -> None:
        """Keep the sound of the call from its beginning once the caller has agreed; forget it otherwise."""
        for consent in consents:
            if consent.purpose == CALL_RECORDING and consent.status == GIVEN:
                self._record()
            elif consent.purpose == CALL_RECORDING and is_void(consent) and self._recorder is not None:
                self._recorder.discard()

    def _record(self) -> None:
        try:
            if self._recorder is not None:
                self._recorder.keep()
        except OSError as error:  # the call goes on; what was agreed to is no duty of ours
            self._log.error("recording_failed", detail=str(error.strerror))

    def _count(self, heard: Heard, following: Turn) -> None:
        match heard.input:
            case NoInput():
                self._metrics.no_input()
            case NotHeard():
                self._metrics.not_heard()
        if following.reading.meaning == "no_match":
            self._metrics.no_match()
        if heard.recognise_seconds is not None:
            self._metrics.recognised(heard.recognise_seconds)

    def _on_first_audio(self, now: float) -> None:
        """The reply to a turn has begun to leave: measure how long the caller waited for it."""
        measured = self._settle(now)
        if measured is None:
            return
        note = asyncio.create_task(self._note_latency(*measured))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    def _settle(self, first_audio_at: float | None) -> tuple[int, TurnParts] | None:
        """Measure the turn that awaits its reply: that leaves now, or never will (None)."""
        waited, self._awaiting_reply = self._awaiting_reply, None
        if waited is None:
            return None
        if first_audio_at is not None and waited.speech_ended_at is not None:
            self._reply_after_ms = round((first_audio_at - waited.speech_ended_at) * 1000, 1)
        parts = waited.parts if first_audio_at is None else waited.parts_with(first_audio_at)
        self._metrics.turn_measured(parts)
        if self._trace is not None:
            seconds = self._clock.monotonic() - (waited.speech_ended_at or waited.committed_at)
            self._trace.turn(TurnFacts(waited.turn_index, waited.input, seconds, parts))
        return waited.turn_index, parts

    async def _note_latency(self, turn_index: int, parts: TurnParts) -> None:
        try:
            await self._services.store.note_first_audio(
                self.call_id,
                turn_index,
                milliseconds(parts.first_audio),
                milliseconds(parts.total),
                commit_ms=milliseconds(parts.commit),
            )
        except StorageError as error:  # a measurement, not an answer: the call goes on
            self._log.warning("latency_not_stored", code=error.code)

    # Finish

    async def _apologise(self) -> None:
        """Tell the caller that the call cannot go on."""
        await self._say_last(engine.apology(self._questionnaire))

    async def _say_last(self, *sentences: Say) -> None:
        """Say this instead of whatever is being said, if we still can, and let the caller hear it."""
        if self._line.is_gone:
            return
        with suppress(StorageError, WorkerError, TimeoutError):
            async with self._clock.timeout(LAST_WORDS_SECONDS * len(sentences)):
                self._line.clear()
                await self._perform(sentences)
                await self._hear(None)

    async def _finish(self, disposition: str, details: events.CallDetails) -> None:
        """Leave the line as the disposition wants it, and close the record."""
        await self._release(details)
        self._settle(None)
        await asyncio.gather(*self._notes)
        await self._end_record(disposition)
        if self._recorder is not None:
            self._recorder.close()

    def _farewell_seconds(self) -> float:
        """As ever; or until the provider has taken the caller from us."""
        capabilities = self._line.capabilities
        return self._takes_over_seconds or capabilities.farewell_seconds

    @property
    def _takes_over_seconds(self) -> float:
        """How long a provider that we have asked to takes to end the stream itself; 0: it does not."""
        return self._line.capabilities.transfer_seconds if self._is_put_through else 0.0

    async def _put_through(self, details: events.CallDetails) -> bool:
        """Ask the provider to hand a caller over whom the wire cannot; False: it did not, and they were told.

        Nobody who was promised a person is left in silence instead: they may be in danger.
        """
        capabilities, control = self._line.capabilities, self._services.control
        if self._hand_over is None or capabilities.transfer in {Ending.IN_BAND, Ending.CLOSE}:
            return True
        number = self._hand_over.target or self._services.site.get("phone")
        if control is None or number is None or self._line.is_gone:
            return True
        asked = asyncio.create_task(control.transfer(capabilities.name, details, number))
        try:
            await self._hold_on(asked)
            await asked
        except ControlError as error:
            self._log.error("provider_not_obeying", code=error.code, detail=str(error))
            if self._state is not None:
                await self._say_last(*engine.not_put_through(self._questionnaire, self._state))
            return False
        self._is_put_through = True
        return True

    async def _hold_on(self, asked: asyncio.Task[None]) -> None:
        """Let the caller hear something now and then until the provider has answered."""
        seconds = self._services.patience.waiting_seconds
        try:
            while not (await asyncio.wait({asked}, timeout=seconds))[0] and not self._line.is_gone:
                if self._state is not None:
                    await self._say_last(engine.hold(self._questionnaire, self._state))
        except asyncio.CancelledError:
            asked.cancel()
            raise

    async def _release(self, details: events.CallDetails) -> None:
        """Hand the caller over, or hang up: on the wire, or by asking the provider."""
        capabilities = self._line.capabilities
        if self._hand_over and capabilities.transfer in {Ending.IN_BAND, Ending.CLOSE}:
            self._line.command(commands.TransferCall(self._hand_over.target))
            return
        if self._takes_over_seconds:
            return
        control = self._services.control
        if control is not None and not self._is_put_through and not self._line.is_gone:
            await self._hang_up_by_request(control, details)
        self._line.command(commands.HangUp())

    async def _hang_up_by_request(self, control: PhoneControl, details: events.CallDetails) -> None:
        """Where closing the socket does not."""
        if self._line.capabilities.hang_up is not Ending.REST:
            return
        try:
            await control.hang_up(self._line.capabilities.name, details)
        except ControlError as error:
            self._log.error("provider_not_obeying", code=error.code, detail=str(error))


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
