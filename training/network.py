"""The acoustic network: a factored time-delay network, small enough for a telephone exchange in a cupboard.

Its shape is that of Kaldi's TDNN-F: a wide layer, then blocks that pass through a narrow waist, look one step
back on the way in and one step ahead on the way out, and add what they were given. One output every 30 ms.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from training.features import MELS

__all__ = ["FRAME_SHIFT", "Block", "Network"]

FRAME_SHIFT = 3  # features of 10 ms for one output; Vosk's word times assume three
FIRST_TAPS = (-2, -1, 0, 1, 2)  # features of 10 ms
SKIP_SCALE = 0.66  # of a block's input, beside its output


class Block(nn.Module):
    """One factored layer: `back` steps behind on the way in, `ahead` on the way out, the input beside it."""

    def __init__(self, width: int, waist: int, back: int, ahead: int) -> None:
        super().__init__()
        self.back, self.ahead = back, ahead  # in outputs of 30 ms
        self.squeeze = nn.Linear(2 * width, waist, bias=False)
        self.spread = nn.Linear(2 * waist, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, time, width) to (batch, time - back - ahead, width)."""
        narrow = self.squeeze(torch.cat([x[:, : -self.back], x[:, self.back :]], 2))
        wide = torch.relu(self.spread(torch.cat([narrow[:, : -self.ahead], narrow[:, self.ahead :]], 2)))
        return SKIP_SCALE * x[:, self.back : x.shape[1] - self.ahead] + _normed(self.norm, wide)


class Network(nn.Module):
    """Features (batch, time, 40) to scores (batch, time / 3, outputs): unnormalised, as for LF-MMI.

    `spans` gives each block's steps back and ahead. In training a second head, `judge`, scores the same
    states with a softmax; it steadies the alignment and is thrown away at the end.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, outputs: int, width: int, waist: int, spans: tuple[tuple[int, int], ...], dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(MELS))
        self.register_buffer("scale", torch.ones(MELS))
        self.first = nn.Linear(MELS * len(FIRST_TAPS), width)
        self.first_norm = nn.BatchNorm1d(width)
        self.blocks = nn.ModuleList(Block(width, waist, back, ahead) for back, ahead in spans)
        self.dropout = nn.Dropout(dropout)
        self.scores = nn.Linear(width, outputs)
        self.judge = nn.Linear(width, outputs)

    @property
    def left(self) -> int:
        """Features of 10 ms that an output needs before its own."""
        return -FIRST_TAPS[0] + FRAME_SHIFT * sum(block.back for block in self.layers())

    @property
    def right(self) -> int:
        """Features of 10 ms that an output needs after its own."""
        return FIRST_TAPS[-1] + FRAME_SHIFT * sum(block.ahead for block in self.layers())

    def layers(self) -> Iterator[Block]:
        for block in self.blocks:
            assert isinstance(block, Block)  # noqa: S101 - ModuleList forgets the type
            yield block

    @torch.no_grad()
    def keep_scales_positive(self) -> None:
        """A positive scale can move before the ReLU when the network is written for Kaldi."""
        for norm in (self.first_norm, *(block.norm for block in self.layers())):
            norm.weight.clamp_(min=1e-3)

    def hidden(self, features: Tensor) -> Tensor:
        x = (features - self.mean) * self.scale
        x = x.unfold(1, len(FIRST_TAPS), FRAME_SHIFT).transpose(2, 3).flatten(2)  # tap by tap
        x = _normed(self.first_norm, torch.relu(self.first(x)))
        for block in self.layers():
            x = block(self.dropout(x))
        return x

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.scores(self.hidden(features))
        return scores

    def both(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The scores, and the judge's logarithms of probabilities."""
        x = self.hidden(features)
        return self.scores(x), torch.log_softmax(self.judge(x), 2)


def _normed(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    """Batch normalisation over all steps of all lines."""
    normed: Tensor = norm(x.flatten(0, 1))
    return normed.view_as(x)
