"""The prompt cache: rendered once, kept safely, healed when damaged."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.g711 import decode_ulaw
from bridge.audio.levels import peak_dbfs
from bridge.errors import WorkerError
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.espeak import EspeakSynthesizer, EspeakWorker
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
        return Speech(silence + tone * (text != "silence") + silence, RATE)


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
    assert peak_dbfs(pcm) == pytest.approx(-3, abs=0.5)
    assert peak_dbfs(pcm[: RATE // 10 * 2]) > -60
    assert peak_dbfs(pcm[-RATE // 10 * 2 :]) > -60


async def test_silence_is_trimmed_to_its_edge(cache: PromptCache) -> None:
    """50 ms stay at each end, whatever the voice left there."""
    audio = await cache.phrase("abc")

    assert len(audio) == 2 * 3 * 100 + 2 * RATE // 20
    assert set(audio[: RATE // 20]) == {0xFF}


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


@given(damage=st.integers(min_value=0, max_value=2000), mask=st.integers(min_value=1, max_value=255))
async def test_damage_is_noticed(tmp_path_factory: pytest.TempPathFactory, damage: int, mask: int) -> None:
    """A file with any byte changed, or cut off anywhere, is not a prompt."""
    cache = PromptCache(tmp_path_factory.mktemp("prompts"), Whistle())
    await cache.phrase("abc")
    path = cache.path_of("abc")
    content = bytearray(path.read_bytes())
    at = damage % len(content)
    path.write_bytes(content[:at])
    assert cache.get("abc") is None
    content[at] ^= mask
    path.write_bytes(content)

    assert cache.get("abc") is None


async def test_a_damaged_prompt_is_rendered_again(cache: PromptCache, whistle: Whistle) -> None:
    """A call does not play what a full disk left behind."""
    audio = await cache.phrase("abc")
    cache.path_of("abc").write_bytes(b"")

    assert await cache.phrase("abc") == audio
    assert cache.get("abc") == audio
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
    assert fields == [88, len(audio), 1, RATE, 1]
    assert content[24:88].decode() == hashlib.sha256(audio).hexdigest()


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
    """A file where the folder should be, or a full disk, is told with its place."""
    (tmp_path / "prompts").write_text("a file")
    cache = PromptCache(tmp_path / "prompts", Whistle())
    with pytest.raises(WorkerError, match="cannot be kept in"):
        await cache.phrase("abc")


async def test_nothing_half_written_is_left(cache: PromptCache, tmp_path: Path) -> None:
    """Besides the prompts the folder holds no file."""
    await cache.render(["a", "b"])

    files = {file for file in tmp_path.rglob("*") if file.is_file()}  # noqa: ASYNC240 - a handful

    assert files == {cache.path_of("a"), cache.path_of("b")}
