"""A model directory is judged before Vosk sees it."""

import shutil
from pathlib import Path

import pytest

from bridge.errors import ModelError
from bridge.speech.vosk.model import ModelRateError, ModelSummary, check_model, written


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A model that a test may damage."""
    return Path(shutil.copytree(model, tmp_path / "model"))


def complaint(path: Path) -> str:
    with pytest.raises(ModelError) as failure:
        check_model(path)
    return str(failure.value)


def features_of(path: Path) -> Path:
    """The file that says what sound the network is given."""
    return next(file for file in (path / "conf").iterdir() if file.name in {"mfcc.conf", "fbank.conf"})


def test_the_embedded_model_is_good(model: Path) -> None:
    """It has its words, takes grammars, and is made for a telephone."""
    summary = check_model(model)

    assert len(summary.words) > 500
    assert summary.supports_grammar
    assert summary.sample_rate == 8000
    assert {"نعم", "لا", "أعرف", "عشرة", "[unk]"} <= summary.vocabulary
    assert "<eps>" not in summary.words


def test_identity_is_of_the_content(model: Path, copy: Path) -> None:
    """Another word list is another model; a changed description is not."""
    before = check_model(copy).identity.partition("@")[2]
    (copy / "README.md").write_text("new words about it")
    assert check_model(copy).identity == f"model@{before}"
    assert check_model(model).identity == f"{model.name}@{before}"
    with (copy / "graph" / "words.txt").open("a", encoding="utf-8") as words:
        words.write("زرافة 9999\n")

    assert check_model(copy).identity != f"model@{before}"


@pytest.mark.parametrize(
    "name",
    ["am/final.mdl", "conf/model.conf", "graph/words.txt", "graph/HCLr.fst", "graph/Gr.fst"],
)
def test_a_missing_or_empty_file_is_named(copy: Path, name: str) -> None:
    """The sentence says which file, and what a model needs."""
    (copy / name).write_bytes(b"")
    assert f"{name} is empty" in complaint(copy)
    (copy / name).unlink()

    assert f"{name} is missing; a Vosk model directory needs am/final.mdl" in complaint(copy)


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst", "graph/HCLG.open.fst"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.97])
def test_half_a_file_is_noticed(copy: Path, name: str, part: float) -> None:
    """A download that broke off is no model."""
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: int(len(content) * part)])

    assert f"{name} is cut short" in complaint(copy)


def test_files_of_another_kind_are_noticed(copy: Path) -> None:
    """An error page saved under a model file's name is not taken for one."""
    for name in ("am/final.mdl", "graph/Gr.fst"):
        (copy / name).write_text("<html>not found</html>" * 50)
    (copy / "graph" / "words.txt").write_text("<eps> 0\n")
    sentence = complaint(copy)

    assert "am/final.mdl is no acoustic model" in sentence
    assert "graph/Gr.fst is no graph" in sentence
    assert "graph/words.txt has no words in it" in sentence


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    """An empty folder gets one sentence with every file that it lacks."""
    sentence = complaint(tmp_path)

    for name in (
        "am/final.mdl",
        "conf/mfcc.conf or conf/fbank.conf",
        "graph/HCLr.fst",
        "graph/disambig_tid.int",
    ):
        assert f"{name} is missing" in sentence
    assert "\n" not in sentence


def test_a_path_without_a_directory_is_no_model(tmp_path: Path) -> None:
    """Nothing there, or a file there, is said plainly."""
    (tmp_path / "file").write_text("x")

    assert "it does not exist" in complaint(tmp_path / "nothing")
    assert "it is not a directory" in complaint(tmp_path / "file")


def test_a_static_graph_takes_no_grammar(copy: Path) -> None:
    """With HCLG.fst the dynamic graph is not needed, nor used."""
    (copy / "graph" / "HCLr.fst").rename(copy / "graph" / "HCLG.fst")
    (copy / "graph" / "Gr.fst").unlink()

    assert not check_model(copy).supports_grammar


@pytest.mark.parametrize(
    "options", ["--sample-frequency=16000", "--num-mel-bins=40", "--sample_frequency=44.1e3"]
)
def test_a_model_of_another_rate_is_refused(copy: Path, options: str) -> None:
    """Vosk would refuse it when the first call speaks; 16 kHz is what a file means that says nothing."""
    features = features_of(copy)
    features.write_text(f"{options}\n--allow-downsample=true\n")
    with pytest.raises(ModelRateError) as failure:
        check_model(copy)

    sentence = str(failure.value)
    assert f"conf/{features.name} is for speech of " in sentence
    assert "must be one for 8000 Hz, or" in sentence
    assert "--allow-upsample=true" in sentence


@pytest.mark.parametrize(
    "switch", ["--allow-upsample=true", "--allow_upsample", "  --allow-upsample=t  # calls"]
)
def test_a_model_may_be_told_to_sample_up(copy: Path, switch: str) -> None:
    """Then Vosk takes telephone speech, and the summary says for what the model was made."""
    features = features_of(copy)
    features.write_text(f"--sample-frequency=16000\n{switch}\n")

    assert check_model(copy).sample_rate == 16000


@pytest.mark.parametrize("rate", ["4000", "nan", "eight"])
def test_a_rate_below_a_telephones_or_none_at_all_has_no_way_out(copy: Path, rate: str) -> None:
    """Sampling up would not help, and is not proposed."""
    features_of(copy).write_text(f"--sample-frequency={rate}\n")
    sentence = complaint(copy)

    assert rate in sentence
    assert "upsample" not in sentence


def test_half_the_words_are_noticed(copy: Path) -> None:
    """Vosk would load it, and hear the words that have no spelling as nothing."""
    words = copy / "graph" / "words.txt"
    lines = words.read_text(encoding="utf-8").splitlines(keepends=True)
    words.write_text("".join(lines[:-10]), encoding="utf-8")

    assert "graph/words.txt lacks 10 words that graph/Gr.fst leads to" in complaint(copy)


def test_words_that_are_no_text_are_noticed(copy: Path) -> None:
    """Saved in the code page of a Windows editor, or without its numbers."""
    words = copy / "graph" / "words.txt"
    text = words.read_text(encoding="utf-8")
    words.write_text(text, encoding="cp1256")
    assert "graph/words.txt is not UTF-8 text" in complaint(copy)
    words.write_text(text.replace(" 3\n", "\n"), encoding="utf-8")

    assert "graph/words.txt is unreadable: line 4 is not a word and its number" in complaint(copy)


def test_options_that_are_none_are_noticed(copy: Path) -> None:
    """Kaldi ends the process over such a line."""
    (copy / "conf" / "model.conf").write_text("--beam=12\nmax-active 3000\n")

    assert "conf/model.conf is unreadable: line 2 is no option" in complaint(copy)


def test_phrases_that_cannot_be_said_are_told_apart(model: Path) -> None:
    """One unknown word is enough; the order is kept."""
    assert check_model(model).lacking(["زرافة", "نعم", "لا زرافة"]) == ["زرافة", "لا زرافة"]


@pytest.mark.parametrize(
    ("phrase", "spelled"),
    [
        ("نعم", "نعم"),
        ("لا أعرف", "لا_أعرف"),
        ("  لا   أعرف ", "لا_أعرف"),
        ("نعم لا أعرف نعم", "نعم لا_أعرف نعم"),
        ("ألم رأس", "ألم رأس"),
        ("ألم شيء", None),
        ("", None),
    ],
)
def test_phrases_are_spelled_in_the_models_words(phrase: str, spelled: str | None) -> None:
    """Joined words first, then words one by one; with one unknown word the phrase cannot be heard."""
    words = frozenset({"نعم", "لا", "لا_أعرف", "ألم", "رأس"})
    summary = ModelSummary("m", "m@1", words, 1, supports_grammar=True)

    assert summary.spell(phrase) == spelled


def test_without_the_joined_word_its_parts_will_do() -> None:
    """A model without لا_أعرف hears its two words."""
    summary = ModelSummary("m", "m@1", frozenset({"لا", "أعرف"}), 1, supports_grammar=True)

    assert summary.spell("لا أعرف") == "لا أعرف"
    assert not summary.has_unknown_word


def test_written_text_has_no_underscores() -> None:
    """What leaves the recogniser is spelled as people write."""
    assert written("نعم لا_أعرف") == "نعم لا أعرف"
