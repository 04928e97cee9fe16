"""Which models there are: those that lie on this machine, and the public Arabic ones that can be fetched."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from bridge.errors import ModelError
from bridge.models.fetching import ADDRESS, PublicModel
from bridge.models.xtts_fetching import ADDRESS as XTTS_ADDRESS
from bridge.models.xtts_fetching import SIZE_BYTES
from bridge.speech.vosk.model import check_model
from bridge.speech.xtts.checkpoint import MODEL

__all__ = ["PUBLIC_MODELS", "Catalogue", "Installed", "Offered", "look"]

_PARTS = "am", "conf", "graph"  # a folder with any of these was meant as a model

# Names, sizes and sums are those of the public list (model-list.json beside the models); where today's list
# says otherwise, `fetch` believes that. Error rates are the publisher's, on speech of their own choice.
PUBLIC_MODELS = (
    PublicModel(
        name="vosk-model-ar-mgb2-0.4",
        size_bytes=333_241_610,
        md5="d912e25ce46f94fe362b8c98e5efb4fd",
        what="standard Arabic of broadcasts, trained on MGB-2; word error rate 16 %",
        licence="Apache-2.0",
    ),
    PublicModel(
        name="vosk-model-ar-0.22-linto-1.1.0",
        size_bytes=1_377_395_170,
        md5="1ff29ab1d313f2c95079b41bf2e95fba",
        what="Arabic of the LinTO project, large; word error rate 29 %",
        licence="AGPL-3.0",
    ),
    PublicModel(
        name="vosk-model-small-ar-tn-0.1-linto",
        size_bytes=165_703_754,
        md5="67bbe16beaa17e6cf14f8c295ee5ddd1",
        what="Tunisian Arabic of the LinTO project; word error rate 16 %",
        licence="Apache-2.0",
    ),
    PublicModel(
        name="vosk-model-ar-tn-0.1-linto",
        size_bytes=542_000_000,
        md5="",
        what="Tunisian Arabic of the LinTO project, with a larger grammar; word error rate 16 %",
        licence="Apache-2.0",
    ),
)


class Installed(Struct, frozen=True):
    """A model that lies on this machine."""

    name: str
    folder: str  # in which it lies
    is_used: bool  # by `hatif serve`, as configured
    identity: str = ""
    size_bytes: int = 0
    words: int = 0
    takes_grammars: bool = False
    has_unknown_word: bool = False
    problem: str = ""  # why it cannot be used


class Offered(Struct, frozen=True):
    """A public model."""

    name: str
    size_bytes: int  # of the archive
    what: str
    licence: str
    address: str
    is_installed: bool


class Catalogue(Struct, frozen=True):
    """Both kinds."""

    installed: list[Installed]
    public: list[Offered]


def look(folders: Iterable[Path], used: Path, xtts: Path | None = None) -> Catalogue:
    """Look into `folders` for models; `used` is the one that is configured, wherever it lies.

    `xtts` is where XTTS's checkpoint lies, or would.
    """
    paths = dict.fromkeys(path.resolve() for folder in folders for path in _models_in(folder))
    paths |= {used.resolve(): None}
    installed = [_installed(path, is_used=path == used.resolve()) for path in paths]
    names = {one.name for one in installed}
    public = [
        Offered(
            one.name,
            one.size_bytes,
            one.what,
            one.licence,
            one.address(ADDRESS),
            is_installed=one.name in names,
        )
        for one in PUBLIC_MODELS
    ]
    return Catalogue(installed, [*public, _xtts(xtts)])


def _xtts(folder: Path | None) -> Offered:
    """The one that speaks, and does not hear."""
    return Offered(
        "xtts_v2",
        SIZE_BYTES,
        "a voice: XTTS v2, which clones voices; see docs/xtts.md",
        "CPML-1.0.0, no commercial use",
        XTTS_ADDRESS,
        is_installed=folder is not None and (folder / MODEL).is_file(),
    )


def _models_in(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and any((path / part).is_dir() for part in _PARTS):
            yield path


def _installed(path: Path, *, is_used: bool) -> Installed:
    try:
        summary = check_model(path)
    except ModelError as error:
        return Installed(path.name, str(path.parent), is_used, problem=str(error))
    return Installed(
        name=path.name,
        folder=str(path.parent),
        is_used=is_used,
        identity=summary.identity,
        size_bytes=summary.size_bytes,
        words=len(summary.words),
        takes_grammars=summary.supports_grammar,
        has_unknown_word=summary.has_unknown_word,
    )
