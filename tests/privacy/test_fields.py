"""One value, sealed to its place: it reads back, and nowhere else."""

import pytest

from bridge.errors import StorageError
from bridge.privacy.fields import BLANK, FieldCipher, Place, Sealed
from bridge.privacy.keys import PLAIN, KeyRing, new_key

OLD, NEW = new_key("old"), new_key("new")
PLACE = Place("turns", "closed", ("c1", 3))
VALUES = ["", "نَعَم", "§1:old:AAAA", "§0:x", "§-", "a\x00b", b"", b"\x00\xff", "§1:".encode(), b"\xc2\xa70:x"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("ring", [None, KeyRing.parse(OLD)])
def test_a_value_reads_back(value: str | bytes, ring: KeyRing | None) -> None:
    """With and without a key, also where it pretends to be sealed, or forgotten."""
    cipher = FieldCipher(ring)
    sealed = cipher.seal(value, PLACE)
    assert sealed is not None
    assert sealed.key_name == ("old" if ring else PLAIN)
    assert cipher.open(sealed, PLACE) == value


def test_nothing_stays_nothing() -> None:
    """None is None, and a forgotten text is empty."""
    cipher = FieldCipher(KeyRing.parse(OLD))
    assert cipher.seal(None, PLACE) is None
    assert cipher.open(None, PLACE) is None
    assert cipher.open(BLANK, PLACE) == ""


@pytest.mark.parametrize(
    "elsewhere",
    [Place("turns", "closed", ("c1", 4)), Place("turns", "open", ("c1", 3)), Place("x", "closed", ("c1", 3))],
)
@pytest.mark.parametrize("value", ["لا", b"\x00"])
def test_a_value_that_was_moved_does_not_open(value: str | bytes, elsewhere: Place) -> None:
    """Neither in another row, nor column, nor table."""
    cipher = FieldCipher(KeyRing.parse(OLD))
    with pytest.raises(StorageError, match="moved from another row"):
        cipher.open(cipher.seal(value, PLACE), elsewhere)


def test_a_changed_value_does_not_open() -> None:
    """One other character, or an end that is missing."""
    cipher = FieldCipher(KeyRing.parse(OLD))
    sealed = cipher.seal("نعم", PLACE)
    assert sealed is not None
    assert isinstance(sealed.stored, str)
    for stored in (sealed.stored[:-8] + "AAAAAAA=", sealed.stored[:-20], sealed.stored[:9], "§1:old"):
        with pytest.raises(StorageError, match="cannot be decrypted"):
            cipher.open(Sealed(stored), PLACE)


def test_previous_keys_open_and_the_current_one_seals() -> None:
    """After a rotation both are read; without the old key, its name is told."""
    sealed = FieldCipher(KeyRing.parse(OLD)).seal("x", PLACE)
    assert sealed is not None
    both = FieldCipher(KeyRing.parse(f"{NEW}\n{OLD}"))
    assert both.open(sealed, PLACE) == "x"
    again = both.seal("x", PLACE)
    assert again is not None
    assert again.key_name == "new"
    with pytest.raises(StorageError, match=r"encrypted with the key old; privacy\.key must hold it"):
        FieldCipher(KeyRing.parse(NEW)).open(sealed, PLACE)


def test_a_plain_value_is_refused_where_there_is_a_key() -> None:
    """Nobody slips an answer in who has not got the key."""
    with pytest.raises(StorageError, match="not encrypted"):
        FieldCipher(KeyRing.parse(OLD)).open(Sealed("7"), PLACE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "name"),
        ("abc", "32 bytes"),
        ("plain:" + OLD[4:], "name"),
        ("A:" + OLD[4:], "name"),
        ("a:???", "base64"),
        ("a:AAAA", "32 bytes"),
        (f"{OLD} {OLD}", "same name"),
    ],
    ids=[
        "nothing",
        "no-secret",
        "reserved",
        "capital",
        "no-base64",
        "short",
        "twice",
    ],  # keys differ each time
)
def test_keys_that_are_none_are_refused(text: str, problem: str) -> None:
    """Without a word of them."""
    with pytest.raises(ValueError, match=problem) as caught:
        KeyRing.parse(text)
    assert "AAAA" not in str(caught.value)


def test_a_key_is_not_shown() -> None:
    """Not even to who debugs."""
    ring = KeyRing.parse(OLD)
    assert OLD[4:12] not in repr(ring)
    assert repr(FieldCipher(ring).seal("secret", PLACE)) == "Sealed(...)"
