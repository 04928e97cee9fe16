"""Makes coqui-tts build the two networks small whose widths its XTTS has written into the code.

Everything else of a tiny checkpoint is small because its config.json says so.
"""

import functools

from bridge.speech.xtts import torchaudio_shim

__all__ = ["shrink"]

VOCODER_CHANNELS = 32  # for 512
ENCODER_LAYERS = [1, 1, 1, 1]  # for 3, 4, 6, 3
ENCODER_FILTERS = [4, 4, 8, 8]  # for 32, 64, 128, 256


def shrink() -> None:
    """In this process, from now on."""
    torchaudio_shim.make_importable()
    from TTS.encoder.models.resnet import ResNetSpeakerEncoder
    from TTS.tts.layers.xtts import hifigan_decoder
    from TTS.tts.models import xtts

    hifigan_decoder.ResNetSpeakerEncoder = functools.partial(
        ResNetSpeakerEncoder, layers=ENCODER_LAYERS, num_filters=ENCODER_FILTERS
    )
    xtts.HifiDecoder = functools.partial(
        hifigan_decoder.HifiDecoder, upsample_initial_channel_decoder=VOCODER_CHANNELS
    )
