"""As the kernel sees it: the disk has an answer before the next prompt begins to leave."""

import re
from pathlib import Path

from house import ITEMS, KeyCaller, call
from killing import houses
from programs import needs, path_of

from bridge.clock import Clock

LINE = re.compile(r"^(?P<thread>\d+) +(?P<at>\d+\.\d+) (?P<what>.*)", re.MULTILINE)
SYNC = re.compile(r"f(data)?sync\(\d+<[^>]*hatif\.db-wal>")
SPEED = 2


@needs("strace")
async def test_the_disk_has_it_before_the_next_prompt_leaves(tmp_path: Path) -> None:
    """After each key: the journal is synchronised, and then the first piece of audio is sent."""
    log = tmp_path / "strace.log"
    options = ["-f", "-qq", "-y", "-ttt", "-s", "96", "-e", "signal=none", "-o", str(log)]
    traced = ["-e", "trace=fsync,fdatasync,sendto,sendmsg,write,writev"]
    async with houses(path_of("strace"), *options, *traced) as ours:
        _, url = await ours.start(tmp_path / "hatif.db", SPEED)
        caller = KeyCaller()
        await call(url, caller, clock=Clock(SPEED))
    assert caller.acknowledged == list(ITEMS)
    events = [(line["thread"], float(line["at"]), line["what"]) for line in LINE.finditer(log.read_text())]
    for pressed in caller.pressed_at:
        after = [(thread, what) for thread, at, what in events if at > pressed]
        spoken = next(place for place, (_, what) in enumerate(after) if "response.stream" in what)
        assert _synced(after) < spoken


def _synced(events: list[tuple[str, str]]) -> int:
    """Where the kernel has returned from synchronising the journal."""
    begun = next(place for place, (_, what) in enumerate(events) if SYNC.match(what))
    thread, what = events[begun]
    if "<unfinished" not in what:
        return begun
    return next(place for place, event in enumerate(events) if place > begun and event[0] == thread)
