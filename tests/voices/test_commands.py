"""`hatif voices` as its users meet it: real processes, real files; only XTTS's networks are pretended."""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from bridge import cli
from bridge.config import load_settings
from bridge.dialogue.loader import load
from bridge.dialogue.prompts import prompt_texts
from bridge.errors import BridgeError, ConfigError
from bridge.speech.engines import VoiceBench
from bridge.speech.prompts import PromptCache
from bridge.speech.xtts import synthesizer as xtts
from bridge.voices import cloned
from bridge.voices.shelf import shelf_of

KEY = "k" * 40
QUESTIONS = Path(__file__).parents[2] / "questionnaires"
Hatif = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A place with one questionnaire and no cloned voices."""
    folder = tmp_path / "questionnaires"
    folder.mkdir()
    reminder = QUESTIONS / "appointment_reminder.yaml"
    (folder / reminder.name).write_text(reminder.read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "config.yaml"
    file.write_text(
        "questionnaires: {folder: questionnaires}\n"
        "xtts: {model: xtts, accept_cpml: true}\n"
        "piper: {folder: piper}\n"
        f"voices: {{key: {KEY}, defaults: {{ar.female: xtts/nurse}}}}\n",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def hatif(config: Path) -> Hatif:
    """Run a command; what it refuses with is raised, as `hatif` itself prints it."""

    def run(*arguments: object) -> Result:
        typed = [*map(str, arguments), "--config", str(config)]
        return CliRunner().invoke(cli.app, ["voices", *typed], env={"COLUMNS": "200"})

    return run


@pytest.fixture
def given(
    tmp_path: Path, samples: NDArray[np.float64], as_file: Callable[..., bytes], consent: Path
) -> tuple[object, ...]:
    """A recording and a consent, as options."""
    file = tmp_path / "sample.ogg"
    file.write_bytes(as_file(samples, "ogg", "libopus"))
    (tmp_path / "other.wav").write_bytes(as_file(samples[::-1]))
    return "--from", file, "--consent", consent


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """XTTS is there, as it seems; the file has a line for each voice that was computed."""
    model = tmp_path / "xtts"
    model.mkdir()
    (model / "config.json").write_text('{"model": "xtts", "model_args": {}, "languages": ["ar"]}')
    (model / "vocab.json").write_text('{"model": {"vocab": {"a": 0}}}')
    with zipfile.ZipFile(model / "model.pth", "w") as archive:
        archive.writestr("tiny/data.pkl", b"weights")
    count = tmp_path / "count"
    monkeypatch.setenv("PRETEND_COUNT", str(count))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(xtts, "find_spec", lambda _name: True)
    monkeypatch.setattr(cloned, "XttsWorker", partial(xtts.XttsWorker, module="pretend_xtts"))
    return count


def listed(hatif: Hatif, tmp_path: Path) -> dict[str, Any]:
    report = tmp_path / "voices.json"
    assert hatif("list", "--all", "--json", report).exit_code == 0
    return {voice["name"]: voice for voice in json.loads(report.read_text(encoding="utf-8"))}


def test_a_voice_is_added_listed_tried_and_removed(
    hatif: Hatif, config: Path, count: Path, given: tuple[object, ...]
) -> None:
    """Its whole life; it is computed once, and nothing of it is left."""
    tmp_path = config.parent
    added = hatif("add", "nurse", *given, "--gender", "female", "--dialect", "lev")
    assert added.exit_code == 0, added.output
    assert "xtts/nurse is there" in added.output
    assert "its consent is kept (text)" in added.output
    assert "not encrypted" not in added.output
    folder = tmp_path / "data" / "voices" / "nurse"
    assert len(list(folder.iterdir())) == 4, added.output  # with its latents

    nurse = listed(hatif, tmp_path)["xtts/nurse"]
    assert (nurse["gender"], nurse["dialect"], nurse["speaks_for"]) == ("female", "lev", ["ar.female"])
    assert nurse["problem"] == ""

    report = tmp_path / "trials.json"
    tried = hatif("test", "xtts/nurse", "espeak-ng/ar", "--json", report)
    assert tried.exit_code == 0, tried.output
    for trial in json.loads(report.read_text(encoding="utf-8")):
        assert trial["problem"] == ""
        assert 0 < trial["first_seconds"] <= trial["work_seconds"]
        assert trial["sound_seconds"] >= 1
        assert -30 < trial["lufs"] < -10
    assert count.read_text() == "conditioned\n"

    settings = load_settings(config, environ={})
    texts = prompt_texts([load(QUESTIONS / "appointment_reminder.yaml")])
    voice = VoiceBench(settings).voice("xtts/nurse")
    prompt = PromptCache(settings.prompts.folder, voice).path_of(texts[0])
    other = PromptCache(settings.prompts.folder, VoiceBench(settings).voice("espeak-ng/ar")).path_of(texts[0])
    for path in (prompt, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    removed = hatif("remove", "nurse")
    assert removed.exit_code == 0, removed.output
    assert "consent, latents-" in removed.output
    assert "1 prompts rendered with it removed" in removed.output
    assert "voices.defaults still names it for ar.female" in removed.output
    assert not folder.exists()
    assert (prompt.exists(), other.exists()) == (False, True)
    assert "there is no cloned voice 'nurse'" in listed(hatif, tmp_path)["xtts/nurse"]["problem"]


def test_two_voices_do_not_sound_alike(
    hatif: Hatif, config: Path, count: Path, given: tuple[object, ...]
) -> None:
    """Each has its own latents and its own address in the cache."""
    assert hatif("add", "one", *given).exit_code == 0
    assert hatif("add", "two", *given, "--from", config.parent / "other.wav").exit_code == 0
    bench = VoiceBench(load_settings(config, environ={}))
    assert bench.voice("xtts/one").identity != bench.voice("xtts/two").identity
    shelf = shelf_of(load_settings(config, environ={}).voices)
    checkpoint = xtts.XttsWorker(load_settings(config, environ={}).xtts).checkpoint
    assert shelf.latents("one", checkpoint) != shelf.latents("two", checkpoint)
    assert count.read_text() == "conditioned\n" * 2


def test_a_checkpoint_without_the_extra_is_no_voice(
    config: Path, count: Path, hatif: Hatif, given: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks without starting anything, as `hatif check` does, is told what to install."""
    assert hatif("add", "nurse", *given).exit_code == 0
    assert count.read_text() == "conditioned\n"
    monkeypatch.setattr(xtts, "find_spec", lambda name: None if name == "torch" else True)
    with pytest.raises(ConfigError, match=r"not here \(torch\): pip install 'hatif\[xtts\]'"):
        VoiceBench(load_settings(config, environ={})).voice("xtts/nurse")


def test_without_xtts_a_voice_waits_for_it(hatif: Hatif, tmp_path: Path, given: tuple[object, ...]) -> None:
    """It is added, and what is missing is told; it cannot speak, and nobody takes it for one that can."""
    added = hatif("add", "nurse", *given)
    assert added.exit_code == 0, added.output
    assert "it is prepared when it first speaks, not yet: there is no XTTS checkpoint" in added.output
    assert "there is no XTTS checkpoint" in listed(hatif, tmp_path)["xtts/nurse"]["problem"]
    tried = hatif("test", "xtts/nurse", "espeak-ng/ar")
    assert tried.exit_code == 1
    assert "1 of 2 voices cannot speak" in tried.output
    removed = hatif("remove", "nurse")
    assert "its prompts could not be found: there is no XTTS checkpoint" in removed.output


def test_every_engine_is_listed(hatif: Hatif, config: Path, tmp_path: Path) -> None:
    """espeak-ng's variants, Piper's files, what is configured; and what is wrong with each."""
    piper = tmp_path / "piper"
    piper.mkdir()
    (piper / "ar_XX-nobody-low.onnx").write_bytes(b"no model")
    (piper / "ar_XX-nobody-low.onnx.json").write_text(
        '{"language": {"code": "ar_XX"}, "audio": {"quality": "low"}}'
    )
    voices = listed(hatif, tmp_path)

    assert voices["espeak-ng/ar"]["speaks_for"] == ["everybody else"]
    assert voices["espeak-ng/ar+Annie"]["gender"] == "female"
    assert len([name for name in voices if name.startswith("espeak-ng/ar+")]) > 50
    assert voices["piper/ar_XX-nobody-low"]["language"] == "ar-XX"
    assert voices["piper/ar_XX-nobody-low"]["problem"]
    assert voices["xtts/nurse"]["problem"]
    shown = hatif("list").output
    assert "espeak-ng/ar+Annie" not in shown
    assert "variants of these: --all lists them too" in shown
    assert "espeak-ng/ar+Annie" in hatif("list", "--all").output


def test_the_key_changes(hatif: Hatif, config: Path, tmp_path: Path, given: tuple[object, ...]) -> None:
    """A voice under another key is listed as what it is; `rekey` brings it under the present one."""
    assert hatif("add", "nurse", *given).exit_code == 0
    config.write_text(config.read_text().replace(KEY, "n" * 40))
    assert "was encrypted with another voices.key" in listed(hatif, tmp_path)["xtts/nurse"]["problem"]
    old = tmp_path / "old.key"
    for wrong in ("x" * 40, ""):
        old.write_text(wrong)
        refused = hatif("rekey", "--old-key", old)
        assert isinstance(refused.exception, BridgeError)
    old.write_text(KEY + "\n")
    done = hatif("rekey", "--old-key", old)
    assert "3 files written anew, 1 voices in all; they are encrypted" in done.output
    assert "another voices.key" not in listed(hatif, tmp_path)["xtts/nurse"]["problem"]
    assert b"Mariam" not in (tmp_path / "data" / "voices" / "nurse" / "consent").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "a/b", "--from", "x", "--consent", "y"), "'a/b' is no name for a voice"),
        (("add", "nurse", "--from", "x.wav", "--consent", "y.txt"), "y.txt cannot be read: No such file"),
        (("remove", "nobody"), "there is no cloned voice 'nobody'; there are: none yet"),
        (("rekey", "--old-key", "none.key"), "none.key cannot be read as text"),
    ],
)
def test_what_is_wrong_is_one_sentence(hatif: Hatif, arguments: tuple[str, ...], sentence: str) -> None:
    """And no traceback: `hatif` prints a BridgeError."""
    refused = hatif(*arguments)
    assert isinstance(refused.exception, BridgeError)
    assert sentence in str(refused.exception)


def test_a_voice_that_is_not_there_is_told_by_name(hatif: Hatif) -> None:
    """Exit status 1."""
    tried = hatif("test", "espeak-ng/ar", "espeak-ng/ar+Nobody", "festival/x", "piper/none")
    assert tried.exit_code == 1
    assert "3 of 4 voices cannot speak" in tried.output
    assert "espeak-ng has no variant 'Nobody'" in tried.output


@pytest.mark.parametrize("command", ["list", "add", "remove", "test", "rekey"])
def test_help_shows_an_example(command: str) -> None:
    """Of every command."""
    shown = CliRunner().invoke(cli.app, ["voices", command, "--help"])
    assert f"hatif voices {command}" in " ".join(shown.output.split())
