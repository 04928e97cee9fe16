"""How XTTS knows a voice: the latents that it computes from a recording, as bytes that are safe to keep.

They are two arrays of 32-bit numbers in MessagePack: nothing in them can run when they are read.
"""

import hashlib
import math

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from bridge.errors import WorkerError

__all__ = ["Latents", "fingerprint_of", "pack_latents", "unpack_latents"]

MAX_BYTES = 4 << 20  # the public checkpoint's are 133 kB

_NOT_OURS = "these are no latents of an XTTS voice"


class _Array(Struct, frozen=True, array_like=True):
    shape: tuple[int, ...]
    data: bytes  # little-endian 32-bit floating point


class _Packed(Struct, frozen=True, tag="hatif-xtts-voice-1"):
    style: _Array
    speaker: _Array


class Latents(Struct, frozen=True):
    """What XTTS computed from a recording of someone."""

    style: npt.NDArray[np.float32]  # 1 x positions x width: conditions how it is spoken
    speaker: npt.NDArray[np.float32]  # 1 x width x 1: whose voice it is


def pack_latents(latents: Latents) -> bytes:
    """As bytes; the same latents are always the same bytes."""
    return msgspec.msgpack.encode(_Packed(_packed(latents.style), _packed(latents.speaker)))


def unpack_latents(packed: bytes) -> Latents:
    """From bytes.

    Raises:
        WorkerError: they are something else, or broken.

    """
    if len(packed) > MAX_BYTES:
        raise WorkerError(f"{_NOT_OURS}: {len(packed)} bytes are too many")
    try:
        read = msgspec.msgpack.decode(packed, type=_Packed)
    except msgspec.MsgspecError as error:
        raise WorkerError(_NOT_OURS) from error
    return Latents(_unpacked(read.style), _unpacked(read.speaker))


def fingerprint_of(packed: bytes) -> str:
    """Tells voices apart: 16 hexadecimal digits."""
    return hashlib.sha256(packed).hexdigest()[:16]


def _packed(array: npt.NDArray[np.float32]) -> _Array:
    return _Array(array.shape, np.ascontiguousarray(array, dtype="<f4").tobytes())


def _unpacked(array: _Array) -> npt.NDArray[np.float32]:
    dimensions = 3
    if (
        len(array.shape) != dimensions
        or min(array.shape) < 1
        or math.prod(array.shape) * 4 != len(array.data)
    ):
        raise WorkerError(f"{_NOT_OURS}: their shape is wrong")
    values = np.frombuffer(array.data, dtype="<f4").reshape(array.shape)
    if not np.isfinite(values).all():
        raise WorkerError(f"{_NOT_OURS}: not all of them are numbers")
    return values.astype(np.float32)
