"""The model in this very process: what streams is what coqui-tts makes whole, and what is loaded fits."""

import shutil
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xtts_samples import RATE, recording

from bridge.errors import ModelError, WorkerError
from bridge.speech.messages import SpeakAs

pytestmark = pytest.mark.filterwarnings("ignore")

TEXT = "هل تشعر بألم في الصدر"


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> Iterator[Any]:
    import torch
    from tiny_networks import shrink

    shrink()
    from bridge.speech.xtts.loading import load

    torch.set_num_threads(1)
    with torch.inference_mode():
        yield load(checkpoint, "auto")


@pytest.fixture(scope="module")
def latents(model: Any) -> bytes:
    return model.condition(recording(170), RATE)


@pytest.mark.parametrize("scale", [1.0, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("sizes", [(3,), (7, 2, 31), (12, 24, 48), (500,)])
def test_a_stream_is_the_whole_to_the_sample_at_linear_cost(
    model: Any, scale: float, sizes: tuple[int, ...]
) -> None:
    """Each frame goes through the vocoder once, but for some context in each part."""
    import torch

    from bridge.speech.xtts.vocoder import CONTEXT_FRAMES, Vocoder

    decoder = model._model.hifigan_decoder
    run = torch.randn(150, 64, generator=torch.Generator().manual_seed(3))
    speaker = torch.randn(1, 512, 1, generator=torch.Generator().manual_seed(4))
    stretched = torch.nn.functional.interpolate(run[None].transpose(1, 2), scale_factor=scale, mode="linear")
    whole = decoder(stretched.transpose(1, 2), g=speaker)[0, 0]
    vocoder = Vocoder(decoder, speaker, scale)
    parts = []
    for part in run.split(list(islice_to(cycle(sizes), len(run)))):
        for latent in part:
            vocoder.add(latent[None])
        parts.append(vocoder.take())
    parts.append(vocoder.take(is_last=True))
    streamed = torch.cat(parts)

    assert streamed.shape == whole.shape
    assert float((streamed - whole).abs().max()) <= 1e-6
    frames = len(whole) // decoder.output_hop_length
    assert vocoder.decoded_frames <= frames + 2 * CONTEXT_FRAMES * len(parts)


def islice_to(sizes: Iterator[int], total: int) -> Iterator[int]:
    """Sizes until they are `total`."""
    while total > 0:
        (size,) = islice(sizes, 1)
        yield min(size, total)
        total -= size


def test_what_is_spoken_is_what_coqui_speaks(model: Any, latents: bytes) -> None:
    """Its own stream, decoded as one part with the same seed."""
    import torch

    from bridge.speech.xtts.model import _seed

    ours = b"".join(model.speak(SpeakAs(1, TEXT, "ar", latents, 1.0), lambda: False))
    style, speaker = model._voice(latents)
    torch.manual_seed(_seed(TEXT, "ar", latents))
    settings = {name: model._sampling()[name] for name in ("temperature", "top_k", "top_p")}
    theirs = list(
        model._model.inference_stream(
            *(TEXT, "ar", style, speaker),
            stream_chunk_size=10_000,
            repetition_penalty=model._model.config.repetition_penalty,
            **settings,
        )
    )
    (whole,) = theirs

    heard = np.frombuffer(ours, "<i2")
    assert heard.shape == tuple(whole.shape)
    assert np.abs(heard - whole.clip(-1, 1).numpy() * 32767).max() <= 1


@pytest.fixture
def endless(model: Any) -> Iterator[Any]:
    """A model whose runs never end."""
    import torch

    gpt = model._model.gpt
    bias = gpt.mel_head.bias
    usual = bias.detach().clone()
    bias.data[gpt.stop_audio_token] = -1e4
    torch.manual_seed(0)
    yield model
    bias.data.copy_(usual)


def test_a_run_that_never_ends_is_ended_by_the_length_of_its_text(endless: Any, latents: bytes) -> None:
    """What has come until then is for nobody."""
    with pytest.raises(WorkerError, match="found no end of a text of 2 characters"):
        list(endless.speak(SpeakAs(1, "لا", "ar", latents, 1.0), lambda: False))


@pytest.mark.parametrize("most", [602, 10_000])
def test_a_run_that_never_ends_is_ended_by_the_network(
    endless: Any, latents: bytes, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its own limit, and where it has no more positions even if that were higher."""
    monkeypatch.setattr(endless._model.gpt, "max_gen_mel_tokens", most)
    monkeypatch.setattr(endless, "_most_tokens", lambda _text: 20_000)
    style, _ = endless._voice(latents)

    with pytest.raises(WorkerError, match="found no end of a text"):
        list(endless._latents("لا", "ar", style))


def test_no_gpu_is_told(model: Any, checkpoint: Path) -> None:
    """Where one is configured and none is here."""
    import torch

    from bridge.speech.xtts.loading import load

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="finds no GPU"):
        load(checkpoint, "cuda")


def test_cancelling_is_heeded_between_two_tokens(endless: Any, latents: bytes) -> None:
    """Nothing more is asked of the network."""
    request = SpeakAs(1, TEXT, "ar", latents, 1.0)
    asked = iter([False] * 5 + [True] * 100)

    assert list(endless.speak(request, lambda: next(asked))) == []
    assert sum(1 for _ in asked) > 90


def copy(checkpoint: Path, target: Path) -> Path:
    return Path(shutil.copytree(checkpoint, target, dirs_exist_ok=True))


def spoilt(content: dict[str, Any], how: str) -> dict[str, Any]:
    import torch

    weights = content["model"]
    match how:
        case "shape":
            weights["gpt.mel_head.weight"] = torch.zeros(10, 64)
        case "lacking":
            del weights["gpt.mel_head.weight"]
        case "foreign":
            weights["text_encoder.emb.weight"] = torch.zeros(3)
        case "another":
            return {"model": {"enc_p.emb.weight": torch.zeros(3, 3)}}
        case "no weights":
            return {"iteration": 3}
    return content


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("shape", "mel_head.weight is 10 by 64, and config.json describes 66 by 64"),
        ("lacking", "lacks gpt.mel_head.weight"),
        ("foreign", "has text_encoder.emb.weight, which is none of XTTS's"),
        ("another", "a checkpoint of another architecture"),
        ("no weights", "holds no weights under 'model'"),
    ],
)
def test_weights_that_do_not_fit_are_told(
    model: Any, checkpoint: Path, tmp_path: Path, how: str, why: str
) -> None:
    """Before they are used, by name."""
    import torch

    from bridge.speech.xtts.loading import load

    folder = copy(checkpoint, tmp_path)
    content = torch.load(folder / "model.pth", weights_only=True)
    torch.save(spoilt(content, how), folder / "model.pth")

    with pytest.raises(ModelError, match=why):
        load(folder, "cpu")


def test_a_checkpoint_cannot_run_anything(model: Any, checkpoint: Path, tmp_path: Path) -> None:
    """Weights are read as weights: an object that would run when it is read is refused."""
    import torch

    from bridge.speech.xtts.loading import load

    folder = copy(checkpoint, tmp_path)
    torch.save({"model": {}, "config": Trap(tmp_path / "sprung")}, folder / "model.pth")

    with pytest.raises(ModelError, match="cannot be read as weights"):
        load(folder, "cpu")
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("module", ["TTS.tts.models.xtts", "TTS.tts.configs.xtts_config"])
def test_a_checkpoint_that_carries_its_configuration_is_read(
    model: Any, checkpoint: Path, tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the publisher's do, as objects of coqui-tts, old and new; and nothing is written into its folder."""
    import torch

    from bridge.speech.xtts.loading import load
    from bridge.speech.xtts.model import coqui

    folder = copy(checkpoint, tmp_path)
    content = torch.load(folder / "model.pth", weights_only=True)
    with monkeypatch.context() as then:
        then.setattr(coqui.XttsArgs, "__module__", module)
        then.setattr(coqui.XttsAudioConfig, "__module__", module)
        torch.save(content | {"config": coqui.XttsConfig()}, folder / "model.pth")
    before = (folder / "model.pth").read_bytes()

    assert load(folder, "cpu").languages == model.languages
    assert (folder / "model.pth").read_bytes() == before
