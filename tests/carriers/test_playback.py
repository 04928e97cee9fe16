"""What the caller has yet to hear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.carriers import playback
from bridge.carriers.playback import PlaybackBuffer
from protocols import RemoteProtocolError


@given(st.lists(st.binary(max_size=500), max_size=8))
def test_audio_is_played_in_order_whatever_its_pieces(pieces: list[bytes]) -> None:
    """All that was queued is heard, once, in frames of at most 20 ms."""
    buffer = PlaybackBuffer()
    for piece in pieces:
        buffer.queue(piece)

    frames = list(iter(buffer.play, b""))
    assert b"".join(frames) == b"".join(pieces)
    assert all(len(frame) == 160 for frame in frames[:-1])


def test_a_mark_is_due_when_the_audio_before_it_was_played() -> None:
    """Not while its last frame still waits, and not twice."""
    buffer = PlaybackBuffer()
    buffer.queue(bytes(320))
    buffer.mark("m")
    buffer.play()
    assert buffer.due_marks() == ()

    buffer.play()
    assert buffer.due_marks() == ("m",)
    assert buffer.due_marks() == ()


def test_a_mark_waits_for_no_audio_after_it() -> None:
    """A mark in the middle of a frame is due with that frame; one with nothing before it at once."""
    buffer = PlaybackBuffer()
    buffer.mark("first")
    assert buffer.due_marks() == ("first",)

    buffer.queue(bytes(100))
    buffer.mark("second")
    buffer.queue(bytes(300))
    buffer.play()
    assert buffer.due_marks() == ("second",)


def test_a_clear_drops_the_audio_and_names_the_marks() -> None:
    """Nothing is heard any more; marks set afterwards work as before."""
    buffer = PlaybackBuffer()
    buffer.queue(bytes(320))
    buffer.mark("a")
    buffer.mark("b")

    assert buffer.clear() == ("a", "b")
    assert (buffer.play(), buffer.due_marks()) == (b"", ())
    buffer.mark("c")
    assert buffer.due_marks() == ("c",)


def test_a_flood_of_audio_is_refused() -> None:
    """A server that never stops talking does not fill the carrier's memory."""
    buffer = PlaybackBuffer()
    buffer.queue(bytes(playback.MAX_QUEUED_BYTES))

    with pytest.raises(RemoteProtocolError, match=r"^more audio than the carrier buffers$"):
        buffer.queue(b"\xff")


def test_a_flood_of_marks_is_refused() -> None:
    """Nor does one that never stops asking."""
    buffer = PlaybackBuffer()
    for number in range(playback.MAX_QUEUED_MARKS):
        buffer.mark(str(number))

    with pytest.raises(RemoteProtocolError, match=r"^more marks than the carrier keeps$"):
        buffer.mark("one more")
