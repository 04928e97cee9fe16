"""What XTTS needs to know of a cloned voice, computed once for each checkpoint and kept beside the voice."""

from collections.abc import Awaitable, Callable

from bridge.config_speech import Voices
from bridge.voices.shelf import shelf_of

__all__ = ["latents_for"]


async def latents_for(
    settings: Voices, name: str, *, checkpoint: str, compute: Callable[[bytes, int], Awaitable[bytes]]
) -> bytes:
    """The latents of a voice for a checkpoint, which goes by its hash.

    `compute` makes them of the recording (signed 16-bit little-endian, mono) and its rate in hertz, where
    that has not been done yet.

    Raises:
        VoiceError: there is no such voice, or it cannot be read or written.
        WorkerError: `compute` failed.

    """
    shelf = shelf_of(settings)
    if (kept := shelf.latents(name, checkpoint)) is not None:
        return kept
    latents = await compute(*shelf.reference(name))
    shelf.keep_latents(name, checkpoint, latents)
    return latents
