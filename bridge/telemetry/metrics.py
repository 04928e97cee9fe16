"""What is counted and measured, for Prometheus: names that are fixed, labels of which each has few values.

No label is ever a number, a name, a word or an answer of a caller: labels are words of ours (outcomes, parts,
causes) and names out of the configuration (providers, engines, tenants). What happens is counted when it
happens, by the methods here; what merely is (calls in progress, engines) is read when somebody asks.
docs/monitoring.md explains every name.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from bridge.telemetry.snapshot import Snapshot, SnapshotCollector

__all__ = ["CONTENT_TYPE", "STORAGE_CODES", "TURN_PARTS", "Counted", "Metrics", "TurnParts", "added"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
REFUSED_TOTAL = "hatif_calls_refused_total"

_Label = tuple[str, tuple[tuple[str, str], ...]]  # a sample's name and labels

# Of requirement 002.
SESSION_BUCKETS = (0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.0)
# A turn's parts go from a dictionary look-up to a caller's whole patience.
TURN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
ENGINE_BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 4.0)
# The loop sends frames of 20 ms; from 0.5 s on calls are refused, and from 2 s on it is taken for dead.
LOOP_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

# Why the database failed: SQLite's primary codes, `timeout` (it kept a caller waiting too long) and `other`.
STORAGE_CODES = (
    "busy",
    "cantopen",
    "corrupt",
    "full",
    "gone",
    "ioerr",
    "locked",
    "notadb",
    "perm",
    "readonly",
    "schema",
    "timeout",
    "other",
)
TURN_PARTS = ("endpoint", "recognise", "understand", "commit", "first_audio", "total")

# Moments at which counters began are one more series for each of them, and nobody asks for them.
disable_created_metrics()  # type: ignore[no-untyped-call]


class TurnParts(Struct, frozen=True):
    """Where the time of a turn went, in seconds of call time; None: the turn had no such part."""

    endpoint: float | None = None
    recognise: float | None = None
    understand: float | None = None
    commit: float | None = None
    first_audio: float | None = None
    total: float | None = None


class Counted(Struct, frozen=True, array_like=True):
    """One metric as a process has counted it: its samples' names, labels and values."""

    name: str
    text: str
    kind: str
    samples: Sequence[tuple[str, dict[str, str], float]]


def added(one: Sequence[Counted], other: Sequence[Counted]) -> list[Counted]:
    """What two processes have counted, together."""
    sums: dict[str, tuple[Counted, dict[_Label, float]]] = {}
    for counted in (*one, *other):
        _, values = sums.setdefault(counted.name, (counted, {}))
        for name, labels, value in counted.samples:
            label = name, tuple(sorted(labels.items()))
            values[label] = values.get(label, 0.0) + value
    return [
        Counted(
            first.name,
            first.text,
            first.kind,
            [(name, dict(at), sum_) for (name, at), sum_ in values.items()],
        )
        for first, values in sums.values()
    ]


class Metrics:
    """One process's counts and measurements, in a registry of its own."""

    def __init__(self) -> None:
        self.others: Callable[[], Sequence[Counted]] = tuple  # what other processes of ours have counted
        self._registry = CollectorRegistry()
        self._ours: list[Counter | Histogram] = []  # as against Python's own, and the process's
        for standard in (ProcessCollector, PlatformCollector, GCCollector):
            standard(registry=self._registry)
        self._snapshots = SnapshotCollector()
        self._registry.register(self._snapshots)
        self._make_calls()
        self._make_turns()
        self._make_troubles()
        self._make_requests()

    def _make_calls(self) -> None:
        self._sessions = self._counter(
            "voice_sessions",
            "Voice sessions that ended, by tenant and how they ended.",
            "tenant_id",
            "status",
        )
        self._calls = self._counter(
            "hatif_calls", "Calls that ended, by provider and disposition.", "provider", "outcome"
        )
        self._cut = self._counter(
            "hatif_calls_cut",
            "Calls that were ended by neither the caller nor the questionnaire, by provider and cause.",
            "provider",
            "cause",
        )
        self._refused = self._counter("hatif_calls_refused", "Calls that were not taken.", "reason")
        self._answers = self._counter("hatif_answers_committed", "Answers that the disk has.")
        self._escalations = self._counter(
            "hatif_escalations", "Notifications that a caller may be in danger, as committed."
        )

    def _make_turns(self) -> None:
        self._session_latency = self._histogram(
            "voice_latency_seconds", "Latencies of requirement 002.", SESSION_BUCKETS, "type"
        )
        self._turn_latency = self._histogram(
            "hatif_turn_latency_seconds", "Where the time of turns went.", TURN_BUCKETS, "part"
        )
        self._asr = self._histogram(
            "hatif_asr_seconds",
            "From an utterance's end to the recogniser's last answer.",
            ENGINE_BUCKETS,
        )
        self._tts = self._histogram(
            "hatif_tts_seconds",
            "How long callers waited for what was made while they did.",
            ENGINE_BUCKETS,
            "engine",
        )
        self._barge_ins = self._counter("hatif_barge_in", "Prompts that callers spoke or pressed over.")
        self._no_inputs = self._counter("hatif_no_input", "Turns in which nothing came from the caller.")
        self._no_matches = self._counter("hatif_no_match", "Turns in which nothing was understood.")
        for part in TURN_PARTS:
            self._turn_latency.labels(part)
        for kind in ("first_token", "barge_in", "partial_asr"):
            self._session_latency.labels(kind)

    def _make_troubles(self) -> None:
        self._not_heard = self._counter(
            "hatif_not_heard", "Utterances that the recogniser lost, so that callers were asked again."
        )
        self._dropped = self._counter(
            "hatif_audio_dropped_frames",
            "Frames of 20 ms that were lost on our side, by direction.",
            "direction",
        )
        self._storage_errors = self._counter(
            "hatif_storage_errors", "Requests that the database failed, by cause.", "code"
        )
        self._loop = self._histogram(
            "hatif_event_loop_delay_seconds",
            "How late the event loop was, at each of four looks a second.",
            LOOP_BUCKETS,
        )
        self._reload_successful = Gauge(
            "hatif_last_reload_successful",
            "Whether questionnaires and settings were taken up when they were last read again.",
            registry=self._registry,
        )
        self._reload_successful.set(1)
        for direction in ("in", "out"):
            self._dropped.labels(direction)
        for code in STORAGE_CODES:
            self._storage_errors.labels(code)

    def _make_requests(self) -> None:
        self._requests = self._histogram(
            "http_server_request_duration_seconds",
            "HTTP requests, without the sockets of calls, by OpenTelemetry's conventions.",
            REQUEST_BUCKETS,
            "http_request_method",
            "http_route",
            "http_response_status_code",
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        counter = Counter(name, text, labels, registry=self._registry)
        self._ours.append(counter)
        return counter

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        histogram = Histogram(name, text, labels, buckets=buckets, registry=self._registry)
        self._ours.append(histogram)
        return histogram

    # Calls

    def call_ended(self, provider: str, outcome: str, tenant: str) -> None:
        """A call is over; `outcome` is its disposition."""
        self._calls.labels(provider, outcome).inc()
        self._sessions.labels(tenant, outcome).inc()

    def call_cut(self, provider: str, cause: str) -> None:
        """It was we who ended a call; `cause` is one of `bridge.cuts.Cut`."""
        self._cut.labels(provider, cause).inc()

    def reloaded(self, is_taken: bool) -> None:
        """Questionnaires and configuration were read again, and taken up or refused."""
        self._reload_successful.set(is_taken)

    def call_refused(self, reason: str) -> None:
        """A call was not taken."""
        self._refused.labels(reason).inc()

    def refused(self) -> dict[str, int]:
        """How many calls were not taken since the daemon began, by reason."""
        counts: dict[str, int] = {}
        for counted in (*map(_counted, self._refused.collect()), *self.others()):
            for name, labels, value in counted.samples:
                if name == REFUSED_TOTAL and value:
                    counts[labels["reason"]] = counts.get(labels["reason"], 0) + int(value)
        return counts

    def committed(self, answers: int, escalations: int) -> None:
        """A turn is on disk, with so many answers and notifications."""
        self._answers.inc(answers)
        self._escalations.inc(escalations)

    # Turns

    def turn_measured(self, parts: TurnParts) -> None:
        """The reply to a turn has begun to leave, or never will."""
        for part in TURN_PARTS:
            seconds = getattr(parts, part)
            if seconds is not None:
                self._turn_latency.labels(part).observe(seconds)
        if parts.total is not None:
            self._session_latency.labels("first_token").observe(parts.total)

    def barged_in(self, seconds: float) -> None:
        """A prompt was stopped, so long after the caller began to speak or pressed a key."""
        self._barge_ins.inc()
        self._session_latency.labels("barge_in").observe(seconds)

    def partly_heard(self, seconds: float) -> None:
        """Somebody who follows a call was told what is being said, so long after it came in."""
        self._session_latency.labels("partial_asr").observe(seconds)

    def no_input(self) -> None:
        """The caller was given the time to answer, and did not."""
        self._no_inputs.inc()

    def no_match(self) -> None:
        """What the caller said or pressed was not understood."""
        self._no_matches.inc()

    def recognised(self, seconds: float) -> None:
        """An utterance has become texts, so long after its end."""
        self._asr.observe(seconds)

    def spoke_live(self, voice: str, seconds: float) -> None:
        """A caller waited so long for a piece of a prompt; `voice` is ENGINE/VOICE, '' where none made it."""
        self._tts.labels(voice.partition("/")[0] or "none").observe(seconds)

    # Troubles

    def not_heard(self) -> None:
        """The recogniser died or did not answer in time."""
        self._not_heard.inc()

    def dropped(self, direction: str, frames: int) -> None:
        """So many frames of 20 ms were lost: `in`, of the caller's voice, or `out`, of ours."""
        self._dropped.labels(direction).inc(frames)

    def storage_failed(self, code: str) -> None:
        """The database failed a request."""
        self._storage_errors.labels(code if code in STORAGE_CODES else "other").inc()

    def loop_measured(self, seconds: float) -> None:
        """The event loop was so late."""
        self._loop.observe(seconds)

    # HTTP

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the route's own text, never the path that was asked for."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    # What is asked for

    def exposition(self, snapshot: Snapshot) -> bytes:
        """All of it in Prometheus's text format, with how the daemon is now."""
        with self._snapshots.showing(snapshot):
            return generate_latest(_Together(self._registry, self.others()))

    def counted(self) -> list[Counted]:
        """What was counted and measured here so far, to be added to what others have."""
        return [_counted(family) for one in self._ours for family in one.collect()]


class _Together(Collector):
    """One process's metrics, with what others have counted added."""

    def __init__(self, registry: CollectorRegistry, others: Sequence[Counted]) -> None:
        self._registry = registry
        self._others = {counted.name: counted for counted in others}

    def collect(self) -> Iterator[Metric]:
        """Every family, in the registry's order."""
        for family in self._registry.collect():
            other = self._others.get(family.name)
            yield family if other is None else _with(family, other)


def _with(family: Metric, other: Counted) -> Metric:
    (sums,) = added([_counted(family)], [other])
    together = Metric(sums.name, sums.text, sums.kind)
    for name, labels, value in sums.samples:
        together.add_sample(name, labels, value)
    return together


def _counted(family: Metric) -> Counted:
    samples = [(one.name, dict(one.labels), float(one.value)) for one in family.samples]
    return Counted(family.name, family.documentation, family.type, samples)
