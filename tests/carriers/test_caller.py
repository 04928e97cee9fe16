"""The person on the phone."""

from bridge.carriers.caller import SILENT_FRAME, CallerFrame


def test_a_caller_by_default_only_speaks() -> None:
    """A frame of audio presses nothing and does not hang up."""
    assert CallerFrame(SILENT_FRAME) == CallerFrame(b"\xff" * 160, keys="", hang_up=False)
