"""XTTS v2 by coqui-tts, spoken through one piece at a time. Only its worker imports this.

The networks, the tokenizer and the sampling are coqui-tts's own. What is done here instead of by its
`inference_stream`: the vocoder at O(n), a seed for each piece, an end to runs that find none, and cancelling
between two tokens. It is not re-entrant: a model keeps the text that is being spoken.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bridge.errors import WorkerError
from bridge.speech.messages import SpeakAs
from bridge.speech.xtts import torchaudio_shim
from bridge.speech.xtts.checkpoint import SPEAKERS
from bridge.speech.xtts.pieces import pieces_of
from bridge.speech.xtts.vocoder import Vocoder
from bridge.speech.xtts.voice import Latents, fingerprint_of, pack_latents, unpack_latents

torchaudio_shim.make_importable()

from TTS.tts.models import xtts as coqui  # noqa: E402 - not before torchaudio can be imported

__all__ = ["XttsModel", "coqui"]

SEED_SCHEME = b"hatif-xtts-1"
MAX_TEXT_TOKENS = 400  # of a piece; coqui-tts's own limit
PART_TOKENS = 12, 24, 48  # after so many a part is sent: soon at first, then with less to be decoded twice
SHORTEST_END_SECONDS = 5.0  # a piece of n characters is over after this and n times the next
LONGEST_CHARACTER_SECONDS = 0.35
SHORTEST_RECORDING_SECONDS = 0.34  # coqui-tts wants 0.33
KEPT_VOICES = 8
FULL_SCALE = 32767

_Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Recording:
    """What `coqui.load_audio` is asked for instead of a file."""

    pcm: bytes
    rate: int


def _samples_of(recording: _Recording, rate: int) -> Tensor:
    """In the place of `coqui.load_audio`, which needs torchcodec and a file."""
    samples = torch.from_numpy(
        np.frombuffer(recording.pcm, dtype="<i2").astype(np.float32) / (FULL_SCALE + 1)
    )
    resampled: Tensor = coqui.torchaudio.functional.resample(samples[None], recording.rate, rate)
    return resampled.clip_(-1, 1)


class XttsModel:
    """A loaded checkpoint. It raises WorkerError for what cannot be spoken, without the text."""

    def __init__(self, model: Any, folder: Path, device: str) -> None:
        coqui.load_audio = _samples_of
        self._model = model.to(device)
        self._folder = folder
        self._voices: OrderedDict[str, tuple[Tensor, Tensor]] = OrderedDict()
        self.device = device
        self.rate = int(model.args.output_sample_rate)
        self.version = f"coqui-tts {version('coqui-tts')}, PyTorch {torch.__version__}, {device}"

    @property
    def languages(self) -> list[str]:
        """As the checkpoint lists them."""
        return list(self._model.config.languages)

    def condition(self, pcm: bytes, rate: int) -> bytes:
        """The latents of the voice in a recording."""
        if len(pcm) < 2 * rate * SHORTEST_RECORDING_SECONDS:
            raise WorkerError("a recording is too short to clone its voice")
        config = self._model.config
        style, speaker = self._model.get_conditioning_latents(
            audio_path=_Recording(pcm, rate),
            max_ref_length=config.max_ref_len,
            gpt_cond_len=config.gpt_cond_len,
            gpt_cond_chunk_len=config.gpt_cond_chunk_len,
            sound_norm_refs=config.sound_norm_refs,
        )
        return _packed(style, speaker)

    def speakers(self) -> tuple[str, ...]:
        """The voices that came with the checkpoint."""
        return tuple(sorted(self._speakers()))

    def speaker(self, name: str) -> bytes:
        """The latents of one of them."""
        found = self._speakers().get(name)
        if found is None:
            raise WorkerError(f"the checkpoint has no voice {name!r}; `hatif voices add` clones one")
        return _packed(found["gpt_cond_latent"], found["speaker_embedding"])

    def speak(self, request: SpeakAs, is_cancelled: _Cancelled) -> Iterator[bytes]:
        """The sound of a text, as it is made; it ends early when nobody waits for it any more."""
        language = self._language(request.language)
        voice = self._voice(request.latents)
        pieces = pieces_of(request.text.lower(), lambda text: self._fits(text, language))
        if not pieces:
            raise WorkerError("a text has nothing in it that can be spoken")
        for piece in pieces:
            torch.manual_seed(_seed(piece.text, language, request.latents))
            for samples in self._run(piece.text, language, voice, request.speed, is_cancelled):
                yield _pcm(samples)
            if is_cancelled():
                return
            yield bytes(2 * round(piece.pause_seconds * self.rate))

    def _run(
        self, text: str, language: str, voice: tuple[Tensor, Tensor], speed: float, is_cancelled: _Cancelled
    ) -> Iterator[Tensor]:
        """One piece."""
        style, speaker = voice
        vocoder = Vocoder(self._model.hifigan_decoder, speaker, 1.0 / speed)
        parts = iter(PART_TOKENS)
        until_part = next(parts)
        for count, latent in enumerate(self._latents(text, language, style), start=1):
            if is_cancelled():
                return
            vocoder.add(latent)
            if count == until_part:
                yield vocoder.take()
                until_part += next(parts, PART_TOKENS[-1])
        yield vocoder.take(is_last=True)

    def _latents(self, text: str, language: str, style: Tensor) -> Iterator[Tensor]:
        """Token by token, until the network says that the text has been spoken."""
        limit = self._most_tokens(text)
        stop = self._model.gpt.stop_audio_token
        tokens = self._tokens(text, language)
        inputs = self._model.gpt.compute_embeddings(style, torch.tensor([tokens], device=self.device))
        run = self._model.gpt.get_generator(fake_inputs=inputs, **self._sampling())
        try:
            for count, (token, latent) in enumerate(run, start=1):
                yield latent
                if int(token) == stop:
                    return
                if count >= limit:
                    break
        except IndexError:  # past the last position that the network knows
            pass
        finally:
            run.close()
        raise WorkerError(f"XTTS found no end of a text of {len(text)} characters")

    def _most_tokens(self, text: str) -> int:
        args = self._model.args
        seconds = SHORTEST_END_SECONDS + LONGEST_CHARACTER_SECONDS * len(text)
        return int(seconds * args.input_sample_rate / args.gpt_code_stride_len)

    def _sampling(self) -> dict[str, Any]:
        config = self._model.config
        return {
            "do_sample": True,
            "num_beams": 1,
            "num_return_sequences": 1,
            "temperature": config.temperature,
            "top_k": config.top_k,
            "top_p": config.top_p,
            "length_penalty": float(config.length_penalty),
            "repetition_penalty": float(config.repetition_penalty),
            "output_attentions": False,
            "output_hidden_states": True,
            "return_dict_in_generate": True,
        }

    def _language(self, tag: str) -> str:
        """As XTTS calls it: "ar" for "ar-SA"."""
        language = tag.partition("-")[0].lower()
        if language not in {one.partition("-")[0] for one in self.languages}:
            raise WorkerError(f"XTTS speaks {', '.join(self.languages)}, not {tag!r}")
        return language

    def _fits(self, text: str, language: str) -> bool:
        limit: int = self._model.tokenizer.char_limits.get(language, 0)
        most: int = min(MAX_TEXT_TOKENS, self._model.args.gpt_max_text_tokens - 2)
        return len(text) <= limit and len(self._tokens(text, language)) < most

    def _tokens(self, text: str, language: str) -> list[int]:
        try:
            tokens: list[int] = self._model.tokenizer.encode(text, lang=language)
        except ImportError as error:  # some languages want packages of their own
            raise WorkerError(f"XTTS needs {error.name} to speak {language!r}") from error
        return tokens

    def _voice(self, packed: bytes) -> tuple[Tensor, Tensor]:
        key = fingerprint_of(packed)
        if key not in self._voices:
            latents = unpack_latents(packed)
            self._require_widths(latents)
            tensors = torch.from_numpy(latents.style), torch.from_numpy(latents.speaker)
            self._voices[key] = tensors[0].to(self.device), tensors[1].to(self.device)
        self._voices.move_to_end(key)
        if len(self._voices) > KEPT_VOICES:
            self._voices.popitem(last=False)
        return self._voices[key]

    def _require_widths(self, latents: Latents) -> None:
        args = self._model.args
        if latents.style.shape[::2] != (1, args.gpt_n_model_channels):
            raise WorkerError("a voice was made with another checkpoint")
        if latents.speaker.shape != (1, args.d_vector_dim, 1):
            raise WorkerError("a voice was made with another checkpoint")

    def _speakers(self) -> dict[str, dict[str, Tensor]]:
        path = self._folder / SPEAKERS
        if not path.is_file():
            return {}
        speakers: dict[str, dict[str, Tensor]] = torch.load(path, map_location="cpu", weights_only=True)
        return speakers


def _packed(style: Tensor, speaker: Tensor) -> bytes:
    return pack_latents(Latents(style.float().cpu().numpy(), speaker.float().cpu().numpy()))


def _seed(text: str, language: str, latents: bytes) -> int:
    """The same text in the same voice is the same sound, and so can be kept."""
    digest = hashlib.sha256()
    for part in (SEED_SCHEME, text.encode(), language.encode(), latents):
        digest.update(len(part).to_bytes(8, "big") + part)
    return int.from_bytes(digest.digest()[:8], "big") >> 1


def _pcm(samples: Tensor) -> bytes:
    """As signed 16-bit little-endian."""
    if not torch.isfinite(samples).all():
        raise WorkerError("XTTS made of a text what is no sound")
    scaled = (samples.clip(-1, 1) * FULL_SCALE).round().to(torch.int16)
    pcm: bytes = scaled.cpu().numpy().astype("<i2").tobytes()
    return pcm
