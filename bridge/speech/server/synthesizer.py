"""Voices of a server that speaks OpenAI's protocol, POST /v1/audio/speech.

What is to be said leaves this machine, where the server is another. Bare samples are asked for, which that
protocol defines as 24 kHz; a server that sends WAV all the same is understood. Sound is passed on as it
comes, and an answer that ends too soon is an error.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_before_delay

from bridge.config_speech import SpeechServer
from bridge.errors import ConfigError, WorkerError
from bridge.speech.base import Engine, Speech, Synthesizer
from bridge.speech.script import Passage
from bridge.speech.server.received_sound import ReceivedSound

__all__ = ["ServerSynthesizer", "SpeechServerEngine"]

PATH = "/v1/audio/speech"
PCM_RATE = 24_000  # of OpenAI's `pcm`
SPEEDS = (0.5, 2.0)  # the protocol takes 0.25 to 4, which nobody understands
MAX_TEXT_CHARACTERS = 4000  # the protocol takes 4096
MAX_SECONDS = 300.0  # of sound, and of waiting for all of it
MAX_CONNECTIONS = 8
KEEP_SECONDS = 4.0  # an idle connection; Uvicorn, which many servers run in, closes it after five
FAILURES, ILL_SECONDS = 3, 30.0  # so many in a row, and it is not asked first for so long

SOUND_TYPES = {
    *("audio/pcm", "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
    *("application/octet-stream", "binary/octet-stream"),
}
_BUSY = {429, 503}
_SAID = {
    401: "does not take our key; speech_server.key must be the one that it asks for",
    403: "does not take our key; speech_server.key must be the one that it asks for",
    404: f"knows no {PATH}, or no such model or voice; see speech_server.url and speech_server.model",
}
_OK, _REDIRECTED, _WRONG = 200, 300, 400


class _BusyError(WorkerError):
    """It asks us to come again."""

    def __init__(self, status: int, after_seconds: float) -> None:
        super().__init__(f"the speech server is busy ({status})")
        self.after_seconds = after_seconds


class SpeechServerEngine(Engine):
    """The configured server, and one pool of connections to it."""

    def __init__(self, options: SpeechServer) -> None:
        self._options = options
        self._http: aiohttp.ClientSession | None = None
        self._failures = 0
        self._ill_until = 0.0

    @property
    def address(self) -> str:
        """Where it is asked, without a password that the configured address may hold."""
        place = urlsplit(self._url)
        return urlunsplit((place.scheme, place.netloc.rpartition("@")[2], place.path, "", ""))

    @property
    def model(self) -> str:
        """The configured model of the server."""
        return self._options.model

    @property
    def is_ready(self) -> bool:
        """Whether it may be asked, and did not fail several times just now."""
        return self._http is not None and asyncio.get_running_loop().time() >= self._ill_until

    def voice(self, name: str) -> Synthesizer:
        """Any name: the server alone knows its voices.

        Raises:
            ConfigError: no server is configured.

        """
        if self._options.url is None:
            raise ConfigError("no speech server is configured; speech_server.url must be its address")
        return ServerSynthesizer(self, name)

    async def start(self) -> None:
        """Make ready to ask; nothing is sent."""
        key = self._options.key
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEP_SECONDS),
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=aiohttp.ClientTimeout(
                total=MAX_SECONDS,
                sock_connect=self._options.timeout_seconds,
                sock_read=self._options.timeout_seconds,
            ),
        )

    async def stop(self) -> None:
        """Close all connections; answers that are being read end in an error."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def speak(self, voice: str, text: str, speed: float) -> AsyncGenerator[Speech]:
        """Ask for a text and pass the sound on as it comes.

        Raises:
            WorkerError: the server cannot be reached, refuses, sends no sound, or stops in the middle.

        """
        asked = {
            "model": self.model,
            "input": text,
            "voice": voice,
            "response_format": "pcm",
            "speed": round(speed, 3),
        }
        try:
            async with self._answer(asked) as response:
                sound = ReceivedSound(rate=_rate(response), max_seconds=MAX_SECONDS)
                async for data in response.content.iter_any():
                    if pcm := sound.feed(data):
                        yield Speech(pcm, sound.rate)
                if pcm := sound.finish():
                    yield Speech(pcm, sound.rate)
        except (aiohttp.ClientError, TimeoutError, WorkerError) as error:
            self._note_failure()
            raise _as_worker_error(error) from None
        self._failures = 0

    @asynccontextmanager
    async def _answer(self, asked: dict[str, object]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, once the server is not busy any more, if that is soon; WorkerError when it is none."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_BusyError),
            wait=_pause,
            stop=stop_before_delay(self._options.timeout_seconds),
            reraise=True,
        )
        response: aiohttp.ClientResponse = await attempts(self._ask, asked)
        async with response:
            yield response

    async def _ask(self, asked: dict[str, object]) -> aiohttp.ClientResponse:
        if self._http is None:
            raise WorkerError("the speech server is not asked any more")
        response = await self._http.post(
            self._url, json=asked, allow_redirects=False, headers={"Accept-Encoding": "identity"}
        )
        try:
            _require_sound(response)
        except WorkerError:
            response.close()
            raise
        return response

    @property
    def _url(self) -> str:
        """With the protocol's path, of which the configured address may hold a part already."""
        place = str(self._options.url).rstrip("/")
        for end in (PATH, "/v1"):
            place = place.removesuffix(end)
        return place + PATH

    def _note_failure(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            self._ill_until = asyncio.get_running_loop().time() + ILL_SECONDS


class ServerSynthesizer(Synthesizer):
    """One voice of the server."""

    def __init__(self, engine: SpeechServerEngine, name: str) -> None:
        self._engine = engine
        self._name = name

    @property
    def identity(self) -> str:
        """Address, model and voice; what the server changes behind them nobody here can know."""
        return f"server/{self._engine.address} model={self._engine.model} voice={self._name}"

    @property
    def is_ready(self) -> bool:
        """Whether the server may be asked."""
        return self._engine.is_ready

    async def start(self) -> None:
        """Nothing: to ask it for a voice is to ask it to speak, which may cost money."""

    async def stop(self) -> None:
        """Leave the connections to others."""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak it as the sound comes, at the voice's own pitch; the protocol takes no phonemes."""
        if len(passage.text) > MAX_TEXT_CHARACTERS:
            raise WorkerError(
                f"a text of {len(passage.text)} characters is longer than {MAX_TEXT_CHARACTERS}"
            )
        slowest, fastest = SPEEDS
        speaking = self._engine.speak(
            self._name, passage.text, min(max(passage.manner.rate, slowest), fastest)
        )
        async with aclosing(speaking) as pieces:
            async for piece in pieces:
                yield piece


def _require_sound(response: aiohttp.ClientResponse) -> None:
    """WorkerError unless sound follows, whose end can be told from a broken line.

    Its body is not read: servers repeat in it what they were to say.
    """
    status = response.status
    if status in _BUSY:
        raise _BusyError(status, _seconds(response.headers.get("Retry-After", "")))
    if _REDIRECTED <= status < _WRONG:
        raise WorkerError(
            f"the speech server sends us elsewhere ({status}); speech_server.url must be its address"
        )
    if status != _OK:
        said = _SAID.get(status, "refused to speak" if status < 500 else "failed")  # noqa: PLR2004
        raise WorkerError(f"the speech server {said} ({status})")
    if response.content_type not in SOUND_TYPES:
        raise WorkerError(
            f"the speech server sends {response.content_type}; it must send audio/pcm or audio/wav"
        )
    if "Content-Length" not in response.headers and "chunked" not in response.headers.get(
        "Transfer-Encoding", ""
    ):
        raise WorkerError("the speech server does not say where its answer ends; it must send it in chunks")


def _rate(response: aiohttp.ClientResponse) -> int:
    """What the answer's type says ("audio/pcm;rate=22050"), else the protocol's."""
    _, _, given = response.headers.get("Content-Type", "").partition("rate=")
    digits = given.partition(";")[0].strip().strip('"')
    return int(digits) if digits.isdecimal() and 8000 <= int(digits) <= 48000 else PCM_RATE  # noqa: PLR2004


def _seconds(retry_after: str) -> float:
    """A Retry-After in seconds; one with a date is not worth a second's reckoning."""
    return float(retry_after) if retry_after.isdecimal() else 0.0


def _pause(state: RetryCallState) -> float:
    """What the server asks for, or from a quarter of a second on, doubled each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_seconds if isinstance(error, _BusyError) else 0.0
    return asked or min(0.25 * 2 ** (state.attempt_number - 1), 4.0)


def _as_worker_error(error: Exception) -> WorkerError:
    match error:
        case WorkerError():
            return error
        case TimeoutError():
            return WorkerError("the speech server let us wait too long")
        case aiohttp.ClientConnectorError():
            return WorkerError("the speech server cannot be reached; speech_server.url must be its address")
        case aiohttp.ClientPayloadError():
            return WorkerError("the speech server's answer ends in the middle")
        case _:
            return WorkerError(f"the speech server broke off ({type(error).__name__})")
