"""Calls that wait for batches: collected, sent together, looked after, answered.

    answer -> collected --(a moment without a new one)--> in a batch that was sent before, or in a new one
    every batch: asked after, ever more seldom --(over)--> its results fetched -> the calls that wait for them

Whoever dies at whatever moment: the ledger has the batch before the provider has it, and the next process that makes
the same call finds it there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sinan.errors import ModelError, ModelUnusable, Refused, RequestRejected, TransientError
from sinan.models.batches.api import BatchApi, State
from sinan.models.batches.ledger import Entry, Ledger, matches

HOURS = 24
"""In which providers promise to work on a batch."""
KEPT = "If this is interrupted, the same command fetches them"
QUIET = 0.5
"""Seconds without a new call after which those that were collected are sent."""
FIRST_LOOK = 2.0
"""Seconds between the first two looks at a batch; then half as much again each time, up to `poll`."""
UNHEARD = 3_600.0
"""Seconds for which a provider may not answer before the run stops. Its batches go on."""
NEW = 600.0
"""Seconds from when a batch was made for which it may not be found by everybody yet."""
MAKING = 4
"""Attempts to make a batch."""
FETCHING = 3
"""Times that results are fetched where some are missing."""


@dataclass(eq=False)
class Call:
    """One request, until it is answered."""

    id: str
    path: str
    line: bytes
    tried: set[str] = field(default_factory=set)
    """Names of batches that did not answer it."""
    future: "asyncio.Future[Any]" = field(init=False)


@dataclass(eq=False)
class _Sent:
    """A batch at the provider, and who waits for it here."""

    entry: Entry
    batch: str
    ours: bool
    """Made by this process."""
    waiting: dict[str, list[Call]]
    state: State = State()

    @property
    def calls(self) -> list[Call]:
        return [call for calls in self.waiting.values() for call in calls]

    def take(self, id: str, value: Any) -> None:
        """A result for whoever waits for it."""
        for call in self.waiting.pop(id, ()):
            _settle(call, value)


class Queue:
    """The batches of one model, on one event loop."""

    def __init__(
        self,
        api: BatchApi,
        ledger: Ledger,
        size: int,
        poll: float,
        tell: Callable[[str, str], None] = lambda doing, line: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`size`: requests of a batch, at the most; `poll`: seconds between two looks at it, at the most. `tell`
        hears what goes on, and what a user should know now."""
        self._api, self._ledger, self._poll, self._tell, self._sleep = api, ledger, poll, tell, sleep
        self._size = size
        self._collected: list[Call] = []
        self._came = 0
        self._sender: asyncio.Task[None] | None = None
        self._sent: dict[asyncio.Task[None], _Sent] = {}
        self._full: tuple[int, str] | None = None
        """Size of a batch that the provider's queue had no room for, and what was said."""
        self._touched: dict[str, Entry] = {}

    async def answer(self, call: Call) -> Any:
        """The JSON of its reply. Raises the ModelError that came instead, and StoreError."""
        call.future = asyncio.get_running_loop().create_future()
        self._collect([call])
        return await call.future

    async def settle(self) -> None:
        """All answers are on disk: forget the batches that they are from."""
        for entry in self._touched.values():
            await self._ledger.forget(entry)
        self._touched.clear()

    async def close(self) -> None:
        """Stop waiting. Batches at the provider go on."""
        tasks = [*self._sent, *([self._sender] if self._sender else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _collect(self, calls: Iterable[Call]) -> None:
        self._collected.extend(calls)
        self._came += 1
        if self._sender is None:
            self._sender = asyncio.create_task(self._keep_sending())

    async def _keep_sending(self) -> None:
        """Until nothing is collected. What cannot be sent fails all that would have been."""
        taken: list[Call] = []
        try:
            while self._collected:
                await self._collecting()
                await self._room()
                taken = self._take()
                await self._send(taken)
        except Exception as error:
            _fail([*taken, *self._collected], error)
            self._collected.clear()
        finally:
            self._sender = None

    async def _collecting(self) -> None:
        seen = -1
        while len(self._collected) < self._size and seen != self._came:
            seen = self._came
            await self._sleep(QUIET)

    async def _room(self) -> None:
        """Where the provider's queue is full: wait for one of ours to end; where none is in it, send smaller ones."""
        while self._full is not None:
            size, said = self._full
            if self._sent:
                await asyncio.wait(self._sent, return_when=asyncio.FIRST_COMPLETED)
                continue
            if size == 1:
                raise ModelUnusable(f"not even a batch of one request is taken: {said}")
            self._size, self._full = max(1, size // 2), None
            await self._sleep(self._poll)

    def _take(self) -> list[Call]:
        """The next batch: calls of one path, none of them twice, within what the provider takes at once."""
        taken: dict[str, Call] = {}
        rest: list[Call] = []
        size, path = 0, self._collected[0].path
        for call in self._collected:
            fits = not taken or (len(taken) < self._size and size + len(call.line) + 1 <= self._api.most_bytes)
            if fits and call.path == path and call.id not in taken:
                taken[call.id] = call
                size += len(call.line) + 1
            else:
                rest.append(call)
        self._collected = rest
        return list(taken.values())

    async def _send(self, calls: Sequence[Call]) -> None:
        """Each call in the batch that it was sent in before, or in a new one. Nobody else looks meanwhile."""
        async with self._ledger.locked():
            rest = await self._known(calls)
            if not rest:
                return
            self._tell_all(f"sending {len(rest):,} questions")
            entry = await self._ledger.begin([call.id for call in rest])
            batch = await self._made(entry, rest)
            entry = await self._ledger.made(entry, batch)
        self._attend(entry, batch, rest, ours=True)
        self._tell_all(line=f"{len(rest):,} questions sent as batch {batch}; answers come within {HOURS} hours. {KEPT}")

    async def _known(self, calls: Sequence[Call]) -> list[Call]:
        """Those that no batch of the ledger holds; for the others, the newest that does is waited for."""
        left = {call.id: call for call in calls}
        wanted = {call.id: call.tried for call in calls}
        for entry, ids in matches(await self._ledger.entries(), wanted):
            batch = entry.batch or await self._found(entry)
            if batch is None:
                await self._ledger.forget(entry)
                return await self._known([call for call in calls if call.id in left])
            if entry.batch is None:
                entry = await self._ledger.made(entry, batch)
            self._attend(entry, batch, [left.pop(id) for id in ids], ours=False)
        return list(left.values())

    async def _found(self, entry: Entry) -> str | None:
        """The id of a batch of which only the provider knows whether it was made."""
        return await self._api.find(entry, {one.batch for one in await self._ledger.entries() if one.batch})

    async def _made(self, entry: Entry, calls: Sequence[Call]) -> str:
        """The batch's id. A request to make it that got no answer may have made it: that is looked up, not guessed."""
        lines = [call.line for call in calls]
        for attempt in range(1, MAKING + 1):
            try:
                return await self._api.create(entry.name, calls[0].path, lines)
            except Refused as error:
                await self._ledger.forget(entry)
                raise ModelUnusable(f"no batch can be made: {error}") from None
            except TransientError as error:
                if attempt == MAKING:
                    raise ModelUnusable(f"a batch cannot be made: {error}") from None
                await self._sleep(min(self._poll, 2.0**attempt))
                if (found := await self._found(entry)) is not None:
                    return found
            except ModelError as error:
                await self._ledger.forget(entry)
                raise ModelUnusable(f"a batch cannot be made: {error}") from None
        raise AssertionError("the last attempt returns or raises")

    def _attend(self, entry: Entry, batch: str, calls: Sequence[Call], ours: bool) -> None:
        sent = _Sent(entry, batch, ours, {})
        for call in calls:
            sent.waiting.setdefault(call.id, []).append(call)
        self._touched[entry.name] = entry
        task = asyncio.create_task(self._attended(sent))
        self._sent[task] = sent
        task.add_done_callback(self._ended)
        if not ours:
            self._tell_all(line=f"going on with batch {batch}, which was sent before, for {len(calls):,} questions")

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._sent[task]
        if not task.cancelled():  # else it goes on, which is what is to be told last
            self._tell_all()

    async def _attended(self, sent: _Sent) -> None:
        """See to one batch until all who wait for it have heard."""
        try:
            sent.state = await self._over(sent)
            if sent.state.fault:
                await self._fault(sent)
                return
            self._full = None
            await self._fetched(sent)
        except Exception as error:
            _fail(sent.calls, error)

    async def _over(self, sent: _Sent) -> State:
        """Its state once it is over. The provider may be away for a while: nothing is lost by waiting."""
        loop, wait = asyncio.get_running_loop(), min(FIRST_LOOK, self._poll)
        heard = loop.time()
        while True:
            try:
                sent.state = await self._api.state(sent.batch)
                heard = loop.time()
            except TransientError as error:
                if loop.time() - heard > UNHEARD:
                    raise ModelUnusable(f"nothing is heard of batch {sent.batch}: {error}") from None
            except ModelError as error:
                if error.status != 404:
                    raise
                if time.time() - sent.entry.created > NEW:
                    return State(over=True, fault="it is not there any more")
            if sent.state.over:
                return sent.state
            self._tell_all()
            await self._sleep(wait)
            wait = min(1.5 * wait, self._poll)

    async def _fault(self, sent: _Sent) -> None:
        """A batch of which nothing was worked on: it costs nothing, and nothing of it will come."""
        await self._ledger.forget(sent.entry)
        self._touched.pop(sent.entry.name, None)
        if sent.state.full:
            self._full = (len(sent.entry.ids), sent.state.fault)
        elif sent.ours:
            raise ModelUnusable(f"batch {sent.batch} was not worked on: {sent.state.fault}")
        self._collect(sent.calls)  # of an earlier process: it may have been another time's fault

    async def _fetched(self, sent: _Sent) -> None:
        """Everybody who waits hears. A missing result is looked for again: it may be paid for."""
        for _ in range(FETCHING):
            await self._api.results(sent.batch, sent.state, partial(self._heard, sent))
            if not sent.waiting or sent.state.cancelled:
                break
            await self._sleep(self._poll)
        if sent.waiting and sent.state.cancelled and sent.ours:
            raise ModelUnusable(
                f"batch {sent.batch} was cancelled at the provider before it was done. "
                "What was answered is kept; the same command asks the rest in a new batch"
            )
        for call in sent.calls:
            call.tried.add(sent.entry.name)
        _fail(sent.calls, TransientError(f"batch {sent.batch} ended without a result for this question"))

    def _heard(self, sent: _Sent, id: str, value: Any) -> None:
        if sent.state.cancelled and isinstance(value, TransientError):
            return  # stopped by somebody: not to be sent again without a word
        for call in sent.waiting.get(id, ()):
            call.tried.add(sent.entry.name)
        if isinstance(value, ModelUnusable) and sent.state.answered:
            value = RequestRejected(*value.args)  # others were answered: it is about this one
        sent.take(id, value)

    def _tell_all(self, doing: str = "", line: str = "") -> None:
        """What goes on at the provider, in a few words."""
        sent = list(self._sent.values())
        total, done = sum(len(one.entry.ids) for one in sent), sum(one.state.answered for one in sent)
        batches = f"{len(sent)} batch{'es' * (len(sent) != 1)}: {done:,} of {total:,} answered" if sent else ""
        self._tell(" · ".join(text for text in (batches, doing) if text), line)


def _settle(call: Call, value: Any) -> None:
    """The call's answer or error, unless its caller went away."""
    if call.future.done():
        return
    if isinstance(value, ModelError):
        call.future.set_exception(copy(value))  # each of those who raise it adds to it
    elif isinstance(value, Exception):
        call.future.set_exception(value)
    else:
        call.future.set_result(value)


def _fail(calls: Iterable[Call], error: Exception) -> None:
    for call in calls:
        _settle(call, error)
