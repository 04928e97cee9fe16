"""How fast XTTS v2 is on this machine, and how much memory it takes.

    .venv-xtts/bin/python benchmarks/xtts.py [--device cuda] [--threads N] [--waiting N] [--tiny]

It prints Markdown. The checkpoint has the public one's widths and random weights, so that nothing is fetched:
what it says is noise, and costs what speech costs. It never ends of itself, so every text is of one known
length, and is refused at its end. `--tiny` is a trial of this program, and says nothing of XTTS.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import structlog

from bridge.config_speech import Xtts
from bridge.errors import WorkerError
from bridge.speech.memory import resident_bytes
from bridge.speech.messages import SpeakAs
from bridge.speech.queueing import speaking_for
from bridge.speech.xtts.synthesizer import XttsWorker

TINY = Path(__file__).resolve().parents[1] / "tests" / "xtts"
TEXT = "سلام"  # four characters: XTTS looks for the end of such a text for 6.4 s
TOKENS = 132  # in these a part ends, the last one
LANGUAGE = "ar"
RATE = 22_050
STOCK_TOKENS = 20  # coqui-tts's default between two parts
FULL_SIZE = {
    "gpt_layers": 30,
    "gpt_n_model_channels": 1024,
    "gpt_n_heads": 16,
    "decoder_input_dim": 1024,
    "gpt_number_text_tokens": 6681,
    "gpt_num_audio_tokens": 1026,
    "gpt_start_audio_token": 1024,
    "gpt_stop_audio_token": 1025,
}


class Said(msgspec.Struct, frozen=True):
    """One text, from the moment at which it was asked for, in seconds."""

    first: float
    last: float  # its last part
    sound: float

    @property
    def factor(self) -> float:
        """Seconds of work for a second of sound."""
        return self.last / self.sound


class Served(msgspec.Struct, frozen=True):
    """What was measured of the worker process."""

    version: str
    load_seconds: float
    rest_mb: float
    peak_mb: float
    alone: Said
    waiting: tuple[tuple[str, Said], ...]  # who asked, in the order of their last parts


def write_checkpoint(folder: Path, sizes: dict[str, int]) -> int:
    """A checkpoint of random weights without an end; how many numbers it has."""
    import tiny_checkpoint  # noqa: PLC0415 - found beside the tests
    import torch  # noqa: PLC0415
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer  # noqa: PLC0415
    from TTS.tts.models.xtts import Xtts as Networks  # noqa: PLC0415

    torch.manual_seed(1)
    tiny_checkpoint.write_vocabulary(folder / "vocab.json")
    tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    config = tiny_checkpoint.configuration(tokenizer.get_number_tokens())
    for name, size in sizes.items():
        setattr(config.model_args, name, size)
    networks = Networks(config)
    networks.tokenizer = tokenizer
    networks.init_models()
    with torch.no_grad():
        networks.gpt.mel_head.bias[config.model_args.gpt_stop_audio_token] = -1e9
    config.save_json(folder / "config.json")
    torch.save({"model": networks.state_dict()}, folder / "model.pth")
    return sum(each.numel() for each in networks.parameters())


async def serve(options: Xtts, module: str, waiting: int) -> tuple[Served, bytes]:
    """Measure the worker process; and the latents of a voice."""
    worker = XttsWorker(options, module=module)
    began = time.perf_counter()
    await worker.start()
    loaded = time.perf_counter() - began
    try:
        latents = await worker.latents_of(_hum(), RATE)
        rest = resident_bytes(worker.pid or 0)
        alone = await _said(worker, latents)
        order: list[tuple[str, Said]] = []
        asked = [_asked(worker, latents, f"caller {number + 1}", order) for number in range(waiting)]
        await asyncio.gather(*asked)
        peak = _peak_bytes(worker.pid or 0)
        return Served(worker.version, loaded, rest / 2**20, peak / 2**20, alone, tuple(order)), latents
    finally:
        await worker.stop()


async def _asked(worker: XttsWorker, latents: bytes, who: str, order: list[tuple[str, Said]]) -> None:
    speaking_for.set(who)
    order.append((who, await _said(worker, latents)))


async def _said(worker: XttsWorker, latents: bytes) -> Said:
    began, times, sound = time.perf_counter(), [], 0.0
    with suppress(WorkerError):  # no end was found: there is none
        async with aclosing(worker.speak(TEXT, language=LANGUAGE, latents=latents)) as parts:
            async for part in parts:
                times.append(time.perf_counter() - began)
                sound += len(part.pcm) / 2 / part.rate
    return Said(times[0], times[-1], sound)


def streams(options: Xtts, latents: bytes) -> tuple[Said, Said]:
    """Our stream and coqui-tts's own of as many tokens, in this process."""
    import torch  # noqa: PLC0415

    from bridge.speech.xtts.loading import load  # noqa: PLC0415

    torch.set_num_threads(options.threads)
    model = load(options.model, options.device)
    networks = model._model  # noqa: SLF001 - there is no other way to coqui-tts's
    networks.gpt.max_gen_mel_tokens = TOKENS
    request = SpeakAs(0, TEXT, LANGUAGE, latents, 1.0)
    style, speaker = model._voice(latents)  # noqa: SLF001 - as above
    with torch.inference_mode():
        ours = _timed((len(part) / 2 for part in model.speak(request, lambda: False)), model.rate)
        torch.manual_seed(1)
        stock = networks.inference_stream(TEXT, LANGUAGE, style, speaker, stream_chunk_size=STOCK_TOKENS)
        return ours, _timed((len(part.cpu()) for part in stock), model.rate)


def _timed(parts: Iterator[float], rate: int) -> Said:
    began, times, samples = time.perf_counter(), [], 0.0
    with suppress(WorkerError):
        for count in parts:
            times.append(time.perf_counter() - began)
            samples += count
    return Said(times[0], times[-1], samples / rate)


def _hum() -> bytes:
    """Six seconds of something to be cloned."""
    at = np.arange(6 * RATE) / RATE
    return (8000 * np.sin(2 * np.pi * 180 * at) * np.sin(2 * np.pi * at)).astype("<i2").tobytes()


def _peak_bytes(pid: int) -> int:
    """The most that a process ever had in memory, mapped files included."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _report(options: Xtts, numbers: int, served: Served, ours: Said, stock: Said) -> Iterator[str]:
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    yield f"{served.version}, {options.threads} of {os.cpu_count()} cores, load average {load}."
    yield f"{numbers / 1e6:.0f} million random numbers; each text is {served.alone.sound:.1f} s of sound.\n"
    yield "| | |\n|---|---|"
    yield f"| loaded, self-test included, after | {served.load_seconds:.1f} s |"
    yield f"| memory at rest | {served.rest_mb:.0f} MiB |"
    yield f"| memory at its peak, loading included | {served.peak_mb:.0f} MiB |"
    yield f"| first part | {served.alone.first:.2f} s |"
    yield f"| real-time factor | {served.alone.factor:.2f} |\n"
    yield f"{len(served.waiting)} texts asked for at once:\n\n| | first part | last part |\n|---|---|---|"
    for who, said in served.waiting:
        yield f"| {who} | {said.first:.2f} s | {said.last:.2f} s |"
    yield "\nOne text in one process:\n\n| stream | first part | last part | sound | real-time factor |"
    yield "|---|---|---|---|---|"
    for name, said in (("Hatif's", ours), (f"coqui-tts's, every {STOCK_TOKENS} tokens", stock)):
        times = f"{said.first:.2f} s | {said.last:.2f} s | {said.sound:.2f} s"
        yield f"| {name} | {times} | {said.factor:.2f} |"


def _arguments(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--waiting", type=int, default=3, help="texts asked for at once")
    parser.add_argument("--tiny", action="store_true", help="tiny networks, to try this program")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    wanted = _arguments(arguments)
    os.environ["OMP_NUM_THREADS"] = str(wanted.threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["PYTHONPATH"] = str(TINY)  # of the workers
    sys.path.insert(0, str(TINY))
    warnings.filterwarnings("ignore")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    from tiny_networks import shrink  # noqa: PLC0415 - found there

    from bridge.speech.xtts import torchaudio_shim  # noqa: PLC0415 - not before the threads are configured

    torchaudio_shim.make_importable()
    if wanted.tiny:
        shrink()
    with tempfile.TemporaryDirectory() as folder:
        numbers = write_checkpoint(Path(folder), {} if wanted.tiny else FULL_SIZE)
        options = Xtts.model_validate(
            {
                "model": Path(folder),
                "accept_cpml": True,
                "device": wanted.device,
                "threads": wanted.threads,
                "memory_mb": 65_536,
            }
        )
        module = "tiny_worker" if wanted.tiny else "bridge.speech.xtts.worker"
        served, latents = asyncio.run(serve(options, module, wanted.waiting))
        ours, stock = streams(options, latents)
    print("\n".join(_report(options, numbers, served, ours, stock)))


if __name__ == "__main__":
    main()
