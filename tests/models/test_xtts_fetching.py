"""Fetching XTTS's checkpoint, from a real server that sends one on to another, as its hub does."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from tenacity import wait_none

from bridge.config_speech import Xtts
from bridge.errors import ConfigError
from bridge.models import xtts_fetching
from bridge.models.downloading import FetchError, make_folder
from bridge.models.xtts_fetching import FetchedCheckpoint, fetch_xtts


def weights() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("model/data.pkl", b"which is which")
        archive.writestr("model/data/0", bytes(range(256)) * 8000)
    return content.getvalue()


class Hub:
    """The small files itself; the weights lie elsewhere, with their sum told on the way."""

    def __init__(self) -> None:
        self.files = {
            "LICENSE.txt": b"Coqui Public Model License 1.0.0",
            "config.json": json.dumps({"model": "xtts", "model_args": {}, "languages": ["ar"]}).encode(),
            "vocab.json": json.dumps({"model": {"vocab": {"a": 0}}}).encode(),
            "speakers_xtts.pth": weights(),
            "model.pth": weights(),
        }
        self.sums = {name: hashlib.sha256(self.files[name]).hexdigest() for name in ("model.pth",)}
        self.cuts = 0  # how many more downloads of the weights break off
        self.asked: list[tuple[str, str]] = []  # file and range
        self.address = ""

    async def send_on(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name in self.sums:
            told = {"X-Linked-Etag": f'"{self.sums[name]}"', "Location": f"{self.address}/store/{name}"}
            return web.Response(status=302, headers=told)
        return await self.send(request)

    async def send(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        asked = request.headers.get("Range", "")
        self.asked.append((name, asked))
        if name not in self.files:
            return web.Response(status=404)
        begin = int(asked.removeprefix("bytes=").rstrip("-") or 0)
        content = self.files[name]
        answer = web.StreamResponse(status=206 if begin else 200)
        answer.content_length = len(content) - begin
        if begin:
            answer.headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        await answer.prepare(request)
        if name == "model.pth" and self.cuts:
            self.cuts -= 1
            await answer.write(content[begin : begin + 300_000])
            await asyncio.sleep(0.2)  # what has come is read before the end is noticed
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(content[begin:])
        return answer


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setattr(xtts_fetching, "SIZE_BYTES", 5_000_000)
    place = Hub()
    app = web.Application()
    app.router.add_get("/main/{name}", place.send_on)
    app.router.add_get("/store/{name}", place.send)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    place.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield place
    await runner.cleanup()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "xtts_v2"


async def fetched(hub: Hub, target: Path, **options: object) -> FetchedCheckpoint:
    settings = Xtts.model_validate({"model": target, "accept_cpml": True, **options})
    return await fetch_xtts(settings, target, address=f"{hub.address}/main", pause=wait_none())


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()} if folder.is_dir() else set()


async def test_nothing_is_fetched_before_the_licence_is_accepted(hub: Hub, target: Path) -> None:
    """No server is asked, nothing is made."""
    with pytest.raises(ConfigError, match=r"xtts\.accept_cpml"):
        await fetched(hub, target, accept_cpml=False)

    assert hub.asked == []
    assert not target.parent.exists()


async def test_a_checkpoint_comes_whole(hub: Hub, target: Path) -> None:
    """Compared with the sum that was told, with its licence, and nothing else is left."""
    checkpoint = await fetched(hub, target)

    assert checkpoint.is_new
    assert checkpoint.is_compared
    assert checkpoint.checkpoint.has_speakers
    assert names(target) == set(hub.files)
    assert names(target.parent) == {"xtts_v2"}
    assert (target / "model.pth").read_bytes() == hub.files["model.pth"]


async def test_one_that_is_here_is_not_fetched_again(hub: Hub, target: Path) -> None:
    """It is looked at."""
    await fetched(hub, target)
    hub.asked.clear()

    assert not (await fetched(hub, target)).is_new
    assert hub.asked == []


async def test_a_download_goes_on_where_it_broke_off(hub: Hub, target: Path) -> None:
    """In the same command."""
    hub.cuts = 2

    assert (await fetched(hub, target)).is_compared

    ranges = [asked for name, asked in hub.asked if name == "model.pth"]
    assert ranges[0] == ""
    assert all(one.startswith("bytes=") for one in ranges[1:])


async def test_and_in_a_later_command(hub: Hub, target: Path) -> None:
    """What is whole is not asked for again; until all is there, there is no checkpoint."""
    hub.cuts = 3
    with pytest.raises(FetchError, match="goes on from there"):
        await fetched(hub, target)
    assert names(target) == set()
    hub.asked.clear()

    assert (await fetched(hub, target)).is_compared
    assert [name for name, _ in hub.asked] == ["model.pth"]
    assert hub.asked[0][1] != "bytes=0-"


async def test_what_differs_from_its_sum_is_deleted(hub: Hub, target: Path) -> None:
    """It is never used."""
    hub.sums["model.pth"] = "0" * 64

    with pytest.raises(FetchError, match=r"not model\.pth as it was published"):
        await fetched(hub, target)

    assert names(target) == set()
    assert "model.pth.part" not in names(target.with_name(".xtts_v2.part"))


async def test_what_is_no_checkpoint_is_deleted(hub: Hub, target: Path) -> None:
    """Although it came as it was sent."""
    hub.files["config.json"] = b'{"model": "vits"}'

    with pytest.raises(FetchError, match="what came is no checkpoint of XTTS"):
        await fetched(hub, target)

    assert names(target.parent) == set()


async def test_a_file_that_is_not_there_is_told(hub: Hub, target: Path) -> None:
    """With the address that was asked."""
    del hub.files["vocab.json"]

    with pytest.raises(FetchError, match=r"/main/vocab\.json \(404"):
        await fetched(hub, target)


async def test_no_room_is_told_before_the_download(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two gigabytes are not begun where they cannot end."""
    monkeypatch.setattr(xtts_fetching, "SIZE_BYTES", 1 << 60)

    with pytest.raises(FetchError, match="has room for"):
        await fetched(hub, target)
    assert hub.asked == []


async def test_what_is_in_the_way_is_told(hub: Hub, target: Path) -> None:
    """It is not for us to delete."""
    make_folder(target)

    with pytest.raises(FetchError, match="is in the way"):
        await fetched(hub, target)
