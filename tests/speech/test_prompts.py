"""The prompt cache: rendered once, kept safely, healed when damaged."""

import asyncio
import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.audio.g711 import decode_ulaw
from bridge.audio.levels import peak_dbfs
from bridge.audio.loudness import loudness
from bridge.audio.polish import TARGET_LUFS
from bridge.errors import WorkerError
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.espeak.synthesizer import EspeakSynthesizer, EspeakWorker
from bridge.speech.prompts import PromptCache

pytestmark = pytest.mark.asyncio(loop_scope="module")

WELCOME = "أَهْلاً بِكَ"
RATE = 8000


class Whistle(Synthesizer):
    """A voice that whistles, counts how often, and can lose its breath."""

    def __init__(self, identity: str = "whistle") -> None:
        self._identity = identity
        self.spoken: list[str] = []
        self.is_well = True
        self.rate = RATE

    @property
    def identity(self) -> str:
        return self._identity

    async def synthesise(self, text: str) -> Speech:
        self.spoken.append(text)
        await asyncio.sleep(0)
        if not self.is_well:
            raise WorkerError("out of breath")
        silence = bytes(RATE * 2)
        tone = b"\x00\x10\x00\xf0" * (len(text) * 100)
        return Speech(silence + tone * (text != "silence") + silence, self.rate)


@pytest.fixture
def whistle() -> Whistle:
    return Whistle()


@pytest.fixture
def cache(tmp_path: Path, whistle: Whistle) -> PromptCache:
    return PromptCache(tmp_path, whistle)


async def test_a_prompt_sounds_on_the_telephone(tmp_path: Path, espeak: EspeakWorker) -> None:
    """A real voice at 8 kHz mu-law: as long as the words, as loud as agreed, sounding from edge to edge."""
    audio = await PromptCache(tmp_path, EspeakSynthesizer(worker=espeak)).phrase(WELCOME)
    pcm = decode_ulaw(audio)

    assert 0.3 < len(audio) / RATE < 3
    assert loudness(pcm) == pytest.approx(TARGET_LUFS, abs=0.15)
    assert peak_dbfs(pcm) <= -1.5
    assert peak_dbfs(pcm[: RATE // 50 * 2]) > -60
    assert peak_dbfs(pcm[-RATE // 10 * 2 :]) > -60


async def test_silence_is_trimmed(cache: PromptCache) -> None:
    """At most 20 ms stay in front and 60 ms behind, whatever the voice left there."""
    audio = await cache.phrase("abc")

    assert 0 <= len(audio) - 2 * 3 * 100 <= (0.02 + 0.06) * RATE
    assert audio[0] in {0xFF, 0x7F}


async def test_a_prompt_is_rendered_once(cache: PromptCache, whistle: Whistle) -> None:
    """The second time it is read from disk, also by another cache of the same folder and voice."""
    first = await cache.phrase("abc")
    again = PromptCache(cache.path_of("abc").parents[1], Whistle())

    assert await cache.phrase("abc") == again.get("abc") == first
    assert whistle.spoken == ["abc"]


async def test_concurrent_calls_share_one_rendering(cache: PromptCache, whistle: Whistle) -> None:
    """Ten calls that need the same prompt make the voice speak once."""
    audios = await asyncio.gather(*(cache.phrase("abc") for _ in range(10)))

    assert len(set(audios)) == 1
    assert whistle.spoken == ["abc"]


async def test_hanging_up_does_not_spoil_it_for_others(cache: PromptCache, whistle: Whistle) -> None:
    """The call that asked first may go; the one that waits gets its prompt."""
    first = asyncio.create_task(cache.phrase("abc"))
    second = asyncio.create_task(cache.phrase("abc"))
    await asyncio.sleep(0)
    first.cancel()

    assert await second
    assert first.cancelled()
    assert whistle.spoken == ["abc"]


async def test_a_failure_is_everybodys_and_is_not_kept(cache: PromptCache, whistle: Whistle) -> None:
    """All who wait get the error; the next one tries again."""
    whistle.is_well = False
    failures = await asyncio.gather(*(cache.phrase("abc") for _ in range(3)), return_exceptions=True)
    whistle.is_well = True

    assert [type(failure) for failure in failures] == [WorkerError] * 3
    assert await cache.phrase("abc")


async def test_a_failure_that_nobody_waits_for_is_quiet(cache: PromptCache, whistle: Whistle) -> None:
    """A rendering whose callers have all gone may fail without a complaint at shutdown."""
    whistle.is_well = False
    task = asyncio.create_task(cache.phrase("abc"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0.01)

    assert cache.get("abc") is None


@settings(deadline=None)  # on a busy machine a file takes its time
@given(damage=st.integers(min_value=0, max_value=2000), mask=st.integers(min_value=1, max_value=255))
async def test_damage_is_noticed(tmp_path_factory: pytest.TempPathFactory, damage: int, mask: int) -> None:
    """A file with any byte changed, or cut off anywhere, is not a prompt."""
    cache = PromptCache(tmp_path_factory.mktemp("prompts"), Whistle())
    await cache.phrase("abc")
    path = cache.path_of("abc")
    content = bytearray(path.read_bytes())
    at = damage % len(content)
    for spoiled in (content[:at], content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]):
        path.write_bytes(spoiled)
        another = PromptCache(path.parents[1], Whistle())  # this one still has it in memory
        assert another.get("abc") is None
        assert another.missing(["abc"]) == cache.missing(["abc"]) == ["abc"]
        assert another.statistics().damaged == 1


async def test_a_damaged_prompt_is_rendered_again(cache: PromptCache, whistle: Whistle) -> None:
    """A call does not play what a full disk left behind."""
    audio = await cache.phrase("abc")
    path = cache.path_of("abc")
    content = path.read_bytes()
    path.write_bytes(b"")
    again = PromptCache(path.parents[1], whistle)

    assert await again.phrase("abc") == audio
    assert path.read_bytes() == content
    assert whistle.spoken == ["abc", "abc"]


async def test_the_address_is_of_what_is_heard(tmp_path: Path, cache: PromptCache) -> None:
    """Another text or another voice is another file; the same is the same."""
    assert cache.path_of("abc") == cache.path_of("abc")
    assert cache.path_of("abc") != cache.path_of("abcd")
    assert cache.path_of("abc") != PromptCache(tmp_path, Whistle("flute")).path_of("abc")


async def test_any_player_opens_it(cache: PromptCache) -> None:
    """The file is Sun audio: magic, where the audio begins, its length, mu-law, 8 kHz, mono."""
    audio = await cache.phrase("abc")
    content = cache.path_of("abc").read_bytes()
    fields = [int.from_bytes(content[i : i + 4], "big") for i in range(4, 24, 4)]

    assert content[:4] == b".snd"
    assert fields == [104, len(audio), 1, RATE, 1]
    assert content[24:104].rstrip(b"\0").decode() == f"{hashlib.sha256(audio).hexdigest()} whistle"
    assert content[104:] == audio


async def test_rendering_a_questionnaire(cache: PromptCache, whistle: Whistle) -> None:
    """What is missing is rendered, each text once; progress is told for every one."""
    await cache.phrase("b")
    texts = ["a", "b", "c", "a"]
    done: list[str] = []
    assert cache.missing(texts) == ["a", "c"]

    assert await cache.render(texts, done.append) == 2
    assert done == ["a", "b", "c"]
    assert cache.missing(texts) == []
    assert whistle.spoken == ["b", "a", "c"]


async def test_a_voice_without_a_sound_is_an_error(cache: PromptCache) -> None:
    """Silence is never kept as a prompt."""
    with pytest.raises(WorkerError, match="no sound"):
        await cache.phrase("silence")

    assert cache.get("silence") is None


async def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """A file where the folder should be, or a full disk: rendering ahead ends, the call gets its prompt."""
    (tmp_path / "prompts").write_text("a file")
    cache = PromptCache(tmp_path / "prompts", whistle := Whistle())
    with pytest.raises(WorkerError, match="cannot be kept in"):
        await cache.render(["abc"])

    assert len(await cache.phrase("abc")) > 600
    assert await cache.phrase("abcd") == await cache.phrase("abcd")
    assert whistle.spoken == ["abc", "abcd"]  # it stays in memory
    assert cache.missing(["abc"]) == ["abc"]
    assert cache.statistics().unkept == 2


async def test_a_full_disk_is_told_by_its_name(
    cache: PromptCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And leaves nothing behind that looks like a prompt."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkerError, match="No space left on device"):
        await cache.render(["abc"])

    assert await cache.phrase("abc")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]  # noqa: ASYNC240 - none


async def test_a_folder_that_is_deleted_meanwhile_is_made_again(cache: PromptCache, tmp_path: Path) -> None:
    """What is in memory is still said, and what is rendered next is kept."""
    await cache.phrase("abc")
    shutil.rmtree(tmp_path)

    assert await cache.phrase("abc")
    assert await cache.phrase("abcd")
    assert cache.missing(["abc", "abcd"]) == ["abc"]


async def test_what_is_made_for_one_caller_is_not_kept(
    cache: PromptCache, whistle: Whistle, tmp_path: Path
) -> None:
    """Neither on disk nor in memory, and it sounds like a prompt."""
    made = await cache.make("abc")

    assert cache.get("abc") is None
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - none
    assert cache.statistics().memory_bytes == 0
    assert made == await cache.phrase("abc")
    assert whistle.spoken == ["abc", "abc"]


async def test_what_is_counted(cache: PromptCache) -> None:
    """Prompts that were there, that had to be rendered when a call asked, and all that were rendered."""
    await cache.render(["a", "b"])
    for text in ("a", "b", "c", "c"):
        await cache.phrase(text)
    cache.get("d")
    counted = cache.statistics()

    assert (counted.hits, counted.misses, counted.rendered) == (3, 1, 3)
    assert counted.entries == 3
    assert counted.bytes == sum(cache.path_of(text).stat().st_size for text in "abc")
    assert 0 < counted.memory_bytes < counted.bytes


async def test_all_may_be_rendered_afresh(cache: PromptCache, whistle: Whistle) -> None:
    """When an ear says that a prompt is wrong, its file is replaced."""
    await cache.render(["a", "b"])

    assert await cache.render(["a", "b"]) == 0
    assert await cache.render(["a", "b"], afresh=True) == 2
    assert whistle.spoken == ["a", "b", "a", "b"]


async def test_a_prompt_is_read_out_before_it_is_spoken(tmp_path: Path, whistle: Whistle) -> None:
    """Kept or not; and what another reading reads alike stays where it is."""
    cache = PromptCache(tmp_path, whistle, read=lambda text: text.replace("3", "three"))
    await cache.phrase("3 days")
    await cache.make("3 weeks")

    assert whistle.spoken == ["three days", "three weeks"]
    assert cache.path_of("3 days") != PromptCache(tmp_path, whistle).path_of("3 days")
    assert cache.path_of("some days") == PromptCache(tmp_path, whistle).path_of("some days")


async def test_a_rate_that_no_telephone_takes_is_a_sentence(cache: PromptCache, whistle: Whistle) -> None:
    """An engine that says it speaks at 96 kHz is refused by name of the rate."""
    whistle.rate = 96_000
    with pytest.raises(WorkerError, match="96000"):
        await cache.phrase("abc")


async def test_nothing_half_written_is_left(cache: PromptCache, tmp_path: Path) -> None:
    """Besides the prompts the folder holds no file."""
    await cache.render(["a", "b"])

    files = {file for file in tmp_path.rglob("*") if file.is_file()}  # noqa: ASYNC240 - a handful

    assert files == {cache.path_of("a"), cache.path_of("b")}
