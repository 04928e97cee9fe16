"""What is counted and measured: names, labels and buckets that others build on, and nothing of a caller."""

import pytest
from exposed import SNAPSHOT, everything, families, sample
from msgspec.structs import replace

from bridge.lifecycle import State
from bridge.telemetry.metrics import STORAGE_CODES, Metrics, TurnParts, added


def test_the_names_of_requirement_002_are_kept() -> None:
    """Its names, labels and buckets, to the letter."""
    text = everything()
    assert sample(text, 'voice_sessions_total{status="completed",tenant_id="default"}') == 1
    assert sample(text, "voice_sessions_active") == 3
    buckets = [
        line.partition('le="')[2].partition('"')[0]
        for line in text.splitlines()
        if line.startswith("voice_latency_seconds_bucket") and 'type="first_token"' in line
    ]
    assert buckets == ["0.05", "0.1", "0.15", "0.3", "0.5", "1.0", "2.0", "+Inf"]


def test_what_happens_is_counted() -> None:
    """Each method moves its own metric."""
    text = everything()
    for series, value in {
        'hatif_calls_total{outcome="completed",provider="maqsam"}': 1,
        'hatif_calls_cut_total{cause="idle",provider="maqsam"}': 1,
        'hatif_calls_refused_total{reason="full"}': 1,
        "hatif_answers_committed_total": 2,
        "hatif_escalations_total": 1,
        'hatif_turn_latency_seconds_sum{part="total"}': 0.84,
        'voice_latency_seconds_sum{type="first_token"}': 0.84,
        'voice_latency_seconds_sum{type="barge_in"}': 0.14,
        "hatif_barge_in_total": 1,
        "hatif_no_input_total": 1,
        "hatif_no_match_total": 1,
        "hatif_asr_seconds_sum": 0.2,
        'hatif_tts_seconds_count{engine="espeak-ng"}': 1,
        "hatif_not_heard_total": 1,
        'hatif_audio_dropped_frames_total{direction="in"}': 5,
        'hatif_storage_errors_total{code="full"}': 1,
        'hatif_event_loop_delay_seconds_bucket{le="0.005"}': 1,
    }.items():
        assert sample(text, series) == value, series


def test_what_is_is_shown() -> None:
    """A snapshot's values are there while it is shown."""
    text = everything()
    for series, value in {
        "hatif_calls_active": 3,
        'hatif_state{state="running"}': 1,
        'hatif_state{state="draining"}': 0,
        "hatif_drain_state": 0,
        "hatif_event_loop_lag_seconds": 0.004,
        'hatif_engine_up{engine="vosk"}': 1,
        'hatif_engine_up{engine="espeak-ng"}': 0,
        'hatif_engine_restarts_total{engine="vosk"}': 2,
        "hatif_prompts_hits_total": 90,
        'hatif_escalations_open{due="waiting"}': 1,
        "hatif_asyncio_tasks": 19,
        "hatif_memory_bytes": 1 << 30,
        'hatif_component_ready{component="storage"}': 1,
        'hatif_component_ready{component="voice"}': 0,
        'hatif_questionnaires{state="left_out"}': 2,
        "hatif_last_reload_successful": 1,
        "hatif_storage_free_bytes": 9 << 30,
        "hatif_backup_timestamp_seconds": 1_790_000_000,
        'hatif_build_info{model="hatif-ar-phone-0.2@1234",version="0.1.0"}': 1,
    }.items():
        assert sample(text, series) == value, series


@pytest.mark.parametrize(("calls", "value"), [(2, 1), (0, 2)])
def test_a_drain_is_told_from_its_end(calls: int, value: int) -> None:
    """An alert asks whether calls are left."""
    draining = replace(SNAPSHOT, state=State.DRAINING, is_draining=True, calls=calls)
    assert sample(Metrics().exposition(draining).decode(), "hatif_drain_state") == value


def test_what_is_not_there_yet_is_left_out() -> None:
    """While starting nothing is made up."""
    known = families(Metrics().exposition(replace(SNAPSHOT, lag_seconds=None, prompts=None)).decode())
    assert "hatif_event_loop_lag_seconds" not in known
    assert "hatif_prompts_bytes" not in known
    assert "hatif_calls_active" in known


def test_an_alert_sees_the_first_error() -> None:
    """A counter that begins with its first error never rose: these begin at zero."""
    text = Metrics().exposition(SNAPSHOT).decode()
    assert all(sample(text, f'hatif_storage_errors_total{{code="{code}"}}') == 0 for code in STORAGE_CODES)


def test_a_cause_that_nobody_knows_is_no_new_series() -> None:
    metrics = Metrics()
    metrics.storage_failed("could not write +962790000001")
    text = metrics.exposition(SNAPSHOT).decode()
    assert sample(text, 'hatif_storage_errors_total{code="other"}') == 1
    assert "962790000001" not in text


def test_parts_that_a_turn_did_not_have_are_not_measured() -> None:
    """A key has no endpoint and nothing to recognise."""
    metrics = Metrics()
    metrics.turn_measured(TurnParts(commit=0.01))
    text = metrics.exposition(SNAPSHOT).decode()
    counts = {
        part: sample(text, f'hatif_turn_latency_seconds_count{{part="{part}"}}')
        for part in ("endpoint", "recognise", "commit", "total")
    }
    assert counts == {"endpoint": 0, "recognise": 0, "commit": 1, "total": 0}


def test_daemons_do_not_share_their_counts() -> None:
    """Each has a registry of its own, with the process and the garbage collector in it."""
    one, other = Metrics(), Metrics()
    one.no_input()
    text = other.exposition(SNAPSHOT).decode()
    assert sample(text, "hatif_no_input_total") == 0
    assert {"process_resident_memory_bytes", "python_gc_collections_total"} <= set(families(text))


def test_what_other_processes_count_is_added() -> None:
    """Counters and histograms by their labels, refusals too; a gauge and Python's own are the one's."""
    one, other = Metrics(), Metrics()
    one.others = other.counted
    for counting, times in ((one, 1), (other, 2)):
        for _ in range(times):
            counting.call_ended("maqsam", "completed", "default")
            counting.call_refused("full")
            counting.recognised(0.06)
    other.call_refused("rate")
    other.reloaded(is_taken=False)
    text = one.exposition(SNAPSHOT).decode()
    assert sample(text, 'hatif_calls_total{outcome="completed",provider="maqsam"}') == 3
    assert sample(text, 'hatif_asr_seconds_bucket{le="0.1"}') == 3
    assert sample(text, "hatif_asr_seconds_sum") == pytest.approx(0.18)
    assert sample(text, "hatif_last_reload_successful") == 1
    assert one.refused() == {"full": 3, "rate": 1}
    assert families(text) == families(Metrics().exposition(SNAPSHOT).decode())


def test_what_is_added_twice_is_there_twice() -> None:
    """What a process that died had counted is kept beside what the next one counts."""
    gone, present = Metrics(), Metrics()
    gone.no_input()
    present.no_input()
    present.no_match()
    sums = {counted.name: counted.samples for counted in added(gone.counted(), present.counted())}
    assert sums["hatif_no_input"] == [("hatif_no_input_total", {}, 2.0)]
    assert sums["hatif_no_match"] == [("hatif_no_match_total", {}, 1.0)]
