"""Where traces go: nowhere until a collector is configured, and then in OTLP, all turns of a call or none."""

import asyncio
import builtins
import io
import json
from typing import Any

import pytest
from collector import Collector
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bridge import configured
from bridge.config import TracingSettings
from bridge.telemetry import logs
from bridge.telemetry.metrics import TurnParts
from bridge.telemetry.otlp import OtlpTracing
from bridge.telemetry.tracing import NoTracing, TurnFacts

TURN = TurnFacts(1, "speech", 0.9, TurnParts(total=0.9))


@pytest.fixture
def collector() -> Any:
    one = Collector()
    yield one
    one.stop()


def test_without_an_endpoint_nothing_is_traced() -> None:
    """The default: nothing leaves the machine, and OpenTelemetry is not asked for."""
    assert TracingSettings().endpoint is None
    tracing = configured.tracing(TracingSettings())
    assert isinstance(tracing, NoTracing)
    trace = tracing.call("c1", "maqsam", "default")
    trace.turn(TURN)
    trace.end("completed")


async def test_spans_reach_the_collector(collector: Collector) -> None:
    """At OTLP's own path, in its own format, the last of them when the daemon stops."""
    tracing = configured.tracing(TracingSettings(endpoint=collector.address))
    trace = tracing.call("c1", "maqsam", "default")
    trace.turn(TURN)
    trace.end("completed")
    await tracing.stop()
    assert {path for path, _ in collector.received} == {"/v1/traces"}
    (resource,) = [spans for _, request in collector.received for spans in request.resource_spans]
    facts = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert facts["service.name"] == "hatif"
    names = sorted(span.name for scope in resource.scope_spans for span in scope.spans)
    assert names == ["call", "turn"]


async def test_a_collector_that_is_gone_holds_up_nobody() -> None:
    """What cannot be sent is given up, and the daemon stops all the same."""
    tracing = OtlpTracing.to("http://127.0.0.1:9", 1.0)
    trace = tracing.call("c1", "maqsam", "default")
    trace.end("completed")
    async with asyncio.timeout(30):
        await tracing.stop()


@pytest.mark.parametrize(("share", "names"), [(1.0, ["turn", "turn", "call"]), (0.0, [])])
def test_turns_follow_their_call(share: float, names: list[str]) -> None:
    """All of a call's spans, or none of them."""
    spans = InMemorySpanExporter()
    trace = OtlpTracing(SimpleSpanProcessor(spans), share).call("c1", "maqsam", "default")
    trace.turn(TURN)
    trace.turn(TURN)
    trace.end("completed")
    assert [span.name for span in spans.get_finished_spans()] == names


def test_the_environment_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a span says is decided in our code: not by variables that OpenTelemetry would read."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "host.owner=canary")
    spans = InMemorySpanExporter()
    OtlpTracing(SimpleSpanProcessor(spans), 1.0).call("c1", "maqsam", "default").end("completed")
    (span,) = spans.get_finished_spans()
    assert set(span.resource.attributes) == {"service.name", "service.version"}


def test_without_the_extra_the_daemon_starts_and_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon takes calls without traces rather than none."""
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "bridge.telemetry.otlp":
            raise ModuleNotFoundError("No module named 'opentelemetry'", name="opentelemetry")
        return imported(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    told = io.StringIO()
    logs.configure(format="json", stream=told)
    assert isinstance(configured.tracing(TracingSettings(endpoint="http://127.0.0.1:4318")), NoTracing)
    line = json.loads(told.getvalue())
    assert (line["event"], line["setting"]) == ("tracing_not_installed", "tracing.endpoint")
    assert "pip install 'hatif[tracing]'" in line["detail"]
