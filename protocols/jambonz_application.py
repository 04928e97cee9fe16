"""jambonz's application socket, as far as it answers a call, ends it and hands it over.

Sources: jambonz-feature-server (lib/utils/ws-requestor.js, lib/session/call-session.js, commit 389c65e) and
jambonz/schema (callbacks, docs/guides/session-commands.md, commit b2efaa4). It is another socket than the
audio's, at another path, of the subprotocol `ws.jambonz.org`, one for each call.

- A message that asks is answered with `ack` and its own `msgid` within 5 s; those that only tell are not.
- After a lost connection jambonz comes again with `session:reconnect`; closing with 1000 says we are done.
- What we say is text, and at most 24 KiB of it.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import Complained, ReplyDue
from protocols.http import json_body
from protocols.jambonz_calls import CallBody, JambonzOptions, listen_verbs, transfer_verbs
from protocols.provider import IncomingCall, StatusReport, StreamTarget
from protocols.wire import MessageDecoder

__all__ = ["SUBPROTOCOL", "ApplicationEvent", "CallOffered", "JambonzApplication"]

SUBPROTOCOL = "ws.jambonz.org"
MAX_MESSAGE_BYTES = 24 * 1024


class CallOffered(Struct, frozen=True):
    """Answer this call, or refuse it."""

    call: IncomingCall


ApplicationEvent = CallOffered | StatusReport | ReplyDue | Complained


class _Asking(Struct, tag_field="type", frozen=True, kw_only=True):
    msgid: str


class SessionNew(_Asking, tag="session:new", frozen=True, kw_only=True):
    data: CallBody


class SessionReconnect(_Asking, tag="session:reconnect", frozen=True, kw_only=True):
    data: CallBody = CallBody()


class SessionRedirect(_Asking, tag="session:redirect", frozen=True, kw_only=True):
    pass


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


class JambonzApplication:
    """The control of one call, as a machine: texts in, events out; decisions in, texts out."""

    def __init__(self, options: JambonzOptions) -> None:
        self._options = options
        self._asked = ""  # the msgid under which the call was offered
        self._call: IncomingCall | None = None

    def receive(self, message: str | bytes) -> Sequence[ApplicationEvent]:
        """Translate one message.

        Raises:
            RemoteProtocolError: it is malformed, or offers a second call.

        """
        incoming = _DECODER.decode(message)
        match incoming:
            case SessionNew():
                return (self._offered(incoming),)
            case SessionReconnect():
                self._call = self._call or incoming.data.call
                return (ReplyDue(_text({"type": "ack", "msgid": incoming.msgid})),)
            case _Asking():
                return (ReplyDue(_text({"type": "ack", "msgid": incoming.msgid})),)
            case CallStatusTold():
                report = incoming.data.report
                return () if report is None else (report,)
            case ErrorTold():
                return (Complained("jambonz:error"),)
            case _:
                return ()

    def connect(self, stream: StreamTarget) -> str:
        """Answer the call that was offered, and open its audio socket."""
        self._require_offer()
        return self._answer(listen_verbs(self._options, stream))

    def reject(self) -> str:
        """Refuse the call that was offered."""
        self._require_offer()
        return self._answer([{"verb": "sip:decline", "status": 503}])

    def hang_up(self) -> str:
        """End the call."""
        return self._command("call:status", {"call_status": "completed"})

    def transfer(self, to: str) -> str:
        """Put the caller through to a number."""
        return self._command("redirect", transfer_verbs(to))

    def _offered(self, incoming: SessionNew) -> CallOffered:
        if self._call is not None:
            raise RemoteProtocolError("session:new after session:new", close_code=CLOSE_POLICY)
        self._asked, self._call = incoming.msgid, incoming.data.call
        return CallOffered(self._call)

    def _require_offer(self) -> None:
        if not self._asked:
            raise LocalProtocolError("no call has been offered that is not answered yet")

    def _answer(self, verbs: list[dict[str, Any]]) -> str:
        asked, self._asked = self._asked, ""
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
