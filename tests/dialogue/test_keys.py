"""What an entry of keys means as an answer."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.dialogue.items import QuestionItem
from bridge.dialogue.keypad import Keypad
from bridge.dialogue.keys import Keying, keys_for, read_keys
from bridge.dialogue.questionnaire import Questionnaire

TODAY = date(2026, 11, 21)


def item(questionnaire: Questionnaire, item_id: str) -> QuestionItem:
    return next(found for found in questionnaire.questions if found.id == item_id)


@pytest.mark.parametrize(
    ("item_id", "keys", "keying", "value"),
    [
        ("fever", "1", Keying.VALUE, True),
        ("fever", "2", Keying.VALUE, False),
        ("fever", "3", Keying.UNKNOWN, None),
        ("pain", "10", Keying.VALUE, 10),
        ("pain", "11", Keying.OUT_OF_RANGE, 11),
        ("pain", "7*5", Keying.UNKNOWN, None),
        ("level", "7*5", Keying.VALUE, 7.5),
        ("level", "7*0", Keying.VALUE, 7),
        ("level", "7*55", Keying.UNKNOWN, None),
        ("level", "7*", Keying.UNKNOWN, None),
        ("temp", "38*5", Keying.VALUE, 38.5),
        ("temp", "385", Keying.VALUE, 38.5),
        ("temp", "38", Keying.VALUE, 38),
        ("temp", "44", Keying.OUT_OF_RANGE, 44),
        ("temp", "600", Keying.OUT_OF_RANGE, 600),
        ("bp", "130*80", Keying.VALUE, "130/80"),
        ("bp", "80*130", Keying.OUT_OF_RANGE, "80/130"),
        ("bp", "13080", Keying.UNKNOWN, None),
        ("bp", "130*", Keying.UNKNOWN, None),
        ("symptoms", "21", Keying.VALUE, ("cough", "headache")),
        ("symptoms", "11", Keying.UNKNOWN, None),
        ("symptoms", "13", Keying.OUT_OF_RANGE, None),
        ("symptoms", "4", Keying.UNKNOWN, None),
        ("sleep", "12", Keying.UNKNOWN, None),
        ("file_number", "0012", Keying.VALUE, "0012"),
        ("file_number", "012", Keying.OUT_OF_RANGE, "012"),
        ("discharged", "20112026", Keying.VALUE, "2026-11-20"),
        ("discharged", "20*11*2026", Keying.VALUE, "2026-11-20"),
        ("discharged", "22112026", Keying.OUT_OF_RANGE, "2026-11-22"),
        ("discharged", "31022026", Keying.OUT_OF_RANGE, None),
        ("discharged", "201126", Keying.UNKNOWN, None),
        ("dose_time", "0830", Keying.VALUE, "08:30"),
        ("dose_time", "8*05", Keying.VALUE, "08:05"),
        ("dose_time", "2460", Keying.OUT_OF_RANGE, None),
        ("dose_time", "8", Keying.UNKNOWN, None),
        ("fever_days", "3", Keying.VALUE, "P3D"),
        ("fever_days", "31", Keying.OUT_OF_RANGE, "P31D"),
        ("born", "1980", Keying.VALUE, "1980"),
        ("note", "1", Keying.UNKNOWN, None),
    ],
)
def test_an_entry_is_read_as_its_item_wants(
    every_item: Questionnaire, item_id: str, keys: str, keying: Keying, value: object
) -> None:
    """Decimals, pressures, days and times, each in its own way; whole numbers stay whole."""
    keyed = read_keys(item(every_item, item_id), keys, TODAY)
    assert (keyed.keying, keyed.value, type(keyed.value)) == (keying, value, type(value))


@given(keys=st.text("0123456789*#٣x ", max_size=12))
def test_any_entry_is_read(every_item: Questionnaire, keys: str) -> None:
    """Or refused; nothing else happens, whatever the item."""
    for asked in every_item.questions:
        read_keys(asked, keys, TODAY)


@pytest.mark.parametrize(
    ("item_id", "pressed", "entry"),
    [
        ("bp", "130*80#", "130*80"),
        ("bp", "*", "*"),
        ("bp", "130**", "*"),
        ("pain", "1*", "*"),
        ("level", "6*5#", "6*5"),
        ("level", "10*5", "10*5"),
        ("discharged", "01*11*2026", "01*11*2026"),
        ("fever", "1", "1"),
    ],
)
def test_a_star_separates_where_something_is_to_be_separated(
    every_item: Questionnaire, item_id: str, pressed: str, entry: str
) -> None:
    """Anywhere else it repeats the question, whatever was pressed before."""
    keypad = Keypad(keys_for(item(every_item, item_id)))
    results = [digits.keys for key in pressed if (digits := keypad.press(key)) is not None]
    assert results[:1] == [entry]
