"""A chat server on loopback for whole-process tests: counts what it is asked, and can hold its answers back."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable

from aiohttp import web

from tests.loopback import Loopback


class ChatServer(Loopback):
    """Answers with `answer(question)`, which may return (status, message) instead of a text, or (text, finish reason).

    After `hold_after` answers it holds further ones until `release()`.
    """

    def __init__(
        self, answer: Callable[[str], str | tuple[int, str] | tuple[str, str]], hold_after: int | None = None
    ) -> None:
        super().__init__()
        self.answer, self.hold_after = answer, hold_after
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.held = threading.Event()

    def release(self) -> None:
        self.hold_after = None
        self.loop.call_soon_threadsafe(self._gate.set)

    async def serve(self) -> None:
        self._gate = asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/completions", self._chat)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.up()
        await self.stop.wait()
        await runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        question = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
        self.headers.append(dict(request.headers))
        self.asked[question] += 1
        if self.hold_after is not None and sum(self.asked.values()) > self.hold_after:
            self.held.set()
            await self._gate.wait()
        answer = self.answer(question)
        if isinstance(answer, tuple) and isinstance(answer[0], int):
            return web.json_response({"error": {"message": answer[1]}}, status=answer[0])
        text, reason = answer if isinstance(answer, tuple) else (answer, "stop")
        message = {"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text}
        choice = {"index": 0, **message, "finish_reason": reason}
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        response = web.json_response({"choices": [choice], "usage": usage})
        await response.prepare(request)
        await response.write_eof()
        self.answered[question] += 1
        return response
