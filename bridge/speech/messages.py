"""What Hatif and an engine's worker process say to each other, one tagged struct per message.

Both ends import this module and nothing of each other. `id` ties an answer to its request; the parent hands
ids out and never uses one twice. A `reason` is one sentence without anything that a caller said.
"""

from msgspec import Struct

__all__ = [
    "MAX_STREAMS",
    "MAX_STREAMS_OF_CALL",
    "MAX_UTTERANCE_BYTES",
    "SAMPLE_RATE",
    "CancelStream",
    "CloseOpus",
    "Condition",
    "Conditioned",
    "DecodeFile",
    "DecodeOpus",
    "EspeakRequest",
    "FeedStream",
    "FileDecoded",
    "FinishStream",
    "Heard",
    "ListSpeakers",
    "LoadModel",
    "LoadXtts",
    "MediaRequest",
    "Message",
    "OpenEspeak",
    "OpenMedia",
    "OpenPiper",
    "OpenStream",
    "OpusDecoded",
    "PartlyHeard",
    "PiperRequest",
    "Probe",
    "Probed",
    "Ready",
    "Refused",
    "Reply",
    "Request",
    "Speak",
    "SpeakAs",
    "SpeakPiper",
    "Speakers",
    "Spoken",
    "SpokenPart",
    "StartFailed",
    "TakeSpeaker",
    "VoskRequest",
    "WorkerMessage",
    "XttsRequest",
]

SAMPLE_RATE = 8000  # of everything that is heard
MAX_STREAMS = 256  # utterances at a time, 2 MB each: five times the calls that one machine takes
MAX_STREAMS_OF_CALL = 16  # nobody speaks so much faster than is recognised; the others need theirs
MAX_UTTERANCE_BYTES = 60 * SAMPLE_RATE * 2  # nobody answers for a minute; a stuck line hums for hours


class Message(Struct, frozen=True, tag=True):
    """Anything that crosses the pipe."""


class Request(Message, frozen=True):
    """Something that belongs to one piece of work."""

    id: int


class Ready(Message, frozen=True):
    """The engine is loaded and has passed its self-test."""

    version: str


class StartFailed(Message, frozen=True):
    """The engine cannot start; the process ends after saying so."""

    reason: str


class Refused(Request, frozen=True):
    """This piece of work failed; the process goes on."""

    reason: str


class LoadModel(Message, frozen=True):
    """The first message to the Vosk worker."""

    path: str
    threads: int
    phases: int  # how often each utterance is decoded under either vocabulary, each time begun 10 ms later
    known_phrase: str = ""  # a model that has words for it must recognise it before it is ready
    known_pcm: bytes = b""  # somebody saying it; b'' is silence


class Probe(Request, frozen=True):
    """Are its threads getting on? Answer with `Probed`, from one of them."""


class Probed(Request, frozen=True):
    """One thread at least is; how long the others have been at what they do."""

    longest_seconds: float


class OpenStream(Request, frozen=True):
    """An utterance begins; `phrases` are spelled in words of the model, () for the open vocabulary alone.

    Whose it is decides who waits for whom.
    """

    phrases: tuple[str, ...]
    tenant: str = ""
    call: str = ""
    tells: bool = False  # without phrases: with `PartlyHeard`, now and then, what was said so far


class FeedStream(Request, frozen=True):
    """More of its audio."""

    pcm: bytes  # signed 16-bit little-endian, 8 kHz, mono


class FinishStream(Request, frozen=True):
    """It has ended: answer with `Heard`."""


class CancelStream(Request, frozen=True):
    """Nobody waits for it any more: an utterance that is heard, or a text that is spoken."""


class Heard(Request, frozen=True):
    """What an utterance was decoded to, in words of the model; one text for each phase."""

    closed: tuple[str, ...]  # () where no grammar could be used
    open: tuple[str, ...]
    confidence: float


class PartlyHeard(Request, frozen=True):
    """What one decoder makes of an utterance that goes on: in words of the model, and not to be relied on."""

    text: str
    heard_bytes: int  # of its audio


class OpenEspeak(Message, frozen=True):
    """The first message to the espeak-ng worker."""


class Speak(Request, frozen=True):
    """Speak a text: answer with `Spoken`."""

    text: str
    voice: str
    words_per_minute: int
    pitch: int
    is_phonemes: bool = False  # the text is espeak-ng's names for sounds


class OpenPiper(Message, frozen=True):
    """The first message to the Piper worker."""


class SpeakPiper(Request, frozen=True):
    """Speak a text: answer with a `SpokenPart` for each sentence, and an empty one that is the last."""

    model: str  # the path of the voice, NAME.onnx; NAME.onnx.json lies beside it
    text: str
    ipa: str  # what is said instead of the text; '' where the text is
    rate: float  # of the voice's own pace; 2 is twice as fast


class Spoken(Request, frozen=True):
    """The sound of a text."""

    pcm: bytes  # signed 16-bit little-endian, mono
    rate: int  # hertz


class SpokenPart(Request, frozen=True):
    """The next part of the sound of a text."""

    pcm: bytes  # signed 16-bit little-endian, mono
    rate: int  # hertz, the same in all parts
    is_last: bool


class OpenMedia(Message, frozen=True):
    """The first message to the media worker."""


class DecodeFile(Request, frozen=True):
    """Decode the sound of a file, whatever its kind: answer with `FileDecoded`."""

    content: bytes
    max_seconds: float  # decoding stops there


class FileDecoded(Request, frozen=True):
    """The sound of a file, and what kind of file it was."""

    pcm: bytes  # signed 16-bit little-endian, mono
    rate: int  # hertz, the file's own
    container: str  # FFmpeg's names, such as ogg and opus
    codec: str
    channels: int  # before they were mixed
    is_longer: bool  # than what was asked for: the rest was not decoded


class DecodeOpus(Request, frozen=True):
    """Decode packets of Opus, in order, each with the number of its stream: answer with `OpusDecoded`."""

    packets: tuple[tuple[int, bytes], ...]


class OpusDecoded(Request, frozen=True):
    """The sound of each packet, linear at 48 kHz, mono; b'' where it is damaged."""

    sounds: tuple[bytes, ...]


class CloseOpus(Message, frozen=True):
    """A stream of packets has ended."""

    stream: int


class LoadXtts(Message, frozen=True):
    """The first message to the XTTS worker."""

    path: str
    device: str  # auto, cpu or cuda
    threads: int


class Condition(Request, frozen=True):
    """Compute what XTTS needs to know of a voice: answer with `Conditioned`."""

    pcm: bytes  # signed 16-bit little-endian, mono
    rate: int  # hertz


class ListSpeakers(Request, frozen=True):
    """Which voices came with the checkpoint: answer with `Speakers`."""


class TakeSpeaker(Request, frozen=True):
    """What XTTS needs to know of a voice that came with the checkpoint: answer with `Conditioned`."""

    name: str


class SpeakAs(Request, frozen=True):
    """Speak a text in a voice: answer with `SpokenPart`s."""

    text: str
    language: str  # BCP 47
    latents: bytes  # as `Conditioned` gave them
    speed: float  # twice as fast is 2


class Conditioned(Request, frozen=True):
    """A voice, see `bridge.speech.xtts.voice`."""

    latents: bytes


class Speakers(Request, frozen=True):
    """The names of the voices that came with the checkpoint."""

    names: tuple[str, ...]


VoskRequest = LoadModel | OpenStream | FeedStream | FinishStream | CancelStream | Probe
EspeakRequest = OpenEspeak | Speak
XttsRequest = LoadXtts | Condition | ListSpeakers | TakeSpeaker | SpeakAs | CancelStream
PiperRequest = OpenPiper | SpeakPiper | CancelStream
MediaRequest = OpenMedia | DecodeFile | DecodeOpus | CloseOpus
Reply = Heard | Probed | Spoken | SpokenPart | Conditioned | Speakers | FileDecoded | OpusDecoded | Refused
WorkerMessage = Ready | StartFailed | PartlyHeard | Reply
