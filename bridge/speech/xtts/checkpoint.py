"""The files of an XTTS checkpoint, looked at without PyTorch: whether they are all there and belong together.

`model.pth` is a zip archive (as PyTorch writes since 1.6) whose directory stands at its end and holds a sum
of every tensor. Reading that directory takes milliseconds, finds a file that was cut off, and tells
checkpoints apart wherever they lie and however they were copied.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from bridge.errors import ModelError

__all__ = ["CONFIG", "FILES", "MODEL", "SPEAKERS", "VOCABULARY", "Checkpoint", "check_checkpoint"]

CONFIG, MODEL, VOCABULARY = FILES = "config.json", "model.pth", "vocab.json"
SPEAKERS = "speakers_xtts.pth"  # the publisher's own voices; not needed for cloned ones

_FETCH = "`hatif models fetch xtts_v2` fetches a whole one"


class Checkpoint(Struct, frozen=True):
    """A checkpoint whose files belong together, as far as can be seen from outside."""

    folder: Path
    identity: str  # 16 hexadecimal digits: configuration, vocabulary and every tensor's sum
    languages: tuple[str, ...]
    has_speakers: bool
    size_bytes: int


def check_checkpoint(folder: Path) -> Checkpoint:
    """Look at the checkpoint in `folder`.

    Raises:
        ModelError: it is not there, half there, or one of another architecture; one sentence.

    """
    if not folder.is_dir():
        raise ModelError(f"there is no XTTS checkpoint at {folder}; {_FETCH}")
    missing = [name for name in FILES if not (folder / name).is_file() or not (folder / name).stat().st_size]
    if missing:
        lacks = " and ".join(missing)
        raise ModelError(f"{folder} is half a checkpoint of XTTS: it lacks {lacks}; {_FETCH}")
    config = _read_json(folder / CONFIG)
    _require_xtts(folder / CONFIG, config)
    _require_words(folder, config)
    present = [folder / name for name in (*FILES, SPEAKERS) if (folder / name).is_file()]
    return Checkpoint(
        folder=folder,
        identity=_identity(present),
        languages=tuple(map(str, config.get("languages", ()))),
        has_speakers=(folder / SPEAKERS).is_file(),
        size_bytes=sum(path.stat().st_size for path in present),
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no JSON, so this is no checkpoint of XTTS; {_FETCH}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object, so this is no checkpoint of XTTS; {_FETCH}")
    return content


def _require_xtts(path: Path, config: dict[str, Any]) -> None:
    kind = config.get("model")
    if kind != "xtts":
        described = f"a model {kind!r}" if isinstance(kind, str) else "no model"
        raise ModelError(f"{path} describes {described}, not 'xtts': a checkpoint of another architecture")
    if not isinstance(config.get("model_args"), dict):
        raise ModelError(f"{path} has no model_args, which describe XTTS's networks; {_FETCH}")


def _require_words(folder: Path, config: dict[str, Any]) -> None:
    """The vocabulary is one of byte pairs, and no larger than the network's."""
    vocabulary = _read_json(folder / VOCABULARY).get("model")
    words = vocabulary.get("vocab") if isinstance(vocabulary, dict) else None
    if not isinstance(words, dict) or not words or not all(isinstance(one, int) for one in words.values()):
        raise ModelError(f"{folder / VOCABULARY} holds no vocabulary of byte pairs; {_FETCH}")
    room = config["model_args"].get("gpt_number_text_tokens")
    if isinstance(room, int) and max(words.values()) >= room:
        raise ModelError(
            f"{folder / VOCABULARY} has {max(words.values()) + 1} tokens and {CONFIG} has room for {room}: "
            "they are of two checkpoints"
        )


def _identity(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0".encode())
        if path.suffix == ".pth":
            digest.update("\n".join(_tensors(path)).encode())
        else:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _tensors(path: Path) -> Iterator[str]:
    """Name, size and sum of each of its parts; the archive's own name, which comes first, is left out."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise ModelError(
            f"{path} is cut off, or no checkpoint as PyTorch has written them since 1.6; {_FETCH}"
        ) from error
    names = {part.filename.partition("/")[2] for part in parts}
    if "data.pkl" not in names:
        raise ModelError(f"{path} is an archive, but no checkpoint of PyTorch; {_FETCH}")
    for part in sorted(parts, key=lambda one: one.filename.partition("/")[2]):
        yield f"{part.filename.partition('/')[2]} {part.file_size} {part.CRC:08x}"
