"""Loading an XTTS checkpoint: its weights are compared with what its configuration describes, then loaded.

Nothing in it can run: weights are read as weights alone. Nothing in its folder is written to either, which
coqui-tts does with checkpoints of the first kind. Only XTTS's worker imports this.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bridge.errors import ModelError
from bridge.speech.xtts.checkpoint import CONFIG, MODEL, VOCABULARY, check_checkpoint
from bridge.speech.xtts.model import XttsModel, coqui

__all__ = ["load"]

_OF_THE_TRAINER = "torch_mel_spectrogram_style_encoder.", "torch_mel_spectrogram_dvae.", "dvae."
_TRAINER_PREFIX = "xtts."
_INFERENCE = "gpt.gpt_inference."  # kept with the weights by the first checkpoints


def load(folder: Path, device: str) -> XttsModel:
    """Load the checkpoint in `folder` onto "auto", "cpu" or "cuda".

    Raises:
        ModelError: it is half a checkpoint, of another architecture, or there is no such device.

    """
    check_checkpoint(folder)
    device = _device(device)
    model = _empty_model(folder)
    weights = _weights(folder / MODEL)
    if any(name.startswith(_INFERENCE) for name in weights):
        model.gpt.init_gpt_for_inference(kv_cache=model.args.kv_cache)
    _require_shapes(folder, model.state_dict(), weights)
    model.load_state_dict(weights)
    model.eval()
    return XttsModel(model, folder, device)


def _device(wanted: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ModelError("xtts.device is cuda, but PyTorch finds no GPU here; auto or cpu would do")
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _empty_model(folder: Path) -> Any:
    """Its networks as configured, with no weights in them yet."""
    try:
        config = coqui.XttsConfig()
        config.load_json(str(folder / CONFIG))
        config.model_args.tokenizer_file = ""  # the vocabulary is the one in the folder
        model = coqui.Xtts(config)
        model.tokenizer = coqui.VoiceBpeTokenizer(vocab_file=folder / VOCABULARY)
        model.init_models()
    except Exception as error:  # coqui-tts and its libraries raise what they like
        kind = type(error).__name__
        raise ModelError(f"{folder} describes networks that cannot be built ({kind})") from error
    return model


def _weights(path: Path) -> dict[str, Tensor]:
    """By name, as the model calls them."""
    try:
        with torch.serialization.safe_globals(_carried_along()):
            content = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except Exception as error:  # likewise
        raise ModelError(f"{path} cannot be read as weights ({type(error).__name__})") from error
    weights = content.get("model") if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(one, Tensor) for one in weights.values()):
        raise ModelError(f"{path} holds no weights under 'model': a checkpoint of another architecture")
    named = {name.removeprefix(_TRAINER_PREFIX): weight for name, weight in weights.items()}
    return {name: weight for name, weight in named.items() if not name.startswith(_OF_THE_TRAINER)}


def _carried_along() -> list[Any]:
    """What checkpoints of the publisher hold beside weights: their configuration, as objects of coqui-tts.

    The first ones call two of these classes by the module in which they were then.
    """
    moved = coqui.XttsArgs, coqui.XttsAudioConfig
    formerly = [(one, f"{coqui.__name__}.{one.__name__}") for one in moved]
    return [coqui.XttsConfig, coqui.BaseDatasetConfig, *moved, *formerly]


def _require_shapes(folder: Path, expected: dict[str, Tensor], weights: dict[str, Tensor]) -> None:
    path = folder / MODEL
    lacking = sorted(expected.keys() - weights.keys())
    foreign = sorted(weights.keys() - expected.keys())
    if lacking or foreign:
        what = f"lacks {lacking[0]}" if lacking else f"has {foreign[0]}, which is none of XTTS's"
        count = len(lacking) + len(foreign)
        raise ModelError(
            f"{path} {what} ({count} such differences): a checkpoint of another architecture, or half of one"
        )
    for name, tensor in expected.items():
        if weights[name].shape != tensor.shape:
            found, wanted = _as_text(weights[name]), _as_text(tensor)
            raise ModelError(
                f"{path}: {name} is {found}, and {CONFIG} describes {wanted}: they are of two checkpoints"
            )


def _as_text(tensor: Tensor) -> str:
    return " by ".join(map(str, tensor.shape)) or "a single number"
