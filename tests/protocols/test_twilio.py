"""Twilio's wire, from our end."""

import json
from pathlib import Path

import pytest

from protocols import (
    AcceptCall,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    Command,
    Direction,
    DtmfReceived,
    HangUp,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
)
from protocols.base import Ending
from protocols.errors import CLOSE_POLICY, CLOSE_UNSUPPORTED
from protocols.twilio import TwilioProtocol

CAPTURE = Path(__file__).parents[1] / "captures" / "twilio.jsonl"
STREAM = "MZ11111111111111111111111111111111"
SILENCE = b"\xff" * 160
MULAW = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


def said(event: str, **fields: object) -> str:
    return json.dumps({"event": event, "sequenceNumber": "3", "streamSid": STREAM, **fields})


def start(**changes: object) -> str:
    return said("start", start={"streamSid": STREAM, "callSid": "CA1", "mediaFormat": MULAW, **changes})


def mark(name: str) -> str:
    return said("mark", mark={"name": name})


def started_stream() -> TwilioProtocol:
    protocol = TwilioProtocol()
    protocol.receive(said("connected"))
    protocol.receive(start())
    return protocol


def sent_by(protocol: TwilioProtocol, *commands: Command) -> list[object]:
    return [json.loads(message) for command in commands for message in protocol.send(command)]


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


# What Twilio says


def test_the_capture_is_understood() -> None:
    """Every message of the page means what the page says."""
    protocol = TwilioProtocol()
    connected, start, media, *rest = [protocol.receive(json.dumps(message)) for message in captured("in")]

    assert connected == ()
    call = CallDetails("CA" + "3" * 32, STREAM, custom={"FirstName": "Jane", "LastName": "Doe"})
    assert start == (CallStarted(call),)
    (audio,) = media
    assert isinstance(audio, AudioReceived)
    assert (len(audio.payload), audio.timestamp_ms) == (160, 171)
    assert rest == [(DtmfReceived("1"),), (), (CallEnded(),)]


def test_a_start_without_connected_starts_the_stream() -> None:
    """`connected` says nothing that is needed."""
    assert TwilioProtocol().receive(start()) == (CallStarted(CallDetails("CA1", STREAM)),)


def test_parameters_may_name_the_parties() -> None:
    """Three parameters of the webhook become facts about the call; the rest stays attached to it."""
    parameters = {"caller_number": "+1", "callee_number": "+2", "direction": "outbound-api", "visit": 12}

    (started,) = TwilioProtocol().receive(start(customParameters=parameters))

    call = CallDetails("CA1", STREAM, "+1", "+2", Direction.OUTBOUND, {"visit": "12"})
    assert started == CallStarted(call)


def test_numbers_may_be_strings_or_numbers() -> None:
    """The page writes numbers as strings; a number means the same."""
    protocol = TwilioProtocol()
    as_text = {"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": "1"}
    protocol.receive(said("connected", sequenceNumber=1))

    assert len(protocol.receive(start(mediaFormat=as_text))) == 1
    media = {"payload": "//8=", "track": "inbound", "chunk": 1, "timestamp": 20}
    assert protocol.receive(said("media", sequenceNumber=2, media=media)) == (AudioReceived(b"\xff\xff", 20),)
    assert protocol.receive(said("dtmf", dtmf={"digit": 7})) == (DtmfReceived("7"),)


def test_what_we_said_ourselves_is_not_heard() -> None:
    """Media of the outbound track is ignored; media without a track is the caller's."""
    protocol = started_stream()

    assert protocol.receive(said("media", media={"payload": "//8=", "track": "outbound"})) == ()
    assert protocol.receive(said("media", media={"payload": "//8="})) == (AudioReceived(b"\xff\xff"),)


def test_an_unknown_event_is_ignored() -> None:
    """What Twilio adds tomorrow does not end the call."""
    protocol = TwilioProtocol()

    assert protocol.receive(said("weather", weather=[7])) == ()
    protocol.receive(start())
    assert protocol.receive(said("weather", weather=[7])) == ()


@pytest.mark.parametrize(
    "change",
    [{"encoding": "audio/l16"}, {"sampleRate": 16000}, {"sampleRate": "8e3"}, {"channels": 2}],
)
def test_another_format_than_mulaw_is_refused(change: dict[str, object]) -> None:
    """Audio that we would misread never starts a call."""
    protocol = TwilioProtocol()
    with pytest.raises(RemoteProtocolError, match=r"^start: mediaFormat: Expected audio/x-mulaw") as caught:
        protocol.receive(start(mediaFormat={**MULAW, **change}))

    assert caught.value.close_code == CLOSE_UNSUPPORTED
    with pytest.raises(LocalProtocolError):
        protocol.send(AcceptCall())


@pytest.mark.parametrize(
    "message",
    [
        said("media", media={"payload": "//8="}),
        said("dtmf", dtmf={"digit": "1"}),
        mark("m"),
        said("stop", stop={}),
    ],
)
def test_nothing_comes_before_start(message: str) -> None:
    """A stream that has not introduced itself is refused, by the name of the message."""
    with pytest.raises(RemoteProtocolError, match=r"^(media|dtmf|mark|stop) before start$") as caught:
        TwilioProtocol().receive(message)

    assert caught.value.close_code == CLOSE_POLICY


@pytest.mark.parametrize("message", [said("connected"), start()])
def test_a_stream_introduces_itself_once(message: str) -> None:
    """A second start, or a late `connected`, is against the order."""
    with pytest.raises(RemoteProtocolError, match=r"^(connected|start) after start$"):
        started_stream().receive(message)


def test_another_stream_is_not_let_in() -> None:
    """A socket carries one stream."""
    with pytest.raises(RemoteProtocolError, match=r"^mark of another stream$") as caught:
        started_stream().receive(said("mark", streamSid="MZ2", mark={"name": "m"}))

    assert caught.value.close_code == CLOSE_POLICY


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"{}", "a binary message where only text is spoken"),
        ("<xml/>", "message: not JSON"),
        (said("media"), "media: Object missing required field `media`"),
        (said("media", media={"payload": "A"}), "media: media.payload: Invalid base64 encoded string"),
        (
            said("media", media={"payload": "", "timestamp": "x"}),
            "media: timestamp: Expected a count of milliseconds",
        ),
        (said("dtmf", dtmf={"digit": "w"}), "dtmf: digit: Expected one key of 0-9, *, # or A-D"),
        (said("mark", mark="m"), "mark: mark: Expected `object`, got `str`"),
    ],
)
def test_a_broken_message_is_refused_by_name(message: str | bytes, complaint: str) -> None:
    """The complaint names message and field, and the socket is closed as having sent unusable data."""
    with pytest.raises(RemoteProtocolError) as caught:
        started_stream().receive(message)

    assert (str(caught.value), caught.value.close_code) == (complaint, CLOSE_UNSUPPORTED)


# What we say


def test_the_capture_is_produced() -> None:
    """Every message of ours is the page's, as parsed JSON."""
    commands = (AcceptCall(), PlayAudio(SILENCE), SendMark("my label"), ClearAudio())

    assert sent_by(started_stream(), *commands) == captured("out")


def test_nothing_is_sent_for_no_audio() -> None:
    """An empty payload is no message."""
    assert sent_by(started_stream(), PlayAudio(b"")) == []


def test_an_echo_proves_playback_unless_the_audio_was_cleared() -> None:
    """A clear returns pending marks, so theirs proves nothing; a later mark's does."""
    protocol = started_stream()
    sent_by(protocol, SendMark("one"), ClearAudio(), SendMark("two"))

    assert protocol.receive(mark("one")) == (MarkReturned("one", played=False),)
    assert protocol.receive(mark("two")) == (MarkReturned("two", played=True),)


@pytest.mark.parametrize("command", [AcceptCall(), PlayAudio(SILENCE), SendMark("m"), ClearAudio(), HangUp()])
def test_nothing_is_said_before_start(command: Command) -> None:
    """Without a stream there is no one to speak to: our bug."""
    with pytest.raises(LocalProtocolError, match=r"when the stream is waiting for its start$"):
        TwilioProtocol().send(command)


def test_a_transfer_is_not_on_this_wire() -> None:
    """Twilio transfers by REST, and the capabilities say so."""
    protocol = started_stream()

    assert protocol.capabilities.transfer is Ending.REST
    with pytest.raises(LocalProtocolError):
        protocol.send(TransferCall())


def test_hanging_up_is_closing_the_socket() -> None:
    """No message says it; nothing is heard or played any more."""
    protocol = started_stream()

    assert sent_by(protocol, HangUp(), HangUp()) == []
    assert protocol.receive(mark("late")) == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(SILENCE))


def test_after_stop_there_is_nobody_to_speak_to() -> None:
    """Our words and Twilio's stop may cross: what we say then goes nowhere, and is no bug."""
    protocol = started_stream()
    assert protocol.receive(said("stop", stop={})) == (CallEnded(),)

    assert sent_by(protocol, PlayAudio(SILENCE), SendMark("m"), ClearAudio(), HangUp()) == []
    assert protocol.receive(said("media", media={"payload": "//8="})) == ()


def test_a_stream_never_begins_by_waiting() -> None:
    """Without its start a stream is not known; with it there is nothing to wait for."""
    with pytest.raises(RemoteProtocolError, match=r"^no start has arrived$"):
        TwilioProtocol().begin_without_setup()

    assert started_stream().begin_without_setup() == ()
