"""What is said about every item alike, and how calls end: common content."""

from pydantic import Field

from bridge.dialogue.wording import Model, Text, Texts

__all__ = ["Closing", "PromptTexts", "Prompts"]


class Prompts(Model):
    """What is said about every item alike."""

    opening: Text
    no_input: Texts
    no_match: Texts
    out_of_range: Text
    not_possible: Text  # the same, where there is no range to name
    not_heard: Text
    readback: Text
    to_keypad: Text
    keypad_yes_no: Text
    keypad_number: Text
    keypad_decimal: Text
    keypad_digits: Text
    keypad_pressure: Text
    keypad_date: Text
    keypad_time: Text
    keypad_duration: Text
    keypad_phone: Text
    keypad_text: Text
    keypad_option: Text
    keypad_options: Text  # said after the options of a multiple choice
    stop_question: Text
    person_question: Text
    callback_question: Text
    do_not_call_question: Text
    wrong_person_question: Text
    wait: Text
    back: Text
    nothing_before: Text
    emergency_question: Text
    transfer: Text
    hold: Text | None = None  # a provider takes its time to put them through; left out: `transfer` again
    recap: Text  # after a dropped call: we go on where we were


class Closing(Model):
    """The last sentence, by how the call ended. None of them says what the call was about."""

    completed: Text
    partial: Text
    refused: Text
    stopped: Text
    ineligible: Text
    wrong_person: Text
    call_back: Text
    do_not_call: Text
    escalated: Text
    no_answer: Text
    failed: Text
    interrupted: Text | None = None  # the daemon must end in mid-call; left out: the same as `failed`
    voicemail: Text | None = None  # left out: nothing is left on a machine


class PromptTexts(Model):
    """What is said differently to some callers, of the common sentences; the rest stays."""

    prompts: dict[str, Text | Texts] = Field(default_factory=dict)
    closing: dict[str, Text] = Field(default_factory=dict)
