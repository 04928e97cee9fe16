"""Whose voice speaks: by name, else the nearest by gender and dialect, else the site's own."""

from pathlib import Path

import pytest

from bridge.checkup import Verdict, examine
from bridge.config import Settings, load_settings
from bridge.content import CONTENT
from bridge.dialogue.loader import load, parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ConfigError, QuestionnaireError
from bridge.speech.engines import VoiceName
from bridge.voices.choosing import VoiceWish, choose_voice, chooser, voices_for, wish_of

FOLDER = CONTENT / "questionnaires"
REMINDER = (FOLDER / "appointment_reminder.yaml").read_text(encoding="utf-8")
COMMON = (FOLDER / "common" / "ar.yaml").read_text(encoding="utf-8")
DEFAULTS = """
voices:
  defaults:
    ar: espeak-ng/ar
    ar.female: xtts/nurse
    ar-EG: xtts/nile
    ar-JO: piper/ar_JO-kareem-medium
    ar-lev.female: xtts/layla
    en: espeak-ng/en-us
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return configured(tmp_path, DEFAULTS)


def configured(folder: Path, text: str, **environ: str) -> Settings:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ=environ)


def asked(extra: str, dialects: str = "[msa]") -> Questionnaire:
    begin, _, rest = REMINDER.partition("dialects: ")
    return parse(
        f"{begin}{extra}\ndialects: {dialects}\n{rest.partition(chr(10))[2]}", name="q.yaml", common=COMMON
    )


@pytest.mark.parametrize(
    ("wish", "voice"),
    [
        (VoiceWish(), "espeak-ng/ar"),
        (VoiceWish(gender="female"), "xtts/nurse"),
        (VoiceWish(gender="male"), "espeak-ng/ar"),
        (VoiceWish(dialect="lev"), "piper/ar_JO-kareem-medium"),
        (VoiceWish(dialect="lev", gender="female"), "xtts/layla"),
        (VoiceWish(dialect="lev", gender="male"), "piper/ar_JO-kareem-medium"),
        (VoiceWish(language="ar-LB", gender="female"), "xtts/layla"),
        (VoiceWish(language="ar-EG", gender="female"), "xtts/nurse"),  # the gender counts for more
        (VoiceWish(dialect="glf"), "espeak-ng/ar"),
        (VoiceWish(dialect="msa"), "espeak-ng/ar"),
        (VoiceWish(language="en-GB"), "espeak-ng/en-us"),
        (VoiceWish(language="fr"), "espeak-ng/ar+Denis"),
        (VoiceWish("xtts/other", gender="female"), "xtts/other"),
    ],
)
def test_the_nearest_voice_speaks(tmp_path: Path, wish: VoiceWish, voice: str) -> None:
    """Language, gender, region, dialect; who has none of the configured ones is given the site's voice."""
    settings = configured(tmp_path, DEFAULTS + "voice: {voice: ar+Denis}\n")
    assert str(choose_voice(settings, wish)) == voice


def test_those_that_stand_in_come_in_order_and_once(settings: Settings) -> None:
    """After the one that is wished for, the less near ones; the site's own voice last."""
    wish = VoiceWish("xtts/layla", dialect="lev", gender="female")
    names = ["xtts/layla", "xtts/nurse", "piper/ar_JO-kareem-medium", "espeak-ng/ar"]
    assert [str(name) for name in voices_for(settings, wish)] == names


def test_without_defaults_everything_is_said_in_the_configured_voice(tmp_path: Path) -> None:
    """As before there were any."""
    settings = configured(tmp_path, "voice: {engine: piper, voice: someone}\n")
    assert voices_for(settings, VoiceWish(dialect="egy", gender="male")) == (VoiceName("piper", "someone"),)


def test_a_name_of_no_engine_is_refused(settings: Settings) -> None:
    """Whoever asks is told which engines there are."""
    with pytest.raises(ConfigError, match=r"'festival/ar' names no voice.*espeak-ng"):
        choose_voice(settings, VoiceWish("festival/ar"))


def test_the_environment_gives_defaults_too(tmp_path: Path) -> None:
    """In one line."""
    settings = configured(tmp_path, "", HATIF_VOICES__DEFAULTS="ar: espeak-ng/ar+Denis, ar.female:xtts/nurse")
    assert settings.voices.defaults == {"ar": "espeak-ng/ar+Denis", "ar.female": "xtts/nurse"}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{arabic: espeak-ng/ar}", "'arabic' names no language, such as ar, ar-JO, ar-lev or ar.female"),
        ("{ar.f: espeak-ng/ar}", "'ar.f' names no language"),
        ("{ar-xyz: espeak-ng/ar}", "'ar-xyz' names no language"),
        ("{1: espeak-ng/ar}", "1 names no language"),
        ("{ar: espeak/ar}", "ar has no voice, such as piper/ar_JO-kareem-medium"),
        ("{ar: espeak-ng}", "ar has no voice"),
        ("{ar: 5}", "ar has no voice"),
        ("{ar: {voice: x}}", "ar has no voice"),
        ("[espeak-ng/ar]", "a list is not allowed"),
        ("ar", '"ar" is not allowed'),
    ],
)
def test_wrong_defaults_are_told_by_line(tmp_path: Path, written: str, problem: str) -> None:
    """Which entry it is, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, f"voices:\n  defaults: {written}\n")
    text = str(caught.value)
    assert ":2: voices.defaults: " in text
    assert problem in text
    right = "voices by language, dialect and gender, such as {ar: espeak-ng/ar, ar-lev.female: xtts/nurse}"
    assert text.endswith(f"it must be {right}")


@pytest.mark.parametrize(
    ("extra", "dialects", "wish"),
    [
        ("", "[msa]", VoiceWish()),
        ("", "[msa, glf, egy]", VoiceWish()),
        ("", "[msa, egy]", VoiceWish(dialect="egy")),
        ("voice: xtts/nurse", "[msa, egy]", VoiceWish("xtts/nurse", dialect="egy")),
        ("voice: {name: xtts/nurse}", "[msa]", VoiceWish("xtts/nurse")),
        ("voice: {gender: female}", "[msa, egy]", VoiceWish(dialect="egy", gender="female")),
        ("voice: {dialect: lev, gender: male}", "[msa, egy]", VoiceWish(dialect="lev", gender="male")),
    ],
)
def test_a_questionnaire_says_who_speaks(extra: str, dialects: str, wish: VoiceWish) -> None:
    """By name, or by what is looked up."""
    assert wish_of(asked(extra, dialects)) == wish


def test_a_call_knows_its_voices(settings: Settings) -> None:
    """The questionnaire's, and after it those that stand in."""
    names = chooser(settings)(asked("voice: {gender: female, dialect: lev}"))
    assert [str(name) for name in names] == [
        *("xtts/layla", "xtts/nurse", "piper/ar_JO-kareem-medium", "espeak-ng/ar")
    ]
    assert [str(name) for name in chooser(settings)(asked(""))] == ["espeak-ng/ar"]


def test_the_check_looks_at_every_voice_that_is_named(tmp_path: Path) -> None:
    """What cannot speak is a warning that says by whom it is named; others stand in."""
    folder = tmp_path / "q"
    folder.mkdir()
    begin, _, rest = REMINDER.partition("dialects: ")
    (folder / "mine.yaml").write_text(f"{begin}voice: espeak-ng/ar+Annie\ndialects: {rest}", encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(
        "questionnaires: {folder: q, default: appointment_reminder}\n"
        "piper: {folder: piper}\n"
        "voices: {defaults: {ar: espeak-ng/ar+Annie, ar.male: piper/nobody}}\n"
    )
    found = {finding.subject: finding for finding in examine(config)}
    assert found["voice espeak-ng/ar+Annie"].verdict is Verdict.GOOD
    assert found["voice espeak-ng/ar+Annie"].detail == "named by voices.defaults ar, mine.yaml"
    assert found["voice piper/nobody"].verdict is Verdict.WARNING
    assert "(named by voices.defaults ar.male)" in found["voice piper/nobody"].detail


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        (
            "voice: nurse",
            "voice.name: should be ENGINE/VOICE, such as piper/ar_JO-kareem-medium, or a block of fields",
        ),
        ("voice: 5", "voice: should be"),
        ("voice: {}", "voice: names a voice, or tells its dialect, gender or both"),
        ("voice: {name: xtts/nurse, gender: female}", "voice: names a voice, or tells"),
        ("voice: {gender: woman}", "voice.gender: should be 'female' or 'male'"),
        ("voice: {dialect: mag}", "voice.dialect: unknown dialect 'mag'; one of msa, glf, egy, lev"),
        ("voice: {gendr: male}", "voice.gendr: unknown field"),
        ("voice: {name: nurse}", "voice.name: should be ENGINE/VOICE"),
    ],
)
def test_a_wrong_voice_is_told_by_line_and_column(extra: str, problem: str) -> None:
    """As all that is wrong with a questionnaire."""
    with pytest.raises(QuestionnaireError) as caught:
        asked(extra)
    line = 1 + REMINDER.partition("dialects: ")[0].count("\n")
    assert str(caught.value).startswith(f"q.yaml:{line}:")
    assert problem in str(caught.value)


def test_shipped_questionnaires_leave_it_to_the_site() -> None:
    """Whoever runs them has voices of their own."""
    assert all(load(path).voice is None for path in FOLDER.glob("*.yaml"))
