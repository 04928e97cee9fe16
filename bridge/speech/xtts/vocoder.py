"""XTTS's vocoder over a run that is still going on: each sample is made once, and is the one of the whole.

coqui-tts's own stream decodes everything again for each part, which costs O(n²), and cross-fades where they
meet. Here the latents so far are stretched to the vocoder's frames anew, which is cheap, and the vocoder,
which is not, sees each frame once, with as much around it as it can look at: O(n).
"""

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["CONTEXT_FRAMES", "Vocoder"]

CONTEXT_FRAMES = 16  # what the vocoder looks at on either side of a frame is less


class Vocoder:
    """The sound of one run, as its latents come."""

    def __init__(self, decoder: Any, speaker: Tensor, length_scale: float = 1.0) -> None:
        """`decoder`: coqui-tts's HifiDecoder; `length_scale`: 2 is half as fast."""
        self._decoder = decoder
        self._speaker = speaker
        self._latents: list[Tensor] = []  # positions x width each
        stretches = (
            length_scale,
            decoder.ar_mel_length_compression / decoder.output_hop_length,
            decoder.output_sample_rate / decoder.input_sample_rate,
        )
        self._stretches = [one for one in stretches if one != 1.0]
        self._done = 0  # frames whose samples have been taken
        self.decoded_frames = 0  # that the vocoder has been through: its cost

    def add(self, latents: Tensor) -> None:
        """The run went on by these: positions x width."""
        self._latents.append(latents)

    def take(self, *, is_last: bool = False) -> Tensor:
        """The samples that no later latent can change, as far as they were not taken; in the end the rest."""
        if not self._latents:
            return torch.zeros(0)
        frames, settled = self._frames()
        end = frames.shape[-1] if is_last else settled - CONTEXT_FRAMES
        if end <= self._done:
            return torch.zeros(0)
        left, right = max(0, self._done - CONTEXT_FRAMES), min(frames.shape[-1], end + CONTEXT_FRAMES)
        wave = self._decoder.waveform_decoder(frames[..., left:right], g=self._speaker)[0, 0]
        self.decoded_frames += right - left
        each = wave.shape[-1] // (right - left)
        samples: Tensor = wave[(self._done - left) * each : (end - left) * each]
        self._done = end
        return samples

    def _frames(self) -> tuple[Tensor, int]:
        """What the vocoder would be given if the run ended now, and how much of that stays if it does not."""
        frames = torch.cat(self._latents)[None].transpose(1, 2)
        settled = frames.shape[-1]
        for stretch in self._stretches:
            if frames.shape[-1] * stretch < 1:  # one token, spoken fast
                return frames[..., :0], 0
            frames = torch.nn.functional.interpolate(frames, scale_factor=stretch, mode="linear")
            settled = _settled(settled, stretch)
        return frames, settled


def _settled(count: int, stretch: float) -> int:
    """How many values a linear stretch makes out of the first `count` alone.

    Value j lies between the inputs around (j + ½) / stretch - ½, and both must be among them. One is left
    out, lest rounding has the last word.
    """
    return max(0, math.ceil((count - 0.5) * stretch - 0.5) - 1)
