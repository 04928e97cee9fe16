"""Words of danger, by kind."""

import pytest

from bridge.understanding import Command, Finding, YesNoKind, understand
from bridge.understanding.danger import read_red_flag
from bridge.understanding.questions import AskYesNo

SAID = {
    "self_harm": "أفكر بالانتحار، ودي أموت، عايزة أموت، بدي موت حالي، بغيت نموت، ما أبغى أعيش، "
    "أحسن لو أموت، مليت من حياتي، فكرت أؤذي نفسي، الموت أريح لي، بفكر أنتحر",
    "chest_pain": "صدري يوجعني، عندي ألم شديد في صدري، حاسس بوجع في صدري، نغزات في قلبي، صدري كيضرني بزاف",
    "breathing": "ما أقدر أتنفس، مش قادر آخد نفسي، عندي ضيق تنفس، ما نقدرش نتنفس، مخنوقة، "
    "أشعر بصعوبة في التنفس",
    "bleeding": "عندي نزيف، الجرح ينزف، نزل دم كثير، برجع دم",
    "stroke": "نص وجهي مال، ما أحس بيدي اليمين، لساني ثقيل، جتني جلطة",
    "unconscious": "أغمي علي أمس، فقدت الوعي، جاني تشنج",
    "emergency": "الحقوني، أبي إسعاف",
}


@pytest.mark.parametrize(
    ("flag", "said"), [(flag, one.strip()) for flag, listed in SAID.items() for one in listed.split("،")]
)
def test_danger_has_a_kind(flag: str, said: str) -> None:
    """In the dialects' own words."""
    meaning = read_red_flag(said)
    assert meaning is not None
    assert meaning.flag == flag


@pytest.mark.parametrize(
    "said", ["لا ما عندي ألم في الصدر", "لا أعوذ بالله ما أفكر بالانتحار", "ما عندي نزيف"]
)
def test_a_negation_suppresses_nothing(said: str) -> None:
    """What follows is a question, so that a false alarm costs little."""
    meaning = understand(said, AskYesNo(YesNoKind.SYMPTOM))
    assert (meaning.finding, meaning.command) == (Finding.COMMAND, Command.EMERGENCY)


@pytest.mark.parametrize(
    "said",
    ["بطني يوجعني", "نفسي آكل شي حلو", "ما أقدر أنام", "مية وعشرين على ثمانين", "قلبي مرتاح", "أعيش لحالي"],
)
def test_ordinary_answers_are_no_danger(said: str) -> None:
    """Words that are danger elsewhere."""
    assert read_red_flag(said) is None
