"""Recordings: sealed as the call goes on, read back as WAV, and refused where they were changed."""

from pathlib import Path

import pytest

from bridge.audio.recording import CallRecorder
from bridge.errors import StorageError
from bridge.privacy.keys import PLAIN, KeyRing, new_key
from bridge.privacy.recordings import SealedFile, find, key_of, read
from bridge.privacy.rekeying import rekey_recordings

HEARD = bytes(range(256)) * 80  # 2.56 s of mu-law


def record(folder: Path, name: str, ring: KeyRing | None) -> None:
    """One call, recorded with or without a key."""
    recorder = CallRecorder(SealedFile(folder, name, ring.current) if ring else folder / f"{name}.wav")
    for begin in range(0, len(HEARD), 160):
        recorder.played(HEARD[begin : begin + 80])
        recorder.heard(HEARD[begin : begin + 160])
    recorder.close()
    recorder.close()


def path_of(folder: Path, name: str) -> Path:
    path = find(folder, name)
    assert path is not None
    return path


def test_a_sealed_recording_reads_as_the_open_one(tmp_path: Path, ring: KeyRing) -> None:
    """The same samples, for the owner only, and not one second of them on disk."""
    record(tmp_path, "open", None)
    record(tmp_path, "sealed", ring)
    wav = (tmp_path / "open.wav").read_bytes()
    path = path_of(tmp_path, "sealed")
    assert read(path, ring).wav == wav
    assert read(path, ring).is_whole
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    assert b"RIFF" not in content
    assert all(wav[at : at + 16] not in content for at in range(44, len(wav), 16))


def test_a_recording_is_there_up_to_the_last_second_when_the_daemon_dies(
    tmp_path: Path, ring: KeyRing
) -> None:
    """What is cut off is told."""
    recorder = CallRecorder(SealedFile(tmp_path, "c1", ring.current))
    recorder.heard(HEARD)
    found = read(tmp_path / "c1.wav.sealed", ring)
    assert not found.is_whole
    assert len(found.wav) == 44 + 2 * 32000
    recorder.close()


def test_a_changed_or_renamed_recording_is_refused(tmp_path: Path, ring: KeyRing) -> None:
    """One bit, a piece that is missing, another call's name, another key."""
    record(tmp_path, "c1", ring)
    path = tmp_path / "c1.wav.sealed"
    content = bytearray(path.read_bytes())
    piece = 4 + 12 + 32000 + 16
    head = len(b"HATIFRS1first\n")
    renamed = tmp_path / "c2.wav.sealed"
    renamed.write_bytes(content)
    with pytest.raises(StorageError, match="renamed"):
        read(renamed, ring)
    path.write_bytes(content[:head] + content[head + piece :])
    with pytest.raises(StorageError, match="changed"):
        read(path, ring)
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(StorageError, match="changed"):
        read(path, ring)
    with pytest.raises(StorageError, match="the key first"):
        read(path, KeyRing.parse(new_key("second")))
    with pytest.raises(StorageError, match="the key first"):
        read(path, None)


def test_recordings_are_rekeyed(tmp_path: Path, ring: KeyRing) -> None:
    """Encrypted, under another key, and open again; a second run finds nothing to do."""
    record(tmp_path, "c1", None)
    wav = (tmp_path / "c1.wav").read_bytes()
    (tmp_path / "c2.wav.sealed.unready").write_bytes(b"cut short by a kill")
    assert rekey_recordings(tmp_path, ring, decrypt=False, running={"c1"}).rewritten == 0
    assert rekey_recordings(tmp_path, ring, decrypt=False).rewritten == 1
    assert not (tmp_path / "c1.wav").exists()
    both = KeyRing(KeyRing.parse(new_key("second")).current, ring.keys)
    assert rekey_recordings(tmp_path, both, decrypt=False).rewritten == 1
    assert rekey_recordings(tmp_path, both, decrypt=False).rewritten == 0
    path = path_of(tmp_path, "c1")
    assert key_of(path) == "second"
    assert read(path, both).wav == wav
    assert rekey_recordings(tmp_path, both, decrypt=True).rewritten == 1
    assert key_of(path_of(tmp_path, "c1")) == PLAIN
    assert (tmp_path / "c1.wav").read_bytes() == wav
    assert not path.exists()
