"""Vocode as an agent on Twilio's wire, to measure Hatif beside: its own phone conversation and output device.

    .venv-vocode/bin/python benchmarks/peer_vocode.py PORT SOUND

SOUND is mu-law at 8 kHz, of which it makes a reply of four seconds. Recognition and voice are stand-ins that
answer at once. Vocode leaves it to its recogniser to tell speech: the stand-in goes by the energy of mu-law,
as the bare agent does, after as much speech and silence.
"""

import argparse
import audioop
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from loguru import logger

sys.modules.setdefault("sounddevice", ModuleType("sounddevice"))  # loudspeakers, for which it wants PortAudio

# ruff: noqa: E402
from vocode.streaming.agent.echo_agent import EchoAgent
from vocode.streaming.models.agent import EchoAgentConfig
from vocode.streaming.models.audio import AudioEncoding, SamplingRate
from vocode.streaming.models.synthesizer import SynthesizerConfig
from vocode.streaming.models.telephony import TwilioConfig
from vocode.streaming.models.transcriber import TranscriberConfig, Transcription
from vocode.streaming.synthesizer.base_synthesizer import BaseSynthesizer, SynthesisResult
from vocode.streaming.telephony.conversation.twilio_phone_conversation import TwilioPhoneConversation
from vocode.streaming.transcriber.base_transcriber import BaseAsyncTranscriber

RATE = 8000
SPEECH_LEVEL = 150
ONSET_FRAMES, END_FRAMES = 6, 20  # 120 and 400 ms, as the bare agent, and as Hatif
REPLY_SECONDS = 4.0
PIECE_BYTES = RATE // 5  # whose mark comes back before a wish to be silent is looked at
SAID = "yes indeed this is said"  # of more words than it takes for an "uh-huh"
FORMAT = {"sampling_rate": SamplingRate.RATE_8000, "audio_encoding": AudioEncoding.MULAW}


class Ears(BaseAsyncTranscriber[TranscriberConfig]):
    """Has understood whatever was said, at once."""

    async def _run_loop(self) -> None:
        loud = quiet = 0
        is_speaking = False
        while True:
            chunk = await self.input_queue.get()
            if audioop.rms(audioop.ulaw2lin(chunk, 2), 2) >= SPEECH_LEVEL:
                loud, quiet = loud + 1, 0
                if loud == ONSET_FRAMES:
                    is_speaking = True
                    self._tell(is_final=False)
            else:
                loud, quiet = 0, quiet + 1
                if is_speaking and quiet == END_FRAMES:
                    is_speaking = False
                    self._tell(is_final=True)

    def _tell(self, *, is_final: bool) -> None:
        self.output_queue.put_nowait(
            Transcription(message=SAID, confidence=1.0, is_final=is_final, duration_seconds=1.0)
        )


class Voice(BaseSynthesizer[SynthesizerConfig]):
    """Says the same for every text."""

    def __init__(self, ulaw: bytes) -> None:
        super().__init__(SynthesizerConfig(**FORMAT))
        self._ulaw = ulaw

    async def get_cached_audio(self, message: Any) -> None:  # noqa: ARG002
        """Its cache is Redis, for which each reply would wait in vain."""
        return

    async def create_speech_uncached(self, message: Any, chunk_size: int, **_: Any) -> SynthesisResult:  # noqa: ARG002
        """All of it, in pieces of a fifth of a second."""

        async def pieces() -> AsyncGenerator[SynthesisResult.ChunkResult, None]:
            for at in range(0, len(self._ulaw), PIECE_BYTES):
                piece = self._ulaw[at : at + PIECE_BYTES]
                yield SynthesisResult.ChunkResult(piece, at + PIECE_BYTES >= len(self._ulaw))

        return SynthesisResult(pieces(), lambda _seconds: message.text)


class House:
    """Makes the parts of each call, as Vocode's factories do."""

    def __init__(self, ulaw: bytes) -> None:
        self._ulaw = ulaw

    def create_transcriber(self, config: TranscriberConfig) -> Ears:
        """Ears of its own."""
        return Ears(config)

    def create_agent(self, config: EchoAgentConfig) -> EchoAgent:
        """Somebody who repeats what was said."""
        return EchoAgent(config)

    def create_synthesizer(self, _config: SynthesizerConfig) -> Voice:
        """A voice of its own."""
        return Voice(self._ulaw)

    def conversation(self) -> TwilioPhoneConversation:
        """One call."""
        house: Any = self
        nobody: Any = None
        return TwilioPhoneConversation(
            direction="inbound",
            from_phone="+10000000001",
            to_phone="+10000000002",
            base_url="localhost",
            config_manager=nobody,
            agent_config=EchoAgentConfig(interrupt_sensitivity="high"),
            transcriber_config=TranscriberConfig(chunk_size=RATE // 50, **FORMAT),
            synthesizer_config=SynthesizerConfig(**FORMAT),
            twilio_config=TwilioConfig(account_sid="AC" + "0" * 32, auth_token="0" * 32),
            twilio_sid="CA" + "0" * 32,
            agent_factory=house,
            transcriber_factory=house,
            synthesizer_factory=house,
        )


def application(ulaw: bytes) -> FastAPI:
    """Takes calls at /ws, and says when it does."""
    house = House(ulaw)

    @asynccontextmanager
    async def running(_application: FastAPI) -> AsyncIterator[None]:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        yield

    made = FastAPI(lifespan=running)

    @made.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        conversation = house.conversation()
        try:
            await conversation.attach_ws_and_start(websocket)
        except (WebSocketDisconnect, RuntimeError):  # the caller has gone already
            await conversation.terminate()

    return made


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("port", type=int)
    parser.add_argument("sound", type=Path)
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    ulaw = (options.sound.read_bytes() * 10)[: int(REPLY_SECONDS * RATE)]
    uvicorn.run(
        application(ulaw),
        host="127.0.0.1",
        port=options.port,
        log_level="error",
        loop="uvloop",
        ws="websockets",
        access_log=False,
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    main()
