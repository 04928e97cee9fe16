"""`hatif models` as its users meet it."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typed import typed

NAME = "vosk-model-ar-tn-0.1-linto"


def hatif(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, standard output, standard error of `hatif models …`; never a traceback."""
    ended = typed("models", *arguments, COLUMNS="200")
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def report(*arguments: str | Path) -> Any:
    """What a command says to programs."""
    status, told, complaint = hatif(*arguments, "--json")
    assert status == 0, complaint
    return json.loads(told)


class TestList:
    """`hatif models list`."""

    def test_the_model_in_use_and_the_public_ones(self, model: Path) -> None:
        """Each by its name."""
        status, told, _ = hatif("list")

        assert status == 0
        assert model.name in told
        assert "in use" in told
        assert "318 MiB" in told
        assert "vosk-model-ar-0.22-linto-1.1.0" in told

    def test_for_programs(self, model: Path) -> None:
        """The same as one document."""
        catalogue = report("list")

        assert [one["name"] for one in catalogue["installed"] if one["is_used"]] == [model.name]
        assert len(catalogue["public"]) == 5


class TestVerify:
    """`hatif models verify`."""

    def test_the_configured_model(self, model: Path) -> None:
        """Needs no path."""
        status, told, _ = hatif("verify")

        assert status == 0
        assert f"{model.name}@" in told
        assert "nothing, as it should be" in told

    def test_for_programs(self, model: Path) -> None:
        """By its name among the models that are here."""
        assert report("verify", model.name)["identity"].startswith(f"{model.name}@")

    def test_a_bad_one_is_a_sentence(self, copy: Path) -> None:
        """And a status of 2."""
        (copy / "graph" / "Gr.fst").unlink()
        status, _, complaint = hatif("verify", copy)

        assert status == 2
        assert complaint.startswith(f"hatif: {copy} is no usable model: graph/Gr.fst is missing")


class TestEvaluate:
    """`hatif models evaluate`."""

    def test_tables_for_people(self, recordings: Path) -> None:
        """With progress apart from them."""
        status, told, progress = hatif("evaluate", "--data", recordings, "--snr", "clean,10")

        assert status == 0
        assert "Other words offered to a yes/no question" in told
        assert "10 dB" in told
        assert "10/10" in progress

    def test_one_document_for_programs(self, recordings: Path, model: Path) -> None:
        """The noise can be left out."""
        measured = report("evaluate", model, "--data", recordings, "--noise", "none", "--processes", "1")

        assert measured["material"]["conditions"] == ["clean"]
        assert measured["figures"]["questions"][0]["count"] == 2

    def test_files_that_cannot_be_read(self, recordings: Path, tmp_path: Path) -> None:
        """They are named, the others are measured, and the status is 2."""
        data = shutil.copytree(recordings, tmp_path / "data")
        (data / "yes" / "broken.wav").write_bytes(b"nothing")
        target = tmp_path / "report.json"
        status, told, complaint = hatif("evaluate", "--data", data, "--snr", "clean", "--json", target)

        assert status == 2
        assert "yes/broken.wav" in complaint
        assert "is no WAV file" in complaint
        assert "yes/no" in told
        assert json.loads(target.read_text(encoding="utf-8"))["material"]["recordings"] == 5

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("--data", "nowhere"), "there is no such folder, archive or table"),
            (("--data", ".", "--snr", "loud"), "'loud' is neither clean nor a number of decibels"),
            (("--data", ".", "--snr", "nan"), "'nan' is neither clean"),
            (("--data", ".", "--snr", ","), "names no condition"),
            ((), "--data"),
        ],
    )
    def test_what_cannot_be_measured_is_refused(self, arguments: tuple[str, ...], why: str) -> None:
        """In a sentence."""
        status, _, complaint = hatif("evaluate", *arguments)

        assert status == 2
        assert why in complaint


class TestFetch:
    """`hatif models fetch`, from a place of our own."""

    @pytest.fixture
    async def address(self, model: Path, tmp_path: Path) -> AsyncIterator[str]:
        """A server with one model and the list."""
        shutil.copytree(model, tmp_path / "packed" / NAME)
        archive = shutil.make_archive(str(tmp_path / NAME), "zip", tmp_path / "packed", NAME)
        content = await asyncio.to_thread(Path(archive).read_bytes)
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        listed = [{"name": NAME, "size": len(content), "md5": md5}]

        async def send_list(_request: web.Request) -> web.Response:
            return web.json_response(listed)

        async def send_archive(_request: web.Request) -> web.Response:
            return web.Response(body=content)

        app = web.Application()
        app.router.add_get("/model-list.json", send_list)
        app.router.add_get(f"/{NAME}.zip", send_archive)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()

    async def test_a_model_is_fetched_and_works(self, address: str, tmp_path: Path) -> None:
        """What to do with it is told; the second time there is nothing to do."""
        into = tmp_path / "models"
        fetch = ("fetch", NAME, "--into", into, "--from", address)
        status, told, progress = await asyncio.to_thread(hatif, *fetch)

        assert status == 0
        assert f"{into / NAME} is here" in told
        assert f"set recogniser.model to {into / NAME}" in told
        assert NAME in progress
        assert "was here already" in (await asyncio.to_thread(hatif, *fetch))[1]
        assert (await asyncio.to_thread(hatif, "verify", into / NAME))[0] == 0

    async def test_another_model_is_not_there(self, address: str, tmp_path: Path) -> None:
        """Its address is told."""
        fetch = ("fetch", "vosk-model-ar-mgb2-0.4", "--into", tmp_path / "models", "--from", address)
        status, _, complaint = await asyncio.to_thread(hatif, *fetch)

        assert status == 2
        assert f"there is no model at {address}/vosk-model-ar-mgb2-0.4.zip (404 Not Found)" in complaint

    def test_an_unknown_model_is_refused(self) -> None:
        """The known ones are named."""
        status, _, complaint = hatif("fetch", "vosk-model-xx")

        assert status == 2
        assert (
            "there is no public Arabic model 'vosk-model-xx'; known are vosk-model-ar-mgb2-0.4" in complaint
        )
