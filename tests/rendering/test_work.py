"""Rendering ahead: what is reported while it goes on and afterwards, and what a questionnaire sounds like."""

from pathlib import Path

import msgspec
import pytest
from shipped import shipped

from bridge.audio.frames import SAMPLE_RATE
from bridge.dialogue.prompts import prompt_texts
from bridge.errors import WorkerError
from bridge.rendering.chart import durations_svg, loudness_svg
from bridge.rendering.survey import survey
from bridge.rendering.work import Done, HeardPrompt, hear, render_all, report_of
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.prompts import PromptCache

QUESTIONNAIRE = shipped("phq2")
RATE = 16_000


class Hum(Synthesizer):
    """A voice that hums, as long as the text; some texts it cannot say."""

    identity = "hum/1 voice=low"

    def __init__(self, refused: str = "") -> None:
        self.refused = refused

    async def synthesise(self, text: str) -> Speech:
        if text == self.refused:
            raise WorkerError("out of breath")
        return Speech(b"\x00\x10" * 20 + (b"\x00\x10" * 20 + b"\x00\xf0" * 20) * (20 * len(text)), RATE)


async def test_progress_is_told_text_by_text(tmp_path: Path) -> None:
    """How many, how much sound, and how long it took."""
    told: list[Done] = []
    done = await render_all(["a", "bb", "ccc"], PromptCache(tmp_path, Hum()), on_done=told.append)

    assert [each.texts for each in told] == [1, 2, 3]
    assert told[-1] == done or done.took_seconds >= told[-1].took_seconds
    assert done.audio_seconds == pytest.approx((1 + 2 + 3) * 800 / RATE, abs=0.2)
    assert done.real_time_factor == pytest.approx(done.took_seconds / done.audio_seconds)
    assert Done(0, 0.0, 1.0).real_time_factor == 0


async def test_what_was_rendered_before_a_failure_is_kept(tmp_path: Path) -> None:
    """So that the next run goes on from there."""
    cache = PromptCache(tmp_path, Hum(refused="c"))
    with pytest.raises(WorkerError, match="out of breath"):
        await render_all(["a", "b", "c", "d"], cache)

    assert cache.missing(["a", "b", "c", "d"]) == ["c", "d"]


async def test_a_questionnaire_is_heard_whole(tmp_path: Path) -> None:
    """Each text once, with all its roles and items, its length and its loudness."""
    cache = PromptCache(tmp_path, Hum())
    texts = prompt_texts([QUESTIONNAIRE])
    done = await render_all(texts, cache)
    heard = hear(QUESTIONNAIRE, cache)

    assert [prompt.text for prompt in heard.prompts] == texts
    assert (heard.id, heard.title) == ("phq2", QUESTIONNAIRE.title)
    first = heard.prompts[0]
    assert first.roles == ("opening",)
    assert first.seconds == round(len(cache.get(first.text) or b"") / SAMPLE_RATE, 2)
    assert any(len(prompt.items) > 1 for prompt in heard.prompts)
    report = report_of([heard, heard], done, voice="hum/1", folder=tmp_path)
    assert (report.texts, report.rendered) == (len(texts), len(texts))
    assert report.spread_lu is not None
    assert report.spread_lu <= 0.2
    assert msgspec.json.decode(msgspec.json.encode(report))["questionnaires"] == {"phq2": len(texts)}


async def test_what_is_not_rendered_is_not_heard(tmp_path: Path) -> None:
    """And there is nothing to compare."""
    heard = hear(QUESTIONNAIRE, PromptCache(tmp_path, Hum()))
    report = report_of([heard], Done(0, 0.0, 0.0), voice="hum/1", folder=tmp_path)

    assert heard.prompts == ()
    assert (report.spread_lu, report.real_time_factor, report.texts) == (None, None, 0)


async def test_the_folder_is_surveyed_voice_by_voice(tmp_path: Path) -> None:
    """Also prompts of voices that are configured no more, and files that name none."""
    await PromptCache(tmp_path, Hum()).render(["a", "b"])
    high = Hum()
    high.identity = "hum/1 voice=high"
    await PromptCache(tmp_path, high).render(["a"])
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / "old.au").write_bytes(b"an earlier version's")
    found = survey(tmp_path, 1 << 20)

    assert {voice.voice: voice.prompts for voice in found.voices} == {
        "hum/1 voice=low": 2,
        "hum/1 voice=high": 1,
        "unknown": 1,
    }
    assert found.prompts == 4
    assert found.bytes == sum(path.stat().st_size for path in tmp_path.rglob("*.au"))  # noqa: ASYNC240
    assert all(voice.oldest_use <= voice.latest_use for voice in found.voices)
    assert survey(tmp_path / "nothing", 1).voices == ()


@pytest.mark.parametrize("count", [0, 1, 40])
def test_charts_have_a_mark_for_every_prompt(count: int) -> None:
    """Also for none, for one, and for one that is too soft to be measured."""
    prompts = [
        HeardPrompt(f"<{n}>", ("ask",), (), n * 1.7, None if n == 3 else -19 - n, b"") for n in range(count)
    ]

    assert loudness_svg(prompts).count("<circle") == count - (count > 3)
    assert "<0>" not in loudness_svg(prompts)
    assert (durations_svg(prompts).count('class="bar"') > 0) is (count > 0)
