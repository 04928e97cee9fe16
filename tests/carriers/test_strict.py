"""How the far end reads."""

import pytest
from msgspec import Struct

from bridge.carriers.strict import RequestedMarks, decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.wire import MessageDecoder


class Ping(Struct, tag="ping", tag_field="type", frozen=True):
    pass


DECODER: MessageDecoder[Ping] = MessageDecoder(Ping)


def test_a_known_message_is_decoded() -> None:
    """The far end reads what its protocol has."""
    assert decode_strictly(DECODER, '{"type":"ping"}') == Ping()


def test_an_unknown_message_is_refused() -> None:
    """What a real carrier may ignore, the far end of a test does not forgive."""
    with pytest.raises(RemoteProtocolError, match=r"^a kind of message that the protocol does not have$"):
        decode_strictly(DECODER, '{"type":"pong"}')


def test_a_mark_is_requested_once_at_a_time() -> None:
    """A name that is pending cannot be asked for again until it was given back."""
    marks = RequestedMarks()
    marks.request("m")
    with pytest.raises(RemoteProtocolError):
        marks.request("m")

    marks.give_back("m")
    marks.request("m")


@pytest.mark.parametrize("payload", [b"", b"RIFF\x24\x00\x00\x00WAVE"])
def test_only_raw_audio_is_played(payload: bytes) -> None:
    """No audio, or a WAV file, is not mu-law."""
    with pytest.raises(RemoteProtocolError, match=r"^media: Expected raw mu-law audio$"):
        require_audio(payload, message="media")
