"""Recordings are found in folders, archives and tables; what is wrong with one is said of that one."""

import io
import random
import tarfile
from pathlib import Path

import pytest

from bridge.audio.g711 import ULAW_SILENCE
from bridge.models.recordings import RecordingsError, Unreadable, read_noise, read_recordings

SECOND = bytes([ULAW_SILENCE]) * 8000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two words, three recordings, and what lies about in folders."""
    for name in (
        "yes/a.ulaw",
        "yes/b.ulaw",
        "لا أعرف/c.ULAW",
        "yes/.hidden.wav",
        "yes/notes.txt",
        "README.md",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(SECOND)
    return tmp_path


def found(source: Path) -> list[tuple[str, str]]:
    return [(one.path, one.label) for one in read_recordings(source).readable]


def test_the_folder_of_a_recording_is_its_label(folder: Path) -> None:
    """In order, and without what is no sound."""
    assert found(folder) == [("yes/a.ulaw", "yes"), ("yes/b.ulaw", "yes"), ("لا أعرف/c.ULAW", "لا أعرف")]
    assert read_recordings(folder).unreadable == []
    assert read_recordings(folder).readable[0].pcm == bytes(16000)


@pytest.mark.parametrize("kind", ["tar", "tar.xz", "tar.gz"])
def test_an_archive_is_a_folder(folder: Path, tmp_path: Path, kind: str) -> None:
    """Also one that was packed with a folder around it; nothing is unpacked."""
    archive = tmp_path / f"all.{kind}"
    with tarfile.open(archive, f"w:{kind.partition('.')[2]}") as writer:
        for name in ("yes", "لا أعرف"):
            writer.add(folder / name, f"./asc/{name}")

    assert sorted(label for _, label in found(archive)) == ["yes", "yes", "لا أعرف"]


def test_a_table_names_files_and_what_is_said(folder: Path) -> None:
    """Relative to itself; with or without a header, with a byte order mark, from Windows."""
    table = folder / "list.tsv"
    table.write_text("path\ttext\r\nyes/a.ulaw\tنعم والله\r\n\r\n", encoding="utf-8-sig")

    assert found(table) == [("yes/a.ulaw", "نعم والله")]


def test_what_cannot_be_read_is_listed_and_the_rest_is_there(folder: Path) -> None:
    """File by file, each with its reason."""
    (folder / "yes" / "broken.wav").write_bytes(b"RIFF")
    (folder / "yes" / "song.mp3").write_bytes(b"ID3")
    (folder / "lost.wav").write_bytes(b"RIFF")
    recordings = read_recordings(folder)

    assert len(recordings.readable) == 3
    assert recordings.unreadable == [
        Unreadable("lost.wav", "lies in no folder that says what is said in it"),
        Unreadable("yes/broken.wav", "is no WAV file"),
        Unreadable("yes/song.mp3", "is of the kind .mp3; convert it to WAV"),
    ]


def test_lines_of_a_table_that_are_none_are_listed(folder: Path) -> None:
    """A line without a tab, one without a text, one whose file is missing."""
    table = folder / "list.tsv"
    table.write_text("yes/a.ulaw\tنعم\nyes/b.ulaw نعم\nyes/b.ulaw\t\ngone.wav\tلا\n", encoding="utf-8")
    recordings = read_recordings(table)

    assert [one.path for one in recordings.readable] == ["yes/a.ulaw"]
    assert [(one.path, one.reason.partition(":")[0]) for one in recordings.unreadable] == [
        ("list.tsv:2", "is not path<TAB>text"),
        ("list.tsv:3", "is not path<TAB>text"),
        ("gone.wav", "cannot be read"),
    ]


def test_a_file_that_cannot_be_an_answer_is_not_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither from a folder nor from an archive."""
    monkeypatch.setattr("bridge.models.recordings.MAX_FILE_BYTES", 7999)
    with tarfile.open(folder / "all.tar", "w") as writer:
        writer.add(folder / "yes", "yes")
    for source in (folder, folder / "all.tar"):
        assert read_recordings(source).readable == []
        assert "MiB are the limit" in read_recordings(source).unreadable[0].reason


def test_a_source_without_recordings_is_refused(tmp_path: Path) -> None:
    """Nothing there, nothing in it, or something else."""
    empty, other, table = tmp_path / "empty", tmp_path / "other.tar.xz", tmp_path / "list.tsv"
    empty.mkdir()
    other.write_bytes(b"no archive")
    table.write_bytes(b"\xff\xfe\x00")
    for source, why in (
        (tmp_path / "nowhere", "there is no such"),
        (empty, "holds no recordings: DIR/LABEL"),
        (other, "nor an archive that can be read"),
        (table, "cannot be read as a table in UTF-8"),
    ):
        with pytest.raises(RecordingsError, match=why):
            read_recordings(source)


def test_an_archive_that_breaks_off_is_refused(folder: Path) -> None:
    """Half of the recordings would be half of the truth."""
    (folder / "yes" / "noise.ulaw").write_bytes(random.Random(1).randbytes(20_000))
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:xz") as writer:
        writer.add(folder / "yes", "yes")
    (folder / "half.tar.xz").write_bytes(file.getvalue()[: len(file.getvalue()) // 2])
    with pytest.raises(RecordingsError, match="nor an archive that can be read"):
        read_recordings(folder / "half.tar.xz")


def test_noise_needs_no_labels(folder: Path) -> None:
    """Every sound in it counts, and what cannot be read is told."""
    (folder / "room.wav").write_bytes(b"RIFF")
    (folder / "ward.ulaw").write_bytes(SECOND * 90)  # longer than any answer
    noise, unreadable = read_noise(folder)

    assert sorted(map(len, noise)) == [16000, 16000, 16000, 90 * 16000]
    assert [one.path for one in unreadable] == ["room.wav"]
    with pytest.raises(RecordingsError, match="holds no noise"):
        read_noise(Path(__file__).parent)
