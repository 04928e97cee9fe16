"""What `hatif answers` and `hatif transcript` show: stored calls, put together for a reader."""

import asyncio
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, decode_ulaw
from bridge.audit.entries import Action
from bridge.audit.log import note_locally
from bridge.clock import Clock
from bridge.dialogue.answer import AnswerStatus
from bridge.errors import StorageError
from bridge.storage.consents import StoredConsent, consents_of
from bridge.storage.place import Place, Where
from bridge.storage.records import StoredNotification
from bridge.storage.store import Store, StoredAnswer, StoredCall, StoredTurn
from bridge.storage.utterances import StoredUtterance, as_spoken, forget, utterances_of

__all__ = [
    "CallInFull",
    "CallInShort",
    "TranscriptInFull",
    "acknowledge",
    "find_call",
    "forget_transcript",
    "list_calls",
    "list_notifications",
    "open_archive",
    "save_sounds",
    "show_call",
    "show_transcript",
]

SEARCHED_CALLS = 10_000  # how far back a call is looked for by the beginning of its id


class CallInShort(Struct, frozen=True):
    """One line of the list."""

    call_id: str
    started_at: datetime
    provider: str
    questionnaire: str
    disposition: str | None
    answers: int


class CallInFull(Struct, frozen=True):
    """Everything about one call."""

    call: StoredCall
    answers: list[StoredAnswer]
    turns: list[StoredTurn]
    consents: list[StoredConsent]


class TranscriptInFull(Struct, frozen=True):
    """A call and what was said in it."""

    call: StoredCall
    utterances: list[StoredUtterance]


async def list_calls(database: Where, clock: Clock, limit: int) -> list[CallInShort]:
    """The latest calls, newest first.

    Raises:
        StorageError: there is no database, or it cannot be read.

    """
    async with open_archive(database, clock) as store:
        return [
            CallInShort(
                call_id=call.call_id,
                started_at=call.started_at,
                provider=call.provider,
                questionnaire=call.questionnaire,
                disposition=call.disposition,
                answers=sum(
                    one.status != AnswerStatus.WITHDRAWN for one in await store.answers(call.call_id)
                ),
            )
            for call in await store.calls(limit)
        ]


async def show_call(database: Where, clock: Clock, beginning: str) -> CallInFull:
    """The one call whose id begins so.

    Raises:
        StorageError: no call does, or several do, or there is no database.

    """
    async with open_archive(database, clock) as store:
        call = await find_call(store, beginning)
        await note_locally(store, database, Action.ANSWERS_READ, call.call_id, tenant=call.tenant)
        consents = await consents_of(store, call.call_id)
        return CallInFull(call, await store.answers(call.call_id), await store.turns(call.call_id), consents)


async def show_transcript(database: Where, clock: Clock, beginning: str) -> TranscriptInFull:
    """What was said in the one call whose id begins so, in the order in which it was spoken.

    Raises:
        StorageError: as `show_call`.

    """
    async with open_archive(database, clock) as store:
        call = await find_call(store, beginning)
        await note_locally(store, database, Action.TRANSCRIPT_READ, call.call_id, tenant=call.tenant)
        return TranscriptInFull(call, as_spoken(await utterances_of(store, call.call_id)))


async def forget_transcript(database: Where, clock: Clock, beginning: str) -> int:
    """Delete what was said in the one call whose id begins so; how many utterances that were.

    Raises:
        StorageError: as `show_call`.

    """
    async with open_archive(database, clock) as store:
        call = await find_call(store, beginning)
        await note_locally(store, database, Action.TRANSCRIPT_FORGET, call.call_id, tenant=call.tenant)
        return await forget(store, call.call_id)


async def save_sounds(database: Where, clock: Clock, beginning: str, folder: Path) -> list[Path]:
    """Write the answers of one call that are kept as sound to `folder`, as WAV files named by item.

    Raises:
        StorageError: as `show_call`, or the folder cannot be written to, or holds such a file already.

    """
    async with open_archive(database, clock) as store:
        call = await find_call(store, beginning)
        await note_locally(store, database, Action.ANSWERS_SOUND, call.call_id, tenant=call.tenant)
        kept = [answer for answer in await store.answers(call.call_id) if answer.audio]
        sounds = [(one, await store.sound(call.call_id, one.turn_index)) for one in kept]
    written = {_sound_file(folder, answer): sound for answer, sound in sounds if sound is not None}
    try:
        await asyncio.to_thread(_write_sounds, folder, written)
    except OSError as error:
        raise StorageError(f"{error.filename} cannot be written: {error.strerror}") from error
    return list(written)


def _sound_file(folder: Path, answer: StoredAnswer) -> Path:
    name = answer.item.replace("#", "_")  # an item of a repeated group: pill#2
    return folder / f"{answer.call_id[:12]}-{name}-{answer.revision}.wav"


def _write_sounds(folder: Path, sounds: Mapping[Path, bytes]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, ulaw in sounds.items():
        with path.open("xb") as file, wave.open(file, "wb") as wav:
            path.chmod(0o600)
            wav.setnchannels(1)
            wav.setsampwidth(SAMPLE_WIDTH)
            wav.setframerate(SAMPLE_RATE)
            wav.writeframes(decode_ulaw(ulaw))


async def list_notifications(database: Where, clock: Clock, *, only_open: bool) -> list[StoredNotification]:
    """What somebody has to see, the oldest first."""
    async with open_archive(database, clock) as store:
        await note_locally(store, database, Action.NOTIFICATIONS_READ, "*")
        return await store.notifications(only_open=only_open)


async def acknowledge(database: Where, clock: Clock, beginning: str, by: str) -> list[StoredNotification]:
    """Note that somebody has seen what is open about the call whose id begins so; what that was.

    Raises:
        StorageError: no call's id begins so, or several do, or there is no database.

    """
    async with open_archive(database, clock) as store:
        call = await find_call(store, beginning)
        await note_locally(store, database, Action.NOTIFICATION_ACKNOWLEDGE, call.call_id, tenant=call.tenant)
        notices = [one for one in await store.notifications() if one.call_id == call.call_id]
        return [
            one for one in notices if await store.acknowledge(one.call_id, one.turn_index, one.number, by)
        ]


async def find_call(store: Store, beginning: str) -> StoredCall:
    """The one call whose id begins so, or whose provider calls it so; StorageError: none does, or several."""
    calls = await store.calls(SEARCHED_CALLS)
    found = [call for call in calls if call.call_id.startswith(beginning)]
    found = found or [call for call in calls if call.provider_call_id == beginning]
    if not found:
        raise StorageError(f"no call's id begins with {beginning!r}; `hatif answers list` shows them")
    if len(found) > 1:
        raise StorageError(f"{len(found)} calls' ids begin with {beginning!r}: give more of it")
    return found[0]


@asynccontextmanager
async def open_archive(database: Where, clock: Clock) -> AsyncIterator[Store]:
    """Open the database that is there; none is made.

    Raises:
        StorageError: there is none, or it cannot be read.

    """
    place = Place.of(database)
    if place.file is not None:
        await asyncio.to_thread(place.require_file, "this")
    store = await Store.open(place, clock=clock)
    try:
        yield store
    finally:
        await store.close()
