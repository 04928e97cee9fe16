"""All calls in progress: which they are, ending one of them, and what came to nothing."""

import asyncio
from typing import Any, cast

import pytest

from bridge import exchange
from bridge.admission import Admission
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.holding import Outcome
from bridge.lifecycle import Lifecycle
from bridge.line import Messages
from bridge.offering import Offer
from bridge.running import RunningCall, Stage
from bridge.switchboard import Switchboard

QUESTIONNAIRE = load(CONTENT / "questionnaires" / "post_discharge.yaml")
CLOCK = Clock()


class Session:
    """A call that goes on until it is told how it ends."""

    begun: list["Session"]

    def __init__(self, *, call_id: str, **_: Any) -> None:
        self.call_id = call_id
        self.since = CLOCK.now()
        self.ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.begun.append(self)

    async def run(self, _messages: Messages) -> Outcome:
        return await self.ended

    def running(self) -> RunningCall:
        stage = Stage.IN_PROGRESS
        return RunningCall(id=self.call_id, provider="p", kind="conversation", since=self.since, stage=stage)

    def dismiss(self) -> None:
        self.ended.set_result(Outcome("interrupted", 1000, ""))


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """Sessions, in the order of their beginning."""
    Session.begun = []
    monkeypatch.setattr(exchange, "CallSession", Session)
    return Session.begun


@pytest.fixture
def board(begun: list[Session]) -> Switchboard:
    lifecycle = Lifecycle()
    lifecycle.started()
    return Switchboard(
        services=cast("Any", None),
        offer=Offer({QUESTIONNAIRE.id: QUESTIONNAIRE}, QUESTIONNAIRE.id, {}),
        admission=Admission(2),
        lifecycle=lifecycle,
        new_call_id=lambda: f"c{len(begun)}",
    )


async def connect(board: Switchboard) -> asyncio.Task[Outcome]:
    anything: Any = None
    call = asyncio.create_task(board.connect(anything, QUESTIONNAIRE, anything, anything))
    await asyncio.sleep(0.01)
    return call


async def test_calls_are_known_while_they_last(board: Switchboard, begun: list[Session]) -> None:
    """The oldest first, and one that ends is gone; a full house takes no more."""
    assert (board.sessions(), board.would_admit, board.most_calls) == ([], True, 2)
    calls = [await connect(board), await connect(board)]
    assert [call.id for call in board.sessions()] == ["c0", "c1"]
    assert not board.would_admit
    begun[0].dismiss()
    await calls[0]
    assert [call.id for call in board.sessions()] == ["c1"]
    begun[1].dismiss()
    await calls[1]
    assert (board.sessions(), board.not_begun) == ([], 0)


async def test_one_call_is_ended_and_no_other(board: Switchboard) -> None:
    """By its id; False where there is none of that id."""
    calls = [await connect(board), await connect(board)]
    assert (board.end("c1"), board.end("c7")) == (True, False)
    assert (await calls[1]).disposition == "interrupted"
    assert not calls[0].done()
    assert board.end("c0")
    await calls[0]
    assert not board.end("c0")


async def test_what_came_to_nothing_is_counted(board: Switchboard, begun: list[Session]) -> None:
    """A socket that was let in and never showed a credential, or never spoke."""
    call = await connect(board)
    begun[0].ended.set_result(Outcome(None, 1008, "no credential"))
    await call
    assert board.not_begun == 1
