"""Text frames to tagged messages, and lenient readers."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from protocols import Direction, RemoteProtocolError
from protocols.errors import CLOSE_UNSUPPORTED
from protocols.wire import (
    MessageDecoder,
    encode,
    read_custom,
    read_direction,
    read_key,
    read_milliseconds,
)


class Speak(Struct, tag="speak", tag_field="kind", frozen=True):
    audio: bytes
    volume: int | str = 0


class Stop(Struct, tag="stop", tag_field="kind", frozen=True):
    pass


DECODER: MessageDecoder[Speak | Stop] = MessageDecoder(Speak | Stop)


def complaint_about(message: str | bytes) -> str:
    with pytest.raises(RemoteProtocolError) as caught:
        DECODER.decode(message)
    assert caught.value.close_code == CLOSE_UNSUPPORTED
    return str(caught.value)


def test_a_message_survives_the_way_there_and_back() -> None:
    """Decoding is the inverse of encoding, base64 included."""
    message = Speak(b"\x00\xff\x7f", volume="3")

    assert DECODER.decode(encode(message)) == message


def test_a_union_of_one_is_enough() -> None:
    """A protocol with a single message needs no union."""
    decoder: MessageDecoder[Stop] = MessageDecoder(Stop)

    assert decoder.decode('{"kind":"stop"}') == Stop()


def test_a_kind_that_the_protocol_does_not_have_is_none() -> None:
    """What is well formed and unknown can be ignored, whatever its fields hold."""
    assert DECODER.decode('{"kind":"sing","audio":7,"n":1e99999}') is None


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b'{"kind":"stop"}', "a binary message where only text is spoken"),
        ("", "message: not JSON"),
        ("{kind:'stop'}", "message: not JSON"),
        ('{"kind":"stop"} and more', "message: not JSON"),
        ('{"kind":"\ud800"}', "message: not JSON"),
        ("[]", "message: Expected `object`, got `array`"),
        ("{}", "message: Object missing required field `kind`"),
        ('{"kind":7}', "message: kind: Expected `str`"),
        ('{"kind":"sing"', "message: kind: Not a value that the protocol knows"),
        ('{"kind":"speak"}', "speak: Object missing required field `audio`"),
        ('{"kind":"speak","audio":7}', "speak: audio: Expected `bytes`, got `int`"),
        ('{"kind":"speak","audio":"?"}', "speak: audio: Invalid base64 encoded string"),
        ('{"kind":"speak","audio":"","volume":1.5}', "speak: volume: Expected `int | str`, got `float`"),
        ('{"kind":"stop","x":' + "[" * 100_000, "message: nested too deeply"),
        (
            '{"kind":"speak","audio":"","volume":' + "9" * 10_000 + "}",
            "speak: volume: Integer value out of range",
        ),
    ],
)
def test_a_complaint_names_the_message_and_the_field(message: str | bytes, complaint: str) -> None:
    """What is wrong is said in terms of the protocol, with the close code for unusable data."""
    assert complaint_about(message) == complaint


def test_a_complaint_carries_no_traceback_of_what_was_sent() -> None:
    """The decoder's own error, which quotes values, is not shown with ours."""
    with pytest.raises(RemoteProtocolError) as caught:
        DECODER.decode('{"kind":"speak","audio":"a number 0501234567"}')

    assert caught.value.__suppress_context__


@given(st.text() | st.binary())
def test_anything_is_safe_to_decode(message: str | bytes) -> None:
    """Any text or bytes give a message, None or a RemoteProtocolError."""
    try:
        decoded = DECODER.decode(message)
    except RemoteProtocolError:
        return
    assert decoded is None or isinstance(decoded, Speak | Stop)


def test_attached_values_become_text() -> None:
    """A string is taken as it is, null is left out, anything else stays as it was written."""
    written = rb'{"s":"\u0646\u0639\u0645","i":100,"f":1.50,"b":true,"n":null,"l":[1, {"x":"y"}]}'
    values = msgspec.json.decode(written, type=dict[str, Raw])

    assert read_custom(values) == {"s": "نعم", "i": "100", "f": "1.50", "b": "true", "l": '[1, {"x":"y"}]'}


@pytest.mark.parametrize(("digit", "key"), [(5, "5"), ("0", "0"), ("*", "*"), ("#", "#"), ("d", "D")])
def test_a_key_may_be_a_string_or_a_number(digit: int | str, key: str) -> None:
    """All sixteen keys are read; letters in either case."""
    assert read_key(digit, message="dtmf") == key


@pytest.mark.parametrize("digit", ["", "12", 12, -1, "x", "٥"])
def test_what_is_no_single_key_is_refused(digit: int | str) -> None:
    """A message carries one key; the complaint does not repeat it."""
    with pytest.raises(RemoteProtocolError, match=r"^dtmf: digit: Expected one key of 0-9, \*, # or A-D$"):
        read_key(digit, message="dtmf")


@pytest.mark.parametrize(("value", "milliseconds"), [(None, None), (0, 0), (171, 171), ("171", 171)])
def test_milliseconds_may_be_a_string_or_a_number(value: int | str | None, milliseconds: int | None) -> None:
    """A timestamp is read from its digits, and may be absent."""
    assert read_milliseconds(value, message="media") == milliseconds


@pytest.mark.parametrize("value", [-1, "", "1.5", "٣", "9" * 19])
def test_what_is_no_count_of_milliseconds_is_refused(value: int | str) -> None:
    """Negative, fractional and absurd timestamps are the carrier's mistake."""
    with pytest.raises(RemoteProtocolError, match=r"^media: timestamp: "):
        read_milliseconds(value, message="media")


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("inbound", Direction.INBOUND),
        ("OUTBOUND", Direction.OUTBOUND),
        ("outbound-api", Direction.OUTBOUND),
        ("sideways", None),
        ("", None),
        (None, None),
    ],
)
def test_a_direction_is_read_or_unknown(word: str | None, direction: Direction | None) -> None:
    """A new word for the direction is not guessed at."""
    assert read_direction(word) is direction
