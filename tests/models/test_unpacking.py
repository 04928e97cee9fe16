"""What an archive may do to a disk."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.models.unpacking import ArchiveError, NoRoomError, unpacked

Pack = Callable[..., Path]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Make an archive of these names, or of these entries."""

    def make(*entries: str | zipfile.ZipInfo) -> Path:
        archive = tmp_path / "model.zip"
        with zipfile.ZipFile(archive, "w") as writer:
            for entry in entries:
                writer.writestr(entry, b"content")
        return archive

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where models lie; what is written beside it was written outside."""
    models = tmp_path / "here" / "models"
    models.mkdir(parents=True)
    return models


def names(inside: Path) -> set[str]:
    return {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()}


def complaint(archive: Path, folder: Path) -> str:
    with pytest.raises(ArchiveError) as failure, unpacked(archive, folder, "m"):
        pass
    assert list(folder.iterdir()) == []
    assert list(folder.parent.iterdir()) == [folder]
    return str(failure.value)


@pytest.mark.parametrize("prefix", ["", "vosk-model-x/", "./vosk-model-x/"])
def test_the_models_folder_gets_its_name(pack: Pack, folder: Path, prefix: str) -> None:
    """Whether the archive holds a folder or what is in one."""
    archive = pack(*(f"{prefix}{name}" for name in ("am/final.mdl", "conf/model.conf")), "__MACOSX/x")
    with unpacked(archive, folder, "m") as model:
        assert model.name == "m"
        assert {"am/final.mdl", "conf/model.conf"} <= names(model)


def test_what_is_not_moved_away_is_deleted(pack: Pack, folder: Path) -> None:
    """And what is, stays."""
    with unpacked(pack("x/a", "x/b"), folder, "m"):
        pass
    assert list(folder.iterdir()) == []
    with unpacked(pack("x/a", "x/b"), folder, "m") as model:
        model.rename(folder / "kept")

    assert [path.name for path in folder.iterdir()] == ["kept"]


@pytest.mark.parametrize("name", ["../evil", "x/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "x/.."])
def test_no_file_gets_outside(pack: Pack, folder: Path, name: str) -> None:
    """Nothing at all is written then."""
    assert "is unsafe: it holds" in complaint(pack("x/am/final.mdl", name), folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_only_files_and_folders_come_out(pack: Pack, folder: Path, kind: int) -> None:
    """A link could lead anywhere."""
    entry = zipfile.ZipInfo("x/am")
    entry.external_attr = (kind | 0o777) << 16

    assert "is neither a file nor a folder" in complaint(pack(entry), folder)


def test_an_archive_that_breaks_off_is_damaged(pack: Pack, folder: Path) -> None:
    """So is one that is none, and one of which a byte was changed."""
    archive = pack("x/am/final.mdl")
    content = archive.read_bytes()
    for damaged in (content[:-30], b"<html>", content.replace(b"content", b"cXntent", 1)):
        archive.write_bytes(damaged)
        assert "is damaged" in complaint(archive, folder)


def test_an_archive_needs_room(pack: Pack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it has too many files, or too large ones, is known before anything is written."""
    archive = pack("x/a", "x/b", "x/c")
    monkeypatch.setattr("bridge.models.unpacking.MAX_FILES", 2)
    assert "holds 3 files" in complaint(archive, folder)
    monkeypatch.undo()
    monkeypatch.setattr("bridge.models.unpacking.MAX_BYTES", 20)
    assert "which no model has" in complaint(archive, folder)
    monkeypatch.undo()
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: type("Usage", (), {"free": 20}))
    with pytest.raises(NoRoomError, match="has room for 0 MiB"), unpacked(archive, folder, "m"):
        pass


def test_an_empty_archive_is_an_empty_folder(pack: Pack, folder: Path) -> None:
    """Whether that is a model is for others to say."""
    with unpacked(pack(), folder, "m") as model:
        assert names(model) == set()
