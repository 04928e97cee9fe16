"""Pipecat as an agent on Twilio's wire, to measure Hatif beside: its own serializer, transport and pipeline.

    .venv-peers/bin/python benchmarks/peer_pipecat.py PORT SOUND

SOUND is mu-law at 8 kHz, of which it makes a reply of four seconds. Recognition and voice are stand-ins that
answer at once. It ends a turn and lets itself be interrupted after as much silence and speech as the others;
what costs and is not needed (RTVI, turn tracking, metrics) is off.
"""

import argparse
import audioop
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    UserStoppedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

RATE = 8000
ONSET_SECONDS, END_SECONDS, REPLY_SECONDS = 0.12, 0.4, 4.0  # as the bare agent, and as Hatif
PIECE_BYTES = RATE * 2  # a second


class Ears(STTService):
    """Has understood whatever was said, at once."""

    async def run_stt(self, _audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Nothing while somebody speaks."""
        if False:
            yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tell what was said once it is over."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            await self.push_frame(TranscriptionFrame(text="yes", user_id="", timestamp="", finalized=True))


class Voice(TTSService):
    """Says the same for every text."""

    def __init__(self, pcm: bytes, **options: Any) -> None:
        super().__init__(**options)
        self._pcm = pcm

    async def run_tts(self, _text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """All of it, in pieces of a second."""
        for at in range(0, len(self._pcm), PIECE_BYTES):
            yield TTSAudioRawFrame(
                audio=self._pcm[at : at + PIECE_BYTES],
                sample_rate=RATE,
                num_channels=1,
                context_id=context_id,
            )


class Agent(FrameProcessor):
    """Replies when a turn is over."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass everything on, and speak."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, UserStoppedSpeakingFrame) and direction == FrameDirection.DOWNSTREAM:
            await self.push_frame(TTSSpeakFrame("yes"))


async def converse(socket: WebSocket, pcm: bytes) -> None:
    """Hold one call."""
    await socket.accept()
    await socket.receive_text()
    start = json.loads(await socket.receive_text())
    serializer = TwilioFrameSerializer(
        stream_sid=start["start"]["streamSid"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        socket,
        FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, add_wav_header=False, serializer=serializer
        ),
    )
    turns = UserTurnStrategies(
        start=[VADUserTurnStartStrategy()],
        stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0, wait_for_transcript=False)],
    )
    vad = SileroVADAnalyzer(params=VADParams(start_secs=ONSET_SECONDS, stop_secs=END_SECONDS))
    voice = Voice(
        pcm,
        settings=TTSSettings(model=None, voice=None, language=None),
        sample_rate=RATE,
        push_start_frame=True,
        push_stop_frames=True,
        stop_frame_timeout_s=1.0,
    )
    parts = [
        transport.input(),
        VADProcessor(vad_analyzer=vad),
        Ears(settings=STTSettings(model=None, language=None), ttfs_p99_latency=0.2),
        UserTurnProcessor(user_turn_strategies=turns),
        Agent(),
        voice,
        transport.output(),
    ]
    worker = PipelineWorker(
        Pipeline(parts),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE, enable_metrics=False),
        enable_rtvi=False,
        enable_turn_tracking=False,
        check_dangling_tasks=False,
    )

    @transport.event_handler("on_client_disconnected")
    async def gone(_transport: object, _client: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def application(pcm: bytes) -> FastAPI:
    """Takes calls at /ws, and says when it does."""

    @asynccontextmanager
    async def running(_application: FastAPI) -> AsyncIterator[None]:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        yield

    made = FastAPI(lifespan=running)

    @made.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await converse(websocket, pcm)

    return made


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("port", type=int)
    parser.add_argument("sound", type=Path)
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    sound = options.sound.read_bytes()
    pcm = audioop.ulaw2lin(sound * 10, 2)[: int(REPLY_SECONDS * RATE) * 2]
    uvicorn.run(
        application(pcm),
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
