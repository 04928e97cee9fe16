"""jambonz, from our end: what is peculiar to it."""

import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.playout import Playout
from bridge.carriers.base import AudioToPlay
from bridge.carriers.wires.jambonz import JambonzWire
from protocols import (
    LINEAR_8K,
    AcceptCall,
    AudioReceived,
    CallDetails,
    CallStarted,
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
from protocols.audio import AudioFormat, Encoding
from protocols.http import HttpRequest, HttpResponse
from protocols.jambonz import JAMBONZ, JambonzProtocol
from protocols.jambonz_application import JambonzApplication
from protocols.jambonz_calls import JambonzControl, JambonzOptions, JambonzWebhooks
from protocols.provider import (
    AfterRequest,
    CallOffered,
    CallOrder,
    CallStatus,
    IncomingCall,
    SignatureError,
    StatusReport,
    StreamTarget,
    Verified,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "jambonz.jsonl"
VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "jambonz_signature.json").read_text())
INFO = {"callSid": "sid-1", "direction": "inbound", "from": "+14155550123", "to": "+14155550100"}
STREAM = StreamTarget("wss://hatif.example/ws/jambonz/token", "https://hatif.example/status", {"visit": "12"})


def started(**changes: object) -> JambonzProtocol:
    protocol = JambonzProtocol()
    protocol.receive(json.dumps({**INFO, **changes}))
    return protocol


def introduced(**changes: object) -> CallStarted:
    (event,) = JambonzProtocol().receive(json.dumps({**INFO, **changes}))
    assert isinstance(event, CallStarted)
    return event


def mark(name: str, event: str = "playout") -> str:
    return json.dumps({"type": "mark", "data": {"name": name, "event": event}})


def told(protocol: JambonzProtocol, *commands: Command) -> list[Any]:
    sent = [message for command in commands for message in protocol.send(command)]
    return [message if isinstance(message, bytes) else json.loads(message) for message in sent]


# The audio socket


def test_the_capture_is_understood_and_produced() -> None:
    """Every message of the source means what its code makes of it."""
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    texts = [json.dumps(line["msg"]) for line in lines if line["dir"] == "in" and "msg" in line]
    protocol = JambonzProtocol()
    info, key, played, cleared, done = [protocol.receive(text) for text in texts]
    call = CallDetails(
        "e3ab5d05-5b5e-4f6a-8a3c-2d4c7a0c1f11",
        caller_number="+14155550123",
        callee_number="+14155550100",
        direction=Direction.INBOUND,
        custom={"k": "v"},
    )

    assert info == (CallStarted(call, LINEAR_8K, LINEAR_8K),)
    assert key == (DtmfReceived("5"),)
    assert [list(each) for each in (played, cleared, done)] == [[], [], []]  # never asked for
    assert told(protocol, AcceptCall(), SendMark("m1"), ClearAudio(), HangUp()) == [
        line["msg"] for line in lines if line["dir"] == "out"
    ]


def test_metadata_may_be_called_anything() -> None:
    """It lies beside the call's own fields: an `event` or a `type` there is no message of another kind."""
    call = introduced(event="dtmf", dtmf="5", type="mark", data={"name": "m"}, visit=12)

    custom = {"event": "dtmf", "dtmf": "5", "type": "mark", "data": '{"name": "m"}', "visit": "12"}
    assert call.details.custom == custom


def test_what_was_attached_to_an_outbound_call_comes_along() -> None:
    """The tag of the request that dialled is `customerData`; the verb's metadata wins over it."""
    call = introduced(direction="outbound", customerData={"visit": 12, "order_id": "o"}, visit="13")

    assert call.details.direction is Direction.OUTBOUND
    assert call.details.custom == {"visit": "13", "order_id": "o"}


@pytest.mark.parametrize(
    ("changes", "heard", "spoken"),
    [
        ({}, 8000, 8000),
        ({"sampleRate": "16000"}, 16000, 16000),
        ({"sampleRate": 8000, "spoken_rate": 24000}, 8000, 24000),
    ],
)
def test_each_direction_has_its_rate(changes: dict[str, object], heard: int, spoken: int) -> None:
    """Ours is in the metadata; without it, it is the caller's."""
    call = introduced(**changes)

    assert call.heard == AudioFormat(Encoding.LINEAR, heard)
    assert call.spoken == AudioFormat(Encoding.LINEAR, spoken)
    assert "spoken_rate" not in call.details.custom


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"mixType": "stereo"}, "mixType: Expected mono"),
        ({"mixType": "mixed"}, "mixType: Expected mono"),
        ({"sampleRate": 11025}, "sampleRate: Expected 8000 hertz"),
        ({"spoken_rate": "fast"}, "spoken_rate: Expected 8000 hertz"),
        ({"callSid": 7}, "callSid: Expected `str`"),
    ],
)
def test_what_we_would_misread_is_refused(changes: dict[str, object], complaint: str) -> None:
    """Two parties in one signal, or a rate that no one has."""
    with pytest.raises(RemoteProtocolError, match=complaint):
        started(**changes)


def test_nothing_comes_before_the_description() -> None:
    """Audio, a key: neither says whose call it is."""
    with pytest.raises(RemoteProtocolError, match=r"^audio before the call's description$"):
        JambonzProtocol().receive(b"\0\0")
    with pytest.raises(RemoteProtocolError, match="callSid"):
        JambonzProtocol().receive('{"event": "dtmf", "dtmf": "5"}')
    with pytest.raises(RemoteProtocolError, match="no description"):
        JambonzProtocol().begin_without_setup()


def test_audio_of_any_length_is_heard_and_none_is_no_end() -> None:
    """A message without bytes says that no more comes; keys and marks still may."""
    protocol = started()

    assert protocol.receive(b"abc") == (AudioReceived(b"abc"),)
    assert protocol.receive(b"") == ()
    assert protocol.receive('{"event": "dtmf", "dtmf": 7}') == (DtmfReceived("7"),)


def test_a_cleared_mark_is_not_played_whoever_cleared_it() -> None:
    """The site's own application may stop the audio as well."""
    protocol = started()
    told(protocol, SendMark("ours"), SendMark("theirs"), SendMark("heard"))

    assert protocol.receive(mark("theirs", "cleared")) == [MarkReturned("theirs", played=False)]
    assert protocol.receive(mark("heard")) == [MarkReturned("heard", played=True)]
    told(protocol, ClearAudio())
    assert protocol.receive(mark("ours")) == [MarkReturned("ours", played=False)]
    assert protocol.receive(mark("ours")) == []


def test_more_marks_than_the_module_keeps_are_not_sent() -> None:
    """It would drop them without a word; room comes back as they do."""
    protocol = started()
    sent = told(protocol, *[SendMark(str(number)) for number in range(31)])

    assert len(sent) == 30
    protocol.receive(mark("0"))
    assert len(told(protocol, SendMark("31"), SendMark("32"))) == 1
    told(protocol, ClearAudio())
    assert len(told(protocol, SendMark("33"))) == 1


@pytest.mark.parametrize("samples", [1, 639, 641, 1281, 8000])
def test_no_tail_of_a_prompt_is_kept_back(samples: int) -> None:
    """Of audio that does not fill 80 ms the module plays nothing until more comes, so our chunks fill it."""
    wire, protocol = JambonzWire(), started()
    playout = Playout(
        acknowledges=True,
        lead_seconds=JAMBONZ.lead_seconds,
        chunk_seconds=JAMBONZ.chunk_seconds,
        bytes_per_second=LINEAR_8K.bytes_per_second,
        silence=LINEAR_8K.silence,
    )
    said = b"\1\2" * samples
    playout.queue("prompt", said, 0.0)
    due = [each for tick in range(100) for each in playout.due(tick * 0.02) if isinstance(each, bytes)]
    heard = [
        event.payload
        for audio in due
        for message in protocol.send(PlayAudio(audio))
        for event in wire.receive(message)
        if isinstance(event, AudioToPlay)
    ]

    assert b"".join(heard).rstrip(b"\0") == said


def test_the_far_end_keeps_a_tail_back() -> None:
    """Else the test above could not fail."""
    assert JambonzWire().receive(b"\1\2" * 1279) == ()


def test_after_disconnect_nothing_is_heard_or_said() -> None:
    """What was on its way is ignored."""
    protocol = started()
    told(protocol, HangUp())

    assert protocol.receive(b"late") == ()
    assert protocol.receive("not JSON") == ()
    with pytest.raises(LocalProtocolError):
        told(protocol, PlayAudio(b"late"))


def test_a_transfer_is_not_on_the_audio_socket() -> None:
    """It is asked for by REST."""
    with pytest.raises(LocalProtocolError, match="by REST"):
        told(started(), TransferCall("+1"))


# Webhooks

WEBHOOKS = JambonzWebhooks(JambonzOptions(webhook_secret=VECTOR["secret"]))
SIGNED_AT = 1700000000


def hook(body: object = None, method: str = "POST", signature: str | None = None) -> HttpRequest:
    written = VECTOR["body"] if body is None else json.dumps(body)
    headers = {"jambonz-signature": VECTOR["header"] if signature is None else signature}
    return HttpRequest(method, "https://hatif.example/webhooks/jambonz", headers, written.encode())


def test_the_vector_is_good_once() -> None:
    """Its key is known until its time is over."""
    verified = WEBHOOKS.verify(hook(), now=SIGNED_AT + 300)

    signature = VECTOR["header"].rpartition("v1=")[2]
    assert verified == Verified(f"{SIGNED_AT}:{signature}", SIGNED_AT + 300)


def test_either_secret_and_either_signature_is_good() -> None:
    """While keys are changed, on our side or on theirs."""
    both = JambonzWebhooks(JambonzOptions(webhook_secret="new", second_webhook_secret=VECTOR["secret"]))
    two = VECTOR["header"].replace(",v1=", ",v1=00,v1=")

    assert both.verify(hook(), now=SIGNED_AT)
    assert WEBHOOKS.verify(hook(signature=two), now=SIGNED_AT)


@pytest.mark.parametrize(
    ("request_", "seconds", "complaint"),
    [
        (hook(), 301, "too old, or from the future"),
        (hook(), -301, "too old, or from the future"),
        (hook({"call_sid": "y"}), 0, "is wrong"),
        (hook(signature=VECTOR["header"].replace("t=1700000000", "t=1700000001")), 0, "is wrong"),
        (hook(signature=""), 0, "is missing, or has no time"),
        (hook(signature="t=x,v1=00"), 0, "is missing, or has no time"),
        (hook(signature="t=1,t=2,v1=00"), 0, "is missing, or has no time"),
        (hook(signature=f"t={SIGNED_AT},v1=é"), 0, "is missing, or has no time"),
        (hook(method="GET"), 0, "only a POST can be checked"),
    ],
)
def test_a_hook_that_proves_nothing_is_refused(request_: HttpRequest, seconds: int, complaint: str) -> None:
    """Stale, changed, unsigned, or of a kind that carries no signed body."""
    with pytest.raises(SignatureError, match=complaint):
        WEBHOOKS.verify(request_, now=SIGNED_AT + seconds)


def test_without_a_secret_nothing_is_believed() -> None:
    """Not even what an empty secret would sign."""
    signature = hmac.digest(b"", f"{SIGNED_AT}.{{}}".encode(), "sha256").hex()
    with pytest.raises(SignatureError, match="is not configured"):
        JambonzWebhooks(JambonzOptions()).verify(
            hook({}, signature=f"t={SIGNED_AT},v1={signature}"), now=SIGNED_AT
        )


def test_a_call_is_answered_with_verbs() -> None:
    """The audio socket streams both ways, tells keys, and the call ends when it does."""
    call = WEBHOOKS.incoming(hook({"call_sid": "s", "from": "+1", "to": "+2", "direction": "inbound"}))
    verbs = json.loads(WEBHOOKS.connect(call, STREAM).body)

    assert call == IncomingCall("s", "+1", "+2", Direction.INBOUND)
    assert verbs == [
        {
            "verb": "listen",
            "url": STREAM.url,
            "sampleRate": 8000,
            "mixType": "mono",
            "passDtmf": True,
            "bidirectionalAudio": {"enabled": True, "streaming": True, "sampleRate": 8000},
            "metadata": {"visit": "12", "spoken_rate": 8000},
        },
        {"verb": "hangup"},
    ]
    assert json.loads(WEBHOOKS.reject(call).body) == [{"verb": "sip:decline", "status": 503}]


@pytest.mark.parametrize(
    ("told_", "report"),
    [
        ({"call_status": "trying"}, StatusReport("s", CallStatus.INITIATED)),
        ({"call_status": "early-media"}, StatusReport("s", CallStatus.RINGING)),
        (
            {"call_status": "completed", "duration": 61},
            StatusReport("s", CallStatus.COMPLETED, seconds=61.0),
        ),
        ({"call_status": "no-answer"}, StatusReport("s", CallStatus.NO_ANSWER)),
        ({"call_status": "thinking"}, StatusReport("s", None)),
        (
            {"type": "amd_machine_detected"},
            StatusReport("s", CallStatus.IN_PROGRESS, answered_by="machine"),
        ),
        ({"type": "amd_stopped"}, None),
        ({}, None),
    ],
)
def test_a_status_is_read(told_: dict[str, object], report: StatusReport | None) -> None:
    """The call's course, and what answering-machine detection says."""
    assert WEBHOOKS.status(hook({"call_sid": "s", **told_})) == report


# REST

CONTROL = JambonzControl(
    JambonzOptions(
        account_sid="acc",
        api_key="key",
        application_sid="app",
    )
)
ORDER = CallOrder(
    to="+966500000001",
    from_="+966110000001",
    stream=STREAM,
    answer_url="https://hatif.example/answer",
    detect_machine=True,
    order_id="o-1",
)


def test_a_call_is_placed() -> None:
    """Under the site's application, with what is to come back attached."""
    request = CONTROL.place(ORDER)

    assert (request.method, request.url) == ("POST", "https://api.jambonz.cloud/v1/Accounts/acc/Calls")
    assert request.headers["authorization"] == "Bearer key"
    assert json.loads(request.body) == {
        "application_sid": "app",
        "from": "+966110000001",
        "to": {"type": "phone", "number": "+966500000001"},
        "timeout": 30,
        "tag": {"visit": "12", "order_id": "o-1"},
        "call_hook": {"url": "https://hatif.example/answer", "method": "POST"},
        "call_status_hook": {"url": "https://hatif.example/status", "method": "POST"},
        "amd": {"actionHook": "https://hatif.example/status"},
    }
    assert CONTROL.placed(HttpResponse(201, b'{"sid": "s"}')) == "s"


def test_a_call_is_ended_and_handed_over() -> None:
    """Ended by its status, handed over by a hook that is given the number."""
    call = CallDetails("a/b")
    ended, handed = CONTROL.hang_up(call), CONTROL.transfer(call, "+1 2", "https://h/dial/1")

    assert (ended.method, ended.url) == ("PUT", "https://api.jambonz.cloud/v1/Accounts/acc/Calls/a%2Fb")
    assert json.loads(ended.body) == {"call_status": "completed"}
    hook_ = {"url": "https://h/dial/1", "method": "POST"}
    assert json.loads(handed.body) == {"call_hook": hook_}


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (202, AfterRequest.DONE),
        (404, AfterRequest.DONE),
        (480, AfterRequest.AGAIN),
        (500, AfterRequest.AGAIN),
        (400, AfterRequest.REFUSED),
    ],
)
def test_an_outcome_is_understood(status: int, meaning: AfterRequest) -> None:
    """A call that is gone is done with; 480 says that no feature server is free."""
    assert CONTROL.outcome(HttpResponse(status)) is meaning


def test_a_server_of_ones_own_may_have_a_path() -> None:
    """The interface of a self-hosted server lies below /api."""
    options = JambonzOptions(account_sid="acc", api_key="key", api_url="https://sip.hospital.example/api/")
    request = JambonzControl(options).hang_up(CallDetails("s"))

    assert request.url == "https://sip.hospital.example/api/v1/Accounts/acc/Calls/s"


def test_what_is_not_configured_is_named() -> None:
    """Account, key, application, hook."""
    bare = JambonzControl(JambonzOptions())
    with pytest.raises(LocalProtocolError, match=r"providers\.jambonz\.application_sid is not configured"):
        bare.place(ORDER)
    with pytest.raises(LocalProtocolError, match=r"providers\.jambonz\.account_sid is not configured"):
        bare.hang_up(CallDetails("s"))
    with pytest.raises(LocalProtocolError, match=r"server\.public_url is not configured"):
        bare.transfer(CallDetails("s"), "+1")
    with pytest.raises(LocalProtocolError, match="no identifier"):
        CONTROL.hang_up(CallDetails())


# The application socket


def asked(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, "msgid": "m-1", "call_sid": "s", **fields})


def offered() -> JambonzApplication:
    application = JambonzApplication(JambonzOptions())
    data = {"call_sid": "s", "from": "+1", "to": "+2", "direction": "inbound"}
    assert application.receive(asked("session:new", data=data)) == (
        CallOffered(IncomingCall("s", "+1", "+2", Direction.INBOUND)),
    )
    return application


def test_an_offered_call_is_answered_under_its_own_number() -> None:
    """With the same verbs as by webhook, once."""
    application = offered()
    answer = json.loads(application.connect(STREAM))

    assert (answer["type"], answer["msgid"]) == ("ack", "m-1")
    assert answer["data"] == json.loads(WEBHOOKS.connect(IncomingCall(), STREAM).body)
    with pytest.raises(LocalProtocolError, match="not answered yet"):
        application.connect(STREAM)
    assert json.loads(offered().reject())["data"] == [{"verb": "sip:decline", "status": 503}]


def test_a_call_is_ended_and_handed_over_by_command() -> None:
    """The verbs of a transfer replace those that run."""
    application = offered()

    assert json.loads(application.hang_up()) == {
        "type": "command",
        "command": "call:status",
        "queueCommand": False,
        "data": {"call_status": "completed"},
    }
    handed = json.loads(application.transfer("+3"))
    assert (handed["command"], handed["data"][0]["target"]) == (
        "redirect",
        [{"type": "phone", "number": "+3"}],
    )
    with pytest.raises(LocalProtocolError, match="no call"):
        JambonzApplication(JambonzOptions()).hang_up()


@pytest.mark.parametrize(
    "kind",
    [
        "session:reconnect",
        "session:redirect",
        "session:adulting",
        "dial:confirm",
        "verb:hook",
        "queue:status",
    ],
)
def test_whoever_asks_is_answered(kind: str) -> None:
    """With their own number, and no verbs: what runs goes on."""
    (owed,) = offered().receive(asked(kind, data={"call_sid": "s"}))

    assert isinstance(owed, ReplyDue)
    assert json.loads(owed.message) == {"type": "ack", "msgid": "m-1"}


def test_whoever_only_tells_is_not() -> None:
    """A status is a report, an error a complaint, the rest nothing."""
    application = offered()
    ringing = asked("call:status", data={"call_sid": "s", "call_status": "ringing"})

    assert application.receive(ringing) == (StatusReport("s", CallStatus.RINGING),)
    assert application.receive(asked("jambonz:error", error="+1")) == (Complained("jambonz:error"),)
    assert [application.receive(asked(kind)) for kind in ("verb:status", "llm:event")] == [(), ()]


def test_a_socket_offers_one_call() -> None:
    """After a lost connection the call is known again, and can be ended."""
    with pytest.raises(RemoteProtocolError, match="after session:new"):
        offered().receive(asked("session:new", data={"call_sid": "t"}))
    again = JambonzApplication(JambonzOptions())
    again.receive(asked("session:reconnect", data={"call_sid": "s"}))
    assert again.hang_up()
    assert again.call == IncomingCall("s")


KINDS = ["session:new", "session:redirect", "session:reconnect", "call:status", "verb:hook", "other"]


@given(
    st.lists(
        st.one_of(
            st.text(),
            st.binary(),
            st.builds(
                lambda kind, msgid, data: json.dumps({"type": kind, "msgid": msgid, "data": data}),
                st.sampled_from(KINDS),
                st.one_of(st.text(), st.none(), st.integers()),
                st.one_of(
                    st.none(),
                    st.dictionaries(
                        st.sampled_from(["call_sid", "from", "call_status", "type"]),
                        st.one_of(st.text(), st.none(), st.integers()),
                    ),
                ),
            ),
        ),
        max_size=5,
    )
)
def test_whatever_is_said_is_understood_or_refused(messages: list[str | bytes]) -> None:
    """And whoever was offered a call can always refuse it, once."""
    application = JambonzApplication(JambonzOptions())
    for message in messages:
        try:
            events = application.receive(message)
        except RemoteProtocolError:
            continue
        for event in events:
            if isinstance(event, CallOffered):
                assert json.loads(application.reject())["type"] == "ack"


def test_another_application_may_give_its_call_away() -> None:
    """Then a redirect comes first; later ones are acknowledged and change nothing."""
    application = JambonzApplication(JambonzOptions())
    redirect = asked("session:redirect", data={"call_sid": "s"})

    assert application.receive(redirect) == (CallOffered(IncomingCall("s")),)
    assert json.loads(application.connect(STREAM))["msgid"] == "m-1"
    assert [type(each) for each in application.receive(redirect)] == [ReplyDue]


def test_a_number_that_fits_into_no_answer_is_refused() -> None:
    """It would have to be given back."""
    with pytest.raises(RemoteProtocolError, match="msgid"):
        JambonzApplication(JambonzOptions()).receive(
            json.dumps({"type": "dial:confirm", "msgid": "m" * 30_000})
        )


def test_nothing_longer_than_jambonz_takes_is_said() -> None:
    """24 KiB; more would close the socket."""
    long = StreamTarget(STREAM.url, None, {"visit": "x" * 25_000})
    with pytest.raises(LocalProtocolError, match="more than jambonz takes"):
        offered().connect(long)
