"""XTTS as Hatif sees it, as far as that can be tried without it."""

import json
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bridge.config_speech import Xtts
from bridge.errors import ConfigError, ModelError, WorkerError
from bridge.speech.script import Passage
from bridge.speech.xtts import synthesizer as xtts
from bridge.speech.xtts.synthesizer import XttsSynthesizer, XttsWorker
from bridge.speech.xtts.voice import Latents, fingerprint_of, pack_latents, unpack_latents


def options(**given: object) -> Xtts:
    return Xtts.model_validate({"model": Path("/nowhere/xtts_v2"), "accept_cpml": True, **given})


@pytest.fixture
def latents() -> Latents:
    """A voice's."""
    chance = np.random.default_rng(0)
    return Latents(
        chance.standard_normal((1, 32, 8)).astype("f4"), chance.standard_normal((1, 512, 1)).astype("f4")
    )


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xtts, "find_spec", lambda _name: True)


async def test_it_does_not_start_before_its_licence_is_accepted() -> None:
    """The licence, what it forbids and the setting are named."""
    with pytest.raises(ConfigError) as failure:
        await XttsWorker(options(accept_cpml=False)).start()

    sentence = str(failure.value)
    assert "Coqui Public Model License 1.0.0" in sentence
    assert "non-commercial use only, of the model and of what it says" in sentence
    assert "xtts.accept_cpml to true" in sentence


async def test_a_missing_extra_is_told_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is started."""
    monkeypatch.setattr(xtts, "find_spec", lambda name: None if name == "TTS" else True)

    with pytest.raises(ConfigError, match=r"not here \(TTS\): pip install 'hatif\[xtts\]'"):
        await XttsWorker(options()).start()


@pytest.mark.usefixtures("_installed")
async def test_no_checkpoint_is_told_before_a_process_is_started() -> None:
    """With the command that fetches one."""
    with pytest.raises(ModelError, match="hatif models fetch xtts_v2"):
        await XttsWorker(options()).start()


def test_latents_come_back_as_they_were(latents: Latents) -> None:
    """To the bit, and the same voice is the same bytes."""
    packed = pack_latents(latents)
    again = unpack_latents(packed)

    assert np.array_equal(again.style, latents.style)
    assert np.array_equal(again.speaker, latents.speaker)
    assert pack_latents(again) == packed


def spoilt(latents: Latents, how: str) -> bytes:
    packed = pack_latents(latents)
    match how:
        case "cut off":
            return packed[:-1]
        case "something else":
            return b"RIFF" + packed
        case "too large":
            return bytes(5 << 20)
        case "no number":
            latents.style[0, 0, 0] = np.nan
            return pack_latents(latents)
        case "shape":
            read = msgspec.msgpack.decode(packed)
            read["style"][0] = [1, 32, 9]
            return msgspec.msgpack.encode(read)
        case _:
            return b""


@pytest.mark.parametrize("how", ["cut off", "something else", "too large", "no number", "shape", "nothing"])
def test_what_are_no_latents_is_refused(latents: Latents, how: str) -> None:
    """Where a voice is made of them, not when it is to speak."""
    with pytest.raises(WorkerError, match="no latents of an XTTS voice"):
        XttsSynthesizer(XttsWorker(options()), spoilt(latents, how), name="nurse")


def test_what_changes_the_sound_changes_the_identity(latents: Latents, tmp_path: Path) -> None:
    """Voice, language and checkpoint; known before anything runs."""
    worker = XttsWorker(options(model=tmp_path))
    packed = pack_latents(latents)
    other = pack_latents(Latents(latents.style * 2, latents.speaker))
    identities = {
        XttsSynthesizer(worker, packed, name="nurse").identity,
        XttsSynthesizer(worker, packed, name="nurse", language="en").identity,
        XttsSynthesizer(worker, other, name="nurse").identity,
        XttsSynthesizer(worker, name="Asma").identity,
    }
    (tmp_path / "config.json").write_text(json.dumps({"model": "xtts", "model_args": {}}))
    (tmp_path / "vocab.json").write_text(json.dumps({"model": {"vocab": {"a": 0}}}))
    with zipfile.ZipFile(tmp_path / "model.pth", "w") as archive:
        archive.writestr("model/data.pkl", b"")
    identities.add(XttsSynthesizer(worker, packed, name="nurse").identity)

    assert len(identities) == 5
    assert XttsSynthesizer(worker, packed, name="another").identity in identities  # a name makes no sound
    assert all("checkpoint=" in one for one in identities)
    assert any(fingerprint_of(packed) in one for one in identities)


async def test_a_text_that_is_far_too_long_is_refused(latents: Latents) -> None:
    """At once."""
    voice = XttsSynthesizer(XttsWorker(options()), pack_latents(latents), name="nurse")

    with pytest.raises(WorkerError, match="longer than 4000"):
        _ = [part async for part in voice.stream(Passage("ا" * 4001))]


async def test_what_has_not_been_started_says_so_at_once(latents: Latents) -> None:
    """Nobody waits for a process that will not come."""
    voice = XttsSynthesizer(XttsWorker(options()), pack_latents(latents), name="nurse")

    assert not voice.is_ready
    with pytest.raises(WorkerError, match="XTTS is not running"):
        await voice.synthesise("نعم")
    with pytest.raises(WorkerError, match="XTTS is not running"):
        await voice.worker.speakers()


async def test_a_recording_of_an_impossible_rate_is_refused() -> None:
    """Before it is sent anywhere."""
    with pytest.raises(WorkerError, match="8000 to 96000"):
        await XttsWorker(options()).latents_of(bytes(2000), 0)


async def test_a_recording_that_is_far_too_long_is_refused() -> None:
    """At once."""
    with pytest.raises(WorkerError, match="longer than 60 s"):
        await XttsWorker(options()).latents_of(bytes(2 * 8000 * 61), 8000)
