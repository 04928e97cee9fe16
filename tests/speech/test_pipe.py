"""The frames, and the worker's end of the pipe."""

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.speech.messages import FeedStream, OpenStream, VoskRequest
from bridge.speech.pipe import HEADER, MAX_FRAME_BYTES, ParentPipe, encode_frame

DECODER = msgspec.msgpack.Decoder(VoskRequest)


def received(content: bytes) -> list[VoskRequest]:
    return list(ParentPipe(io.BytesIO(content), io.BytesIO()).receive(DECODER))


@given(st.lists(st.binary(max_size=50).map(lambda pcm: FeedStream(1, pcm))))
def test_messages_arrive_as_they_were_sent(messages: list[FeedStream]) -> None:
    """Whatever is encoded frame after frame comes out again, in order."""
    assert received(b"".join(map(encode_frame, messages))) == messages


def test_arabic_survives() -> None:
    """Phrases cross the pipe letter by letter."""
    message = OpenStream(7, ("نعم", "لا_أعرف"))

    assert received(encode_frame(message)) == [message]


@given(st.integers(min_value=0, max_value=15))
def test_a_frame_cut_short_is_the_end(kept: int) -> None:
    """A parent that dies in the middle of a frame leaves nothing to handle."""
    frame = encode_frame(FeedStream(1, b"0123456789"))

    assert received(frame[:kept]) == []


def test_a_giant_frame_is_refused_before_it_is_read() -> None:
    """A length beyond the limit ends the conversation: it was never a length."""
    with pytest.raises(ValueError, match="limit"):
        received(HEADER.pack(MAX_FRAME_BYTES + 1))


def test_a_giant_message_is_never_sent() -> None:
    """What no frame holds is refused where it is made."""
    with pytest.raises(ValueError, match="FeedStream"):
        encode_frame(FeedStream(1, bytes(MAX_FRAME_BYTES)))


def test_what_is_sent_is_a_frame() -> None:
    """The worker writes exactly the frames that the parent reads."""
    sink = io.BytesIO()
    ParentPipe(io.BytesIO(), sink).send(FeedStream(1, b"ab"))

    assert sink.getvalue() == encode_frame(FeedStream(1, b"ab"))
