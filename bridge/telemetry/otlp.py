"""Traces by OpenTelemetry's SDK, sent over HTTP. Imported only where tracing is configured.

A turn is a trace of its own that is linked to its call: a call lasts for many minutes, and its span is sent
when it has ended. Whether a call is traced is drawn once, and its turns follow it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Self
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer, TraceState
from opentelemetry.util.types import Attributes

from bridge.telemetry.metrics import TURN_PARTS, TurnParts
from bridge.telemetry.tracing import CallTrace, TurnFacts

__all__ = ["OtlpTracing"]

EXPORT_SECONDS = 3.0  # a collector that takes longer gets nothing; calls never wait for it
PATH = "/v1/traces"  # OTLP's own
FAILED = "failed"  # the disposition that is our fault


class _ByCall(Sampler):
    """Draws for calls; a turn, which has a link, is begun only for a call that was drawn."""

    def __init__(self, share: float) -> None:
        self._calls = TraceIdRatioBased(share)

    def should_sample(  # noqa: PLR0917 - the SDK's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Whether this span is kept."""
        if links:
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, trace_state)
        return self._calls.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """For the SDK's own messages."""
        return "by call"


class OtlpTracing:
    """All traces of a daemon."""

    def __init__(self, processor: SpanProcessor, share: float) -> None:
        """`share` of the calls are traced, 0 to 1; their spans go to `processor`."""
        resource = Resource({"service.name": "hatif", "service.version": version("hatif")})
        self._provider = TracerProvider(sampler=_ByCall(share), resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("hatif")

    @classmethod
    def to(cls, endpoint: str, share: float) -> Self:
        """Send them to this collector; an address without a path gets OTLP's own."""
        place = urlsplit(endpoint)
        address = endpoint if place.path.strip("/") else endpoint.rstrip("/") + PATH
        exporter = OTLPSpanExporter(endpoint=address, timeout=EXPORT_SECONDS)
        return cls(BatchSpanProcessor(exporter), share)

    def call(self, call_id: str, provider: str, tenant: str) -> CallTrace:
        """A call begins."""
        facts = {"hatif.call_id": call_id, "hatif.provider": provider, "hatif.tenant": tenant}
        span = self._tracer.start_span("call", context=Context(), kind=SpanKind.SERVER, attributes=facts)
        return _Trace(self._tracer, span, facts)

    async def stop(self) -> None:
        """Send what has not been sent, for as long as one request may take."""
        await asyncio.to_thread(self._provider.shutdown)


class _Trace:
    def __init__(self, tracer: Tracer, span: Span, facts: Mapping[str, str]) -> None:
        self._tracer = tracer
        self._span = span
        self._facts = facts

    def turn(self, facts: TurnFacts) -> None:
        """A span that began when the caller had spoken."""
        if not self._span.is_recording():
            return
        now = time.time_ns()
        span = self._tracer.start_span(
            "turn",
            context=Context(),
            links=[Link(self._span.get_span_context())],
            start_time=now - round(facts.seconds * 1e9),
            attributes={
                **self._facts,
                "hatif.turn": facts.index,
                "hatif.input": facts.input,
                **_durations(facts.parts),
            },
        )
        span.end(now)

    def end(self, outcome: str) -> None:
        """The call's own span."""
        self._span.set_attribute("hatif.outcome", outcome)
        if outcome == FAILED:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _durations(parts: TurnParts) -> dict[str, float]:
    measured = {part: getattr(parts, part) for part in TURN_PARTS}
    return {
        f"hatif.{part}_ms": round(seconds * 1000, 1)
        for part, seconds in measured.items()
        if seconds is not None
    }
