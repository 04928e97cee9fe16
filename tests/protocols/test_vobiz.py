"""What Vobiz does otherwise than Plivo."""

import json
from pathlib import Path

import pytest

from bridge.carriers.base import CarrierCall, HangUpRequested, PlaybackCleared
from bridge.carriers.wires.vobiz import VobizWire
from protocols import (
    AudioReceived,
    CallDetails,
    CallStarted,
    ClearAudio,
    Command,
    HangUp,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    ReplyDue,
    SendMark,
)
from protocols.base import Ending
from protocols.http import HttpRequest
from protocols.plivo import NONCE_SECONDS
from protocols.provider import CallOrder, Grant, IncomingCall, SignatureError, StreamTarget, Verified
from protocols.vobiz import (
    PROVIDER,
    RECONNECT_SECONDS,
    VobizControl,
    VobizOptions,
    VobizProtocol,
    VobizWebhooks,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "vobiz.jsonl"
STREAM = "20170ada-f610-433b-8758-c02a2aab3662"
SILENCE = b"\xff" * 160


def said(event: str, **fields: object) -> str:
    return json.dumps({"event": event, **fields})


def start(encoding: str = "audio/x-mulaw", rate: int = 8000) -> str:
    return said(
        "start",
        start={
            "callId": "c",
            "streamId": STREAM,
            "mediaFormat": {"encoding": encoding, "sampleRate": rate},
        },
    )


MEDIA = said("media", streamId=STREAM, media={"payload": "/" * 213 + "w=="})
CLEARED = said("clearedAudio", streamId=STREAM)


def started_stream() -> VobizProtocol:
    protocol = VobizProtocol()
    protocol.receive(start())
    return protocol


def sent_by(protocol: VobizProtocol, *commands: Command) -> list[str]:
    """The kinds of messages that commands became."""
    return [json.loads(message)["event"] for command in commands for message in protocol.send(command)]


def released(protocol: VobizProtocol, message: str) -> list[str]:
    """The kinds of messages that were held back until this one."""
    owed = [event.message for event in protocol.receive(message) if isinstance(event, ReplyDue)]
    return [json.loads(message)["event"] for message in owed]


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


# The wire


def test_the_capture_is_produced() -> None:
    """Every message of ours is the notes', as parsed JSON; audio names its stream."""
    protocol = started_stream()
    commands = (PlayAudio(SILENCE), SendMark("turn-3"), ClearAudio(), HangUp())

    assert [json.loads(message) for each in commands for message in protocol.send(each)] == captured("out")


def test_an_acknowledgement_names_no_stream() -> None:
    """Nor has it a number."""
    protocol = started_stream()
    protocol.send(SendMark("m"))

    assert protocol.receive(said("playedStream", name="m")) == (MarkReturned("m", played=True),)


def test_media_before_the_start_is_kept() -> None:
    """It has been seen; it is heard first."""
    protocol = VobizProtocol()
    assert protocol.receive(MEDIA) == ()

    assert protocol.receive(start()) == (CallStarted(CallDetails("c", STREAM)), AudioReceived(SILENCE))


def test_linear_audio_changes_its_byte_order_on_the_way() -> None:
    """Big-endian towards us, little-endian from us."""
    (started,) = VobizProtocol().receive(start("audio/x-l16", 16000))

    assert isinstance(started, CallStarted)
    assert (started.heard.big_endian, started.spoken.big_endian) == (True, False)


def test_nothing_is_played_before_a_flush_is_over() -> None:
    """Or it would be flushed too: it is held back, and goes out in its order."""
    protocol = started_stream()
    assert sent_by(protocol, PlayAudio(SILENCE), ClearAudio()) == ["playAudio", "clearAudio"]

    assert sent_by(protocol, PlayAudio(b"\x01"), SendMark("after"), PlayAudio(b"\x02")) == []
    assert released(protocol, MEDIA) == []
    assert released(protocol, CLEARED) == ["playAudio", "checkpoint", "playAudio"]
    assert protocol.receive(said("playedStream", name="after")) == (MarkReturned("after", played=True),)
    assert sent_by(protocol, PlayAudio(SILENCE)) == ["playAudio"]
    assert released(protocol, CLEARED) == []


def test_what_is_held_back_can_be_dropped_too() -> None:
    """The caller speaks again: only what is said after that goes out, and one flush is enough."""
    protocol = started_stream()
    assert sent_by(protocol, ClearAudio(), PlayAudio(b"\x01"), SendMark("one")) == ["clearAudio"]
    assert sent_by(protocol, ClearAudio(), SendMark("two")) == []

    assert released(protocol, CLEARED) == ["checkpoint"]
    assert protocol.receive(said("playedStream", name="one")) == (MarkReturned("one", played=False),)
    assert protocol.receive(said("playedStream", name="two")) == (MarkReturned("two", played=True),)


def test_a_flush_is_not_waited_for_for_ever() -> None:
    """A second of the caller's audio, and we go on; each flush has a second of its own."""
    protocol = started_stream()
    for _ in range(2):
        sent_by(protocol, ClearAudio(), PlayAudio(b"\x01"))

        assert [released(protocol, MEDIA) for _ in range(50)] == [[]] * 49 + [["playAudio"]]


def test_hanging_up_is_a_message_and_is_never_held_back() -> None:
    """Nothing follows it."""
    protocol = started_stream()
    assert protocol.capabilities.hang_up is Ending.IN_BAND

    assert sent_by(protocol, ClearAudio(), PlayAudio(SILENCE), HangUp(), HangUp()) == ["clearAudio", "stop"]
    assert protocol.receive(CLEARED) == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(SILENCE))


# The far end


def test_the_far_end_refuses_what_the_flush_would_take() -> None:
    """Until it has acknowledged the clear, with the caller's next audio."""
    wire = VobizWire()
    wire.open(CarrierCall("1", "2", "c"))
    play = said("playAudio", media={"contentType": "audio/x-mulaw", "sampleRate": "8000", "payload": "AQ=="})

    assert wire.receive(said("clearAudio", streamId=STREAM)) == (PlaybackCleared(),)
    with pytest.raises(RemoteProtocolError, match="before clearedAudio"):
        wire.receive(play)
    cleared, _ = wire.audio(SILENCE)
    assert json.loads(cleared)["event"] == "clearedAudio"
    assert len(wire.receive(play)) == 1
    assert wire.receive(said("stop", streamId=STREAM)) == (HangUpRequested(),)
    assert wire.stop() == ()


# Signatures. Version 2 is the vector of plivo/plivo-go; version 3 was computed by its description.

SIGNATURES = {
    "v2": "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=",
    "v3": "2tUVd+6dOTo/13hSmD0yrftTKb57pVvy0kxqkPKxcqk=",
}


def callback(url: str = "https://answer.url", **headers: str) -> HttpRequest:
    named = {f"x-vobiz-signature-{name.replace('_', '-')}": value for name, value in headers.items()}
    return HttpRequest("POST", url, named, b"From=1")


def webhooks(token: str | None = "my_auth_token", *, required: bool = True) -> VobizWebhooks:  # noqa: S107
    return VobizWebhooks(VobizOptions(auth_token=token, require_signature=required))


@pytest.mark.parametrize("kind", ["", "ma_"])
@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.parametrize("url", ["https://answer.url", "https://answer.url/", "https://answer.url/?a=b"])
def test_either_version_is_right(version: str, kind: str, url: str) -> None:
    """The query is not signed; a subaccount's callback is signed by its main account as well."""
    request = callback(url, **{kind + version: SIGNATURES[version], f"{version}_nonce": "12345"})

    assert webhooks().verify(request, now=5.0) == Verified("vobiz 12345", 5.0 + NONCE_SECONDS)


@pytest.mark.parametrize(
    "request_",
    [
        callback(v3=SIGNATURES["v3"], v3_nonce="12346"),
        callback(v3=SIGNATURES["v3"]),
        callback(v3=SIGNATURES["v2"], v3_nonce="12345"),
        callback(v2=SIGNATURES["v3"], v2_nonce="12345"),
        callback("https://answer.url/other", v3=SIGNATURES["v3"], v3_nonce="12345"),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_a_wrong_signature_is_refused_wherever_it_is_given(request_: HttpRequest, *, required: bool) -> None:
    """Also where none is asked for."""
    with pytest.raises(SignatureError):
        webhooks(required=required).verify(request_, now=0.0)


def test_no_signature_is_a_decision_of_the_site() -> None:
    """Vobiz does not always send one; without a token none can be checked."""
    assert webhooks(None, required=False).verify(callback(), now=0.0) == Verified()
    with pytest.raises(SignatureError, match="missing or wrong"):
        webhooks().verify(callback(), now=0.0)
    with pytest.raises(SignatureError, match="not configured"):
        webhooks(None).verify(callback(), now=0.0)


def test_requests_have_their_own_address_and_credential() -> None:
    """Two headers, and paths in the case and with the slash that are asked for."""
    control = VobizControl(VobizOptions(auth_id="MA1", auth_token="t"))
    order = CallOrder(
        to="+1", from_="+2", stream=StreamTarget("wss://h"), answer_url="https://h", order_id="1"
    )
    base = "https://api.vobiz.ai/api/v1/Account/MA1/Call/"
    credential = {"x-auth-id": "MA1", "x-auth-token": "t"}

    placed, ended = control.place(order), control.hang_up(CallDetails("u"))
    assert (placed.url, ended.method, ended.url) == (base, "DELETE", f"{base}u/")
    assert credential.items() <= placed.headers.items()
    assert ended.headers == credential
    moved = json.loads(control.transfer(CallDetails("u"), "+3", "https://h/dial.xml").body)
    assert moved == {"legs": "aleg", "aleg_url": "https://h/dial.xml", "aleg_method": "GET"}
    with pytest.raises(LocalProtocolError, match=r"providers\.vobiz\.auth_id"):
        VobizControl(VobizOptions()).hang_up(CallDetails("u"))


@pytest.mark.parametrize(("retries", "seconds"), [(3, RECONNECT_SECONDS), (0, 0.0)])
def test_a_lost_socket_is_opened_again_as_often_as_the_document_says(retries: int, seconds: float) -> None:
    """Vobiz does so if it is asked to; where it is not, no second socket is let in."""
    options = VobizOptions(max_retries=retries)
    document = VobizWebhooks(options).connect(IncomingCall("CA1"), StreamTarget("wss://h/t"))
    protocol = PROVIDER.media(options, Grant(request=HttpRequest("GET", "wss://h/t"), is_authenticated=True))

    assert f'maxRetries="{retries}"'.encode() in document.body
    assert protocol.capabilities.reconnect_seconds == seconds
