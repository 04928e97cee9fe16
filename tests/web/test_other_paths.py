"""Sockets' addresses in other guides: led to the generic protocol, or told in docs/requirements.md."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bridge.web.other_paths import INSTEAD, OTHER_PATHS, other_paths
from protocols import PROVIDERS

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT.parent / "shared" / "requirements"
PAGE = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")


async def _show(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.match_info['provider']} {request.match_info.get('name')}")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        *((path, f"{name} None") for path, name in OTHER_PATHS.items()),
        ("/ws/maqsam", "maqsam None"),
        ("/ws/maqsam/phq2", "maqsam phq2"),
        ("/ws/tts", "tts None"),
        ("/ws/telephony/healthcare", "telephony healthcare"),
    ],
)
async def test_each_leads_to_its_provider(path: str, told: str) -> None:
    """As if that had been named; all else is a provider's name, and there is none of those."""
    application = web.Application()
    application.add_routes(
        [*other_paths(_show), web.get("/ws/{provider}", _show), web.get("/ws/{provider}/{name}", _show)]
    )
    async with TestClient(TestServer(application)) as client:
        assert await (await client.get(path)).text() == told
    assert not {path.split("/")[2] for path in INSTEAD if path.startswith("/ws/")} & PROVIDERS.keys()


def test_the_page_tells_of_all() -> None:
    """docs/requirements.md has a row for each, with what the code says of it."""
    for path, provider in OTHER_PATHS.items():
        assert f"| `{path}` | the same socket as `/ws/{provider}` |" in PAGE
    for path, instead in INSTEAD.items():
        assert f"| `{path}` | not here; instead: {instead} |" in PAGE


@pytest.mark.skipif(
    not REQUIREMENTS.is_dir(), reason="needs the requirement documents in ../shared/requirements"
)
def test_every_address_of_the_documents_is_on_the_page() -> None:
    """Those that 000 to 004 list with their methods, or ask by curl."""
    named = set()
    for file in sorted(REQUIREMENTS.glob("00[0-4]_*")):
        text = file.read_text(encoding="utf-8")
        named |= set(re.findall(r"\b(?:GET|POST|PUT|DELETE|WS) (/[\w/{}-]*)", text))
        named |= set(re.findall(r"(?:curl|wss?:)[^\n]*?://[\w.:-]+(/[\w/-]+)", text))
    assert named
    assert {path for path in named if f"`{path}`" not in PAGE} == set()
