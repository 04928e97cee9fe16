"""coqui-tts beside a CPU-only PyTorch: torchaudio without its native half, and torchcodec in name only.

The wheels of torchaudio and torchcodec that PyPI offers for Linux are linked to CUDA, and cannot be loaded
beside a PyTorch without it. XTTS asks of torchaudio only what is written in Python (spectrograms and
resampling), and decodes files with torchcodec, which Hatif never lets it do. Where the native half loads,
nothing is changed.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

__all__ = ["make_importable"]

_AUDIO, _EXTENSION, _CODEC = "torchaudio", "torchaudio._extension", "torchcodec"


def make_importable() -> None:
    """Do what is needed before the first `import TTS`.

    Raises:
        ImportError: torchaudio is not installed.

    """
    try:
        importlib.import_module(_AUDIO)
    except OSError:  # a library that it is linked to is not here
        _forget(_AUDIO)
        sys.modules[_EXTENSION] = _no_extension()
        importlib.import_module(_AUDIO)
    if importlib.util.find_spec(_CODEC) is None:
        sys.modules[_CODEC] = _empty(_CODEC)  # coqui-tts looks whether there is one, and no further


def _forget(package: str) -> None:
    for name in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
        del sys.modules[name]


def _empty(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    return module


def _no_extension() -> ModuleType:
    """What the rest of torchaudio asks its loader for, where there is nothing to be loaded."""
    module: Any = _empty(_EXTENSION)
    module._IS_TORCHAUDIO_EXT_AVAILABLE = False  # noqa: SLF001 - torchaudio's own names
    module._IS_ALIGN_AVAILABLE = False  # noqa: SLF001
    module._check_cuda_version = lambda: None  # noqa: SLF001
    module.fail_if_no_align = _failing
    return module  # type: ignore[no-any-return]


def _failing(function: Callable[..., Any]) -> Callable[..., NoReturn]:
    def fail(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(f"{function.__name__} needs torchaudio's native half, which is not here")

    return fail
