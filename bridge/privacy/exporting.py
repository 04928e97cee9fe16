"""`hatif subject export`: everything that is stored of a person, as JSON, WAV and a manifest in one ZIP."""

import asyncio
import hashlib
import io
import os
import wave
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, decode_ulaw
from bridge.privacy.keys import KeyRing
from bridge.privacy.recordings import find, read
from bridge.privacy.subjects import Audit, SubjectError, SubjectFile, no_audit, rows_of, tables_of_calls
from bridge.storage.store import Store

__all__ = ["Exported", "export_subject"]

_JSON_SUFFIX = "_json"


class Exported(Struct, frozen=True):
    """What was written."""

    calls: int
    rows: int
    files: int
    cut_recordings: list[str]  # whose end is missing


async def export_subject(
    store: Store,
    found: SubjectFile,
    to: Path,
    *,
    recordings: Path,
    ring: KeyRing | None,
    now: datetime,
    audit: Audit = no_audit,
) -> Exported:
    """Write it to a new file that only its owner can read.

    Raises:
        SubjectError: the file is there already, or cannot be written.
        StorageError: something cannot be read or decrypted; no file is left.

    """
    if await asyncio.to_thread(to.exists):
        raise SubjectError(f"{to} is there already; name a new file")
    await audit(found.digest)
    tables = {table.name: await rows_of(store, table, found.call_ids) for table in tables_of_calls()}
    tables["phone_calls"] = found.phone_calls
    unready = to.with_name(to.name + ".unready")
    try:
        exported = await asyncio.to_thread(_write, unready, tables, (recordings, ring), found.call_ids, now)
        await asyncio.to_thread(unready.replace, to)
    except OSError as error:
        raise SubjectError(f"{error.filename or to} cannot be written: {error.strerror}") from error
    finally:
        await asyncio.to_thread(unready.unlink, missing_ok=True)
    return exported


def _write(
    path: Path,
    tables: dict[str, list[dict[str, Any]]],
    recordings: tuple[Path, KeyRing | None],
    call_ids: list[str],
    now: datetime,
) -> Exported:
    manifest: dict[str, Any] = {}
    cut: list[str] = []
    with (
        open(path, "wb", opener=_for_the_owner_only) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):

        def add(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
            manifest[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

        add("subject.json", _json({name: [_readable(row) for row in rows] for name, rows in tables.items()}))
        for name, sound in _sounds(tables["sounds"]):
            add(name, sound)
        for call_id in call_ids:
            if (recording := find(recordings[0], call_id)) is not None:
                whole = read(recording, recordings[1])
                add(f"recordings/{call_id}.wav", whole.wav)
                cut += [] if whole.is_whole else [call_id]
        files = len(manifest)
        add("manifest.json", _json({"made_at": now, "calls": call_ids, "files": dict(manifest)}))
        archive.close()
        file.flush()
        os.fsync(file.fileno())
    return Exported(len(call_ids), sum(map(len, tables.values())), files, cut)


def _json(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2)


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """JSON inside of JSON is opened up; sound is a file of its own."""
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            shown["file"] = _sound_name(row)
        elif name.endswith(_JSON_SUFFIX) and value:
            shown[name.removesuffix(_JSON_SUFFIX)] = msgspec.Raw(value.encode())
        else:
            shown[name] = value
    return shown


def _sounds(rows: list[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        made = io.BytesIO()
        with wave.open(made, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(SAMPLE_WIDTH)
            wav.setframerate(SAMPLE_RATE)
            wav.writeframes(decode_ulaw(row["ulaw"]))
        yield _sound_name(row), made.getvalue()


def _sound_name(row: dict[str, Any]) -> str:
    return f"sounds/{row['call_id']}-{row['turn_index']}.wav"


def _for_the_owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
