"""Everything of one person, out in one file, or gone for good; other people's data stay as they are."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bridge.clock import Clock
from bridge.errors import BridgeError
from bridge.privacy.erasing import erase_subject, prove
from bridge.privacy.keys import KeyRing, new_key
from bridge.privacy.numbers import NumberError, Subject
from bridge.privacy.recordings import SealedFile
from bridge.privacy.subjects import SubjectError, find_subject
from bridge.storage import tables
from bridge.storage.place import Place
from bridge.storage.store import Store
from tests.privacy.conftest import CANARY, NOON, NUMBER, hold_call
from tests.support.typed import typed

OTHER = "+966501234567"
SECOND = "c2-0123456789abcdef"
KEY = new_key("first")

Hatif = Callable[..., Any]


@pytest.mark.parametrize(
    "spelling",
    [
        "+962790123456",
        "00962790123456",
        "962790123456",
        "0790123456",
        "790123456",
        "+962 7 9012 3456",
        "(+962) 7-9012-3456",
        "٠٠٩٦٢٧٩٠١٢٣٤٥٦",
        "\u202a+962790123456\u202c",
        "sip:+962790123456@pbx.example.com:5060",
        "tel:+962-7-9012-3456",
    ],
)
def test_a_number_is_known_in_any_spelling(spelling: str) -> None:
    """However a provider or a person has written it."""
    assert Subject.parse(NUMBER).is_same(spelling)


@pytest.mark.parametrize("other", ["+962790123457", "+966790123456", "", None, "anonymous", "790", "1" * 40])
def test_another_number_is_not(other: str | None) -> None:
    """Not one that ends alike, nor what is none."""
    assert not Subject.parse(NUMBER).is_same(other)


@pytest.mark.parametrize("text", ["", "0790123456", "hello", "+1", "+9627901234567890"])
def test_a_person_is_named_with_the_country(text: str) -> None:
    """A national number may be somebody else's in another country."""
    with pytest.raises(NumberError, match="with its country"):
        Subject.parse(text)


@pytest.fixture(params=["plain", "encrypted"])
def key(request: pytest.FixtureRequest) -> str | None:
    return KEY if request.param == "encrypted" else None


@pytest.fixture
async def hatif(tmp_path: Path, path: Path, key: str | None) -> Hatif:
    """The command line, on a database with two people, one of whom was recorded."""
    ring = KeyRing.parse(key) if key else None
    store = await Store.open(Place(address=path, keys=ring), clock=Clock())
    await hold_call(store, "c1")
    await hold_call(store, SECOND, "00962790123456")
    await hold_call(store, "c3", OTHER)
    await store.close()
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("c1", "c3"):
        if ring:
            sealed = SealedFile(folder, name, ring.current)
            sealed.append(bytes(1000))
            sealed.close()
        else:
            (folder / f"{name}.wav").write_bytes(b"RIFF")

    def run(*arguments: object) -> Any:
        settings = {"HATIF_STORAGE__PATH": str(path), "HATIF_RECORDING__FOLDER": str(folder)}
        settings |= {"HATIF_PRIVACY__KEY": key} if key else {}
        return typed(*arguments, folder=tmp_path, **settings)

    return run


async def snapshot(path: Path, key: str | None, call_id: str) -> list[Any]:
    """Every row of a call, as it is stored."""
    store = await Store.open(Place(address=path, keys=KeyRing.parse(key) if key else None), clock=Clock())
    try:
        named = [table for table in tables.metadata.sorted_tables if "call_id" in table.columns]
        return [list(await store.select(select(t).where(t.c.call_id == call_id))) for t in named]
    finally:
        await store.close()


async def test_an_export_holds_everything(hatif: Hatif, tmp_path: Path, key: str | None) -> None:
    """Readable JSON, sounds and recordings, each with its hash; nothing of anybody else."""
    done = hatif("subject", "export", "--number", NUMBER, "--to", "person.zip")
    assert done.returncode == 0, done.stderr
    made = tmp_path / "person.zip"
    assert made.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(made) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["calls"] == ["c1", SECOND]
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == {
        name: entry["sha256"] for name, entry in manifest["files"].items()
    }
    text = files["subject.json"].decode()
    assert CANARY in text
    assert OTHER not in text
    subject = json.loads(text)
    assert {name for name, rows in subject.items() if not rows} == set()
    assert set(subject) == {
        table.name for table in tables.metadata.sorted_tables if "call_id" in table.columns
    } | {"phone_calls"}
    assert subject["calls"][0]["custom"] == {"name": CANARY, "number": NUMBER}
    assert subject["dialogue_states"][0]["state"]["heard"] == f"{CANARY}-2"
    assert {row["file"] for row in subject["sounds"]} <= set(files)
    assert files["sounds/c1-1.wav"].startswith(b"RIFF")
    assert files["recordings/c1.wav"].startswith(b"RIFF")
    again = hatif("subject", "export", "--number", NUMBER, "--to", "person.zip")
    assert again.returncode == 2
    assert "there already" in again.stderr


async def test_an_erasure_leaves_a_note_and_other_people(
    hatif: Hatif, path: Path, tmp_path: Path, key: str | None
) -> None:
    """Rows, files, and every byte of them; twice is told."""
    before = await snapshot(path, key, "c3")
    erase = ("subject", "erase", "--number", "+962 7 9012 3456", "--reason", "asked")
    foreseen = json.loads(hatif(*erase, "--dry-run").stdout)
    assert foreseen["erased"]["calls"] == 2
    done = hatif(*erase)
    assert done.returncode == 0, done.stderr + done.stdout
    proof = json.loads(done.stdout)
    assert proof["clean"]
    assert proof["proof"]["found"] == 0
    assert proof["erased"] == foreseen["erased"]
    assert proof["erased"]["rows"]["answers"] == 4
    assert proof["erased"]["files"] == 1
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert NUMBER[4:].encode() not in content
    assert (CANARY.encode() in content) == (key is None)  # the other person's
    assert [file.name.partition(".")[0] for file in (tmp_path / "recordings").iterdir()] == ["c3"]
    assert await snapshot(path, key, "c3") == before
    assert not any(await snapshot(path, key, "c1"))
    store = await Store.open(Place(address=path, keys=KeyRing.parse(key) if key else None), clock=Clock())
    (note,) = await store.select(select(tables.erasures))
    await store.close()
    assert (note["calls"], note["reason"], note["files"]) == (2, "asked", 1)
    assert note["rows"] == sum(proof["erased"]["rows"].values())
    assert note["subject_hash"] == hashlib.sha256(f"c1\n{SECOND}".encode()).hexdigest()
    again = hatif(*erase)
    assert again.returncode == 2
    assert "nothing is stored of this number" in again.stderr


async def test_one_call_is_erased(hatif: Hatif, path: Path, key: str | None) -> None:
    """By the beginning of its id; the person's other call stays."""
    done = hatif("subject", "erase", "--call", "c2", "--reason", "asked")
    assert done.returncode == 0, done.stderr + done.stdout
    assert any(await snapshot(path, key, "c1"))
    assert not any(await snapshot(path, key, SECOND))


async def test_a_number_in_somebody_elses_answer_is_told(path: Path, ring: KeyRing) -> None:
    """It is not this person's to erase, and nobody is told that nothing is left."""
    store = await Store.open(Place(address=path, keys=ring), clock=Clock())
    await hold_call(store, "c1")
    await hold_call(store, "c3", OTHER)
    await store.describe_call("c3", custom={"relative": "0790123456"})
    subject = Subject.parse(NUMBER)
    found = await find_subject(store, subject=subject, call_id=None)
    noted: list[str] = []

    async def audit(whom: str) -> None:
        assert await store.answers("c1")  # before anything is done
        noted.append(whom)

    erased = await erase_subject(store, found, reason="asked", recordings=path.parent, now=NOON, audit=audit)
    assert noted == [erased.subject_hash]
    proof = await prove(store, path, subject.spellings)
    assert (proof.still_in_calls, proof.found, proof.is_clean) == (["c3"], 0, False)
    await store.close()


async def test_who_is_on_the_line_or_in_danger_is_not_erased(path: Path) -> None:
    """The call goes on, and somebody has to see to the caller first."""
    store = await Store.open(path, clock=Clock())
    await hold_call(store, "c1")
    for change, problem in (
        (tables.calls.update().values(ended_at=None), "c1 is in progress"),
        (tables.notifications.update().values(acknowledged_at=None), "may be in danger"),
    ):
        async with store._writer.begin() as connection:
            await connection.execute(change)
        found = await find_subject(store, subject=Subject.parse(NUMBER), call_id=None)
        with pytest.raises(SubjectError, match=problem):
            await erase_subject(store, found, reason="asked", recordings=path.parent, now=NOON)
        async with store._writer.begin() as connection:
            await connection.execute(tables.calls.update().values(ended_at=NOON))
    assert await store.turns("c1")
    await store.close()


async def test_the_sites_own_number_is_nobodys(path: Path) -> None:
    """Everybody calls it: it does not name a caller."""
    store = await Store.open(path, clock=Clock())
    await hold_call(store, "c1")
    found = await find_subject(store, subject=Subject.parse("+96265000000"), call_id=None)
    assert found.calls == []
    await store.close()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--reason", "x"), "by --number, or one call by --call"),
        (("--reason", "x", "--number", NUMBER, "--call", "c1"), "by --number, or one call by --call"),
        (("--reason", "x", "--number", "0790123456"), "with its country"),
        (("--reason", "called 0790123456", "--number", NUMBER), "name nobody"),
        (("--reason", "x", "--call", "zz"), "no call's id begins with"),
    ],
)
async def test_what_is_meant_must_be_clear(hatif: Hatif, arguments: tuple[str, ...], problem: str) -> None:
    """One sentence, before anything is touched."""
    done = hatif("subject", "erase", *arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert issubclass(SubjectError, BridgeError)


async def test_keys_are_made_changed_and_taken_away(
    hatif: Hatif, path: Path, tmp_path: Path, key: str | None
) -> None:
    """`hatif privacy key` and `rekey`: what is typed to turn encryption on, and off again."""
    made = hatif("privacy", "key", "2026-11").stdout.strip()
    assert KeyRing.parse(made).current.name == "2026-11"
    assert hatif("privacy", "key", "Plain").returncode == 2
    if key is None:
        assert "privacy.key is not configured" in hatif("privacy", "rekey").stderr
        path.unlink()  # noqa: ASYNC240 - a test may wait
        nothing = typed("privacy", "rekey", HATIF_STORAGE__PATH=str(path), HATIF_PRIVACY__KEY=made)
        assert "there is no database" in nothing.stderr
        return
    done = hatif("privacy", "rekey", "--decrypt")
    assert done.returncode == 0, done.stderr
    assert NUMBER.encode() in path.read_bytes()  # noqa: ASYNC240 - a test may wait
    assert (tmp_path / "recordings" / "c1.wav").is_file()
    assert "run `hatif privacy rekey`" in hatif("answers", "list").stderr
    done = hatif("privacy", "rekey")
    assert done.returncode == 0, done.stderr
    assert "2 recordings" in done.stdout
    assert NUMBER.encode() not in path.read_bytes()  # noqa: ASYNC240 - a test may wait
    assert "c1" in hatif("answers", "list").stdout
    assert CANARY in hatif("answers", "show", "c1", "--json").stdout


async def test_what_is_due_is_purged_by_command(hatif: Hatif) -> None:
    """Counted first, then done."""
    foreseen = hatif("privacy", "purge", "--dry-run", "--json")
    assert foreseen.returncode == 0, foreseen.stderr
    assert json.loads(foreseen.stdout) == {"rows": {"monitored": 3}, "files": 0}
    assert "3 rows of monitored were forgotten" in hatif("privacy", "purge").stdout
    assert "0 rows of monitored were forgotten" in hatif("privacy", "purge").stdout


@pytest.mark.parametrize(
    "command", ["privacy key", "privacy rekey", "privacy purge", "subject export", "subject erase"]
)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """Nobody has to read the code to use it."""
    done = typed(*command.split(), "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
