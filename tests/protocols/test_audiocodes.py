"""AudioCodes VoiceAI Connect, from our end: what is peculiar to it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from protocols import (
    LINEAR_8K,
    MULAW_8K,
    AcceptCall,
    AudioReceived,
    CallDescribed,
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
    ReplyDue,
    SendMark,
    TransferCall,
)
from protocols.audio import AudioFormat, Encoding
from protocols.audiocodes import PROVIDER, AudioCodesOptions, AudioCodesProtocol
from protocols.errors import CLOSE_POLICY
from protocols.http import HttpRequest
from protocols.provider import SignatureError, Verified

CAPTURE = Path(__file__).parents[1] / "captures" / "audiocodes.jsonl"
SPEECH = bytes(range(1, 161))


def said(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, "conversationId": "c-1", **fields})


def told(*activities: dict[str, object]) -> str:
    return said("activities", activities=[{"type": "event", **each} for each in activities])


def chunk(payload: bytes = SPEECH, **fields: object) -> str:
    return said("userStream.chunk", audioChunk=base64.b64encode(payload).decode(), **fields)


def initiated(*formats: str) -> AudioCodesProtocol:
    protocol = AudioCodesProtocol()
    protocol.receive(said("session.initiate", caller="+1", supportedMediaFormats=formats or ["raw/mulaw"]))
    return protocol


def started(*formats: str) -> AudioCodesProtocol:
    protocol = initiated(*formats)
    protocol.receive(told({"name": "start", "parameters": {"caller": "+1", "callee": "+2"}}))
    return protocol


def introduced(**parameters: object) -> CallDetails:
    (event,) = initiated().receive(told({"name": "start", "parameters": parameters}))
    assert isinstance(event, CallStarted)
    return event.details


def sent(protocol: AudioCodesProtocol, *commands: Command) -> list[Any]:
    return [json.loads(message) for command in commands for message in protocol.send(command)]


def owed(events: Any) -> Any:
    (event,) = [each for each in events if isinstance(each, ReplyDue)]
    return json.loads(event.message)


def test_the_capture_is_understood_and_produced() -> None:
    """Every message of the sources means what they say."""
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    protocol = AudioCodesProtocol()
    events = [protocol.receive(json.dumps(line["msg"])) for line in lines if line["dir"] == "in"]
    initiate, start, begun, audio, key, played, stopped, validated, ended = events
    call = CallDetails("f010e998-4499-4ddb-80d4-fea137fd7b4d", None, "+12025550123", "+12025550100")

    assert owed(initiate) == {"type": "session.accepted", "mediaFormat": "raw/mulaw"}
    assert start == [CallStarted(call, MULAW_8K, MULAW_8K)]
    assert [owed(each)["type"] for each in (begun, stopped)] == ["userStream.started", "userStream.stopped"]
    assert owed(validated) == {"type": "connection.validated", "success": True}
    assert audio == (AudioReceived(b"\xff" * 160),)
    assert (key, played, ended) == ([DtmfReceived("5")], [], (CallEnded(),))
    commands = (AcceptCall(), PlayAudio(SPEECH), SendMark("m"), ClearAudio(), HangUp())
    transferred = sent(started(), TransferCall("+14077511320"))
    assert sent(started(), *commands) + transferred == [line["msg"] for line in lines if line["dir"] == "out"]


# What VoiceAI Connect says


@pytest.mark.parametrize(
    ("offered", "taken", "heard"),
    [
        (["wav/mulaw", "raw/lpcm16", "raw/mulaw"], "raw/mulaw", MULAW_8K),
        (["raw/lpcm16", "raw/lpcm16_8"], "raw/lpcm16_8", LINEAR_8K),
        (["raw/lpcm16_24", "raw/lpcm16"], "raw/lpcm16", AudioFormat(Encoding.LINEAR, 16000)),
        (["raw/lpcm16_24"], "raw/lpcm16_24", AudioFormat(Encoding.LINEAR, 24000)),
        ([], "raw/lpcm16", AudioFormat(Encoding.LINEAR, 16000)),
    ],
)
def test_the_best_offer_is_taken(offered: list[str], taken: str, heard: AudioFormat) -> None:
    """Mu-law, because it needs no conversion; without an offer what the vendor's SDK takes."""
    protocol = AudioCodesProtocol()
    accepted = owed(protocol.receive(said("session.initiate", supportedMediaFormats=offered)))
    (start,) = protocol.receive(told({"name": "start"}))

    assert accepted["mediaFormat"] == taken
    assert isinstance(start, CallStarted)
    assert (start.heard, start.spoken) == (heard, heard)
    begun, _ = sent(protocol, PlayAudio(SPEECH))
    assert begun["mediaFormat"] == taken


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"supportedMediaFormats": ["wav/mulaw"]}, "supportedMediaFormats: Expected one of raw/mulaw"),
        ({"expectAudioMessages": False}, "expectAudioMessages: Expected voice streaming"),
    ],
)
def test_what_we_cannot_serve_is_refused(fields: dict[str, object], complaint: str) -> None:
    """Audio with a file's header, or a bot that is to answer in text."""
    with pytest.raises(RemoteProtocolError, match=complaint):
        AudioCodesProtocol().receive(said("session.initiate", **fields))


def test_an_outbound_call_brings_what_the_dialler_attached() -> None:
    """The target is the person asked; the metadata may be an object, or one written as a text."""
    for metadata in ({"visit": 12}, '{"visit": 12}'):
        call = introduced(
            caller="+966110000001",
            outboundTarget="tel:+966500000001",
            dialoutMetadata=metadata,
            callerHost="192.0.2.1",
            vaigConversationId="v-1",
            clinic="north",
        )
        assert call.direction is Direction.OUTBOUND
        assert (call.provider_call_id, call.subject_number) == ("v-1", "+966500000001")
        assert call.custom == {"visit": "12", "clinic": "north"}
    assert introduced(dialoutMetadata="call me").custom == {}


def test_a_call_whose_start_does_not_come_begins_anyway() -> None:
    """With what the initiation told; the start may then tell more."""
    protocol = initiated()

    (begun,) = protocol.begin_without_setup()
    assert isinstance(begun, CallStarted)
    assert begun.details == CallDetails("c-1", caller_number="+1")
    late = protocol.receive(told({"name": "start", "parameters": {"callee": "sip:+2@192.0.2.1"}}))
    assert late == [CallDescribed(CallDetails("c-1", caller_number="+1", callee_number="+2"))]
    assert protocol.begin_without_setup() == ()
    with pytest.raises(RemoteProtocolError, match=r"no session\.initiate"):
        AudioCodesProtocol().begin_without_setup()


def test_a_test_of_the_connection_is_no_call() -> None:
    """Live Hub's button; nothing has begun by it."""
    protocol = AudioCodesProtocol()

    assert owed(protocol.receive(said("connection.validate"))) == {
        "type": "connection.validated",
        "success": True,
    }
    with pytest.raises(LocalProtocolError, match="waiting for its initiation"):
        protocol.send(AcceptCall())


@pytest.mark.parametrize(
    ("activity", "keys"),
    [
        ({"name": "dtmf", "value": "5"}, "5"),
        ({"name": "DTMF", "value": 5}, "5"),
        ({"name": "DTMF", "value": "42#"}, "42#"),
        ({"name": "dtmf"}, ""),
        ({"name": "noUserInput", "value": 1}, ""),
    ],
)
def test_keys_come_one_by_one_or_together(activity: dict[str, object], keys: str) -> None:
    """In either spelling, as a text or a number."""
    assert started().receive(told(activity)) == [DtmfReceived(key) for key in keys]


def test_a_word_is_no_key() -> None:
    """And the complaint does not repeat it."""
    with pytest.raises(RemoteProtocolError, match=r"^dtmf: digit: Expected one key"):
        started().receive(told({"name": "dtmf", "value": "5w"}))


def test_others_than_the_caller_are_not_heard() -> None:
    """Nor is whoever speaks before the call has begun."""
    assert started().receive(chunk(participant="agent")) == ()
    assert started().receive(chunk(participant="caller")) == (AudioReceived(SPEECH),)
    assert initiated().receive(chunk()) == ()


def test_a_conversation_resumes_on_its_own_socket_only() -> None:
    """On a new one it is not known, and VoiceAI Connect is told so."""
    assert owed(started().receive(said("session.resume"))) == {
        "type": "session.accepted",
        "mediaFormat": "raw/mulaw",
    }
    protocol = AudioCodesProtocol()
    refused = protocol.receive(said("session.resume"))
    assert owed(refused)["type"] == "session.error"
    assert refused[-1] == CallEnded()
    assert protocol.receive(chunk()) == ()


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (said("session.initiate"), "session.initiate after session.initiate"),
        (said("userStream.start", conversationId="c-2"), "userStream.start of another conversation"),
        (said("session.resume", conversationId="c-2"), "session.resume of another conversation"),
    ],
)
def test_a_socket_has_one_conversation(message: str, complaint: str) -> None:
    """A second one, or another's, is refused."""
    with pytest.raises(RemoteProtocolError, match=f"^{complaint}$") as caught:
        started().receive(message)
    assert caught.value.close_code == CLOSE_POLICY


@pytest.mark.parametrize("message", [chunk(), said("userStream.start"), told({"name": "start"})])
def test_nothing_comes_before_the_initiation(message: str) -> None:
    """Whose audio would it be?"""
    with pytest.raises(RemoteProtocolError, match=r"before session\.initiate$"):
        AudioCodesProtocol().receive(message)


# What we say


def test_the_ends_of_streams_are_asked_for_once() -> None:
    """They are not sent otherwise."""
    protocol = started()

    assert len(sent(protocol, AcceptCall(), AcceptCall())) == 1


def test_every_phrase_is_a_stream_of_its_own() -> None:
    """Begun with its first audio, ended by its mark; no audio begins none."""
    protocol = started()
    told_ = sent(
        protocol, PlayAudio(b""), PlayAudio(SPEECH), PlayAudio(SPEECH), SendMark("a"), PlayAudio(SPEECH)
    )

    assert [(each["type"].partition(".")[2], each["streamId"]) for each in told_] == [
        ("start", "play-1"),
        ("chunk", "play-1"),
        ("chunk", "play-1"),
        ("stop", "play-1"),
        ("start", "play-2"),
        ("chunk", "play-2"),
    ]


def test_a_mark_returns_with_its_stream() -> None:
    """By the stream's name; where none is told, the oldest is meant."""
    protocol = started()
    sent(protocol, PlayAudio(SPEECH), SendMark("a"), PlayAudio(SPEECH), SendMark("b"))
    sent(protocol, PlayAudio(SPEECH), SendMark("c"), SendMark("with c"))

    named = protocol.receive(told({"name": "playFinished", "streamId": "play-2"}))
    assert named == [MarkReturned("b", played=True)]
    assert protocol.receive(told({"name": "playFinished"})) == [MarkReturned("a", played=True)]
    with pytest.raises(LocalProtocolError, match="has not come back yet"):
        protocol.send(SendMark("c"))
    assert protocol.receive(told({"name": "playFinished"})) == [
        MarkReturned("c", played=True),
        MarkReturned("with c", played=True),
    ]
    assert protocol.receive(told({"name": "playFinished"})) == []


def test_the_end_of_an_aborted_stream_proves_nothing() -> None:
    """Nor does it prove anything of the stream after it, if no name is told."""
    protocol = started()
    sent(protocol, PlayAudio(SPEECH), SendMark("old"), PlayAudio(SPEECH))
    aborted = sent(protocol, ClearAudio(), PlayAudio(SPEECH), SendMark("new"))

    assert [each["type"] for each in aborted[:2]] == ["playStream.stop", "activities"]
    assert protocol.receive(told({"name": "playFinished"})) == [MarkReturned("old", played=False)]
    assert protocol.receive(told({"name": "playFinished"})) == []  # of what was being sent
    assert protocol.receive(told({"name": "playFinished"})) == [MarkReturned("new", played=True)]


def test_a_transfer_may_name_no_number() -> None:
    """Then the site's own target is meant; an address is taken as it is."""
    (message,) = sent(started(), TransferCall())
    assert message["activities"] == [{"type": "event", "name": "transfer"}]
    (message,) = sent(started(), TransferCall("sip:ward@hospital.example"))
    parameters = message["activities"][0]["activityParams"]
    assert parameters == {"transferTarget": "sip:ward@hospital.example"}


def test_after_the_last_word_only_the_end_is_heard() -> None:
    """A stream that was being sent is ended first; what was on its way is ignored."""
    protocol = started()
    last = sent(protocol, PlayAudio(SPEECH), HangUp(), HangUp())

    assert [each["type"] for each in last[2:]] == ["playStream.stop", "activities"]
    assert protocol.receive(chunk()) == ()
    assert protocol.receive(told({"name": "dtmf", "value": "1"})) == []
    with pytest.raises(LocalProtocolError, match="handed back"):
        protocol.send(PlayAudio(SPEECH))
    assert protocol.receive(said("session.end")) == (CallEnded(),)
    assert sent(protocol, PlayAudio(SPEECH), HangUp()) == []


# The credential

OPTIONS = AudioCodesOptions(token="right", second_token="next")


def admitted(options: AudioCodesOptions, authorization: str | None) -> Verified | None:
    headers = {} if authorization is None else {"authorization": authorization}
    assert PROVIDER.admit
    return PROVIDER.admit(options, HttpRequest("GET", "wss://hatif.example/ws/audiocodes", headers), 0.0)


def test_the_token_is_shown_as_bearer() -> None:
    """Either of two, while they are being changed."""
    assert admitted(OPTIONS, "Bearer right") == admitted(OPTIONS, "bearer  next") == Verified()
    assert PROVIDER.is_guarded
    assert PROVIDER.is_guarded(OPTIONS)
    assert not PROVIDER.is_guarded(AudioCodesOptions())


@pytest.mark.parametrize("authorization", [None, "", "Bearer wrong", "Basic right", "right", "Bearer "])
def test_whoever_shows_no_token_is_refused(authorization: str | None) -> None:
    """A wrong one, none, or one of another kind; an unset token lets nobody in."""
    for options in (OPTIONS, AudioCodesOptions()):
        with pytest.raises(SignatureError):
            admitted(options, authorization)
