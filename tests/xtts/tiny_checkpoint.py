"""Two XTTS v2 checkpoints with random weights: `python tiny_checkpoint.py WIDE TINY`.

They have the public one's files, layout and architecture, so that the real code runs on them. What they say
is noise that depends on the text and the voice, and ends after a second or so, by chance. The wide one's
vocoder is as wide as the public one's, which makes it 90 MB. The tiny one has 3 MB, and cannot be loaded
without `tiny_networks`.
"""

import sys
from pathlib import Path
from typing import Any

import tokenizers
import torch
from tiny_networks import shrink

from bridge.speech.xtts import torchaudio_shim

LANGUAGES = ["en", "es", "ar", "zh-cn"]  # some of those whose texts coqui-tts can read
SPECIAL = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{one}]" for one in LANGUAGES), "[START]"]
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةى ًٌٍَُِّْ abcdefghijklmnopqrstuvwxyz 0123456789 .,?!؟،؛:-"
WORDS = ["السلام", "عليكم", "العيادة", "الصدر", "اليوم", "hello", "clinic"]
WIDTH = 64
CODES = 64  # sounds; the public one has 1024. The next two numbers begin and end a run
TOKENS = 160
END_BIAS = 1.0  # how much a run leans towards its end
SPEAKERS = ["Asma", "Badr"]


def write_vocabulary(path: Path) -> None:
    """Byte pairs with the public vocabulary's special tokens in the same places."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=TOKENS, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([" ".join(LETTERS.replace(" ", "")), *WORDS * 3], trainer)
    tokenizer.save(str(path))


def configuration(tokens: int) -> Any:
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig

    args = XttsArgs(
        gpt_layers=2,
        gpt_n_model_channels=WIDTH,
        gpt_n_heads=2,
        decoder_input_dim=WIDTH,
        gpt_number_text_tokens=tokens,
        gpt_start_text_token=None,
        gpt_stop_text_token=None,
        gpt_num_audio_tokens=CODES + 2,
        gpt_start_audio_token=CODES,
        gpt_stop_audio_token=CODES + 1,
        gpt_use_perceiver_resampler=True,
        gpt_max_audio_tokens=605,
        gpt_max_text_tokens=402,
        gpt_max_prompt_tokens=70,
        gpt_code_stride_len=1024,
    )
    return XttsConfig(
        model_args=args,
        audio=XttsAudioConfig(),
        languages=LANGUAGES,
        gpt_cond_len=6,
        gpt_cond_chunk_len=3,
        max_ref_len=10,
    )


def build(folder: Path) -> None:
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    from TTS.tts.models.xtts import Xtts

    torch.manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    write_vocabulary(folder / "vocab.json")
    tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    config = configuration(tokenizer.get_number_tokens())
    model = Xtts(config)
    model.tokenizer = tokenizer
    model.init_models()
    with torch.no_grad():
        model.gpt.mel_head.bias[CODES + 1] = END_BIAS
    config.save_json(folder / "config.json")
    torch.save({"model": model.state_dict(), "config": config.to_dict()}, folder / "model.pth")
    torch.save({name: speaker() for name in SPEAKERS}, folder / "speakers_xtts.pth")


def speaker() -> dict[str, torch.Tensor]:
    return {"gpt_cond_latent": torch.randn(1, 32, WIDTH), "speaker_embedding": torch.randn(1, 512, 1)}


def main() -> None:
    wide, tiny = map(Path, sys.argv[1:])
    torchaudio_shim.make_importable()
    build(wide)
    shrink()
    build(tiny)


if __name__ == "__main__":
    main()
