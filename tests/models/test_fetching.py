"""Fetching, from a real server that misbehaves as servers and lines do."""

import hashlib
import json
import shutil
import socket
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from tenacity import wait_none

from bridge.models.fetching import Fetched, FetchError, PublicModel, fetch

NAME = "vosk-model-ar-test"
MODEL = PublicModel(NAME, size_bytes=1000, md5="", what="a test", licence="none")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def keep(folder: Path, content: bytes) -> None:
    """What an earlier command left."""
    folder.mkdir()
    (folder / f"{NAME}.zip.part").write_bytes(content)


class Shelf:
    """The public place: a list, an archive, and faults that are used up one by one."""

    def __init__(self, archive: bytes) -> None:
        self.archive = archive
        self.listed: list[dict[str, object]] = [
            {"name": "another"},
            {"name": NAME, "size": len(archive), "md5": md5(archive), "lang": "ar"},
        ]
        self.faults: list[str] = []
        self.list_faults: list[str] = []
        self.asked: list[str] = []  # the ranges, "" for the whole
        self.address = ""

    async def send_list(self, _request: web.Request) -> web.StreamResponse:
        match self.list_faults.pop(0) if self.list_faults else "":
            case "missing":
                return web.Response(status=404, text="<html>nothing here</html>")
            case "busy":
                return web.Response(status=503)
        return web.Response(text=json.dumps(self.listed))

    async def send_archive(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range", "")
        self.asked.append(asked)
        fault = self.faults.pop(0) if self.faults else ""
        begin = 0 if fault == "no ranges" else int(asked.removeprefix("bytes=").rstrip("-") or 0)
        if fault in {"404", "403", "503"}:
            return web.Response(status=int(fault))
        if begin and begin >= len(self.archive):
            return web.Response(status=416)
        answer = web.StreamResponse(status=206 if begin else 200)
        answer.content_length = len(self.archive) - begin
        if begin:
            shown = 0 if fault == "another range" else begin
            answer.headers["Content-Range"] = f"bytes {shown}-{len(self.archive) - 1}/{len(self.archive)}"
        await answer.prepare(request)
        rest = self.archive[begin:]
        if fault == "cut":
            await answer.write(rest[: len(rest) // 2])
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(rest)
        return answer


@pytest.fixture(scope="session")
def archive(model: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The embedded model, as models are packed."""
    folder = tmp_path_factory.mktemp("archive")
    shutil.copytree(model, folder / NAME)
    return Path(shutil.make_archive(str(folder / "packed"), "zip", folder, NAME)).read_bytes()


@pytest.fixture
def wide(copy: Path, tmp_path: Path) -> bytes:
    """A model for speech of 16 kHz, packed."""
    features = next(file for file in (copy / "conf").iterdir() if file.name != "model.conf")
    features.write_text("--sample-frequency=16000\n")
    return Path(shutil.make_archive(str(tmp_path / "wide"), "zip", copy.parent, copy.name)).read_bytes()


@pytest.fixture
async def shelf(archive: bytes) -> AsyncIterator[Shelf]:
    """The public place, on this machine."""
    place = Shelf(archive)
    app = web.Application()
    app.router.add_get("/models/model-list.json", place.send_list)
    app.router.add_get(f"/models/{NAME}.zip", place.send_archive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    place.address = f"http://127.0.0.1:{port}/models"
    yield place
    await runner.cleanup()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where models lie."""
    return tmp_path / "models"


async def fetched(shelf: Shelf, folder: Path, model: PublicModel = MODEL) -> Fetched:
    return await fetch(model, folder, address=shelf.address, pause=wait_none())


async def refused(shelf: Shelf, folder: Path, model: PublicModel = MODEL) -> str:
    with pytest.raises(FetchError) as failure:
        await fetched(shelf, folder, model)
    assert set(names(folder)) <= {f"{NAME}.zip.part"}
    return str(failure.value)


async def test_a_model_comes_whole(shelf: Shelf, folder: Path) -> None:
    """Compared, unpacked, looked at, and nothing else is left in the folder."""
    progress: list[tuple[int, int | None]] = []
    model = await fetch(MODEL, folder, address=shelf.address, on_progress=lambda *done: progress.append(done))

    assert model.is_new
    assert model.is_compared
    assert model.summary is not None
    assert model.summary.identity.startswith(f"{NAME}@")
    assert names(folder) == [NAME]
    assert progress[0] == (0, len(shelf.archive))
    assert progress[-1] == (len(shelf.archive), len(shelf.archive))


async def test_what_is_here_is_not_fetched_again(shelf: Shelf, folder: Path) -> None:
    """Nobody is asked."""
    await fetched(shelf, folder)
    again = await fetched(shelf, folder)

    assert not again.is_new
    assert again.summary is not None
    assert len(shelf.asked) == 1


async def test_half_a_model_that_is_here_is_in_the_way(shelf: Shelf, folder: Path) -> None:
    """It may be somebody's: it is not overwritten."""
    (folder / NAME / "am").mkdir(parents=True)
    with pytest.raises(FetchError, match=r"is in the way: .* delete it, and fetch again"):
        await fetched(shelf, folder)


async def test_a_line_that_breaks_is_taken_up_where_it_broke(shelf: Shelf, folder: Path) -> None:
    """Twice, within one command."""
    shelf.faults = ["cut", "cut"]
    model = await fetched(shelf, folder)
    first, *later = shelf.asked
    begins = [int(each.removeprefix("bytes=").rstrip("-")) for each in later]

    assert model.is_compared
    assert first == ""
    assert 0 < begins[0] < begins[1] < len(shelf.archive)


async def test_the_next_command_goes_on_too(shelf: Shelf, folder: Path) -> None:
    """What came before the third break is kept, and the sentence says so."""
    shelf.faults = ["cut", "cut", "cut"]
    sentence = await refused(shelf, folder)
    part = folder / f"{NAME}.zip.part"
    kept = part.stat().st_size

    assert "broke off 3 times" in sentence
    assert "the same command goes on from there" in sentence
    assert (await fetched(shelf, folder)).is_compared
    assert shelf.asked[-1] == f"bytes={kept}-"
    assert not part.exists()


@pytest.mark.parametrize("fault", ["no ranges", "another range"])
async def test_a_server_without_ranges_sends_it_all(shelf: Shelf, folder: Path, fault: str) -> None:
    """A wrong piece is not put behind the right one."""
    keep(folder, shelf.archive[:1000])
    shelf.faults = [fault]

    assert (await fetched(shelf, folder)).is_compared


async def test_a_whole_archive_needs_no_more_bytes(shelf: Shelf, folder: Path) -> None:
    """It was fetched, and the disk was full, say."""
    keep(folder, shelf.archive)

    assert (await fetched(shelf, folder)).is_compared
    assert shelf.asked == [f"bytes={len(shelf.archive)}-"]


async def test_a_busy_server_is_asked_again(shelf: Shelf, folder: Path) -> None:
    """For the list as for the model."""
    shelf.list_faults = ["busy", "busy"]
    shelf.faults = ["503", "503"]

    assert (await fetched(shelf, folder)).is_compared


async def test_a_server_that_stays_busy_is_left(shelf: Shelf, folder: Path) -> None:
    """After three times."""
    shelf.faults = ["503"] * 9
    assert "503" in await refused(shelf, folder)
    assert len(shelf.asked) == 3


@pytest.mark.parametrize(
    ("fault", "why"), [("404", "there is no model at http"), ("403", "is not given away")]
)
async def test_a_model_that_is_not_there_is_not_asked_for_again(
    shelf: Shelf, folder: Path, fault: str, why: str
) -> None:
    """Its address is told."""
    shelf.faults = [fault]
    sentence = await refused(shelf, folder)

    assert why in sentence
    assert f"{shelf.address}/{NAME}.zip" in sentence
    assert len(shelf.asked) == 1


async def test_another_file_than_was_published_is_deleted(shelf: Shelf, folder: Path) -> None:
    """By its sum, or by its size alone."""
    shelf.listed[1]["md5"] = "0" * 32
    sentence = await refused(shelf, folder)
    assert "its md5 is" in sentence
    assert f"not {'0' * 32}; it was deleted" in sentence
    assert names(folder) == []
    shelf.listed[1]["size"] = 3

    assert f"it has {len(shelf.archive)} bytes, not 3" in await refused(shelf, folder)


async def test_a_better_sum_is_preferred(shelf: Shelf, folder: Path) -> None:
    """Should the list ever give one."""
    shelf.listed[1]["sha256"] = "f" * 64
    assert "its sha256 is" in await refused(shelf, folder)


@pytest.mark.parametrize("listed", [[], [{"name": NAME}], "missing"])
async def test_without_a_published_sum_the_known_one_counts(
    shelf: Shelf, folder: Path, listed: list[dict[str, object]] | str
) -> None:
    """Where there is none either, the file is not compared, and that is told."""
    if isinstance(listed, str):
        shelf.list_faults = [listed] * 9
    else:
        shelf.listed = listed
    known = PublicModel(NAME, len(shelf.archive), "0" * 32, "a test", "none")
    assert "its md5 is" in await refused(shelf, folder, known)

    assert not (await fetched(shelf, folder)).is_compared


async def test_no_network_is_said_plainly(shelf: Shelf, folder: Path) -> None:
    """With the place that cannot be reached, and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    shelf.address = f"http://127.0.0.1:{port}/models"
    sentence = await refused(shelf, folder)

    assert sentence.startswith(f"127.0.0.1:{port} cannot be reached (")
    assert "fetching needs the Internet" in sentence


async def test_no_room_is_said_before_anything_is_fetched(
    shelf: Shelf, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive and what comes out of it have to lie side by side."""
    monkeypatch.setattr(
        "shutil.disk_usage", lambda _folder: type("Usage", (), {"free": 2 * len(shelf.archive)})
    )
    sentence = await refused(shelf, folder)

    assert "has room for" in sentence
    assert shelf.asked == []


async def test_a_disk_that_fills_up_later_keeps_the_archive(
    shelf: Shelf, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It need not be fetched again."""
    monkeypatch.setattr("bridge.models.fetching._require_room", lambda *_: None)
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: type("Usage", (), {"free": 1000}))

    assert "has room for 0 MiB" in await refused(shelf, folder)
    assert (folder / f"{NAME}.zip.part").stat().st_size == len(shelf.archive)


async def test_a_folder_that_is_none_is_said_plainly(shelf: Shelf, tmp_path: Path) -> None:
    """A file lies where the folder was to be."""
    (tmp_path / "models").write_text("a file")
    assert "cannot be made" in await refused(shelf, tmp_path / "models" / "more")


async def test_an_unsafe_archive_is_deleted(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    """Though it is what was published."""
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as writer:
        writer.writestr("../evil", "from outside")
    publish(shelf, (tmp_path / "evil.zip").read_bytes())

    assert "is unsafe: it holds '../evil'" in await refused(shelf, folder)
    assert names(tmp_path) == ["evil.zip", "models"]
    assert names(folder) == []


async def test_an_archive_without_a_model_is_deleted(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    """What it lacks is told."""
    with zipfile.ZipFile(tmp_path / "half.zip", "w") as writer:
        writer.writestr(f"{NAME}/am/final.mdl", "no network")
    publish(shelf, (tmp_path / "half.zip").read_bytes())
    sentence = await refused(shelf, folder)

    assert "holds no usable model" in sentence
    assert "conf/model.conf is missing" in sentence
    assert names(folder) == []


async def test_a_model_of_another_rate_is_kept(shelf: Shelf, folder: Path, wide: bytes) -> None:
    """One line in it may be all that it needs; what is wrong is told, also the next time."""
    publish(shelf, wide)

    for is_new in (True, False):
        model = await fetched(shelf, folder)
        assert model.is_new is is_new
        assert model.summary is None
        assert "--allow-upsample=true" in model.problem


def publish(shelf: Shelf, archive: bytes) -> None:
    shelf.archive = archive
    shelf.listed[1] |= {"size": len(archive), "md5": md5(archive)}
