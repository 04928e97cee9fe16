"""What a played call came to: one document for programs, or a golden dialogue that can be kept. Pure."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from bridge.authoring.simulation.goldens import line_of, shown
from bridge.authoring.simulation.simulating import Played, Simulation
from bridge.authoring.simulation.telephone import Exchange
from bridge.dialogue.actions import HangUp, Listen, Transfer
from bridge.dialogue.answer import Answer, Value
from bridge.dialogue.context import CallContext
from bridge.dialogue.inputs import Digits, HungUp, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.state import Asked

__all__ = ["PlayedCall", "PlayedScore", "PlayedTurn", "disposition_of", "golden_of", "report_on", "turn_of"]

_INPUTS = {
    Utterance: "speech",
    Digits: "keys",
    NoInput: "silence",
    NotHeard: "not_heard",
    HungUp: "hung_up",
    Machine: "machine",
}


class PlayedTurn(Struct, frozen=True):
    """One input, how it was understood, and what was said upon it."""

    input: str | None  # speech, keys, silence, hung_up, machine; none: the call begins or is taken up again
    text: str  # the words or keys
    heard: tuple[str, ...]  # under the question's grammar
    item: str | None
    meaning: str
    rule: str
    value: Value
    confidence: float | None  # how surely the words mean this
    trust: str | None  # agreed, doubt or none: how far the readings were believed
    reads_back: bool  # it is asked whether this is right
    stored: tuple[str, ...]  # items that have an answer now
    prompts: tuple[str, ...]


class PlayedScore(Struct, frozen=True):
    """A score at the end of the call."""

    value: int | float | None
    band: str | None


class PlayedCall(Struct, frozen=True):
    """The whole call."""

    questionnaire: str
    version: str
    hash: str
    status: str
    context: CallContext
    turns: list[PlayedTurn]
    answers: list[Answer]
    scores: dict[str, PlayedScore]
    notified: list[str]  # "escalation reason item"
    put_through_to: str | None
    disposition: str | None  # none: the call goes on
    lines_left: int = 0  # of what was to be played, when the call had ended


def report_on(simulation: Simulation, lines_left: int = 0) -> PlayedCall:
    """Put together what the call came to."""
    telephone = simulation.telephone
    questionnaire, last = telephone.questionnaire, telephone.last
    scores = {name: telephone.form.score(name, is_final=True) for name in questionnaire.scores}
    return PlayedCall(
        questionnaire=questionnaire.id,
        version=questionnaire.version,
        hash=questionnaire.hash,
        status=questionnaire.status,
        context=telephone.context,
        turns=[turn_of(exchange) for exchange in telephone.exchanges],
        answers=list(telephone.stored.values()),
        scores={name: PlayedScore(score.value, score.band) for name, score in scores.items()},
        notified=[f"{one.escalation} {one.reason} {one.item}" for one in telephone.notices],
        put_through_to=last.target if isinstance(last, Transfer) else None,
        disposition=disposition_of(last),
        lines_left=lines_left,
    )


def disposition_of(last: Listen | HangUp | Transfer) -> str | None:
    """How the call ended; None while it goes on."""
    return None if isinstance(last, Listen) else str(last.disposition)


def turn_of(exchange: Exchange) -> PlayedTurn:
    """One exchange, flat."""
    heard, reading, understood = exchange.heard, exchange.turn.reading, exchange.understood
    texts = heard.open if isinstance(heard, Utterance) else (heard.keys,) if isinstance(heard, Digits) else ()
    return PlayedTurn(
        input=None if heard is None else _INPUTS[type(heard)],
        text=" | ".join(dict.fromkeys(texts)),
        heard=tuple(dict.fromkeys(heard.closed)) if isinstance(heard, Utterance) else (),
        item=reading.item,
        meaning=reading.meaning,
        rule=reading.rule,
        value=reading.value,
        confidence=None if understood is None else round(understood.meaning.confidence, 2),
        trust=None if understood is None else str(understood.trust),
        reads_back=exchange.turn.state.asked is Asked.READBACK,
        stored=tuple(answer.item for answer in exchange.stored),
        prompts=tuple(line_of(say) for say in exchange.said),
    )


# As a golden dialogue


def golden_of(simulation: Simulation, name: str) -> str:
    """Write the call down as tests/golden does: YAML of one dialogue, with every sentence that was said."""
    return "\n".join(_golden_lines(simulation, report_on(simulation), name)) + "\n"


def _golden_lines(simulation: Simulation, report: PlayedCall, name: str) -> Iterator[str]:
    yield f"# Played with `hatif questionnaire simulate`, on version {report.version}."
    yield f"questionnaire: {report.questionnaire}"
    yield f"call: {_flow(_circumstances(report.context))}"
    yield "dialogues:"
    yield f"  - name: {_flow(name)}"
    yield f"    opens: {_flow([line_of(say) for say in simulation.opening.said])}"
    yield from _step_lines(simulation.played)
    if report.disposition is not None:
        yield f"    ends: {report.disposition}"
    yield f"    answers: {_flow({answer.item: shown(answer) for answer in report.answers})}"
    if report.scores:
        yield f"    scores: {_flow({of: [score.value, score.band] for of, score in report.scores.items()})}"
    if report.notified:
        yield f"    notified: {_flow(report.notified)}"
    if report.put_through_to is not None:
        yield f"    transfer: {_flow(report.put_through_to)}"


def _step_lines(played: list[Played]) -> Iterator[str]:
    if not played:
        yield "    steps: []"
        return
    yield "    steps:"
    for one in played:
        done: dict[str, Any] = {
            field: value for field in one.step.__struct_fields__ if (value := getattr(one.step, field))
        }
        if one.step.resume_after_hours is not None:  # nought is a number of hours, too
            done["resume_after_hours"] = one.step.resume_after_hours
        yield f"      - {_flow(done | {'hears': [line_of(say) for say in one.said]})}"


def _circumstances(context: CallContext) -> dict[str, Any]:
    """What differs from a call about which nothing is known."""
    plain: dict[str, Any] = msgspec.to_builtins(context)
    unknown = msgspec.to_builtins(CallContext())
    return {name: value for name, value in plain.items() if value != unknown[name]}


def _flow(value: object) -> str:
    """A value as YAML writes it on one line; names of fields stay bare, as the other files have them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
