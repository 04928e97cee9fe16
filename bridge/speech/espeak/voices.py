"""Which voices espeak-ng has, read from its data beside the library, which is never loaded for it."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bridge.errors import ConfigError
from bridge.speech.script import ARABIC

__all__ = ["require_voice", "voice_in"]

_PACKAGE = "espeakng_loader"
_DATA = "espeak-ng-data"


def require_voice(name: str) -> None:
    """Make sure that there is such a voice: a language ("ar"), or a variant of one ("ar+Denis").

    Raises:
        ConfigError: there is none; the text names those that there are.

    """
    language, plus, variant = name.partition("+")
    languages, variants = _known()
    if language not in languages:
        raise ConfigError(f"espeak-ng has no voice {language!r}; there are: {', '.join(sorted(languages))}")
    if plus and variant not in variants:
        raise ConfigError(
            f"espeak-ng has no variant {variant!r} of {language}; there are: {', '.join(sorted(variants))}"
        )


def voice_in(name: str, language: str) -> str:
    """The same variant for another language (BCP 47), "en+Denis"; `name` itself where there is none.

    Arabic is the language of whatever names none, and so is spoken by any voice as it is.
    """
    own, plus, variant = name.partition("+")
    known = {tag.lower(): tag for tag in _known()[0]}
    wanted = language.lower()
    primary = wanted.partition("-")[0]
    if primary in {ARABIC, own.lower().partition("-")[0]}:
        return name
    found = known.get(wanted) or known.get(primary)
    return name if found is None else f"{found}{plus}{variant}"


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """Languages and variants."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError("espeak-ng is not installed, which Hatif needs: run `pip install espeakng-loader`")
    data = Path(spec.origin).parent / _DATA
    languages = frozenset(file.name for file in (data / "lang").rglob("*") if file.is_file())
    variants = frozenset(file.name for file in (data / "voices" / "!v").iterdir())
    return languages, variants
