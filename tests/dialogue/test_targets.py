"""What a questionnaire needs to know of its site."""

from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.targets import missing_site_facts


def test_a_crisis_number_that_nobody_configured_is_missed(
    every_item: Questionnaire, short: Questionnaire
) -> None:
    """An empty one is none; a questionnaire that names nothing needs nothing."""
    assert missing_site_facts(every_item, {}) == ["crisis_number"]
    assert missing_site_facts(every_item, {"crisis_number": ""}) == ["crisis_number"]
    assert missing_site_facts(every_item, {"crisis_number": "937"}) == []
    assert missing_site_facts(short, {}) == []
