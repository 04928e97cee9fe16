"""What is peculiar to FreeSWITCH's two modules: metadata of any kind or none, files, a script's words."""

import base64
import json
from typing import Any

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall
from bridge.carriers.wires.audio_fork import AudioForkWire
from bridge.carriers.wires.freeswitch import FreeSwitchWire
from protocols import (
    LINEAR_8K,
    PROVIDERS,
    AcceptCall,
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    Direction,
    DtmfReceived,
    Encoding,
    HangUp,
    MarkReturned,
    MediaProtocol,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
)
from protocols.audio_fork import AudioForkOptions
from protocols.freeswitch import FreeSwitchOptions
from protocols.http import HttpRequest, basic
from protocols.provider import Grant, Options, SignatureError, Verified

CALL = CarrierCall("966500000001", "966110000001", "4711")
BOTH = {"freeswitch": FreeSwitchOptions, "audio_fork": AudioForkOptions}
both = pytest.mark.parametrize("name", BOTH)


def machine(name: str, **options: Any) -> MediaProtocol:
    upgrade = HttpRequest("GET", f"wss://hatif.example/ws/{name}")
    return PROVIDERS[name].media(BOTH[name](**options), Grant(request=upgrade, is_authenticated=True))


def started(name: str, **options: Any) -> MediaProtocol:
    protocol = machine(name, **options)
    protocol.begin_without_setup()
    return protocol


def said(protocol: MediaProtocol, *commands: Any) -> list[Any]:
    messages = [message for command in commands for message in protocol.send(command)]
    return [json.loads(each) if isinstance(each, str) else each for each in messages]


# Metadata


@both
@pytest.mark.parametrize(
    ("metadata", "details"),
    [
        (
            '{"uuid":"u1","caller_id_number":"0501234567","destination_number":937,"visit":12,"x":null}',
            CallDetails("u1", None, "0501234567", "937", custom={"visit": "12"}),
        ),
        (
            '{"call_id":7,"from":"1","to":"2","direction":"outbound","custom":{"a":"b"},"c":[1]}',
            CallDetails("7", None, "1", "2", Direction.OUTBOUND, {"a": "b", "c": "[1]"}),
        ),
        ("{}", CallDetails()),
        ("visit-12", CallDetails(custom={"metadata": "visit-12"})),
        ("مرحبا", CallDetails(custom={"metadata": "مرحبا"})),
        ('["a"]', CallDetails(custom={"metadata": '["a"]'})),
        ('{"custom":7}', CallDetails(custom={"metadata": '{"custom":7}'})),
        ('{"a":"\\ud800"}', CallDetails(custom={"metadata": '{"a":"\\ud800"}'})),
    ],
)
def test_metadata_may_be_anything(name: str, metadata: str, details: CallDetails) -> None:
    """It arrives verbatim: an object tells of the call, everything else is kept."""
    assert machine(name).receive(metadata) == (CallStarted(details, LINEAR_8K, LINEAR_8K),)


@both
def test_metadata_may_never_come(name: str) -> None:
    """Then the first audio begins the call, or a word of the script, or the end of the grace."""
    begun = CallStarted(CallDetails(), LINEAR_8K, LINEAR_8K)
    assert PROVIDERS[name].capabilities.setup_grace_seconds is not None
    assert machine(name).receive(b"\1\0") == (begun, AudioReceived(b"\1\0"))
    assert machine(name).receive('{"type":"dtmf","key":"1"}') == (begun, DtmfReceived("1"))
    protocol = machine(name)
    assert (protocol.begin_without_setup(), protocol.begin_without_setup()) == ((begun,), ())


@both
@pytest.mark.parametrize(
    "text", ["", "hello", "null", "[]", '{"type":7}', '{"type":"other"}', '{"no":"type"}']
)
def test_later_texts_are_the_operators_own_affair(name: str, text: str) -> None:
    """Whatever `send_text` says that is no word of ours is no second introduction either."""
    assert started(name).receive(text) == ()


@both
@pytest.mark.parametrize(
    "text", ['{"type":"dtmf","key":"12"}', '{"type":"dtmf"}', '{"type":"mark","name":[]}']
)
def test_a_word_of_ours_must_be_right(name: str, text: str) -> None:
    """A script that is wrong is to be noticed."""
    with pytest.raises(RemoteProtocolError):
        started(name).receive(text)


@both
def test_the_script_stops_a_call(name: str) -> None:
    """And after it nothing is heard or said."""
    protocol = started(name)
    assert protocol.receive('{"type":"stop"}') == (CallEnded(),)
    assert (protocol.receive(b"\0\0"), protocol.send(PlayAudio(b"\0\0"))) == ((), ())


@both
def test_16_khz_is_an_option(name: str) -> None:
    """Both ways, and the files say so."""
    protocol = machine(name, wideband=True)
    (event,) = protocol.begin_without_setup()
    assert event.heard == event.spoken == AudioFormat(Encoding.LINEAR, 16000)
    (message,) = said(protocol, PlayAudio(b"\0\0"))
    assert message["data"]["sampleRate"] == 16000


@both
def test_keys_may_be_tones(name: str) -> None:
    """Where the script does not tell them."""
    assert machine(name).capabilities.sends_keys
    assert not machine(name, keys_in_audio=True).capabilities.sends_keys


# Playing


def test_a_phrase_is_one_file() -> None:
    """A minute may be sent ahead; only what is longer than ten seconds is cut."""
    protocol = started("freeswitch")
    phrase = bytes(range(200)) * 1200  # 15 s
    messages = said(protocol, PlayAudio(phrase))
    assert PROVIDERS["freeswitch"].capabilities.lead_seconds >= 60
    assert [message["type"] for message in messages] == ["streamAudio"] * 2
    assert {message["data"]["audioDataType"] for message in messages} == {"raw"}
    assert b"".join(base64.b64decode(message["data"]["audioData"]) for message in messages) == phrase


def test_mod_audio_stream_is_told_in_our_words() -> None:
    """The module hands them to the script as they are."""
    protocol = started("freeswitch")
    assert said(protocol, AcceptCall(), SendMark("m"), ClearAudio(), TransferCall("937"), HangUp()) == [
        {"type": "mark", "name": "m"},
        {"type": "clear"},
        {"type": "transfer", "to": "937"},
    ]
    assert said(started("freeswitch"), HangUp()) == [{"type": "hangup"}]


def test_mod_audio_fork_is_told_in_its_own() -> None:
    """An event of another type is an error in its log; `queuePlay` keeps what is playing."""
    protocol = started("audio_fork")
    audio, *rest = said(protocol, PlayAudio(b"\1\0"), SendMark("m"), ClearAudio(), TransferCall("937"))
    data = {"audioContentType": "raw", "sampleRate": 8000, "audioContent": "AQA=", "queuePlay": True}
    assert audio == {"type": "playAudio", "data": data}
    assert rest == [
        {"type": "json", "data": {"type": "mark", "name": "m"}},
        {"type": "killAudio"},
        {"type": "transfer", "data": {"to": "937"}},
    ]
    assert said(started("audio_fork"), HangUp()) == [{"type": "disconnect", "data": {}}]


def test_an_empty_message_of_mod_audio_fork_is_its_goodbye() -> None:
    """`graceful-shutdown`: no more audio comes. To mod_audio_stream it means nothing."""
    assert started("audio_fork").receive(b"") == (CallEnded(),)
    assert started("freeswitch").receive(b"") == ()


def test_mod_audio_fork_is_answered_with_its_subprotocol() -> None:
    """Its library drops a connection without."""
    offered = AudioForkWire().dial("wss://hatif.example/ws/audio_fork", CALL, None).subprotocols
    assert set(offered) <= set(PROVIDERS["audio_fork"].capabilities.subprotocols)
    assert offered


def test_jambonz_fork_plays_binary_messages_and_keeps_the_last_80_ms_back() -> None:
    """So silence follows each phrase, before its mark."""
    protocol, wire = started("audio_fork", streams=True), AudioForkWire(streams=True)
    assert protocol.capabilities.lead_seconds < 1
    messages = [*protocol.send(PlayAudio(b"\1\0" * 160)), *protocol.send(SendMark("m"))]
    assert messages[:2] == [b"\1\0" * 160, bytes(2 * 640)]
    heard = [event for message in messages for event in wire.receive(message)]
    assert [type(event) for event in heard[:2]] == [AudioToPlay] * 2
    (returned,) = wire.mark("m")
    assert protocol.receive(returned) == (MarkReturned("m", played=True),)


def test_jambonz_fork_tells_a_mark_that_was_cleared() -> None:
    """Whether or not we cleared it: the module may have dropped it of itself."""
    protocol = started("audio_fork", streams=True)
    protocol.send(SendMark("m"))
    cleared = '{"type":"mark","data":{"name":"m","event":"cleared"}}'
    assert protocol.receive(cleared) == (MarkReturned("m", played=False),)


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (FreeSwitchWire(), b"\0\0"),
        (FreeSwitchWire(), '{"type":"playAudio"}'),
        (
            FreeSwitchWire(),
            '{"type":"streamAudio","data":{"audioDataType":"raw","sampleRate":11025,"audioData":"AAA="}}',
        ),
        (AudioForkWire(), b"\0\0"),
        (AudioForkWire(), '{"type":"mark","data":{"name":"m"}}'),
        (AudioForkWire(streams=True), '{"type":"json","data":{"type":"mark","name":"m"}}'),
        (AudioForkWire(), '{"type":"hangup"}'),
    ],
)
def test_the_far_ends_refuse_what_the_modules_would_lose(wire: Any, message: str | bytes) -> None:
    """Audio in the wrong transport, events that nobody knows."""
    with pytest.raises(RemoteProtocolError):
        wire.receive(message)


# Credentials


@pytest.mark.parametrize(
    ("name", "options", "right"),
    [
        ("freeswitch", FreeSwitchOptions(token="t"), "Bearer t"),
        ("audio_fork", AudioForkOptions(password="p"), basic("hatif", "p")),
        ("audio_fork", AudioForkOptions(username="u", password="p"), basic("u", "p")),
    ],
)
def test_the_upgrade_shows_the_credential(name: str, options: Options, right: str) -> None:
    """The right one, whole; nothing else."""
    provider = PROVIDERS[name]
    assert provider.admit is not None
    assert provider.is_guarded is not None
    assert provider.is_guarded(options)
    upgrade = HttpRequest("GET", f"wss://hatif.example/ws/{name}", {"authorization": right})
    assert provider.admit(options, upgrade, 0) == Verified()
    for wrong in (None, "", "Bearer", right[:-1], right + "x", "Basic " + right.split()[1] * 2):
        headers = {} if wrong is None else {"authorization": wrong}
        with pytest.raises(SignatureError):
            provider.admit(options, HttpRequest("GET", upgrade.url, headers), 0)
    assert not provider.is_guarded(BOTH[name]())
