"""The folder of cloned voices: whole or not there, encrypted or not, never another's."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.config_speech import Voices
from bridge.voices import shelf as shelf_module
from bridge.voices.card import Consent, Recording, VoiceCard
from bridge.voices.checking import wav_of
from bridge.voices.errors import VoiceError
from bridge.voices.latents import latents_for
from bridge.voices.sealing import Label, Seal
from bridge.voices.shelf import VoiceShelf

KEY, OTHER = "k" * 32, "o" * 32
NOW = datetime(2026, 11, 21, tzinfo=UTC)
STATEMENT = b"I agree that my voice is cloned."
DIGEST = "5ea4dffe3c0f5bf2ce7ee19f0ca1b03dd6d0a4d5ee0dc1b3f08e1d7e5b1d3f8b"
PCM = bytes(range(256)) * 300


def card(name: str) -> VoiceCard:
    import hashlib  # noqa: PLC0415

    digest = hashlib.sha256(STATEMENT).hexdigest()
    recording = Recording("wav", "pcm_s16le", 24_000, 1, 5.0, -20.0, 40.0, DIGEST)
    return VoiceCard(name, "ar", recording, Consent("text", digest, len(STATEMENT), NOW, "root"), NOW)


def filled(folder: Path, key: str | None, *names: str) -> VoiceShelf:
    shelf = VoiceShelf(folder, key)
    for name in names:
        shelf.add(card(name), {"reference.wav": wav_of(PCM, 24_000), "consent": STATEMENT})
    return shelf


@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_put_there_is_there(tmp_path: Path, key: str | None) -> None:
    """With a key and without; nobody else on the machine may read it."""
    shelf = filled(tmp_path / "v", key, "nurse")
    shelf.keep_latents("nurse", "checkpoint one", b"latents")

    assert (shelf.names(), shelf.card("nurse"), shelf.consent("nurse")) == (
        ["nurse"],
        card("nurse"),
        STATEMENT,
    )
    assert shelf.reference("nurse") == (PCM, 24_000)
    assert shelf.latents("nurse", "checkpoint one") == b"latents"
    assert shelf.latents("nurse", "checkpoint two") is None
    assert (tmp_path / "v").stat().st_mode & 0o077 == 0
    for file in (tmp_path / "v" / "nurse").iterdir():
        assert file.stat().st_mode & 0o077 == 0
        assert file.read_bytes().startswith(b"HATIFVX1") is (key is not None)


def test_nothing_of_a_sealed_voice_can_be_read(tmp_path: Path) -> None:
    """Neither its sound nor who agreed; and the same file is another ciphertext every time."""
    for folder in ("a", "b"):
        filled(tmp_path / folder, KEY, "nurse")
    for file in (tmp_path / "a" / "nurse").iterdir():
        content = file.read_bytes()
        assert content != (tmp_path / "b" / "nurse" / file.name).read_bytes()
        for plain in (b"agree", b"RIFF", b"root", b"recording", PCM[:32]):
            assert plain not in content


@pytest.mark.parametrize(
    ("written", "read", "sentence"),
    [
        (
            KEY,
            None,
            "is encrypted; voices.key must be the key that it was encrypted with",
        ),
        (
            KEY,
            OTHER,
            "cannot be decrypted: it was encrypted with another voices.key",
        ),
        (
            None,
            KEY,
            "is not encrypted, but voices.key is configured; `hatif voices rekey`",
        ),
    ],
)
def test_the_wrong_key_is_told_in_a_sentence(
    tmp_path: Path, written: str | None, read: str | None, sentence: str
) -> None:
    """And ciphertext is never taken for text, nor text for ciphertext; removing needs no key."""
    filled(tmp_path, written, "nurse")
    shelf = VoiceShelf(tmp_path, read)
    for use in (shelf.card, shelf.consent, lambda name: shelf.keep_latents(name, "c", b"x")):
        with pytest.raises(VoiceError) as caught:
            use("nurse")
        assert "nurse" in str(caught.value)
    with pytest.raises(VoiceError) as caught:
        shelf.card("nurse")
    assert str(caught.value).startswith(f"the card of the voice nurse {sentence}")
    assert shelf.remove("nurse").files == ("consent", "reference.wav", "voice.json")
    assert list(tmp_path.iterdir()) == []


def test_a_sealed_file_opens_in_its_own_place_only(tmp_path: Path) -> None:
    """Copied to another voice, put in another's place, cut short or changed, it does not open."""
    shelf = filled(tmp_path, KEY, "nurse", "other")
    nurse, other = tmp_path / "nurse", tmp_path / "other"
    for source, target in (
        (nurse / "reference.wav", other / "reference.wav"),
        (nurse / "consent", nurse / "reference.wav"),
    ):
        kept = target.read_bytes()
        shutil.copyfile(source, target)
        with pytest.raises(VoiceError, match="cannot be decrypted"):
            shelf.reference(target.parent.name)
        target.write_bytes(kept)
    sealed = (nurse / "consent").read_bytes()
    for damaged in (sealed[:-1], sealed[:12], sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:8]):
        (nurse / "consent").write_bytes(damaged)
        with pytest.raises(VoiceError, match="the consent of the voice nurse cannot be decrypted"):
            shelf.consent("nurse")


def test_a_plain_file_that_was_exchanged_is_noticed(tmp_path: Path) -> None:
    """Another consent, another voice's card, a broken recording."""
    shelf = filled(tmp_path, None, "nurse", "other")
    (tmp_path / "nurse" / "consent").write_bytes(b"I do not agree at all.")
    with pytest.raises(VoiceError, match="is not the one that its card tells of"):
        shelf.consent("nurse")
    (tmp_path / "nurse" / "reference.wav").write_bytes(b"RIFF")
    with pytest.raises(VoiceError, match="the recording of the voice nurse is damaged"):
        shelf.reference("nurse")
    (tmp_path / "nurse" / "reference.wav").unlink()
    with pytest.raises(VoiceError, match="cannot be read: No such file or directory; add the voice again"):
        shelf.reference("nurse")
    shutil.copyfile(tmp_path / "other" / "voice.json", tmp_path / "nurse" / "voice.json")
    with pytest.raises(VoiceError, match="the folder of the voice nurse holds the card of the voice other"):
        shelf.card("nurse")
    (tmp_path / "nurse" / "voice.json").write_text('{"name": "nurse"}')
    with pytest.raises(VoiceError, match="the card of the voice nurse is damaged"):
        shelf.card("nurse")


@pytest.mark.parametrize(("old", "new"), [(None, KEY), (KEY, OTHER), (KEY, None)])
def test_keys_change(tmp_path: Path, old: str | None, new: str | None) -> None:
    """From none to one, from one to another and back to none; a second run finds nothing to do."""
    filled(tmp_path, old, "nurse").keep_latents("nurse", "c", b"latents")
    (tmp_path / "nurse" / ".latents.1.part").write_bytes(b"HATIFVX1 half")  # a machine stopped there
    shelf = VoiceShelf(tmp_path, new)
    assert shelf.rekey("nurse", Seal(old)) == 4
    assert shelf.rekey("nurse", Seal(old)) == 0
    assert (shelf.card("nurse"), shelf.latents("nurse", "c")) == (card("nurse"), b"latents")
    with pytest.raises(VoiceError):
        VoiceShelf(tmp_path, old).card("nurse")


def test_keys_change_even_after_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the files are under the new key: the second run does the rest."""
    filled(tmp_path, KEY, "nurse")
    shelf, replace = VoiceShelf(tmp_path, OTHER), shelf_module._replace
    written: list[Path] = []

    def fail_at_second(path: Path, content: bytes) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(path)
        replace(path, content)

    monkeypatch.setattr(shelf_module, "_replace", fail_at_second)
    with pytest.raises(OSError, match="No space"):
        shelf.rekey("nurse", Seal(KEY))
    monkeypatch.undo()
    assert shelf.rekey("nurse", Seal(KEY)) == 2
    assert shelf.card("nurse") == card("nurse")


def test_with_neither_key_nothing_is_rewritten(tmp_path: Path) -> None:
    """The wrong old key is told."""
    filled(tmp_path, KEY, "nurse")
    with pytest.raises(VoiceError, match="encrypted with another"):
        VoiceShelf(tmp_path, OTHER).rekey("nurse", Seal("x" * 32))
    assert VoiceShelf(tmp_path, KEY).card("nurse") == card("nurse")


def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first file is written, the second is not: there is no voice, and nothing lies about."""
    write = shelf_module._write

    def fail_at_consent(path: Path, content: bytes) -> None:
        if path.name == "consent":
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(shelf_module, "_write", fail_at_consent)
    with pytest.raises(VoiceError, match="cannot be written: No space left on device"):
        filled(tmp_path, None, "nurse")
    assert list(tmp_path.iterdir()) == []
    assert VoiceShelf(tmp_path).names() == []


def test_what_a_dead_command_left_is_swept_and_never_a_voice(tmp_path: Path) -> None:
    """An hour later; what is being made now is left alone."""
    for name, age in ((".abc.part", 7200), (".def.gone", 7200), (".ghi.part", 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "voice.json").write_text("{}")
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    shelf = filled(tmp_path, None, "nurse")
    assert shelf.names() == ["nurse"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ghi.part", "nurse"]


def test_what_is_no_voice_is_told_with_those_that_are(tmp_path: Path) -> None:
    """A name that could be a path is refused before it is looked for."""
    shelf = filled(tmp_path / "v", None, "nurse")
    with pytest.raises(VoiceError, match="there is no cloned voice 'x'; there are: nurse"):
        shelf.card("x")
    with pytest.raises(VoiceError, match="there is no cloned voice 'x'; there are: none yet"):
        VoiceShelf(tmp_path / "nowhere").remove("x")
    (tmp_path / "voice.json").write_text("{}")
    for name in ("..", "nurse/../..", "../v/nurse", "/etc"):
        for use in (shelf.card, shelf.remove, shelf.reference):
            with pytest.raises(VoiceError, match="is no name for a voice"):
                use(name)
    assert (tmp_path / "voice.json").exists()


def test_labels_of_two_voices_are_never_alike() -> None:
    """No name holds what separates them."""
    assert Label("a", "b").authenticated != Label("ab", "").authenticated


async def test_latents_are_computed_once_for_each_checkpoint(tmp_path: Path) -> None:
    """And kept, also across processes; a failure keeps nothing."""
    filled(tmp_path, None, "nurse")
    settings = Voices(folder=tmp_path)
    computed: list[tuple[bytes, int]] = []

    async def compute(pcm: bytes, rate: int) -> bytes:
        computed.append((pcm, rate))
        return b"latents %d" % len(computed)

    async def fail(pcm: bytes, rate: int) -> bytes:
        raise VoiceError("no")

    with pytest.raises(VoiceError, match="no"):
        await latents_for(settings, "nurse", checkpoint="a", compute=fail)
    for checkpoint, latents in (
        ("a", b"latents 1"),
        ("a", b"latents 1"),
        ("b", b"latents 2"),
        ("a", b"latents 1"),
    ):
        assert await latents_for(settings, "nurse", checkpoint=checkpoint, compute=compute) == latents
    assert computed == [(PCM, 24_000)] * 2
