"""Real voices, polished: one loudness, short silence, and a stream that is like the whole."""

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.levels import peak_dbfs
from bridge.audio.loudness import loudness
from bridge.audio.polish import TARGET_LUFS, Polisher, VoiceLevel, polish
from bridge.speech.espeak.synthesizer import EspeakSynthesizer, EspeakWorker

pytestmark = pytest.mark.asyncio(loop_scope="module")

VOICES = ("ar", "ar+Denis", "ar+f3", "ar+whisper", "ar+croak")
TEXTS = (
    "نَعَم",
    "أَهْلاً بِكَ",
    "سَبْعَةٌ",
    "هَلْ تَشْعُرُ بِأَلَمٍ فِي صَدْرِكَ؟ مِنْ صِفْرٍ إِلَى عَشَرَةٍ، كَمْ شِدَّتُهُ؟",
)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("pitch", [20, 80])
async def test_every_voice_is_as_loud(espeak: EspeakWorker, voice: str, pitch: int) -> None:
    """Within half of the one LU that is allowed between all prompts, whoever speaks; with little silence."""
    synthesizer = EspeakSynthesizer(worker=espeak, voice=voice, pitch=pitch)
    for text in TEXTS:
        speech = await synthesizer.synthesise(text)
        far_end = decode_ulaw(encode_ulaw(polish(speech.pcm, speech.rate)))
        sounding = np.flatnonzero(np.abs(np.frombuffer(far_end, "<i2").astype(int)) > 33)  # -60 dBFS

        assert loudness(far_end) == pytest.approx(TARGET_LUFS, abs=0.25)
        assert peak_dbfs(far_end) <= -1.5
        assert sounding[0] <= 160
        assert len(far_end) // 2 - sounding[-1] <= 480


@pytest.mark.parametrize("voice", VOICES)
async def test_a_stream_of_a_voice_is_like_the_whole(espeak: EspeakWorker, voice: str) -> None:
    """As long; within 3 LU of it as a stranger, within 1.5 LU once it has been heard."""
    synthesizer = EspeakSynthesizer(worker=espeak, voice=voice)
    speeches = [await synthesizer.synthesise(text) for text in TEXTS]
    level = VoiceLevel()
    for known, tolerance in ((None, 3.0), (level, 1.5)):
        for speech in speeches:
            whole = polish(speech.pcm, speech.rate, level)
            polisher = Polisher(speech.rate, known)
            parts = [polisher.process(speech.pcm[at : at + 3000]) for at in range(0, len(speech.pcm), 3000)]
            stream = b"".join(parts) + polisher.flush()

            assert loudness(stream) == pytest.approx(loudness(whole), abs=tolerance)
            assert abs(len(stream) - len(whole)) / 16 < 30
            assert peak_dbfs(stream) <= -1.9
