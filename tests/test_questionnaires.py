"""What must hold of every questionnaire that ships: its sources, what it says to whom, how it scores."""

import re
import unicodedata
from itertools import pairwise

import pytest
from shipped import NAMES, shipped

from bridge.content import CONTENT
from bridge.dialogue import engine
from bridge.dialogue.actions import Disposition
from bridge.dialogue.context import CallContext
from bridge.dialogue.form import Form
from bridge.dialogue.inputs import Digits, Machine
from bridge.dialogue.items import ConsentItem, GroupItem, IdentityItem, InfoItem, OptionsItem
from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.sentences import Speaker, placeholders_in
from bridge.dialogue.targets import missing_site_facts
from bridge.dialogue.text_checks import all_texts
from bridge.understanding import bare

TWELVE = {
    "appointment_reminder",
    "asthma_control",
    "blood_pressure",
    "diabetes_check",
    "gad7",
    "medication_adherence",
    "patient_satisfaction",
    "phq2",
    "phq9",
    "post_discharge",
    "pre_op_screening",
    "vaccination_reminder",
}
OF_THE_MIND = ("phq9", "phq2", "gad7")
# Stems that say what a call is about.
CLINICAL = (
    "ألم",
    "حمى",
    "جرح",
    "دوا",
    "ضغط",
    "سكر",
    "ربو",
    "تنفس",
    "لقاح",
    "عملية",
    "مزاج",
    "قلق",
    "نوم",
    "موعد",
    "زيار",
)

every = pytest.mark.parametrize("questionnaire", NAMES, indirect=True)


def test_twelve_ship() -> None:
    """Each in a file of its own name."""
    assert set(NAMES) == TWELVE
    assert all(name == shipped(name).id for name in NAMES)


@every
def test_none_claims_to_be_validated(questionnaire: Questionnaire) -> None:
    """Until a clinician has signed, it is a draft in our own words, and says where they come from."""
    source, validation = questionnaire.source, questionnaire.validation
    assert questionnaire.status == "draft"
    assert source is not None
    assert validation is not None
    assert source.licence
    assert source.citation
    assert (validation.status, bool(validation.note)) == ("own_text", True)


@every
def test_the_licence_list_names_it(questionnaire: Questionnaire) -> None:
    """With the licence that its own file gives."""
    listed = (CONTENT / "questionnaires" / "LICENSES.md").read_text(encoding="utf-8")
    (row,) = [line for line in listed.splitlines() if line.startswith(f"| `{questionnaire.id}` ")]
    assert questionnaire.source is not None
    assert questionnaire.source.licence in row


@every
def test_who_is_there_and_whether_we_may_ask_come_first(questionnaire: Questionnaire) -> None:
    """The identity where we have a name, a second factor for matters of the mind, and then consent."""
    factors = [item.factor for item in questionnaire.questions if isinstance(item, IdentityItem)]
    assert factors == (["name", "birth_year"] if questionnaire.id in OF_THE_MIND else ["name"])
    assert isinstance(questionnaire.questions[len(factors)], ConsentItem)
    assert not any(item.barge_in for item in questionnaire.questions[: len(factors) + 1])


@every
def test_every_question_helps_more_the_second_time(questionnaire: Questionnaire) -> None:
    """Two or three ways of asking, no two alike, and as many for a woman."""
    for item in questionnaire.questions:
        for asked in (item.ask, *(texts.ask for texts in item.variants.values() if texts.ask)):
            assert len(asked) == len(item.ask) >= 2, item.id
            assert len(set(asked)) == len(asked), item.id


@every
def test_a_woman_is_never_called_a_man(questionnaire: Questionnaire) -> None:
    """Where the general sentence speaks to somebody in the masculine plural, she has one of her own.

    "Have you" and "with you" with a noun go for everybody; it is the verb that would be wrong.
    """
    masculine = re.compile(r"^هل (?:ت\w+ون|\w+تم)$")
    for item in questionnaire.questions:
        general, hers = Speaker(questionnaire).ask(item, 1), Speaker(questionnaire, ("f",)).ask(item, 1)
        words = bare(general.text).replace("؟", "").replace("،", "").split()
        if any(masculine.match(f"{one} {other}") for one, other in pairwise(words)):
            assert general != hers, item.id


@every
def test_nothing_clinical_is_said_before_we_know_who_listens(questionnaire: Questionnaire) -> None:
    """The greeting and the questions about the person."""
    identity = [item for item in questionnaire.questions if isinstance(item, IdentityItem)]
    said = [questionnaire.prompts.opening, *(text for item in identity for text in item.ask)]
    assert not [text for text in said for stem in CLINICAL if stem in bare(text)]


@every
def test_nothing_clinical_is_said_at_the_end(questionnaire: Questionnaire) -> None:
    """However it ends, and least of all to a machine."""
    assert questionnaire.closing.voicemail
    closings = questionnaire.closing.model_dump().values()
    assert not [text for text in closings for stem in CLINICAL if stem in bare(text)]
    turn = engine.advance(questionnaire, engine.begin(questionnaire).state, Machine())
    assert turn.state.outcome is Disposition.VOICEMAIL


@every
def test_scores_are_never_spoken(questionnaire: Questionnaire) -> None:
    """Nor any other value that was worked out."""
    worked_out = {*questionnaire.scores, *questionnaire.computed}
    blocks = {"items", "prompts", "closing", "escalations", "variants"}
    spoken = [text for _, text in all_texts((), questionnaire.model_dump(include=blocks))]
    assert not [text for text in spoken if worked_out & set(placeholders_in(text))]


@every
def test_every_sentence_is_vowelled(questionnaire: Questionnaire) -> None:
    """The voice reads plain letters wrongly."""
    plain = [
        word
        for prompt in known_prompts(questionnaire)
        for word in prompt.text.split()
        if not any(unicodedata.category(character) == "Mn" for character in word)
        and sum(character.isalpha() for character in word) > 2
    ]
    assert plain == []


@every
def test_every_caller_meets_every_kind_of_sentence_rendered(questionnaire: Questionnaire) -> None:
    """Guards may pass an item over; its sentences are there all the same."""
    about = {prompt.item for prompt in known_prompts(questionnaire)}
    told = {item.id for item in questionnaire.every_item if not isinstance(item, GroupItem) or item.say}
    assert told <= about


@every
def test_only_the_mind_needs_a_number_for_a_crisis(questionnaire: Questionnaire) -> None:
    """All others can run at a site that has configured nothing."""
    needed = ["crisis_number"] if questionnaire.id in OF_THE_MIND else []
    assert missing_site_facts(questionnaire, {}) == needed
    assert (questionnaire.red_flags.get("self_harm") == "crisis") is bool(needed)


def test_item_9_is_a_question_of_safety() -> None:
    """Neither interrupted, nor read back, nor passed over."""
    harm = shipped("phq9").item("harm")
    assert isinstance(harm, OptionsItem)
    assert (harm.safety, harm.escalation, harm.exhausted) == ("self_harm", "crisis", "escalate")
    assert [code.code for code in harm.codes] == ["44260-8"]
    assert not harm.is_interruptible


# Scores, from the papers of their authors


def answered_by_key(questionnaire: Questionnaire, score: str, total: int) -> tuple[object, str | None]:
    """The score of a call whose answers add up to `total`; whatever else is asked is keyed as 1."""
    context = CallContext(site={"crisis_number": "937"})
    scored, left = questionnaire.scores[score].items, total
    turn = engine.begin(questionnaire, context)
    while scored[-1] not in {answer.item for answer in turn.state.answers}:
        step = Form(questionnaire, turn.state).current()
        assert step is not None
        key = "1"
        if step.id in scored and isinstance(step.item, OptionsItem):
            points = min(3, left)
            left -= points
            key = next(option.key for option in step.item.options if option.ordinal == points)
        turn = engine.advance(questionnaire, turn.state, Digits(key))
    result = Form(questionnaire, turn.state).score(score, is_final=True)
    return result.value, result.band


@pytest.mark.parametrize(
    ("name", "total", "band"),
    [
        *[("phq9", total, "minimal") for total in (0, 4)],
        *[("phq9", total, "mild") for total in (5, 9)],
        *[("phq9", total, "moderate") for total in (10, 14)],
        *[("phq9", total, "moderately_severe") for total in (15, 19)],
        *[("phq9", total, "severe") for total in (20, 27)],
        *[("gad7", total, "minimal") for total in (0, 4)],
        *[("gad7", total, "mild") for total in (5, 9)],
        *[("gad7", total, "moderate") for total in (10, 14)],
        *[("gad7", total, "severe") for total in (15, 21)],
        *[("phq2", total, "negative") for total in (0, 2)],
        *[("phq2", total, "positive") for total in (3, 6)],
    ],
)
def test_scores_lie_in_their_bands(name: str, total: int, band: str) -> None:
    """At both ends of each."""
    assert answered_by_key(shipped(name), name, total) == (total, band)


@pytest.mark.parametrize(("name", "most"), [("phq9", 2), ("gad7", 0), ("phq2", 0)])
def test_missing_answers_are_prorated_where_the_authors_say_so(name: str, most: int) -> None:
    """The PHQ-9 with up to two; of the others nothing is said, and so they have no score."""
    score = shipped(name).scores[name]
    assert (score.missing.maximum, score.missing.method) == (most, "prorate" if most else "none")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "phq9",
            [
                "44250-9",
                "44255-8",
                "44259-0",
                "44254-1",
                "44251-7",
                "44258-2",
                "44252-5",
                "44253-3",
                "44260-8",
            ],
        ),
        ("phq2", ["44250-9", "44255-8"]),
        ("gad7", ["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"]),
    ],
)
def test_scored_items_carry_their_codes(name: str, codes: list[str]) -> None:
    """Those of LOINC, in the order of the form."""
    found = [shipped(name).item(item) for item in shipped(name).scores[name].items]
    assert [item.codes[0].code for item in found if item is not None] == codes


@pytest.mark.parametrize("name", ["blood_pressure", "diabetes_check", "asthma_control", "post_discharge"])
def test_what_may_be_an_emergency_is_heard_to_its_end(name: str) -> None:
    """And an unclear answer to it counts as a yes."""
    urgent = [item for item in shipped(name).questions if item.escalation == "urgent"]
    assert urgent
    assert all(not item.barge_in and item.exhausted == "escalate" for item in urgent)
    assert all(rule.do == "escalate" for item in urgent for rule in item.on_answer)
    assert all(not isinstance(item, InfoItem) for item in urgent)
