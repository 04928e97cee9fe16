"""espeak-ng in another manner: measured on what it really says."""

import numpy as np
import pytest

from bridge.speech.base import Speech, whole
from bridge.speech.espeak.manner import arabic_phonemes, pace, pitch_setting
from bridge.speech.espeak.synthesizer import EspeakSynthesizer, EspeakWorker
from bridge.speech.espeak.voices import voice_in
from bridge.speech.script import Manner, Passage

SENTENCE = "أَهْلاً بِكَ فِي الْعِيَادَةِ نُرِيدُ أَنْ نَسْأَلَكَ"
LOWEST_HZ, HIGHEST_HZ = 50, 450
FRAME_SECONDS = 0.05


def fundamental_hz(speech: Speech) -> float:
    """The median over all loud and voiced frames, by autocorrelation."""
    samples = np.frombuffer(speech.pcm, dtype="<i2").astype(float)
    length = round(FRAME_SECONDS * speech.rate)
    shortest, longest = speech.rate // HIGHEST_HZ, speech.rate // LOWEST_HZ
    found = []
    for start in range(0, len(samples) - length, length // 2):
        frame = samples[start : start + length] - samples[start : start + length].mean()
        likeness = np.correlate(frame, frame, "full")[length - 1 :]
        period = shortest + int(likeness[shortest:longest].argmax())
        if np.abs(frame).max() > 3000 and likeness[period] > 0.6 * likeness[0]:
            found.append(speech.rate / period)
    return float(np.median(found))


async def said(espeak: EspeakWorker, passage: Passage, *, voice: str = "ar", pitch: int = 50) -> Speech:
    return await whole(EspeakSynthesizer(worker=espeak, voice=voice, pitch=pitch).stream(passage))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("voice", ["ar", "ar+Denis", "ar+Alicia"])
@pytest.mark.parametrize(
    ("pitch", "semitones"), [(50, -6), (50, -3), (50, 2), (50, 5), (50, 8), (30, 4), (80, -7)]
)
async def test_semitones_are_semitones(espeak: EspeakWorker, voice: str, pitch: int, semitones: int) -> None:
    """The fundamental frequency moves by what was asked, to half a semitone."""
    usual = await said(espeak, Passage(SENTENCE), voice=voice, pitch=pitch)
    moved = await said(espeak, Passage(SENTENCE, manner=Manner(pitch=semitones)), voice=voice, pitch=pitch)
    interval = 12 * np.log2(fundamental_hz(moved) / fundamental_hz(usual))

    assert interval == pytest.approx(semitones, abs=0.5)


@pytest.mark.parametrize("setting", [0, 37, 50, 99])
def test_no_semitones_change_nothing(setting: int) -> None:
    """A voice in its own manner has its own setting."""
    assert pitch_setting(setting, 0) == setting


def test_what_espeak_cannot_is_as_near_as_can_be() -> None:
    """Beyond its ends it speaks at its ends."""
    assert (pitch_setting(50, -12), pitch_setting(0, -12), pitch_setting(50, 12)) == (0, 0, 100)
    assert (pace(140, 0.2), pace(140, 1.5), pace(140, 4)) == (80, 210, 450)


@pytest.mark.asyncio(loop_scope="module")
async def test_rate(espeak: EspeakWorker) -> None:
    """Half as fast takes longer, twice as fast shorter."""
    slow, usual, fast = [
        len((await said(espeak, Passage(SENTENCE, manner=Manner(rate=rate)))).pcm) for rate in (0.6, 1.0, 2.0)
    ]

    assert slow > usual * 1.4
    assert fast < usual * 0.7


@pytest.mark.parametrize(
    ("ipa", "phonemes"),
    [
        ("ˈnaʕam", "n'aAam"),  # its stress stands before the vowel
        ("naː.ʕam", "na:Aam"),
        ("ʔalsˤˈiħːatˌi", "?als['iHHat,i"),
        ("d͡ʒaˈmiːl", "dZam'i:l"),
        ("ðˤuhr | θaman", "Zuhr Taman"),
        ("y", None),
        ("naʕaʘ", None),
        ("", None),
        (".", None),
    ],
)
def test_ipa_in_its_own_names(ipa: str, phonemes: str | None) -> None:
    """A sound that it does not have makes the whole pronunciation the text's own."""
    assert arabic_phonemes(ipa) == phonemes


@pytest.mark.asyncio(loop_scope="module")
async def test_a_pronunciation_is_spoken(espeak: EspeakWorker) -> None:
    """Whatever the text says: it sounds as the vowelled word does, and not as the text."""
    text, word = await said(espeak, Passage("لا")), await said(espeak, Passage("نَعَم"))
    spoken = await said(espeak, Passage("لا", ipa="ˈnaʕam"))

    assert likeness(spoken, word) > 0.9
    assert likeness(text, word) < 0.7


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("voice", "ipa"), [("ar", "naʕaʘ"), ("en", "ˈnaʕam")])
async def test_a_pronunciation_that_it_cannot_say_is_the_text(
    espeak: EspeakWorker, voice: str, ipa: str
) -> None:
    """In another language, or with a sound that Arabic voices lack."""
    assert await said(espeak, Passage("نَعَم", ipa=ipa), voice=voice) == await said(
        espeak, Passage("نَعَم"), voice=voice
    )


def likeness(first: Speech, second: Speech) -> float:
    """How alike two sounds are, by their loudness every 10 ms: 1 for the same."""
    levels = []
    for speech in (first, second):
        samples = np.frombuffer(speech.pcm, dtype="<i2").astype(float)
        frames = samples[: len(samples) // 220 * 220].reshape(-1, 220)
        levels.append(np.sqrt((frames**2).mean(axis=1)))
    shared = min(map(len, levels))
    if min(map(len, levels)) < 0.9 * max(map(len, levels)):
        return 0.0
    return float(np.corrcoef(levels[0][:shared], levels[1][:shared])[0, 1])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("command", ["\x0199P", "\x01300S", "\x015A", "\x01\x01"])
async def test_no_text_commands_the_library(espeak: EspeakWorker, command: str) -> None:
    """Its own control characters are spaces: what follows is spoken as ever."""
    commanded = await said(espeak, Passage(f"{command} {SENTENCE}"))
    spaced = await said(espeak, Passage(f" {command[1:]} {SENTENCE}"))

    assert commanded == spaced


@pytest.mark.asyncio(loop_scope="module")
async def test_no_text_is_taken_for_phonemes(espeak: EspeakWorker) -> None:
    """Brackets in a text are brackets; the letters in them are spoken as letters."""
    bracketed = await said(espeak, Passage("[[n'aAam]]"))
    letters = await said(espeak, Passage("n'aAam"))
    sounds = await said(espeak, Passage("x", ipa="ˈnaʕam"))

    assert len(bracketed.pcm) >= len(letters.pcm) > len(sounds.pcm)
    assert likeness(bracketed, sounds) == 0


@pytest.mark.parametrize(
    ("voice", "language", "expected"),
    [
        ("ar+Denis", "en", "en+Denis"),
        ("ar", "EN-us", "en-US"),
        ("ar", "fr-CM", "fr"),
        ("ar", "ar-SA", "ar"),
        ("ar", "tlh", "ar"),
        ("en", "ar", "en"),
        ("en-US", "en-GB", "en-US"),
    ],
)
def test_other_languages(voice: str, language: str, expected: str) -> None:
    """The same variant speaks them, where espeak-ng knows them."""
    assert voice_in(voice, language) == expected


@pytest.mark.asyncio(loop_scope="module")
async def test_another_language_is_spoken(espeak: EspeakWorker) -> None:
    """An English word by the Arabic voice's English."""
    english = await said(espeak, Passage("hello", "en"))

    assert english == await said(espeak, Passage("hello"), voice="en")
