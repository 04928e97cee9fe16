"""A model directory is shown to Vosk as it is, and once more with its graph of all words."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("vosk")

from vosk import KaldiRecognizer

from bridge.audio.g711 import decode_ulaw
from bridge.speech.vosk.loading import load
from bridge.speech.vosk.model import OPEN_GRAPH
from bridge.speech.vosk.recognizer import KNOWN_SOUND

SILENCE = bytes(4000)  # a quarter of a second


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "model"))


def heard(model: object) -> str:
    """What the known sound is, among all words."""
    recognizer = KaldiRecognizer(model, 8000)
    recognizer.AcceptWaveform(SILENCE + decode_ulaw(KNOWN_SOUND.read_bytes()) + SILENCE)
    return str(json.loads(recognizer.FinalResult())["text"])


def test_all_words_have_a_graph_of_their_own(
    copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both know every word; nothing that was made for Vosk is left."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    grammars, everything = load(copy)

    assert grammars is not everything
    assert everything.vosk_model_find_word("نعم") == grammars.vosk_model_find_word("نعم") > 0
    assert list((tmp_path / "temporary").iterdir()) == []
    assert heard(everything) == heard(grammars) == "نعم"


@pytest.mark.parametrize("made", ["without", "static"])
def test_a_model_of_others_is_one(copy: Path, made: str) -> None:
    """Vosk's own kinds of models have one graph, and a static one is used for whatever there is."""
    if made == "without":
        (copy / OPEN_GRAPH).unlink()
    else:
        shutil.copy(copy / OPEN_GRAPH, copy / "graph" / "HCLG.fst")
    grammars, everything = load(copy)

    assert grammars is everything
