"""`/runs/ID/events`: a run that goes on, as server-sent events, for whoever may see it."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from sinan.store import RunFolder
from sinan.web.failures import Failure
from sinan.web.page import Document
from sinan.web.service import following, numbers, shelf
from sinan.web.service.following import State, Watch
from sinan.web.service.numbers import Number
from sinan.web.service.people import Asker
from sinan.web.service.samples import RunName
from sinan.web.site import By, Here, Site, identified, refuse_strangers

router = APIRouter()
LOOK_S, HEARTBEAT_S = 0.5, 15.0


class LiveCell(Document):
    """One cell as it stands."""

    benchmark: str
    model: str
    number: Number
    outcomes: dict[str, int]


class Live(Document):
    """A run as it stands: the data of each event."""

    status: str
    done: int
    expected: int | None
    per_second: float | None
    left_s: float | None
    behind: bool
    """Whether its journal is still being read: the numbers are of a part of it until then."""
    cells: list[LiveCell]


@router.get(
    "/runs/{run}/events",
    tags=["live"],
    summary="A run as it goes on: server-sent events, `state` with each change and `end` at the end",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events"}},
)
async def events(request: Request, here: Here, by: By, run: RunName) -> StreamingResponse:
    """Ends with the run, and where the reader may not see it any more."""
    _, folder = await asyncio.to_thread(shelf.opened, here.database, here.runs, by, run)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if await asyncio.to_thread(following.status, folder) != "running":
        return StreamingResponse(_ended(folder), media_type="text/event-stream", headers=headers)
    watched = following.watch(folder, watching=True)
    return StreamingResponse(
        _Watching(request, here, watched, folder.id), media_type="text/event-stream", headers=headers
    )


async def _ended(folder: RunFolder) -> AsyncIterator[bytes]:
    yield _event("end", following.status(folder).encode())


class _Watching:
    """The events of one reader. Left even where the first is never asked for."""

    def __init__(self, request: Request, here: Site, watched: Watch, run: str) -> None:
        self._events = _events(request, here, watched, run)
        self._watched, self._left = watched, False

    def __aiter__(self) -> "_Watching":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._events)
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        if not self._left:
            self._left = True
            following.leave(self._watched)

    def __del__(self) -> None:
        self._leave()


async def _events(request: Request, here: Site, watched: Watch, run: str) -> AsyncIterator[bytes]:
    last, beat = -1, asyncio.get_running_loop().time()
    looked = beat
    yield b"retry: 3000\n\n"
    while not await request.is_disconnected():
        state, now = watched.state, asyncio.get_running_loop().time()
        if now - looked > HEARTBEAT_S:  # however much there is to tell
            looked = now
            if not await asyncio.to_thread(_may_see, request, here, run):
                yield _event("end", b"gone")
                return
        if state.number != last and state.number:
            last, beat = state.number, now
            yield _event("state", await asyncio.to_thread(_told_once, watched, state))
        if state.over or state.error:
            yield _event("end", state.status.encode())
            return
        if now - beat > HEARTBEAT_S:
            beat = now
            yield b": the run goes on\n\n"
        await asyncio.sleep(LOOK_S)


def _may_see(request: Request, here: Site, run: str) -> bool:
    try:
        by: Asker = identified(request)
        refuse_strangers(request, by)
        shelf.opened(here.database, here.runs, by, run)
    except Failure:
        return False
    return True


def _told_once(watched: Watch, state: State) -> bytes:
    """Made for the first who asks, and handed to all."""
    if watched.told[0] != state.number:
        watched.told = state.number, _told(state)
    return watched.told[1]


def _told(state: State) -> bytes:
    cells = [
        LiveCell(benchmark=cell.benchmark, model=cell.model, number=cell.main, outcomes=cell.outcomes)
        for cell in numbers.cells(state.results)
    ]
    live = Live(
        status=state.status,
        done=state.done,
        expected=state.expected,
        per_second=state.rate,
        left_s=state.left_s,
        behind=state.behind,
        cells=cells,
    )
    return live.model_dump_json(exclude={"cells": {"__all__": {"number": {"notes"}}}}).encode()


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
