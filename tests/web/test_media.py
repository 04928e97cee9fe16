"""Media sockets of the real daemon: who is let in, who is not, and what a misbehaving carrier can do."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.content import CONTENT
from bridge.identity.streams import StreamTokens

SETUP = {"type": "session.setup", "data": {"context": {"id": 7, "direction": "inbound"}}}
START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "streamSid": "MZ1",
        "accountSid": "AC1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    },
}


async def upgrade(daemon: Any, path: str, headers: dict[str, str] | None = None) -> int:
    """The HTTP status with which an upgrade is answered; 101 when the socket opens."""
    async with aiohttp.ClientSession() as client:
        try:
            async with client.ws_connect(daemon.url(path), headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


async def exchange(
    daemon: Any, path: str, *messages: Any, headers: dict[str, str] | None = None
) -> tuple[list[str], int | None]:
    """Send messages; the kinds of what came back, up to four or until the close, and the close code."""
    kinds: list[str] = []
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(daemon.url(path), headers=headers) as socket,
    ):
        for message in messages:
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_str(message if isinstance(message, str) else json.dumps(message))
        try:
            async with asyncio.timeout(4):
                async for answer in socket:
                    said = json.loads(answer.data)
                    kinds.append(said.get("type") or said.get("event"))
                    if len(kinds) > 3:
                        return kinds, None
        except TimeoutError:
            return kinds, None
        return kinds, socket.close_code


def auth(daemon: Any) -> dict[str, str]:
    """The header that Maqsam would send."""
    return {"Auth": daemon.token}


class TestMaqsam:
    """`/ws/maqsam[/QUESTIONNAIRE]`"""

    @pytest.mark.parametrize("header", ["Auth", "Authorization"])
    async def test_a_good_header_is_let_in_and_hears_us(self, daemon: Any, header: str) -> None:
        """With the token in the header, the call is accepted and the opening is played."""
        kinds, _ = await exchange(daemon, "/ws/maqsam", SETUP, headers={header: daemon.token})
        assert kinds[:2] == ["session.ready", "response.stream"]

    async def test_a_good_header_needs_no_setup(self, daemon: Any) -> None:
        """A carrier that has shown its token and says nothing more is answered all the same."""
        kinds, _ = await exchange(daemon, "/ws/maqsam", headers=auth(daemon))
        assert kinds[:1] == ["session.ready"]

    async def test_a_wrong_header_is_refused_on_the_upgrade(self, daemon: Any) -> None:
        """No socket opens on a wrong token."""
        assert await upgrade(daemon, "/ws/maqsam", {"Auth": "wrong"}) == 401

    async def test_a_good_key_in_the_setup_is_let_in(self, daemon: Any) -> None:
        """Maqsam's other method: the token as `apiKey`."""
        kinds, _ = await exchange(daemon, "/ws/maqsam", SETUP | {"apiKey": daemon.token})
        assert kinds[:2] == ["session.ready", "response.stream"]

    @pytest.mark.parametrize("setup", [SETUP, SETUP | {"apiKey": "wrong"}, SETUP | {"apiKey": ""}])
    async def test_a_setup_without_the_key_is_closed(self, daemon: Any, setup: dict[str, Any]) -> None:
        """Nothing is played to a carrier that cannot show the token; 1008 tells it so."""
        assert await exchange(daemon, "/ws/maqsam", setup) == ([], 1008)

    async def test_a_silent_stranger_is_closed(self, daemon: Any) -> None:
        """Who neither shows a token nor says anything may not keep the socket."""
        assert await exchange(daemon, "/ws/maqsam") == ([], 1008)

    async def test_an_unknown_questionnaire_is_not_found(self, daemon: Any) -> None:
        """The path names a questionnaire that exists, or there is no call."""
        assert await upgrade(daemon, "/ws/maqsam/nothing", auth(daemon)) == 404
        assert await upgrade(daemon, "/ws/maqsam/post_discharge", auth(daemon)) == 101

    @pytest.mark.parametrize(
        ("hostile", "code"),
        [
            ("not json", 1003),
            ('{"type":', 1003),
            ("[" * 10_000, 1003),
            ('{"type":"audio.input","data":{"audio":"%%%"}}', 1003),
            (b"\x00\x01", 1003),
            ("x" * 70_000, 1009),
        ],
    )
    async def test_garbage_ends_its_own_call_only(self, daemon: Any, hostile: str | bytes, code: int) -> None:
        """A hostile message closes its socket with the right code; another call goes on being served."""
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(daemon.url("/ws/maqsam"), headers=auth(daemon)) as other,
        ):
            await other.send_json(SETUP)
            _, closed_with = await exchange(daemon, "/ws/maqsam", SETUP, hostile, headers=auth(daemon))
            before = await other.receive_json(timeout=5)
        assert (closed_with or code, before["type"]) == (code, "session.ready")


class TestTwilio:
    """`/ws/twilio/TOKEN`"""

    def token(self, daemon: Any, **claims: Any) -> str:
        """A token as `hatif token stream` makes it."""
        return StreamTokens(daemon.tokens_secret).issue(**({"provider": "twilio"} | claims))

    async def test_a_token_opens_one_socket_once(self, daemon: Any) -> None:
        """The first use is a call; the second is refused."""
        path = f"/ws/twilio/{self.token(daemon)}"
        kinds, _ = await exchange(daemon, path, START)
        assert kinds[:1] == ["media"]
        assert await upgrade(daemon, path) == 401

    async def test_a_forged_or_expired_token_is_refused(self, daemon: Any) -> None:
        """A token under another secret, for another provider, or too old, opens nothing."""
        forged = StreamTokens("x" * 48).issue(provider="twilio")
        expired = self.token(daemon, seconds=-60)
        elsewhere = self.token(daemon, provider="telnyx")
        statuses = [await upgrade(daemon, f"/ws/twilio/{bad}") for bad in (forged, expired, elsewhere, "x")]
        assert statuses == [401] * 4

    async def test_a_token_names_its_questionnaire(self, daemon: Any) -> None:
        """A token for a questionnaire that does not exist finds nothing."""
        assert await upgrade(daemon, f"/ws/twilio/{self.token(daemon, questionnaire='nothing')}") == 404


async def test_without_credentials_only_this_machine_is_served(start_daemon: Callable[..., Any]) -> None:
    """An unconfigured daemon takes a local call, refuses one that a proxy passes on, and logs that."""
    daemon = start_daemon(HATIF_PROVIDERS__MAQSAM__TOKEN="", HATIF_TOKENS__SECRET="")
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert await upgrade(daemon, "/ws/maqsam") == 101
    assert await upgrade(daemon, "/ws/twilio/anything") == 101
    assert await upgrade(daemon, "/ws/maqsam", forwarded) == 401
    assert await upgrade(daemon, "/ws/twilio/anything", forwarded) == 401
    (told,) = [line for line in daemon.log.splitlines() if "no_credential_configured" in line]
    assert json.loads(told)["settings"] == ["providers.*", "tokens.secret"]
    assert "redacted" not in told
    for path in ("/metrics", "/admin/sessions", "/auth/token"):
        status, refusal = daemon.get(path)
        assert (status, "the admin socket needs none" in refusal["error"]["message"]) == (401, True), path
    daemon.stop()


async def test_a_small_house_keeps_its_rules(start_daemon: Callable[..., Any]) -> None:
    """One call more than allowed is refused unanswered, and a provider switched off is not there."""
    daemon = start_daemon(HATIF_CALLS__MAX_CONCURRENT="1", HATIF_PROVIDERS__TWILIO__ENABLED="false")
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(daemon.url("/ws/maqsam"), headers=auth(daemon)) as first,
    ):
        await first.send_json(SETUP)
        await first.receive(timeout=5)
        assert await upgrade(daemon, "/ws/maqsam", auth(daemon)) == 503
        assert await upgrade(daemon, "/ws/twilio/anything") == 404
    media = daemon.get("/")[1]["media"]
    assert ("/ws/maqsam[/{questionnaire}]" in media, "/ws/vobiz/{token}" in media) == (True, True)
    assert not [path for path in media if "twilio" in path]
    daemon.stop()


async def test_words_that_the_recogniser_lacks_are_logged_at_the_start(
    start_daemon: Callable[..., Any], tmp_path: Path
) -> None:
    """How many, and of which questionnaire; `hatif check` names them."""
    folder = Path(shutil.copytree(CONTENT / "questionnaires", tmp_path / "questionnaires"))
    file = folder / "post_discharge.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("[ممتاز]", "[مدهش, رائع]"), encoding="utf-8")
    daemon = start_daemon(HATIF_QUESTIONNAIRES__FOLDER=str(folder))
    (line,) = [line for line in daemon.log.splitlines() if "model_lacks_phrases" in line]
    assert "post_discharge" in line
    assert "count=2" in line or '"count": 2' in line or '"count":2' in line
    assert "مدهش" not in daemon.log
    daemon.stop()


class TestHealth:
    """`/`, `/livez`, `/readyz`, `/health`"""

    def test_a_running_daemon_is_ready_and_healthy(self, daemon: Any) -> None:
        """Every component is named, and each is well."""
        status, health = daemon.get("/health")
        assert (status, health["status"]) == (200, "healthy")
        assert {name for name, part in health["components"].items() if part["ready"]} == {
            "storage",
            "recogniser",
            "voice",
            "prompts",
            "questionnaires",
        }

    def test_details_are_for_those_who_may_see_them(self, daemon: Any) -> None:
        """A stranger learns that a component is well; the daemon's own user also how."""
        _, health = daemon.get("/health")
        assert not any("detail" in part for part in health["components"].values())
        assert " MiB; " in daemon.health()["components"]["prompts"]["detail"]

    def test_the_front_page_says_what_this_is(self, daemon: Any) -> None:
        """A curious person learns the name, the version and where to ask."""
        status, index = daemon.get("/")
        assert (status, index["service"], index["state"]) == (200, "hatif", "running")


async def test_a_stream_token_opens_any_door_from_anywhere(daemon: Any) -> None:
    """Also where the provider's own credential is not configured; once, and for its own provider only."""
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    token = StreamTokens(daemon.tokens_secret).issue(provider="telnyx")

    assert await upgrade(daemon, "/ws/telnyx", forwarded) == 401
    assert await upgrade(daemon, f"/ws/exotel/{token}", forwarded) == 401
    assert await upgrade(daemon, f"/ws/telnyx/{token}", forwarded) == 101
    assert await upgrade(daemon, f"/ws/telnyx/{token}", forwarded) == 401


async def test_nobody_is_listened_to_unless_the_site_wants_it(daemon: Any) -> None:
    """The socket of a wire that only lets us listen is refused, and the answer says by which setting."""
    assert await upgrade(daemon, "/ws/genesys_audiohook") == 403
    address = f"http://127.0.0.1:{daemon.port}/ws/genesys_audiohook"
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        assert "monitoring.enabled is false" in await answer.text()
    assert await upgrade(daemon, "/ws/no_such_provider") == 404
