"""Which pages may open sockets and read answers."""

from pathlib import Path

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from doorway import SERVICE_SECRET, Doorway, doorway

from bridge.web.origins import Origins

CLINIC = "https://clinic.example"
LISTED = {"HATIF_SERVER__ORIGINS": f"{CLINIC}, http://other.example:8000"}


async def upgrade(door: Doorway, origin: str | None) -> int:
    """The status with which a socket's upgrade is answered."""
    headers = {"Origin": origin} if origin is not None else {}
    async with ClientSession() as client:
        try:
            async with client.ws_connect(door.client.make_url("/ws/generic?good"), headers=headers):
                return 101
        except WSServerHandshakeError as refused:
            return refused.status


async def test_a_socket_opens_for_pages_on_the_list_and_for_programs(tmp_path: Path) -> None:
    """Programs send no Origin; our own page comes from where it was opened."""
    async with doorway(tmp_path, **LISTED) as door:
        own = str(door.client.make_url("/")).rstrip("/")
        for origin in (None, own, CLINIC, "http://other.example:8000"):
            assert await upgrade(door, origin) == 101, origin
        for origin in (
            "null",
            "",
            "https://evil.example",
            "http://clinic.example",
            f"{CLINIC}.evil.example",
            f"{CLINIC}:444",
            f"{CLINIC}/",
            f"{CLINIC}, https://evil.example",
            own.replace("127.0.0.1", "localhost"),
            own + "0",
            "file://",
        ):
            assert await upgrade(door, origin) == 403, origin


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("localhost:8080", True),
        ("192.0.2.7", True),
        ("hatif.example", True),  # server.public_url
        ("evil.example:8080", False),  # a name of somebody else's that leads here
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_a_name_that_leads_here_makes_no_page_ours(host: str, is_ours: bool) -> None:
    """DNS rebinding: only addresses and the configured name are ours."""
    origins = Origins(public_url="https://hatif.example/")
    scheme = "https" if host == "hatif.example" else "http"
    assert origins.allows(f"{scheme}://{host}", host) is is_ours


async def test_a_browser_that_asks_first_is_answered(tmp_path: Path) -> None:
    """Methods and headers for pages on the list; nothing for others. No credential is needed to ask."""
    first = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    async with doorway(tmp_path, **LISTED) as door:
        status, _, headers = await door.ask("/auth/stream", method="OPTIONS", Origin=CLINIC, **first)
        assert status == 204
        assert headers["Access-Control-Allow-Origin"] == CLINIC
        assert "Authorization" in headers["Access-Control-Allow-Headers"]
        assert "POST" in headers["Access-Control-Allow-Methods"]
        assert headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in headers
        status, _, headers = await door.ask(
            "/auth/stream", method="OPTIONS", Origin="https://evil.example", **first
        )
        assert (status, "Access-Control-Allow-Origin" in headers) == (403, False)


async def test_only_pages_on_the_list_may_read_answers(tmp_path: Path) -> None:
    """A refusal too: else a page could not tell why."""
    async with doorway(tmp_path, **LISTED) as door:
        for credential, expected in ((SERVICE_SECRET, 200), ("wrong", 401)):
            status, _, headers = await door.ask("/probe", credential, Origin=CLINIC)
            assert (status, headers["Access-Control-Allow-Origin"]) == (expected, CLINIC)
            assert "RateLimit-Remaining" in headers["Access-Control-Expose-Headers"]
            status, _, headers = await door.ask("/probe", credential, Origin="https://evil.example")
            assert (status, "Access-Control-Allow-Origin" in headers) == (expected, False)
            assert headers["Vary"] == "Origin"
        _, _, headers = await door.ask("/probe", SERVICE_SECRET)
        assert "Access-Control-Allow-Origin" not in headers
