"""A call that is listened to and not spoken in: what is said on each of its channels, written down.

Every utterance is decoded under the open vocabulary and committed by itself, before anybody who follows the
call is told of it. One that is lost (the recogniser died, the database did not answer) is lost alone. Nothing
in here knows a provider, and nothing of what was said is logged.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bridge.audio.gate import UtteranceContinued, UtteranceEnded, UtteranceResumed, UtteranceStarted
from bridge.cuts import Cut
from bridge.dialogue.actions import Disposition
from bridge.errors import StorageError, WorkerError
from bridge.following import Unfinished
from bridge.holding import HeldCall, Outcome, Place, Services
from bridge.line import CLOSE_GOING_AWAY, Dismissed, Gone, Messages, Overheard
from bridge.overhearing import OverheardLine
from bridge.record import monitored_call_record
from bridge.running import RunningCall
from bridge.speech.base import Partial, RecognitionStream
from bridge.storage.records import CallKind
from bridge.storage.utterances import StoredUtterance, UtteranceRecord, keep_utterance
from protocols import commands, events
from protocols.base import MediaProtocol

__all__ = ["MONITORED", "MonitorSession", "Overhearing"]

MONITORED = "monitored"  # the disposition of a call that was listened to until it ended


class Overhearing(Protocol):
    """Who hands on what is said to those who follow."""

    def of_call(self, call_id: str) -> AbstractContextManager[None]:
        """While this is open, the call can be followed."""
        ...

    def publish(self, call_id: str, said: StoredUtterance) -> None:
        """Tell all who follow the call; never waits."""
        ...

    def is_followed(self, call_id: str) -> bool:
        """Whether anybody is told what is being said."""
        ...

    def hint(self, call_id: str, saying: Unfinished) -> None:
        """Tell all who follow the call what is being said; never waits, and may be missed."""
        ...


class MonitorSession(HeldCall[OverheardLine]):
    """Listens to one call."""

    def __init__(
        self,
        *,
        call_id: str,
        protocol: MediaProtocol,
        services: Services,
        transcripts: Overhearing,
        send: Callable[[str | bytes], Awaitable[None]],
        known: events.CallDetails | None = None,
        seat: Place | None = None,
    ) -> None:
        line = OverheardLine(
            protocol,
            clock=services.clock,
            send=send,
            send_seconds=services.patience.send_seconds,
            look_back_seconds=services.patience.look_back_seconds,
        )
        super().__init__(call_id, line, services, known, seat)
        self._transcripts = transcripts
        self._under_way: dict[events.Channel, RecognitionStream] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()

    def running(self) -> RunningCall:
        """How the call is at this moment."""
        return RunningCall(
            id=self.call_id,
            provider=self._line.capabilities.name,
            kind=CallKind.MONITORED,
            since=self._time.began,
            stage=self._stage,
            tenant=self._tenant,
            direction=self._direction,
            is_dismissed=self._is_dismissed,
        )

    async def run(self, messages: Messages) -> Outcome:
        """Listen until the call is over; as long can it be followed."""
        with self._transcripts.of_call(self.call_id):
            return await super().run(messages)

    async def _begin(self, details: events.CallDetails) -> None:
        record = monitored_call_record(
            self.call_id,
            details,
            provider=self._line.capabilities.name,
            model=self._services.recognizer_identity,
            tenant=self._tenant,
            started_at=self._time.now(),
        )
        await self._in_time(self._services.store.begin_call(record))
        self._log.info("call_started", role="listener", direction=details.direction)

    async def _attend(self, details: events.CallDetails) -> str:  # noqa: ARG002 - nobody is spoken to
        limit = self._services.patience.max_call_seconds
        try:
            async with self._clock.timeout(limit):
                return await self._listen()
        except TimeoutError:
            self._log.warning("call_too_long", limit_seconds=limit)
            self._cut = Cut.TOO_LONG
            return Disposition.INTERRUPTED
        except Exception:  # noqa: BLE001
            # The session's edge: a bug ends this call and is reported in full; no other call notices.
            self._log.exception("call_failed")
            self._cut = Cut.FAILED
            return Disposition.FAILED

    async def _finish(self, disposition: str, details: events.CallDetails) -> None:  # noqa: ARG002
        if disposition != Disposition.FAILED:  # else whatever is broken would be asked again
            for last in self._line.last_words():
                self._on_overheard(last)
        for stream in self._under_way.values():
            stream.cancel()
        await asyncio.gather(*self._writing)  # the recogniser and the database have deadlines of their own
        await self._end_record(disposition)
        self._line.command(commands.HangUp())

    # Listen

    async def _listen(self) -> str:
        """Until the call is over, or the daemon must end; the disposition."""
        while True:
            happening = await self._line.next()
            match happening:
                case Overheard():
                    self._on_overheard(happening)
                case Gone():
                    return MONITORED
                case Dismissed():
                    self._cut = Cut.DISMISSED
                    self._line.close_code = CLOSE_GOING_AWAY
                    return Disposition.INTERRUPTED
                case _:
                    pass  # keys: nothing is asked

    def _on_overheard(self, overheard: Overheard) -> None:
        match overheard.event:
            case UtteranceStarted(pcm=pcm) | UtteranceResumed(pcm=pcm):
                # What goes on after its end is another utterance.
                self._under_way[overheard.channel] = self._open(overheard)
                self._under_way[overheard.channel].feed(pcm)
            case UtteranceContinued(pcm=pcm):
                self._under_way[overheard.channel].feed(pcm)
            case UtteranceEnded(pcm_tail=pcm):
                stream = self._under_way.pop(overheard.channel)
                stream.feed(pcm)
                writing = asyncio.create_task(self._write_down(stream, overheard))
                self._writing.add(writing)
                writing.add_done_callback(self._writing.discard)

    def _open(self, overheard: Overheard) -> RecognitionStream:
        if not self._transcripts.is_followed(self.call_id):
            return self._services.recognizer.open(())
        began = round(overheard.began_seconds, 2)

        def tell(partial: Partial) -> None:
            self._metrics.partly_heard(partial.behind_seconds)
            self._transcripts.hint(self.call_id, Unfinished(overheard.channel, began, partial.text))

        return self._services.recognizer.open((), tell)

    # Write down

    async def _write_down(self, stream: RecognitionStream, ended: Overheard) -> None:
        try:
            hearing = await stream.finish()
            self._metrics.recognised(hearing.recognise_seconds)
            text, confidence = agreed(hearing.open)
            if text:
                await self._keep(ended, text, confidence)
        except WorkerError as error:
            self._metrics.not_heard()
            self._log.warning("utterance_lost", code=error.code, detail=str(error))
        except StorageError as error:
            self._log.warning("utterance_lost", code=error.code, detail=str(error))
        except Exception:  # noqa: BLE001 - a bug loses this utterance, and is reported in full
            self._log.exception("utterance_lost")

    async def _keep(self, ended: Overheard, text: str, confidence: float) -> None:
        record = UtteranceRecord(
            channel=ended.channel,
            at=self._time.now(),
            started_seconds=round(ended.began_seconds, 2),
            ended_seconds=round(ended.at_seconds, 2),
            text=text,
            confidence=round(confidence, 2),
        )
        async with self._in_order:  # those who follow are told in the order of the rows
            self._keep_waiting()
            stored = await self._in_time(keep_utterance(self._services.store, self.call_id, record))
            self._transcripts.publish(self.call_id, stored)


def agreed(texts: Sequence[str]) -> tuple[str, float]:
    """What most of the decoders heard, the first of them where they differ, and how many that were, 0..1."""
    if not texts:
        return "", 0.0
    text, count = Counter(texts).most_common(1)[0]
    return text, count / len(texts)
