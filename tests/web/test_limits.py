"""How often somebody may ask: exact within one daemon and between several, also while Redis is away."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from doorway import SERVICE_SECRET, doorway
from programs import needs, path_of

from bridge.config import load_settings
from bridge.config_identity import Limits
from bridge.demo.daemon import free_port
from bridge.errors import ConfigError
from bridge.identity.principal import Scope
from bridge.web import limits as limits_module
from bridge.web.addresses import Addresses, block_of
from bridge.web.limit_storage import BoundedMemory
from bridge.web.limits import Bucket, RateLimits

needs_redis = needs("redis-server")


def of(url: str | None = None, **changes: int) -> RateLimits:
    environ = {f"HATIF_LIMITS__{name.upper()}": str(value) for name, value in changes.items()}
    return RateLimits.open(
        load_settings(environ=environ | ({"HATIF_LIMITS__REDIS_URL": url} if url else {})).limits
    )


class Moment:
    """Time as a test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_the_machines_clock_may_be_set() -> None:
    """A minute is one that has passed: whoever was refused is let in again after it, and told when."""
    moment = Moment()
    limits = RateLimits(load_settings(environ={"HATIF_LIMITS__PER_MINUTE": "1"}).limits, monotonic=moment)
    assert (await limits.hit(Bucket.ADDRESS, "a")).is_allowed
    moment.now += 20
    refused = await limits.hit(Bucket.ADDRESS, "a")
    assert (refused.is_allowed, refused.reset_seconds) == (False, 40)
    moment.now += 41
    assert (await limits.hit(Bucket.ADDRESS, "a")).is_allowed


class TestWindow:
    """BoundedMemory"""

    async def test_in_no_minute_there_are_more(self) -> None:
        """Not even across a boundary, where a fixed window lets twice as many through."""
        moment = Moment()
        memory = BoundedMemory(now=moment)
        allowed: list[float] = []
        for step in range(2400):  # ten a second, for four minutes
            moment.now = 1000 + step / 10
            if await memory.acquire_entry("a", 60, 60):
                allowed.append(moment.now)
        for begin in allowed:
            assert sum(begin <= at < begin + 60 for at in allowed) <= 60
        assert len(allowed) == 240

    async def test_who_asks_slowly_is_never_refused(self) -> None:
        moment = Moment()
        memory = BoundedMemory(now=moment)
        for _ in range(300):
            assert await memory.acquire_entry("a", 60, 60)
            moment.now += 1.001

    async def test_a_flood_of_addresses_takes_no_more_room(self) -> None:
        """Whoever was quiet for longest is forgotten first."""
        memory = BoundedMemory(most=100)
        for number in range(1000):
            await memory.acquire_entry(f"a{number}", 60, 60)
            await memory.acquire_entry("busy", 5, 60)
        assert len(memory._moments) == 100
        assert not await memory.acquire_entry("busy", 5, 60)
        assert await memory.reset() == 100


class TestAddresses:
    """X-Forwarded-For"""

    @pytest.mark.parametrize(
        ("peer", "forwarded", "told"),
        [
            ("203.0.113.9", [], "203.0.113.9"),
            ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody's proxy says so
            ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
            ("10.1.1.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # what stands before is the asker's word
            ("10.1.1.1", ["1.1.1.1, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            ("10.1.1.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.1.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
            ("::ffff:10.1.1.1", ["2001:db8::1"], "2001:db8::1"),
            ("10.1.1.1", ["unknown"], "10.1.1.1"),
            ("10.1.1.1", ["198.51.100.1, garbage"], "10.1.1.1"),
            ("10.1.1.1", [" , ,"], "10.1.1.1"),
            ("10.1.1.1", ["10.9.9.9"], "10.9.9.9"),  # nobody but us
        ],
    )
    def test_whom_a_proxy_of_ours_speaks_for(self, peer: str, forwarded: list[str], told: str) -> None:
        request = make_mocked_request(
            "GET", "/", headers=[("X-Forwarded-For", each) for each in forwarded]
        ).clone(remote=peer)
        assert Addresses(["10.0.0.0/8"]).of(request) == told

    def test_a_household_is_one_asker(self) -> None:
        assert block_of("2001:db8:1:2:3::4") == block_of("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
        assert block_of("192.0.2.1") == "192.0.2.1"


class TestAnswers:
    """What an asker is told."""

    async def test_one_more_than_allowed_waits(self, tmp_path: Path) -> None:
        async with doorway(tmp_path, HATIF_LIMITS__PER_MINUTE="3") as door:
            answers = [await door.ask("/") for _ in range(4)]
            assert [status for status, _, _ in answers] == [200, 200, 200, 429]
            headers = [answer[2] for answer in answers]
            assert [each["RateLimit-Remaining"] for each in headers] == ["2", "1", "0", "0"]
            assert {each["RateLimit-Limit"] for each in headers} == {"3"}
            assert {each["RateLimit-Policy"] for each in headers} == {"3;w=60"}
            assert 0 < int(headers[3]["RateLimit-Reset"]) <= 60
            assert 0 < int(headers[3]["Retry-After"]) <= 60
            assert "Retry-After" not in headers[2]
            assert (await door.ask("/nothing"))[0] == 429

    async def test_health_is_never_counted(self, tmp_path: Path) -> None:
        async with doorway(tmp_path, HATIF_LIMITS__PER_MINUTE="1") as door:
            for _ in range(5):
                status, _, headers = await door.ask("/livez")
                assert (status, "RateLimit-Limit" in headers) == (200, False)

    async def test_a_key_has_a_limit_of_its_own(self, tmp_path: Path) -> None:
        """Wherever it is shown, and whoever else asks from there."""
        environ = {"HATIF_LIMITS__PER_MINUTE": "1", "HATIF_LIMITS__KEY_PER_MINUTE": "3"}
        async with doorway(tmp_path, **environ) as door:
            key, other = await door.key(Scope.SESSIONS_READ), await door.key(Scope.SESSIONS_READ)
            assert [(await door.ask("/"))[0] for _ in range(2)] == [200, 429]
            assert [(await door.ask("/probe", key))[0] for _ in range(4)] == [200, 200, 200, 429]
            assert (await door.ask("/probe", other))[0] == 200

    async def test_whoever_guesses_is_not_listened_to(self, tmp_path: Path) -> None:
        """Not even with the right one, until the minute is over; others are."""
        environ = {
            "HATIF_LIMITS__FAILURES_PER_MINUTE": "3",
            "HATIF_SERVER__TRUSTED_PROXIES": "127.0.0.1, ::1",
        }
        async with doorway(tmp_path, **environ) as door:
            tried = [(await door.ask("/probe", "guess"))[0] for _ in range(4)]
            assert tried == [401, 401, 401, 429]
            assert (await door.ask("/probe", SERVICE_SECRET))[0] == 429
            status, _, _ = await door.ask("/probe", SERVICE_SECRET, X_Forwarded_For="198.51.100.1")
            assert status == 200

    async def test_providers_with_a_good_credential_are_never_counted(self, tmp_path: Path) -> None:
        """Others are, and one address's strangers stop no provider behind it."""
        async with doorway(tmp_path, HATIF_LIMITS__PER_MINUTE="2") as door:
            path = "/webhooks/twilio/status"
            tried = [(await door.ask(path, method="POST"))[0] for _ in range(4)]
            assert tried == [401, 401, 429, 429]
            for _ in range(5):
                status, _, headers = await door.ask(f"{path}?good", method="POST")
                assert (status, "RateLimit-Limit" in headers) == (204, False)


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of this test's own."""
    port = free_port()
    with start_redis(port, tmp_path) as process:
        yield f"redis://127.0.0.1:{port}/0", process
        process.kill()


def start_redis(port: int, folder: Path) -> subprocess.Popen[bytes]:
    redis = path_of("redis-server")
    arguments = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    process = subprocess.Popen([redis, *arguments], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while subprocess.run(
        [f"{Path(redis).parent}/redis-cli", "-p", str(port), "ping"], capture_output=True, check=False
    ).returncode:  # until it answers
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@needs_redis
async def test_two_daemons_count_together(
    redis: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many requests at once to both exactly as many pass as may: off by less than one in a hundred."""
    url, _ = redis
    monkeypatch.setattr(limits_module, "REDIS_SECONDS", 30.0)  # on a busy machine each would count alone
    first, second = of(url, per_minute=300), of(url, per_minute=300)
    asked = [each.hit(Bucket.ADDRESS, "a") for _ in range(300) for each in (first, second)]
    allowed = [(await asked.pop()).is_allowed for _ in range(200)]
    for begin in range(0, len(asked), 20):
        allowed += [count.is_allowed for count in await asyncio.gather(*asked[begin : begin + 20])]
    assert abs(sum(allowed) - 300) <= 3
    look = await second.look(Bucket.ADDRESS, "a")
    assert (look.is_allowed, look.remaining) == (False, 0)
    assert (await second.hit(Bucket.ADDRESS, "b")).is_allowed
    await first.close()
    await second.close()


@needs_redis
async def test_while_redis_is_away_each_counts_alone(
    redis: tuple[str, subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """That is said once, nobody waits for it, and when it is back they count together again."""
    url, process = redis
    counting = of(url, per_minute=2)
    assert (await counting.hit(Bucket.ADDRESS, "a")).remaining == 1
    process.kill()
    process.wait()
    monkeypatch.setattr(limits_module, "REDIS_RETRY_SECONDS", 0.0)
    tried = [(await counting.hit(Bucket.ADDRESS, "a")).is_allowed for _ in range(4)]
    assert tried == [True, True, False, False]
    told = capsys.readouterr().out
    assert told.count("limits_counted_alone") == 1
    with start_redis(int(url.rpartition(":")[2].partition("/")[0]), tmp_path) as again:
        assert (await counting.hit(Bucket.ADDRESS, "a")).is_allowed
        assert "limits_shared_again" in capsys.readouterr().out
        await counting.close()
        again.kill()


async def test_a_redis_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection, and that is all."""
    release = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        counting = of(f"redis://127.0.0.1:{port}/0", per_minute=1)
        async with asyncio.timeout(10):
            assert (await counting.hit(Bucket.ADDRESS, "a")).is_allowed
            assert not (await counting.hit(Bucket.ADDRESS, "a")).is_allowed
        release.set()
        await counting.close()


def test_an_address_of_no_redis_is_refused() -> None:
    """When the configuration is read; the address itself is a secret."""
    with pytest.raises(
        ConfigError, match=r"limits.redis_url: this value is not allowed; it must be the address"
    ):
        of("http://user:password@elsewhere/")
    assert "password" not in str(Limits(redis_url="redis://:password@h/0"))  # type: ignore[arg-type]


def test_the_defaults_are_those_that_are_documented() -> None:
    assert (Limits().per_minute, Limits().key_per_minute, Limits().failures_per_minute) == (60, 600, 10)
