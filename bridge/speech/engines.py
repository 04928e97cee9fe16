"""Which engine speaks, by configuration: the one place that knows all of them."""

from bridge.config_speech import Voice
from bridge.speech.espeak import EspeakSynthesizer

__all__ = ["build_voice"]


def build_voice(voice: Voice) -> EspeakSynthesizer:
    """The configured voice, not yet started."""
    return EspeakSynthesizer(voice=voice.voice, words_per_minute=voice.words_per_minute, pitch=voice.pitch)
