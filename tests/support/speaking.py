"""A synthetic speaker's recordings, in a voice that the model was not trained on."""

from collections.abc import Mapping
from pathlib import Path

from bridge.audio.g711 import encode_ulaw
from bridge.audio.levels import scale_to_peak
from bridge.audio.resample import resample
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

__all__ = ["speak"]

PEAK_DBFS = -12.0


async def speak(said: Mapping[str, str], folder: Path, name: str) -> None:
    """Write FOLDER/LABEL/NAME for every label of `said`, which is what is said by it: mu-law, 8 kHz."""
    voice = EspeakSynthesizer(voice="ar+Denis")
    await voice.start()
    try:
        for label, text in said.items():
            speech = await voice.synthesise(text)
            pcm = scale_to_peak(resample(speech.pcm, speech.rate, 8000), PEAK_DBFS)
            (folder / label).mkdir()
            (folder / label / name).write_bytes(encode_ulaw(pcm))
    finally:
        await voice.stop()
