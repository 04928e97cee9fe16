"""Programs that add vowels: found by name, used on bare passages only, and never trusted."""

from importlib.metadata import EntryPoint

import pytest

from bridge.errors import ConfigError
from bridge.speech.reading import Reader, diacritising
from bridge.speech.reading.diacritising import GROUP, find_diacritiser, guarded


def vowelling(text: str) -> str:
    return text.replace("نعم", "نَعَمْ")


def failing(_text: str) -> str:
    raise RuntimeError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three programs, one of which is no function and one of which is not there."""
    here = __name__
    entries = [
        EntryPoint("good", f"{here}:vowelling", GROUP),
        EntryPoint("none", f"{here}:GROUP", GROUP),
        EntryPoint("gone", "no_such_module:f", GROUP),
    ]
    monkeypatch.setattr(
        diacritising, "entry_points", lambda group: [one for one in entries if one.group == group]
    )
    import sys  # noqa: PLC0415 - pytest's import mode gives this file no place among modules

    monkeypatch.setitem(sys.modules, here, sys.modules.get(here) or _this_module())


def _this_module() -> object:
    class Module:
        vowelling = staticmethod(vowelling)
        GROUP = "x"

    return Module


def test_bare_passages_are_vowelled_before_they_are_read() -> None:
    """Figures are read as ever."""
    reader = Reader(diacritise=guarded("good", vowelling))
    assert reader.read("نعم 5") == "نَعَمْ خَمْسَة"


@pytest.mark.parametrize("text", ["نَعَم، نعم", "123", "yes", ""])
def test_what_is_vowelled_or_no_arabic_is_not_given_to_it(text: str) -> None:
    """An author's vowels are never guessed at."""
    given: list[str] = []
    Reader(diacritise=lambda one: given.append(one) or one).read(text)
    assert given == []


@pytest.mark.parametrize(
    "program", [failing, lambda _text: "لا", lambda _text: None, lambda text: text + "."]
)
def test_whatever_it_does_speech_goes_on(program: diacritising.Diacritise) -> None:
    """It fails, says something else, or nothing: the text is said as it was written."""
    assert Reader(diacritise=guarded("bad", program)).read("نعم") == "نعم"


def test_long_texts_are_not_given_to_it() -> None:
    """Some are slow, and a caller waits."""
    assert guarded("good", vowelling)("نعم " * 1000) == "نعم " * 1000


@pytest.mark.usefixtures("installed")
def test_it_is_found_by_name() -> None:
    """Packages enter themselves."""
    assert find_diacritiser("good")("نعم") == "نَعَمْ"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("mishkal", "it must be one of gone, good, none"),
        ("none", "is no function"),
        ("gone", "cannot be loaded (ModuleNotFoundError)"),
    ],
)
def test_one_that_is_not_there_is_told(name: str, right: str) -> None:
    """By its option, with what is there."""
    with pytest.raises(ConfigError, match=r"voice\.diacritiser") as refusal:
        find_diacritiser(name)
    assert right in str(refusal.value)
