"""A questionnaire read as a chart: which words stand on its cards, and where answers lead. Pure."""

from collections.abc import Iterable, Iterator

from bridge.authoring.graph.model import (
    Card,
    Chart,
    Choice,
    Kind,
    Note,
    Outcome,
    Panel,
    Part,
    Section,
    WayOut,
    cards_of,
)
from bridge.dialogue.actions import Disposition
from bridge.dialogue.items import (
    BloodPressureItem,
    Confirm,
    ConsentItem,
    DateItem,
    DigitsItem,
    DurationItem,
    GlucoseItem,
    GroupItem,
    IdentityItem,
    InfoItem,
    IntegerItem,
    Item,
    NumberItem,
    OnExhausted,
    OptionsItem,
    QuestionItem,
    Repeat,
    Rule,
    ScaleItem,
    TemperatureItem,
    WeightItem,
    YesNoItem,
)
from bridge.dialogue.keys import NO_KEY, YES_KEY
from bridge.dialogue.policies import Escalation
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import bare

__all__ = ["END", "START", "chart_of"]

START, END = "call.begins", "call.completed"
_REPLIES = {"dont_know": "may not know", "refuse": "may refuse"}
_MEASURED = (NumberItem, IntegerItem, TemperatureItem, GlucoseItem, WeightItem, DurationItem)
_DOES = {"escalate": Outcome.ESCALATION, "notify": Outcome.NOTICE, "end": Outcome.ENDING}


def chart_of(questionnaire: Questionnaire) -> Chart:
    """Read a questionnaire as a chart."""
    start = Card(START, Kind.START, "the call begins", bare(questionnaire.prompts.opening))
    end = Card(END, Kind.END, "completed", bare(questionnaire.closing.completed))
    parts = (start, *_parts(questionnaire, questionnaire.items), end)
    asked = len(questionnaire.questions)
    subtitle = f"{questionnaire.id} · version {questionnaire.version} · {questionnaire.status}"
    return Chart(
        id=questionnaire.id,
        title=questionnaire.title,
        subtitle=f"{subtitle} · {asked} questions",
        summary=_summary(questionnaire),
        parts=parts,
        panels=tuple(_panels(questionnaire, parts)),
    )


def _summary(questionnaire: Questionnaire) -> str:
    names = ", ".join(
        f"{item.id} if {item.when}" if item.when else item.id
        for item in questionnaire.every_item
        if not isinstance(item, GroupItem)
    )
    return (
        f"Flow of the questionnaire {questionnaire.id}, from top to bottom: {names}. A guarded item is "
        "passed over on its left where the guard does not hold; what an answer leads to stands on the right."
    )


# Cards and sections


def _parts(questionnaire: Questionnaire, items: Iterable[Item]) -> Iterator[Part]:
    for item in items:
        if isinstance(item, GroupItem):
            yield _section(questionnaire, item)
        elif isinstance(item, InfoItem):
            yield Card(item.id, Kind.TOLD, "said", bare(item.say), guard=item.when)
        else:
            yield _question(questionnaire, item)


def _section(questionnaire: Questionnaire, group: GroupItem) -> Section:
    return Section(
        group.id,
        group.title or "",
        tuple(_parts(questionnaire, group.items)),
        Card(f"{group.id}.said", Kind.TOLD, "said", bare(group.say)) if group.say else None,
        group.when,
        _rounds(group.repeat) if group.repeat else None,
    )


def _rounds(repeat: Repeat) -> str:
    wanted = f"{repeat.count} times" if repeat.count is not None else f"again if {repeat.again}"
    return f"{wanted}, at most {repeat.maximum}"


def _question(questionnaire: Questionnaire, item: QuestionItem) -> Card:
    name = f"{item.type} {item.scale}" if isinstance(item, ScaleItem) else item.type.replace("_", " ")
    name = "yes/no" if isinstance(item, YesNoItem) else name
    return Card(
        item.id,
        Kind.QUESTION,
        name,
        bare(item.ask[0]),
        tuple(_choices(questionnaire, item)),
        tuple(_facts(questionnaire, item)),
        tuple(_ways_out(item)),
        item.when,
        is_safety=item.safety is not None,
    )


def _choices(questionnaire: Questionnaire, item: QuestionItem) -> Iterator[Choice]:
    if isinstance(item, OptionsItem):
        for option in item.options:
            counts = "" if option.ordinal is None else f"{option.ordinal:g}"
            yield Choice(option.key, bare(option.say), counts)
    elif getattr(item, "kind", None) is not None and getattr(item, "factor", "name") == "name":
        yield Choice(YES_KEY, bare(questionnaire.words.yes.say))
        yield Choice(NO_KEY, bare(questionnaire.words.no.say))


def _facts(questionnaire: Questionnaire, item: QuestionItem) -> Iterator[str]:
    if item.safety is not None:
        yield "safety"
    yield from _range(item)
    if not questionnaire.is_spoken(item):
        yield "by key only"
    if item.confirm is not Confirm.LOW:
        yield "always read back" if item.confirm is Confirm.ALWAYS else "never read back"
    if not item.required:
        yield "not required"
    yield from (_REPLIES[reply] for reply in item.allow if not isinstance(item, ConsentItem))
    yield from (f"must be {constraint.require}" for constraint in item.constraints)


def _range(item: QuestionItem) -> Iterator[str]:
    if isinstance(item, BloodPressureItem):
        upper, lower = ("–".join(map(str, ends)) for ends in (item.systolic, item.diastolic))
        yield f"{upper} over {lower}"
    elif isinstance(item, DigitsItem):
        yield f"{item.min_length}–{item.max_length} digits"
    elif isinstance(item, _MEASURED):
        unit = f" {item.unit}" if item.unit else ""
        yield f"{item.minimum}–{item.maximum}{unit}"
    elif isinstance(item, DateItem) and item.period != "any":
        yield f"in the {item.period}"


def _ways_out(item: QuestionItem) -> Iterator[WayOut]:
    if isinstance(item, IdentityItem):
        condition = "anything but yes" if item.factor == "name" else "does not match"
        yield WayOut(condition, Outcome.ENDING, Disposition.WRONG_PERSON)
    if isinstance(item, ConsentItem) and item.purpose == "questions":
        yield WayOut("anything but yes", Outcome.ENDING, Disposition.REFUSED)
    if item.safety is not None:
        condition = "1 or more, refused, not known, or asked in vain"
        yield WayOut(condition, Outcome.ESCALATION, item.escalation or "")
    yield from map(_way_of, item.on_answer)
    match item.on_exhausted:
        case OnExhausted.PERSON:
            yield WayOut("asked in vain", Outcome.PERSON)
        case OnExhausted.END:
            yield WayOut("asked in vain", Outcome.ENDING, "partial or stopped")
        case OnExhausted.ESCALATE:
            yield WayOut("asked in vain", Outcome.ESCALATION, item.escalation or "")


def _way_of(rule: Rule) -> WayOut:
    target = rule.escalation if rule.do != "end" else rule.disposition or Disposition.COMPLETED
    is_yes = rule.when == "value"
    return WayOut("yes" if is_yes else rule.when, _DOES[rule.do], target or "", is_code=not is_yes)


# What belongs to the whole


def _panels(questionnaire: Questionnaire, parts: tuple[Part, ...]) -> Iterator[Panel]:
    words = (
        Note(f"words of {kind.replace('_', ' ')}", way_out=WayOut("", Outcome.ESCALATION, name))
        for kind, name in questionnaire.red_flags.items()
    )
    yield Panel("at-any-time", "At any time", None, (*words, *_wishes()))
    if questionnaire.rules:
        rules = (Note(rule.when, is_code=True, way_out=_way_of(rule)) for rule in questionnaire.rules)
        yield Panel("rules", "After every answer", None, tuple(rules))
    if values := tuple(_values(questionnaire)):
        yield Panel("values", "Worked out, never spoken", None, values)
    for name, escalation in questionnaire.escalations.items():
        yield Panel(f"escalation-{name}", f"Escalation {name}", Outcome.ESCALATION, tuple(_steps(escalation)))
    yield Panel("endings", "Last words", Outcome.ENDING, tuple(_endings(questionnaire, parts)))


def _wishes() -> Iterator[Note]:
    yield Note("repeat, slower, wait, back: and the call goes on")
    yield Note("a person", way_out=WayOut("", Outcome.PERSON))
    yield Note("stop, call me later, do not call, wrong number", way_out=WayOut("", Outcome.ENDING, ""))


def _values(questionnaire: Questionnaire) -> Iterator[Note]:
    for name, expression in questionnaire.computed.items():
        yield Note(f"{name} = {expression}", is_code=True)
    for name, score in questionnaire.scores.items():
        yield Note(f"{name} = sum of {', '.join(score.items)}")
        if score.bands:
            bands = ", ".join(f"{band.name} from {band.minimum:g}" for band in score.bands)
            yield Note(f"{name}: {bands}")


def _steps(escalation: Escalation) -> Iterator[Note]:
    yield Note(bare(escalation.say), is_arabic=True)
    if escalation.offer is not None:
        yield Note(bare(escalation.offer), is_arabic=True)
    if escalation.transfer is not None:
        yield Note(f"put through to {escalation.transfer}; where that cannot be:")
        yield Note(bare(escalation.fallback), is_arabic=True)
    who = ", ".join(escalation.notify)
    yield Note(f"told: {who}, to be seen within {_lasting(escalation.acknowledge_seconds)}")


def _lasting(seconds: int) -> str:
    """A length of time in the largest unit that divides it."""
    units = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, name = next((size, name) for size, name in units if seconds % size == 0)
    count = seconds // size
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _endings(questionnaire: Questionnaire, parts: tuple[Part, ...]) -> Iterator[Note]:
    ways = [way for card in cards_of(parts) for way in card.ways_out]
    ways += [_way_of(rule) for rule in questionnaire.rules]
    reached = dict.fromkeys(way.target for way in ways if way.outcome is Outcome.ENDING)
    for disposition in reached:
        text = getattr(questionnaire.closing, disposition, None)
        if text is not None:
            yield Note(bare(text), is_arabic=True, way_out=WayOut("", Outcome.ENDING, disposition))
    if questionnaire.closing.voicemail is not None:
        way = WayOut("", Outcome.ENDING, Disposition.VOICEMAIL)
        yield Note(bare(questionnaire.closing.voicemail), is_arabic=True, way_out=way)
