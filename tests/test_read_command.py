"""`hatif read`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.checkup import Verdict, examine
from bridge.cli import app
from bridge.errors import BridgeError

RUNNER = CliRunner()


def said(*arguments: str, given: str | None = None) -> str:
    result = RUNNER.invoke(app, ["read", *arguments], input=given, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_text_is_shown_as_it_will_be_said() -> None:
    """From the command line or from standard input, in either language."""
    assert said("خذ 3 حبات") == "خذ ثَلَاثَ حَبَّات\n"
    assert said("-", given="٥ ملغ\n") == "خَمْسَةُ مِلِّيغْرَامَات\n"
    assert said("5 mg", "--language", "en") == "five milligrams\n"


def test_say_as() -> None:
    """With its format behind a colon."""
    assert said("3", "--as", "ordinal") == "الثَّالِث\n"
    assert said("3", "--as", "ordinal:feminine") == "الثَّالِثَة\n"


def test_a_lexicon_is_tried_before_it_is_configured(tmp_path: Path) -> None:
    """One option in place of another."""
    file = tmp_path / "words.yaml"
    file.write_text("lexicon:\n  أمل: أَمَل\n", encoding="utf-8")
    assert said("أمل", "--lexicon", str(file)) == "أَمَل\n"


def test_the_configured_lexicon_is_used(tmp_path: Path) -> None:
    """Its path is relative to the configuration."""
    (tmp_path / "words.yaml").write_text("lexicon:\n  أمل: أَمَل\n", encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text("voice: {lexicon: words.yaml}\n", encoding="utf-8")
    assert said("أمل", "--config", str(config)) == "أَمَل\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("x", "--as", "date"), "such as 21-11-2026"),
        (("x", "--as", "roman"), "it knows characters"),
        (("x", "--lexicon", "none.yaml"), "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(arguments: tuple[str, ...], problem: str) -> None:
    """With what would be right."""
    with pytest.raises(BridgeError) as refusal:
        RUNNER.invoke(app, ["read", *arguments], catch_exceptions=False)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("voice", "verdict", "detail"),
    [
        ("{lexicon: words.yaml}", Verdict.GOOD, "can be used"),
        ("{lexicon: none.yaml}", Verdict.BAD, "none.yaml: cannot be read"),
        ("{diacritiser: none-such}", Verdict.BAD, "there is no diacritiser 'none-such'"),
    ],
)
def test_check_tells_whether_reading_can_begin(
    tmp_path: Path, voice: str, verdict: Verdict, detail: str
) -> None:
    """Before the daemon starts, and only where something is configured."""
    (tmp_path / "words.yaml").write_text("lexicon:\n  أمل: أَمَل\n", encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(f"voice: {voice}\n", encoding="utf-8")
    (finding,) = (finding for finding in examine(config) if finding.subject == "reading")
    assert finding.verdict is verdict
    assert detail in finding.detail
