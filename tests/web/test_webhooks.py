"""Webhooks of the real daemon: Twilio asks, is answered with a stream, reports how the call went."""

import asyncio
import base64
import hmac
import json
import sqlite3
import time
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import aiohttp
import jwt
import pytest
from yarl import URL

PUBLIC = "https://hatif.example"
AUTH_TOKEN = "the-twilio-auth-token"
FORM = "application/x-www-form-urlencoded"
INCOMING = {"CallSid": "CA1", "From": "+966500000001", "To": "+966110000001", "Direction": "inbound"}


def signature(path: str, fields: dict[str, str]) -> str:
    signed = PUBLIC + path + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), "sha1")).decode()


async def post(
    daemon: Any, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Ask as Twilio does; the status and the body of the answer."""
    shown = {"X-Twilio-Signature": signature(path, fields), "Content-Type": FORM, **(headers or {})}
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"http://127.0.0.1:{daemon.port}{path}", data=urlencode(fields).encode(), headers=shown
        ) as answer,
    ):
        return answer.status, await answer.text()


def stream_url(twiml: str) -> str:
    """Where the answer opens a media socket."""
    (stream,) = fromstring(twiml).findall("Connect/Stream")  # noqa: S314 - our own
    return str(stream.get("url"))


def rows(daemon: Any, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(daemon.database) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def daemon(start_daemon: Any) -> Any:
    return start_daemon(
        questionnaires=("post_discharge", "blood_pressure"),
        HATIF_PROVIDERS__TWILIO__AUTH_TOKEN=AUTH_TOKEN,
        HATIF_PROVIDERS__PLIVO__AUTH_TOKEN="t",
        HATIF_SERVER__PUBLIC_URL=PUBLIC,
    )


async def test_a_call_is_answered_and_its_stream_knows_it(daemon: Any) -> None:
    """From the webhook to a recorded call, which has the numbers that the stream's start does not name."""
    status, twiml = await post(daemon, "/webhooks/twilio/answer/blood_pressure", INCOMING)
    assert status == 200
    url = stream_url(twiml)
    assert url.startswith("wss://hatif.example/ws/twilio/")

    local = f"ws://127.0.0.1:{daemon.port}{url.removeprefix('wss://hatif.example')}"
    media = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    start = {
        "streamSid": "MZ1",
        "accountSid": "AC1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": media,
    }
    async with aiohttp.ClientSession() as client:
        async with client.ws_connect(local) as socket:
            await socket.send_str(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
            async with asyncio.timeout(10):
                assert json.loads((await socket.receive()).data)["event"] == "media"
        with pytest.raises(aiohttp.WSServerHandshakeError):  # the address was good once
            await client.ws_connect(local)
    query = "SELECT caller_number, callee_number, direction, questionnaire FROM calls"
    assert rows(daemon, query) == [("+966500000001", "+966110000001", "inbound", "blood_pressure")]


@pytest.mark.parametrize("path", ["/webhooks/twilio/answer", "/webhooks/twilio/status"])
async def test_who_has_not_signed_is_refused(daemon: Any, path: str) -> None:
    """A wrong signature, one of another path, and none at all."""
    for shown in ("wrong", signature("/webhooks/twilio/other", INCOMING), ""):
        status, text = await post(daemon, path, INCOMING, {"X-Twilio-Signature": shown})
        assert (status, "Stream" in text) == (401, False)


async def test_reports_never_lead_backwards(daemon: Any) -> None:
    """Completed, and then a late "ringing"."""
    for word in ("completed", "ringing", "completed"):
        fields = {"CallSid": "CA7", "CallStatus": word, "CallDuration": "61"}
        assert (await post(daemon, "/webhooks/twilio/status", fields))[0] == 204

    query = "SELECT status, seconds FROM phone_calls WHERE provider_call_id = 'CA7'"
    assert rows(daemon, query) == [("completed", 61.0)]


@pytest.mark.parametrize(
    ("said", "kept"), [("machine_end_beep", "machine"), ("human", "human"), ("fax", "fax")]
)
async def test_what_has_answered_is_kept(daemon: Any, said: str, kept: str) -> None:
    """Detection reports apart from the call's course; it does not lead backwards either."""
    call = f"CA-{said}"
    for fields in ({"AnsweredBy": said}, {"CallStatus": "completed"}, {"AnsweredBy": "unknown"}):
        assert (await post(daemon, "/webhooks/twilio/status", {"CallSid": call, **fields}))[0] == 204

    query = f"SELECT status, answered_by FROM phone_calls WHERE provider_call_id = '{call}'"  # noqa: S608
    assert rows(daemon, query) == [("completed", kept)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/webhooks/twilio/answer/no_such", 404),
        ("/webhooks/maqsam/answer", 404),
        ("/webhooks/nobody/answer", 404),
    ],
)
async def test_what_is_not_there(daemon: Any, path: str, status: int) -> None:
    """No questionnaire, no webhook, no provider of that name."""
    assert (await post(daemon, path, INCOMING))[0] == status


async def test_a_flood_is_cut_off(daemon: Any) -> None:
    """A body larger than any webhook's is not read to its end."""
    status, _ = await post(daemon, "/webhooks/twilio/status", {"x": "y" * 200_000})
    assert status == 413


async def test_no_number_is_in_the_log(daemon: Any) -> None:
    """What webhooks bring is a patient's."""
    await post(daemon, "/webhooks/twilio/answer", INCOMING)

    assert "66500000001" not in daemon.log


PLIVO = "https://hatif.example/webhooks/plivo/dial/%2B966110000009"


async def test_a_call_that_is_handed_over_is_told_whom_to_dial(daemon: Any) -> None:
    """Where the provider's interface takes addresses only; nobody else may ask."""
    nonce = "1"
    shown = base64.b64encode(hmac.digest(b"t", f"{PLIVO}.{nonce}".encode(), "sha256")).decode()
    headers = {"X-Plivo-Signature-V3": shown, "X-Plivo-Signature-V3-Nonce": nonce}
    local = URL(PLIVO.replace(PUBLIC, f"http://127.0.0.1:{daemon.port}"), encoded=True)
    async with aiohttp.ClientSession() as client:
        async with client.get(local, headers=headers) as answer:
            assert fromstring(await answer.text()).findtext("Dial/Number") == "+966110000009"  # noqa: S314
        async with client.get(local) as answer:
            assert answer.status == 401


def vonage(body: bytes, jti: str, secret: str = "s" * 32) -> dict[str, str]:
    """The headers of Vonage's webhook."""
    claims = {
        "iss": "Vonage",
        "iat": int(time.time()),
        "jti": jti,
        "payload_hash": sha256(body).hexdigest(),
    }
    token = jwt.encode(claims, secret, algorithm="HS256")
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


async def test_what_may_be_tried_again_is_asked_for_and_believed_then(start_daemon: Any) -> None:
    """Vonage tries again after 503 only: what came unsigned, and the same signature when we failed."""
    daemon = start_daemon(
        HATIF_PROVIDERS__VONAGE__SIGNATURE_SECRET="s" * 32,
        HATIF_SERVER__PUBLIC_URL=PUBLIC,
        HATIF_TOKENS__SECRET="",  # so no call can be answered
    )
    ringing = b'{"uuid":"u1","status":"ringing"}'
    wrong = vonage(ringing, "1", "x" * 32)
    answer, status = "/webhooks/vonage/answer", "/webhooks/vonage/status"
    offered = vonage(b'{"uuid":"u1"}', "2")
    rung = vonage(ringing, "3")
    expected = [
        (answer, ringing, {}, 503),
        (answer, ringing, wrong, 401),
        (status, ringing, {}, 503),
        (status, ringing, wrong, 401),
        (answer, b'{"uuid":"u1"}', offered, 503),
        (answer, b'{"uuid":"u1"}', offered, 503),  # and not 401
        (status, ringing, rung, 204),
        (status, ringing, rung, 401),
    ]
    async with aiohttp.ClientSession() as client:
        for path, body, headers, code in expected:
            async with client.post(
                f"http://127.0.0.1:{daemon.port}{path}", data=body, headers=headers
            ) as asked:
                assert asked.status == code, (path, headers, code)
    assert rows(daemon, "SELECT provider_call_id, status FROM phone_calls") == [("u1", "ringing")]
    daemon.stop()
