"""A machine picks up: nothing of the questionnaire is said to it, and only what it has time to keep."""

import asyncio
import base64
import hmac
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import aiohttp
import numpy as np
import pytest
from shipped import write_short

from bridge.audio.frames import FRAME_BYTES
from bridge.audio.g711 import decode_ulaw, rms
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import CallOutcome, EndedBy, FakeCarrier
from bridge.carriers.lines import VOICE_RMS, Line, LineCaller, PauseLine, PressLine, SayLine
from bridge.carriers.registry import WIRES
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.identity.streams import StreamTokens

pytestmark = pytest.mark.call

AUTH_TOKEN = "the-twilio-auth-token"
PUBLIC = "https://hatif.example"
GREETING = Wording(
    "مَرْحَبًا، لَا أَسْتَطِيعُ الرَّدَّ عَلَى مُكَالَمَتِكُمُ الْآن. اتْرُكُوا رِسَالَةً بَعْدَ الصَّافِرَةِ، وَسَأَتَّصِلُ بِكُمْ فِي أَقْرَبِ وَقْت."
)
SPEED = 4


class Picker(LineCaller):
    """Whoever picks up; knows what was said to them, and what of it over their own words."""

    def __init__(self, lines: list[Line], on_frame: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(lines, LineNoise(np.random.default_rng(0)))
        self._on_frame = on_frame
        self.frames = 0
        self.heard: list[tuple[int, bool]] = []  # frames with a voice in them, and whether they spoke too

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear, say, and tell how far the call has come."""
        self.frames += 1
        if rms(decode_ulaw(heard)) >= VOICE_RMS:
            self.heard.append((self.frames, self._mouth.is_busy))
        self._on_frame(self.frames)
        return super().tick(heard)


@pytest.fixture(scope="module")
def greeting() -> bytes:
    """What a machine says, in mu-law."""
    return asyncio.run(spoken(GREETING))


async def spoken(wording: Wording) -> bytes:
    async with synthetic_voice(LineNoise(np.random.default_rng(0))) as voice:
        return await voice.speak(wording)


@pytest.fixture(scope="module")
def daemon(start_lasting_daemon: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A site with a message for machines, and one without."""
    questionnaires = tmp_path_factory.mktemp("site") / "questionnaires"
    short = write_short(questionnaires)
    shutil.copy(CONTENT / "questionnaires" / "appointment_reminder.yaml", questionnaires)
    return start_lasting_daemon(
        **short,
        HATIF_PROVIDERS__TWILIO__AUTH_TOKEN=AUTH_TOKEN,
        HATIF_SERVER__PUBLIC_URL=PUBLIC,
    )


async def posted(daemon: Any, path: str, fields: dict[str, str]) -> str:
    """As Twilio does; the answer."""
    signed = PUBLIC + path + "".join(name + fields[name] for name in sorted(fields))
    shown = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), "sha1")).decode()
    headers = {"X-Twilio-Signature": shown, "Content-Type": "application/x-www-form-urlencoded"}
    url = f"http://127.0.0.1:{daemon.port}{path}"
    async with (
        aiohttp.ClientSession() as client,
        client.post(url, data=urlencode(fields).encode(), headers=headers) as answer,
    ):
        assert answer.status < 300
        return await answer.text()


async def detected(daemon: Any, call: str, what: str) -> None:
    await posted(daemon, "/webhooks/twilio/status", {"CallSid": call, "AnsweredBy": what})


async def called(daemon: Any, picker: Picker, call: str, token: str) -> CallOutcome:
    carrier = FakeCarrier(WIRES["twilio"](), picker, clock=Clock(SPEED))
    known = CarrierCall("966500000001", "966110000001", call)
    return await carrier.place(daemon.url("/ws/twilio"), call=known, token=token, max_seconds=90)


def stream_token(daemon: Any, questionnaire: str) -> str:
    return str(StreamTokens(daemon.tokens_secret).issue(provider="twilio", questionnaire=questionnaire))


def kept(daemon: Any, call: str) -> tuple[str, int]:
    """How the call ended, and how many answers there are."""
    with closing(sqlite3.connect(daemon.database)) as database:
        found = database.execute(
            "SELECT disposition, (SELECT count(*) FROM answers WHERE call_id = calls.call_id) FROM calls"
            " WHERE provider_call_id = ?",
            (call,),
        ).fetchone()
        return found or ("", 0)


def soon(
    asking: Callable[[], Awaitable[None]], at: int
) -> tuple[Callable[[int], None], list[asyncio.Task[None]]]:
    """Do this when so many frames have passed."""
    tasks: list[asyncio.Task[None]] = []

    def on_frame(frame: int) -> None:
        if frame == at:
            tasks.append(asyncio.ensure_future(asking()))

    return on_frame, tasks


async def test_the_message_begins_after_the_greeting(daemon: Any, greeting: bytes) -> None:
    """What is found in mid-greeting stops the opening; the message follows the machine's last word."""
    on_frame, telling = soon(lambda: detected(daemon, "CA1", "machine_start"), at=100)
    machine = Picker([PauseLine(0.5), SayLine(greeting), PauseLine(60)], on_frame)
    frames = [greeting[at : at + FRAME_BYTES] for at in range(0, len(greeting), FRAME_BYTES)]
    last_word = 25 + max(at for at, frame in enumerate(frames) if rms(decode_ulaw(frame)) >= VOICE_RMS)

    outcome = await called(daemon, machine, "CA1", stream_token(daemon, "appointment_reminder"))

    await asyncio.gather(*telling)
    assert outcome.ended_by in {EndedBy.HATIF_CLOSED, EndedBy.HATIF_HUNG_UP}
    assert kept(daemon, "CA1") == ("voicemail", 0)
    over_greeting = [frame for frame, _ in machine.heard if 150 < frame < last_word]
    after_it = [frame for frame, _ in machine.heard if frame > last_word + 50]
    assert over_greeting == []
    assert len(after_it) > 100  # two seconds of "we call at another time"


async def test_nothing_is_said_where_no_message_is_written(daemon: Any, greeting: bytes) -> None:
    """It is hung up on at once: anybody may listen to what a machine keeps."""
    on_frame, telling = soon(lambda: detected(daemon, "CA2", "machine_end_beep"), at=100)
    machine = Picker([PauseLine(0.5), SayLine(greeting), PauseLine(60)], on_frame)

    await called(daemon, machine, "CA2", stream_token(daemon, "short"))

    await asyncio.gather(*telling)
    assert kept(daemon, "CA2") == ("voicemail", 0)
    assert not [frame for frame, _ in machine.heard if frame > 200]


async def test_a_machine_that_was_found_before_the_socket_came(daemon: Any, greeting: bytes) -> None:
    """The report waits for the call."""
    asked = {"CallSid": "CA3", "From": "+966110000001", "To": "+966500000001", "Direction": "outbound-api"}
    twiml = await posted(daemon, "/webhooks/twilio/answer/appointment_reminder", asked)
    (stream,) = fromstring(twiml).findall("Connect/Stream")  # noqa: S314 - our own
    await detected(daemon, "CA3", "machine_start")
    machine = Picker([PauseLine(0.2), SayLine(greeting), PauseLine(60)])

    await called(daemon, machine, "CA3", str(stream.get("url")).rpartition("/")[2])

    assert kept(daemon, "CA3") == ("voicemail", 0)


async def test_who_has_answered_is_no_machine(daemon: Any) -> None:
    """Detection errs, and comes late: somebody who has consented is not hung up on."""
    told = False

    def tell_once_answered(_frame: int) -> None:
        nonlocal told
        if not told and kept(daemon, "CA4")[1]:
            told = True
            telling.append(asyncio.ensure_future(detected(daemon, "CA4", "machine_start")))

    telling: list[asyncio.Future[None]] = []
    person = Picker([*(PressLine("1") for _ in range(4)), PauseLine(60)], tell_once_answered)
    await called(daemon, person, "CA4", stream_token(daemon, "appointment_reminder"))

    await asyncio.gather(*telling)
    disposition, answers = kept(daemon, "CA4")
    assert disposition != "voicemail"
    assert answers > 1


@pytest.mark.parametrize("said", ["human", "unknown", "fax"])
async def test_only_a_machine_is_one(daemon: Any, said: str) -> None:
    """Everything else goes on."""
    call = f"CA-{said}"
    on_frame, telling = soon(lambda: detected(daemon, call, said), at=100)
    person = Picker([PressLine("1"), PressLine("1"), PauseLine(1)], on_frame)

    await called(daemon, person, call, stream_token(daemon, "appointment_reminder"))

    await asyncio.gather(*telling)
    assert kept(daemon, call)[0] != "voicemail"
