"""gate: mu-law in, levelled utterances out."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.audio.endpointing import EndReason
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.gate import (
    GateEvent,
    UtteranceContinued,
    UtteranceEnded,
    UtterancePaused,
    UtteranceResumed,
    UtteranceStarted,
    VoiceGate,
    whole_utterances,
)
from bridge.audio.levels import Leveller, peak_dbfs
from bridge.carriers.telephone_line import LineCondition, TelephoneLine


def hear(gate: VoiceGate, pcm: bytes) -> list[GateEvent]:
    return gate.process(encode_ulaw(pcm))


def settling(gate: VoiceGate, pcm: bytes, seconds: float) -> Iterator[GateEvent]:
    """The same, where each pause is the end once it lasts so long."""
    for at in range(0, len(pcm), 320):
        for event in hear(gate, pcm[at : at + 320]):
            yield event
            ended = gate.settle(seconds) if isinstance(event, UtterancePaused) else None
            if ended is not None:
                yield ended


class Unlevelled(Leveller):
    """Changes nothing, so that what is emitted can be found on the line."""

    def apply(self, pcm: bytes) -> bytes:
        return pcm


def shape(events: list[GateEvent]) -> list[type[GateEvent]]:
    return [type(event) for event in events if not isinstance(event, UtteranceContinued)]


def audio_of(event: GateEvent) -> bytes:
    return event.pcm_tail if isinstance(event, UtteranceEnded) else event.pcm


@pytest.mark.parametrize("peak_dbfs", [-6, -12, -20, -30])
def test_a_word_is_one_utterance_at_every_level(sounds: Any, peak_dbfs: float) -> None:
    """However loud the caller, a word gives one utterance and a silent line none."""
    events = hear(VoiceGate(), sounds.call((1, None), (0.5, peak_dbfs), (1, None), noise_dbfs=peak_dbfs - 45))
    assert shape(events) == [UtteranceStarted, UtteranceEnded]
    assert events[-1].reason is EndReason.SILENCE
    assert 0.4 <= events[-1].speech_seconds <= 0.6


@pytest.mark.parametrize("level_dbfs", [-1, -10, -20, -30])
def test_utterances_are_handed_on_at_a_good_level(sounds: Any, level_dbfs: float) -> None:
    """The recogniser hears every caller between -12 and -30 dBFS, where it is at its best."""
    events = hear(VoiceGate(), sounds.call((1, None), (0.5, level_dbfs), (1, None), noise_dbfs=-75))
    assert peak_dbfs(b"".join(map(audio_of, events))) == pytest.approx(-21, abs=9.1)


def test_the_look_back_reaches_before_the_onset(sounds: Any) -> None:
    """The first audio of an utterance is at least 300 ms older than its first speech."""
    pcm = sounds.silence(1) + sounds.vowel(0.5, -12)
    first = hear(VoiceGate(), pcm)[0]
    heard_until_start = next(
        index for index in range(1, len(pcm) // 320 + 1) if hear(VoiceGate(), pcm[: index * 320])
    )
    begins_at = heard_until_start * 0.02 - len(first.pcm) / 16_000
    assert begins_at <= 1 - 0.3 + 0.06  # the detector may take three frames to be sure


def test_a_longer_look_back_is_kept(sounds: Any) -> None:
    """The look-back is as long as configured."""
    pcm = sounds.call((2, None), (0.5, -12))
    short, long = (hear(VoiceGate(look_back_seconds=seconds), pcm)[0].pcm for seconds in (0.3, 0.8))
    assert len(long) - len(short) == 2 * 8_000 * 0.5


def test_a_look_back_below_300_ms_is_refused() -> None:
    """Shorter, and the first consonants of a word are lost."""
    with pytest.raises(ValueError, match="look-back"):
        VoiceGate(look_back_seconds=0.1)


def test_what_was_dismissed_is_looked_back_on(sounds: Any) -> None:
    """Somebody who began to speak over our echo is heard from there on, not from where that was found out."""
    gate = VoiceGate()
    gate._leveller = Unlevelled()
    line = decode_ulaw(encode_ulaw(sounds.call((1, None), (1, -12), (1, None))))
    began = next(at for at in range(0, len(line), 320) if hear(gate, line[at : at + 320])) + 320
    gate.dismiss()
    assert not gate.is_speaking
    (again, *_, ended) = hear(gate, line[began:])
    whole = b"".join(map(audio_of, hear_anew(line)))
    assert isinstance(again, UtteranceStarted)
    assert again.pcm.startswith(line[began - 2 * 2400 : began])
    assert isinstance(ended, UtteranceEnded)
    assert whole.endswith(audio_of(ended))


def test_what_was_forgotten_is_not(sounds: Any) -> None:
    """After a dead line nothing of before goes on, and nothing of it is heard again."""
    gate = VoiceGate()
    gate._leveller = Unlevelled()
    line = decode_ulaw(encode_ulaw(sounds.call((1, None), (0.5, -12))))
    hear(gate, line)
    gate.forget()
    gate.dismiss()  # as an echo after it may be
    first = next(iter(hear(gate, line[-2 * 4000 :])))
    assert isinstance(first, UtteranceStarted)
    assert first.pcm == line[-2 * 4000 :][: len(first.pcm)]


def hear_anew(pcm: bytes) -> list[GateEvent]:
    """Without anything before it."""
    gate = VoiceGate()
    gate._leveller = Unlevelled()
    return hear(gate, pcm)


def test_speech_comes_in_chunks_of_100_ms(sounds: Any) -> None:
    """Between start and end, audio is handed on ten times a second, not fifty."""
    events = hear(VoiceGate(), sounds.call((1, None), (2, -12), (1, None)))
    continued = [event for event in events if isinstance(event, UtteranceContinued)]
    assert {len(event.pcm) for event in continued} == {1_600}


def test_what_comes_soon_after_the_end_resumes_the_utterance(sounds: Any) -> None:
    """A word that follows within 300 ms of the end belongs to the utterance before."""
    gate = VoiceGate()
    gate.expect(end_silence_seconds=0.2, max_speech_seconds=10)
    events = hear(gate, sounds.call((1, None), (0.4, -12), (0.35, None), (0.4, -12), (0.5, None)))
    assert shape(events) == [UtteranceStarted, UtteranceEnded, UtteranceResumed, UtteranceEnded]


STRETCHES = st.lists(
    st.tuples(st.sampled_from([0.04, 0.1, 0.14, 0.3, 0.5, 1.5]), st.sampled_from([None, -6, -20])),
    max_size=10,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stretches=STRETCHES,
    patience=st.sampled_from([0.2, 0.4]),
    longest=st.sampled_from([0.6, 10.0]),
    settled=st.sampled_from([None, 0.1, 0.16, 1.2]),
)
def test_an_utterance_is_a_stretch_of_the_line_without_gaps(
    sounds: Any,
    stretches: list[tuple[float, float | None]],
    patience: float,
    longest: float,
    settled: float | None,
) -> None:
    """For any call, an utterance's pieces join to exactly what was on the line, and events come in order."""
    pcm = sounds.call((1, None), *stretches, (1, None))
    gate = VoiceGate()
    gate._leveller = Unlevelled()
    gate.expect(
        end_silence_seconds=patience, max_speech_seconds=longest, pause_seconds=0.1 if settled else None
    )
    utterances: list[bytes] = []
    is_open = False
    for event in settling(gate, pcm, settled or 0.0):
        assert is_open == isinstance(event, UtteranceContinued | UtterancePaused | UtteranceEnded)
        is_open = not isinstance(event, UtteranceEnded)
        if isinstance(event, UtteranceStarted):
            utterances.append(b"")
        utterances[-1] += audio_of(event)
    assert all(utterance in decode_ulaw(encode_ulaw(pcm)) for utterance in utterances)


def test_a_pause_that_is_the_end_ends_it_there(sounds: Any) -> None:
    """What follows within the silence that was saved and 300 ms more is the same utterance, without a gap."""
    for pause, goes_on in ((0.55, True), (0.85, False)):
        gate = VoiceGate()
        gate._leveller = Unlevelled()
        gate.expect(end_silence_seconds=0.4, max_speech_seconds=10, pause_seconds=0.1)
        call = sounds.call((1, None), (0.4, -12), (pause, None), (0.4, -12), (0.5, None))
        events = list(settling(gate, call, 0.1))
        assert shape(events)[:3] == [UtteranceStarted, UtterancePaused, UtteranceEnded]
        assert shape(events)[3] is (UtteranceResumed if goes_on else UtteranceStarted)
        assert (b"".join(map(audio_of, events)) in decode_ulaw(encode_ulaw(call))) is goes_on


def test_a_late_word_is_another_utterance(sounds: Any) -> None:
    """Half a second after the end, speech begins anew."""
    gate = VoiceGate()
    gate.expect(end_silence_seconds=0.2, max_speech_seconds=10)
    events = hear(gate, sounds.call((1, None), (0.4, -12), (0.8, None), (0.4, -12), (1, None)))
    assert shape(events) == [UtteranceStarted, UtteranceEnded] * 2


def test_the_question_decides_how_long_to_wait(sounds: Any) -> None:
    """A patient question takes in the pause that an impatient one ends at."""
    call = sounds.call((1, None), (0.4, -12), (0.6, None), (0.4, -12), (2, None))
    gate = VoiceGate()
    gate.expect(end_silence_seconds=1.0, max_speech_seconds=10)
    assert shape(hear(gate, call)) == [UtteranceStarted, UtteranceEnded]


def test_loud_noise_does_not_hold_an_utterance_open(sounds: Any) -> None:
    """Noise that sets in gives at most one utterance, which ends by itself."""
    gate = VoiceGate()
    gate.expect(end_silence_seconds=0.4, max_speech_seconds=4)
    events = hear(gate, sounds.silence(1) + sounds.noise(20, -20))
    assert shape(events) == [UtteranceStarted, UtteranceEnded]
    assert not gate.is_speaking


def test_endless_speech_is_cut(sounds: Any) -> None:
    """Whoever does not stop is answered all the same."""
    gate = VoiceGate()
    gate.expect(end_silence_seconds=0.4, max_speech_seconds=1)
    ended = [e for e in hear(gate, sounds.call((1, None), (1.3, -12))) if isinstance(e, UtteranceEnded)]
    assert [event.reason for event in ended] == [EndReason.TOO_LONG]


@pytest.mark.parametrize("rms_dbfs", [-70, -60, -50, -40])
def test_a_noisy_line_opens_nothing(sounds: Any, rms_dbfs: float) -> None:
    """The noise with which a call begins is never an utterance."""
    assert hear(VoiceGate(), sounds.noise(10, rms_dbfs)) == []


@pytest.mark.parametrize("size", [1, 159, 161, 3_000])
def test_how_audio_is_split_does_not_matter(sounds: Any, size: int) -> None:
    """Any chunk length gives the same events as the whole."""
    payload = encode_ulaw(sounds.call((0.6, None), (0.4, -12), (0.6, None)))
    gate = VoiceGate()
    split = [e for start in range(0, len(payload), size) for e in gate.process(payload[start : start + size])]
    assert split == VoiceGate().process(payload)


WORDS = ((1.2, None), (0.5, -12), (1.2, None), (0.3, -14), (1.2, None))


def outline(payload: bytes) -> list[tuple[type[GateEvent], float]]:
    """What happened, and when."""
    gate, found = VoiceGate(), []
    for at in range(0, len(payload), 160):
        found += [
            (type(event), round(gate.position_seconds, 2))
            for event in gate.process(payload[at : at + 160])
            if not isinstance(event, UtteranceContinued)
        ]
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**16),
    packet=st.sampled_from([0.01, 0.02, 0.03, 0.06]),
    jitter=st.sampled_from([0.0, 0.4]),
)
def test_packets_of_any_size_at_any_time_are_heard_alike(
    sounds: Any, seed: int, packet: float, jitter: float
) -> None:
    """As though they had come every 20 ms."""
    payload = encode_ulaw(sounds.call(*WORDS))
    line = TelephoneLine(
        LineCondition(packet_seconds=packet, jitter_seconds=jitter), np.random.default_rng(seed)
    )
    gate, events = VoiceGate(), []
    for at in range(0, len(payload), 160):
        for piece in line.tick(payload[at : at + 160]):
            events += gate.process(piece)
    for piece in line.flush():
        events += gate.process(piece)
    assert events == VoiceGate().process(payload)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gain=st.floats(-20, 20),
    offset=st.integers(-600, 600),
    loss=st.sampled_from([0.0, 0.05]),
    seed=st.integers(0, 2**16),
)
def test_a_bad_line_changes_nothing_that_happens(
    sounds: Any, gain: float, offset: int, loss: float, seed: int
) -> None:
    """However loud or soft, with an offset and with packets lost: the same utterances, a moment off."""
    payload = encode_ulaw(sounds.call(*WORDS))
    condition = LineCondition(gain_db=gain, offset=offset, loss=loss)
    heard = outline(TelephoneLine(condition, np.random.default_rng(seed)).carry(payload))
    expected = outline(payload)
    assert [kind for kind, _ in heard] == [kind for kind, _ in expected]
    assert [at for _, at in heard] == pytest.approx([at for _, at in expected], abs=0.16)


def test_position_counts_audio(sounds: Any) -> None:
    """Audio time is what was heard, in whole frames."""
    gate = VoiceGate()
    gate.process(b"\xff" * 1_700)
    assert gate.position_seconds == pytest.approx(0.2)
    assert not gate.is_speaking


def test_whole_utterances_are_what_was_emitted(sounds: Any) -> None:
    """Two words far apart are two, and one that goes on after its end is one, with nothing lost between."""
    events = hear(VoiceGate(), sounds.call((1, None), (0.5, -12), (2, None), (0.5, -12), (2, None)))
    assert [round(one.speech_seconds, 1) for one in whole_utterances(events)] == [0.5, 0.5]
    assert b"".join(one.pcm for one in whole_utterances(events)) == b"".join(map(audio_of, events))
    started, ended = UtteranceStarted(b"a"), UtteranceEnded(b"c", 0.4, 0.5, EndReason.SILENCE)
    resumed = UtteranceResumed(b"d"), UtteranceEnded(b"e", 0.4, 1.5, EndReason.SILENCE)
    (one,) = whole_utterances([started, UtteranceContinued(b"b"), ended, *resumed])
    assert (one.pcm, one.speech_seconds) == (b"abcde", 1.5)
    assert whole_utterances([started]) == []
