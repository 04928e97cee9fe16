"""Genesys Cloud's wires, from our end: what is peculiar to them."""

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from protocols import (
    AcceptCall,
    AudioPaused,
    AudioReceived,
    AudioSkipped,
    CallDetails,
    CallEnded,
    CallStarted,
    Channel,
    ClearAudio,
    Command,
    Complained,
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
from protocols.errors import CLOSE_POLICY
from protocols.genesys import AudioConnectorOptions, GenesysProtocol
from protocols.genesys_audiohook import AudioHookProtocol
from protocols.genesys_credential import admit, is_guarded
from protocols.genesys_session import GenesysSession
from protocols.http import HttpRequest
from protocols.provider import SignatureError, Verified

CAPTURES = Path(__file__).parents[1] / "captures"
VECTORS = Path(__file__).parents[1] / "vectors"
SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
NIL = "00000000-0000-0000-0000-000000000000"
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}
AGENT = MONO | {"channels": ["internal"]}
STEREO = {"type": "audio", "format": "PCMU", "channels": ["internal", "external"], "rate": 8000}


class Genesys:
    """Says things with the right numbers, and keeps what is answered."""

    def __init__(self, protocol: GenesysSession) -> None:
        self.protocol = protocol
        self.seq = 0
        self.answers: list[Any] = []

    def say(self, kind: str, parameters: Any = None, **changes: object) -> list[Any]:
        self.seq += 1
        message = {
            "version": "2",
            "id": SESSION,
            "type": kind,
            "seq": self.seq,
            "serverseq": self.protocol.seq,
            "position": "PT0S",
            "parameters": parameters or {},
        }
        events = self.protocol.receive(json.dumps(message | changes))
        self.answers += [json.loads(each.message) for each in events if isinstance(each, ReplyDue)]
        return [each for each in events if not isinstance(each, ReplyDue)]

    def open(self, media: Any = None, **changes: object) -> list[Any]:
        parameters = {"conversationId": "c-1", "participant": {"id": "p-1"}, "media": media or [MONO]}
        return self.say("open", parameters | changes)

    def told(self, *commands: Command) -> list[Any]:
        sent = [message for command in commands for message in self.protocol.send(command)]
        return [message if isinstance(message, bytes) else json.loads(message) for message in sent]


def waiting() -> Genesys:
    return Genesys(GenesysProtocol())


def opened() -> Genesys:
    genesys = waiting()
    genesys.open()
    genesys.told(AcceptCall())
    return genesys


# The envelope


def test_the_captured_answers_are_produced() -> None:
    """Equal as parsed JSON; the second ending is another session's."""
    lines = [json.loads(line) for line in (CAPTURES / "genesys.jsonl").read_text().splitlines()]
    out = [line["msg"] for line in lines if line["dir"] == "out"]
    first, second = waiting(), opened()
    first.open()

    assert first.told(AcceptCall(), ClearAudio(), HangUp()) == out[:3]
    assert second.told(TransferCall("+966110000001")) == out[3:]


def test_a_call_is_introduced() -> None:
    """Numbers lose scheme and hyphens; an input variable may say who called whom; the rest is attached."""
    genesys = waiting()
    participant = {"id": "p-1", "ani": "tel:+1-555-555-1234", "dnis": "+1 800 555 6789"}
    variables = {"direction": "OUTBOUND", "customer_id": "cust-789", "visits": 3}

    (started,) = genesys.open(participant=participant, inputVariables=variables)
    custom = {"customer_id": "cust-789", "visits": "3"}
    call = CallDetails("c-1", SESSION, "+15555551234", "+18005556789", Direction.OUTBOUND, custom)
    assert started == CallStarted(call)


def test_the_offer_is_repeated_as_it_was_written() -> None:
    """With all that we do not understand of it."""
    genesys, strange = waiting(), MONO | {"quality": {"bits": 8}}
    genesys.open([{"type": "video"}, "?", STEREO, strange, MONO])

    (message,) = genesys.told(AcceptCall())
    assert message["parameters"] == {"media": [strange], "startPaused": False}
    assert genesys.told(AcceptCall()) == []


def test_two_channels_are_put_apart() -> None:
    """Where the caller is offered beside the other side only, every second byte is theirs."""
    genesys = waiting()
    (started,) = genesys.open([STEREO])

    assert started.channels == (Channel.AGENT, Channel.CALLER)
    assert genesys.protocol.receive(b"iEiEiE") == [
        AudioReceived(b"iii", channel=Channel.AGENT),
        AudioReceived(b"EEE"),
    ]
    assert genesys.told(AcceptCall())[0]["parameters"]["media"] == [STEREO]


@pytest.mark.parametrize("change", [{"format": "L16"}, {"rate": 16000}, {"channels": ["internal"]}])
def test_what_we_would_misread_is_refused(change: dict[str, object]) -> None:
    """Another encoding, another rate, or the agent alone."""
    with pytest.raises(RemoteProtocolError, match=r"^open: media: Expected an offer of PCMU"):
        waiting().open([MONO | change])


def test_numbers_have_no_gap_and_no_repetition() -> None:
    """A message that is missing, or that comes twice, ends the call."""
    for number in (1, 3, -1):
        genesys = waiting()
        genesys.open()
        with pytest.raises(RemoteProtocolError, match=r"seq: Expected the next number") as caught:
            genesys.say("ping", seq=number)
        assert caught.value.close_code == CLOSE_POLICY


def test_a_message_that_we_do_not_know_counts() -> None:
    """It is ignored, and the one after it has the next number."""
    genesys = opened()

    assert genesys.say("weather", {"sun": True}) == []
    genesys.say("ping")
    assert genesys.answers[-1]["clientseq"] == 3
    with pytest.raises(RemoteProtocolError, match=r"Expected an id and a seq"):
        genesys.protocol.receive('{"type": "weather"}')


def test_another_session_is_not_let_in() -> None:
    """Neither another than the first message's nor another than the upgrade's."""
    genesys = opened()
    with pytest.raises(RemoteProtocolError, match=r"id: Not this session"):
        genesys.say("ping", id="another")
    with pytest.raises(RemoteProtocolError, match=r"id: Not this session"):
        Genesys(GenesysProtocol("announced")).open()


def test_every_ping_is_answered_even_before_the_call() -> None:
    """And after we said goodbye."""
    genesys = waiting()
    genesys.say("ping", {"rtt": "PT0.045S"})
    genesys.open()
    genesys.told(HangUp())
    genesys.say("ping")

    assert [(each["type"], each["seq"], each["clientseq"]) for each in genesys.answers] == [
        ("pong", 1, 1),
        ("pong", 3, 3),
    ]


@pytest.mark.parametrize("probe", [{"conversationId": NIL}, {"participant": {"id": NIL}}])
def test_a_test_of_the_connection_is_no_call(probe: dict[str, object]) -> None:
    """Opened and closed at once, heard by nobody."""
    genesys = waiting()

    assert genesys.open(**probe) == []
    assert genesys.protocol.receive(b"audio") == ()
    assert genesys.protocol.begin_without_setup() == ()
    assert genesys.say("close", {"reason": "end"}) == [CallEnded()]
    assert [each["type"] for each in genesys.answers] == ["opened", "closed"]
    with pytest.raises(LocalProtocolError):
        waiting().told(AcceptCall())


def test_closing_is_answered_whoever_begins() -> None:
    """`closed` is the last word; what comes after it is not heard."""
    for is_ours in (True, False):
        genesys = opened()
        if is_ours:
            genesys.told(HangUp())
        assert genesys.say("close", {"reason": "end"}) == [CallEnded()]
        assert genesys.answers[-1]["type"] == "closed"
        assert genesys.protocol.receive(b"late") == ()
        assert genesys.told(PlayAudio(b"late"), HangUp()) == []


def test_nothing_is_heard_between_our_goodbye_and_theirs() -> None:
    """Audio that was on its way is ignored, and nothing more can be said."""
    genesys = opened()
    genesys.told(HangUp())

    assert genesys.protocol.receive(b"late") == ()
    assert genesys.say("dtmf", {"digit": "1"}) == []
    with pytest.raises(LocalProtocolError):
        genesys.told(PlayAudio(b"more"))


def test_an_update_is_acknowledged_and_an_error_noted() -> None:
    """The code is the carrier's own."""
    genesys = opened()

    assert genesys.say("update", {"language": "es-ES"}) == []
    assert genesys.answers[-1]["type"] == "updated"
    assert genesys.say("error", {"code": 429, "message": "+966500000001"}) == [Complained("429")]
    assert [genesys.say(kind) for kind in ("discarded", "paused", "resumed")] == [[], [], []]


def test_nothing_comes_before_open() -> None:
    """Audio of a session that was not introduced is refused, and so is a second open."""
    with pytest.raises(RemoteProtocolError, match=r"^audio before open$"):
        GenesysProtocol().receive(b"audio")
    with pytest.raises(RemoteProtocolError, match=r"^no open has arrived$"):
        GenesysProtocol().begin_without_setup()
    with pytest.raises(RemoteProtocolError, match=r"^open after open$"):
        opened().open()


# Playing


def test_nothing_is_played_before_opened() -> None:
    """Audio before `opened` is against the order: our bug."""
    genesys = waiting()
    genesys.open()
    for command in (PlayAudio(b"early"), SendMark("m"), ClearAudio()):
        with pytest.raises(LocalProtocolError, match=r"when the session is introduced$"):
            genesys.told(command)


def test_long_audio_is_cut() -> None:
    """No message has more than 64,000 bytes, and no audio is no message."""
    pieces = opened().told(PlayAudio(b"x" * 130_000), PlayAudio(b""))

    assert [len(piece) for piece in pieces] == [64_000, 64_000, 2_000]


def test_all_marks_return_when_the_buffer_runs_dry() -> None:
    """Nothing else is acknowledged; a mark's name is its own until then."""
    genesys = opened()
    genesys.told(PlayAudio(b"a"), SendMark("one"), PlayAudio(b"b"), SendMark("two"))
    with pytest.raises(LocalProtocolError):
        genesys.told(SendMark("one"))

    assert genesys.say("playback_started") == []
    assert genesys.say("playback_completed") == [
        MarkReturned("one", played=True),
        MarkReturned("two", played=True),
    ]
    assert genesys.say("playback_completed") == []
    assert genesys.told(SendMark("one")) == []


def test_the_end_of_cleared_audio_proves_nothing_of_what_came_after() -> None:
    """`playback_completed` of what was flushed comes when new audio is on its way already."""
    genesys = opened()
    genesys.told(PlayAudio(b"old"), SendMark("old"))
    genesys.say("playback_started")
    genesys.told(ClearAudio(), PlayAudio(b"new"), SendMark("new"))

    assert genesys.say("playback_completed") == []
    genesys.say("playback_started")
    assert genesys.say("playback_completed") == [MarkReturned("new", played=True)]


def test_a_start_that_crosses_a_clear_is_of_what_was_cleared() -> None:
    """Whoever said it had not seen the clear: `serverseq` is older."""
    genesys = opened()
    genesys.told(PlayAudio(b"old"))
    before = genesys.protocol.seq
    genesys.told(ClearAudio(), PlayAudio(b"new"), SendMark("new"))

    genesys.say("playback_started", serverseq=before)
    assert genesys.say("playback_completed", serverseq=before) == []
    genesys.say("playback_started")
    assert genesys.say("playback_completed") == [MarkReturned("new", played=True)]


def test_a_key_may_be_a_number() -> None:
    """And is nothing else."""
    genesys = opened()

    assert genesys.say("dtmf", {"digit": 5}) == [DtmfReceived("5")]
    with pytest.raises(RemoteProtocolError, match=r"^dtmf: digit: Expected one key"):
        genesys.say("dtmf", {"digit": "12"})


def test_the_flow_is_told_how_it_ended_in_its_own_variable() -> None:
    """The name is the site's; a transfer may name no number."""
    genesys = Genesys(GenesysProtocol(SESSION, outcome_variable="result"))
    genesys.open()

    (message,) = genesys.told(TransferCall())
    assert message["parameters"] == {"reason": "completed", "outputVariables": {"result": "transfer"}}


# Listening only


def test_audiohook_only_listens() -> None:
    """A binary message would be an error there, and the conversation is not ours to end."""
    genesys = Genesys(AudioHookProtocol())
    genesys.open([MONO])
    genesys.told(AcceptCall())

    assert genesys.say("dtmf", {"digit": "5"}) == []
    for command in (PlayAudio(b"a"), SendMark("m"), ClearAudio(), TransferCall()):
        with pytest.raises(LocalProtocolError, match=r"^AudioHook listens only"):
            genesys.told(command)
    assert genesys.told(HangUp())[0]["parameters"] == {"reason": "completed"}
    assert genesys.told(HangUp()) == []


@pytest.mark.parametrize(
    ("offers", "taken", "channels"),
    [
        ([MONO, AGENT, STEREO], STEREO, (Channel.AGENT, Channel.CALLER)),
        ([AGENT, MONO], MONO, (Channel.CALLER,)),
        ([MONO | {"format": "L16"}, AGENT], AGENT, (Channel.AGENT,)),
        ([STEREO | {"channels": ["external", "external"]}, MONO], MONO, (Channel.CALLER,)),
    ],
)
def test_audiohook_takes_all_that_can_be_heard(
    offers: list[Any], taken: Any, channels: tuple[Channel, ...]
) -> None:
    """Both channels before one, the caller before the agent, and nothing that we would misread."""
    genesys = Genesys(AudioHookProtocol())
    (started,) = genesys.open(offers)

    assert started.channels == channels
    assert genesys.told(AcceptCall())[0]["parameters"]["media"] == [taken]
    heard = genesys.protocol.receive(b"x" * len(channels))
    assert heard == [AudioReceived(b"x", channel=channel) for channel in channels]


def test_audiohook_hears_nothing_in_a_pause() -> None:
    """Hold or pause: audio that comes all the same is nobody's to hear, and its length is told after it."""
    genesys = Genesys(AudioHookProtocol())
    genesys.open([MONO])
    genesys.told(AcceptCall())

    assert genesys.say("paused") == [AudioPaused()]
    assert genesys.protocol.receive(b"secret") == ()
    genesys.say("ping")
    assert genesys.answers[-1]["type"] == "pong"
    assert genesys.say("resumed", {"start": "PT2.1S", "discarded": "PT61.25S"}) == [AudioSkipped(61.25)]
    assert genesys.protocol.receive(b"more") == [AudioReceived(b"more")]
    assert genesys.say("discarded", {"start": "PT70S", "discarded": "PT0.5S"}) == [AudioSkipped(0.5)]
    assert genesys.say("discarded", {"discarded": "-PT3S"}) == [AudioSkipped(0.0)]
    with pytest.raises(RemoteProtocolError, match=r"^discarded: parameters.discarded: "):
        genesys.say("discarded", {"discarded": "soon"})


# The credential

VECTOR = json.loads((VECTORS / "genesys_signatures.json").read_text())["vectors"][0]
CREATED = 1641013200
KEY, SECRET = VECTOR["headers"]["x-api-key"], VECTOR["secret_b64"]
OPTIONS = AudioConnectorOptions(api_key=KEY, client_secret=SECRET)
URL = f"wss://{VECTOR['headers']['host']}{VECTOR['request_target']}"


def upgrade(**changes: str) -> HttpRequest:
    return HttpRequest("GET", URL, {**VECTOR["headers"], **changes})


def signed(
    components: str | None = None, nonce: str = "x" * 22, created: int = CREATED, **more: object
) -> HttpRequest:
    """An upgrade with the vector's components unless others are named, signed with its secret."""
    covered = components or VECTOR["headers"]["signature-input"].split("(")[1].split(")")[0]
    fields = {"keyid": KEY, "nonce": nonce, "alg": "hmac-sha256", "created": created, **more}
    written = "".join(
        f';{name}="{value}"' if isinstance(value, str) else f";{name}={value}"
        for name, value in fields.items()
    )
    values = {"@request-target": VECTOR["request_target"], "@authority": VECTOR["headers"]["host"]}
    names = [name.strip('"') for name in covered.split(" ")]
    lines = [f'"{name}": {values.get(name) or VECTOR["headers"][name]}' for name in names]
    base = "\n".join([*lines, f'"@signature-params": ({covered}){written}'])
    digest = hmac.digest(base64.b64decode(SECRET), base.encode(), "sha256")
    signature = f"sig1=:{base64.b64encode(digest).decode()}:"
    return upgrade(**{"signature-input": f"sig1=({covered}){written}", "signature": signature})


def test_the_published_upgrade_is_let_in_once() -> None:
    """Its nonce is good for as long as its time is."""
    verified = admit(OPTIONS, upgrade(), CREATED + 3)

    assert verified == Verified(f"{KEY}:VGhpc0lzQVVuaXF1ZU5vbmNl", CREATED + 300)
    assert verified.replay_key != admit(OPTIONS, signed(), CREATED).replay_key


@pytest.mark.parametrize(
    ("request_", "seconds", "complaint"),
    [
        (upgrade(), 301, "too old, or from the future"),
        (upgrade(), -301, "too old, or from the future"),
        (signed(nonce="short"), 0, "no nonce of 128 bits"),
        (signed(keyid="another"), 0, "another key's"),
        (signed(alg="rsa-v1_5-sha256"), 0, "alg: Expected hmac-sha256"),
        (signed(tag="new"), 0, "unknown or repeated"),
        (signed(expires=CREATED + 9), 10, "has expired"),
        (signed(components='"@request-target" "@authority" "x-api-key"'), 0, "does not cover all"),
        (upgrade(signature="sig1=:AAAA:"), 0, "Signature is wrong"),
        (upgrade(**{"signature-input": ""}), 0, "Signature-Input is missing"),
        (upgrade(**{"x-api-key": "wrong"}), 0, "X-API-KEY is missing or wrong"),
    ],
)
def test_whatever_proves_less_is_refused(request_: HttpRequest, seconds: int, complaint: str) -> None:
    """Stale, replayed for another key, signed too little, or not at all."""
    with pytest.raises(SignatureError, match=complaint):
        admit(OPTIONS, request_, CREATED + seconds)


def test_a_signature_over_the_host_header_alone_is_not_enough() -> None:
    """The second published vector: a good signature that does not cover @authority."""
    vector = json.loads((VECTORS / "genesys_signatures.json").read_text())["vectors"][1]

    with pytest.raises(SignatureError, match="does not cover all"):
        admit(OPTIONS, HttpRequest("GET", URL, vector["headers"]), CREATED)


def test_a_key_without_a_secret_is_enough_by_itself() -> None:
    """And either of two pairs, while keys are being changed."""
    bare = AudioConnectorOptions(second_api_key="next")

    assert admit(bare, upgrade(**{"x-api-key": "next"}), 0.0) == Verified()
    assert is_guarded(bare)
    assert not is_guarded(AudioConnectorOptions())
    with pytest.raises(SignatureError):
        admit(bare, upgrade(), 0.0)
    with pytest.raises(SignatureError):
        admit(AudioConnectorOptions(), upgrade(**{"x-api-key": ""}), 0.0)
    with pytest.raises(SignatureError, match="is not base64"):
        admit(AudioConnectorOptions(api_key=KEY, client_secret="?"), upgrade(), CREATED)
