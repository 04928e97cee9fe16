"""jambonz's application socket, as far as it answers a call, ends it and hands it over.

Sources: jambonz-feature-server (lib/utils/ws-requestor.js, lib/session/call-session.js, commit 389c65e) and
jambonz/schema (callbacks, docs/guides/session-commands.md, commit b2efaa4). It is another socket than the
audio's, at another path, of the subprotocol `ws.jambonz.org`, one for each call.

- Its upgrade is not signed. It carries HTTP Basic, if user and password stand in the application's address.
- Where the calling hook is such an address, statuses come on the same socket (lib/middleware.js).
- A message that asks is answered with `ack` and its own `msgid` within 5 s; those that only tell are not.
- `session:new` offers a call. So does a `session:redirect` that comes first: another application gave it up.
- After a lost connection jambonz comes again with `session:reconnect`. A call whose verbs it has goes on. One
  that was not answered yet looks the same in that message, and ends after those 5 s.
- Whatever it reports is lost once the socket was closed with 1000, so that is left to jambonz.
- What we say is text, and at most 24 KiB of it.
"""

import hmac
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import Complained, ReplyDue
from protocols.http import HttpRequest, basic, json_body
from protocols.jambonz_calls import CallBody, JambonzOptions, listen_verbs, transfer_verbs
from protocols.provider import (
    Application,
    ApplicationEvent,
    ApplicationSocket,
    CallOffered,
    IncomingCall,
    SignatureError,
    StreamTarget,
)
from protocols.wire import MessageDecoder

__all__ = ["APPLICATION", "SUBPROTOCOL", "JambonzApplication"]

SUBPROTOCOL = "ws.jambonz.org"
MAX_MESSAGE_BYTES = 24 * 1024


class _Asking(Struct, tag_field="type", frozen=True, kw_only=True):
    msgid: Annotated[str, Meta(max_length=200)]  # given back, so it has to fit into what we may say


class SessionNew(_Asking, tag="session:new", frozen=True, kw_only=True):
    data: CallBody


class SessionReconnect(_Asking, tag="session:reconnect", frozen=True, kw_only=True):
    data: CallBody = CallBody()


class SessionRedirect(_Asking, tag="session:redirect", frozen=True, kw_only=True):
    data: CallBody = CallBody()


class SessionAdulting(_Asking, tag="session:adulting", frozen=True, kw_only=True):
    pass


class DialConfirm(_Asking, tag="dial:confirm", frozen=True, kw_only=True):
    pass


class VerbHook(_Asking, tag="verb:hook", frozen=True, kw_only=True):
    pass


class QueueStatus(_Asking, tag="queue:status", frozen=True, kw_only=True):
    pass


class CallStatusTold(Struct, tag_field="type", tag="call:status", frozen=True):
    data: CallBody


class ErrorTold(Struct, tag_field="type", tag="jambonz:error", frozen=True):
    pass


_Incoming = (
    SessionNew
    | SessionReconnect
    | SessionRedirect
    | SessionAdulting
    | DialConfirm
    | VerbHook
    | QueueStatus
    | CallStatusTold
    | ErrorTold
)
_DECODER: MessageDecoder[_Incoming] = MessageDecoder(_Incoming)


class JambonzApplication(Application):
    """The control of one call."""

    def __init__(self, options: JambonzOptions) -> None:
        self._options = options
        self._asked: str | None = None  # the msgid under which the call was offered
        self._call: IncomingCall | None = None

    @property
    def call(self) -> IncomingCall | None:
        return self._call

    def receive(self, message: str | bytes) -> Sequence[ApplicationEvent]:
        incoming = _DECODER.decode(message)
        if isinstance(incoming, _Asking):
            return (self._reply(incoming),)
        match incoming:
            case CallStatusTold():
                report = incoming.data.report
                return () if report is None else (report,)
            case ErrorTold():
                return (Complained("jambonz:error"),)
            case _:
                return ()

    def connect(self, stream: StreamTarget) -> str:
        self._require_offer()
        return self._answer(listen_verbs(self._options, stream))

    def reject(self) -> str:
        self._require_offer()
        return self._answer([{"verb": "sip:decline", "status": 503}])

    def hang_up(self) -> str:
        return self._command("call:status", {"call_status": "completed"})

    def transfer(self, to: str) -> str:
        return self._command("redirect", transfer_verbs(to))

    def _reply(self, incoming: _Asking) -> ApplicationEvent:
        match incoming:
            case SessionNew():
                return self._offered(incoming.msgid, incoming.data.call)
            case SessionRedirect() if self._call is None:
                return self._offered(incoming.msgid, incoming.data.call)
            case SessionReconnect():
                self._call = self._call or incoming.data.call
        return ReplyDue(_text({"type": "ack", "msgid": incoming.msgid}))

    def _offered(self, msgid: str, call: IncomingCall) -> CallOffered:
        if self._call is not None:
            raise RemoteProtocolError("session:new after session:new", close_code=CLOSE_POLICY)
        self._asked, self._call = msgid, call
        return CallOffered(call)

    def _require_offer(self) -> None:
        if self._asked is None:
            raise LocalProtocolError("no call has been offered that is not answered yet")

    def _answer(self, verbs: list[dict[str, Any]]) -> str:
        asked, self._asked = self._asked, None
        return _text({"type": "ack", "msgid": asked, "data": verbs})

    def _command(self, command: str, data: Any) -> str:
        if self._call is None:
            raise LocalProtocolError("no call has been offered")
        return _text({"type": "command", "command": command, "queueCommand": False, "data": data})


def _text(message: dict[str, Any]) -> str:
    encoded = json_body(message)
    if len(encoded) > MAX_MESSAGE_BYTES:
        raise LocalProtocolError("more than jambonz takes in one message of the application socket")
    return encoded.decode()


# The credential


def _admit(options: JambonzOptions, request: HttpRequest) -> None:
    expected = basic(options.application_user or "", options.application_password or "")
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise SignatureError("the user or password in the application's address is missing or wrong")


APPLICATION = ApplicationSocket(
    subprotocol=SUBPROTOCOL,
    machine=JambonzApplication,
    admit=_admit,
    is_guarded=lambda options: options.application_password is not None,
)
