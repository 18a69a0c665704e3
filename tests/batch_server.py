"""Servers on loopback that offer batches as OpenAI and Anthropic do, strictly; they know what was accepted how often.

A batch needs `looks` looks at it until it is over. `after(step)` is called at each step, on the server's thread, with
the request not yet answered: a test can kill whoever waits for the answer. Steps: `upload`, `create` (accepted, not
answered), `look`, `results`, `half` of them (on the way).
"""

import asyncio
import email.parser
import email.policy
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.loopback import Loopback
from tests.models.typed_dicts import misfit

Answer = Callable[[dict[str, Any]], Any]
"""From the body of a request to the text of its answer, or (status, message); None: left unanswered (expired)."""

REQUIRED = {"/v1/chat/completions": {"model", "messages"}, "/v1/responses": {"model", "input"}}
STEPS = ("upload", "before create", "create", "look", "results", "half")


class BatchServer(Loopback):
    """What both have in common: a thread, steps, counts."""

    most = 50_000

    def __init__(self, answer: Answer, looks: int = 2) -> None:
        super().__init__()
        self.answer, self.looks = answer, looks
        self.accepted: Counter[str] = Counter()
        """By custom_id: how often it was taken into a batch, which is what is paid for."""
        self.bodies: dict[str, dict[str, Any]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.steps: list[str] = []
        self.after: Callable[[str], None] = lambda step: None
        self.refuse: list[web.Response] = []
        """Answers to the next requests that make a batch, before it is made."""
        self.fault: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda lines: []
        """Errors of a batch as a whole, from its lines."""
        self.cut = 0
        """So many downloads are cut in the middle."""
        self.end = ""
        """How batches end, where not as usual."""
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.keys: set[str | None] = set()
        self.lost = 0
        """So many answers to a request that made a batch never arrive."""
        self.creates: list[dict[str, Any]] = []

    async def serve(self) -> None:
        app = web.Application(client_max_size=2**28)
        self.routes(app.router)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.up()
        await self.stop.wait()
        await runner.cleanup()

    def routes(self, router: web.UrlDispatcher) -> None:
        raise NotImplementedError

    def take(self, id: str, lines: list[dict[str, Any]], bodies: dict[str, dict[str, Any]]) -> None:
        """Requests are accepted: from now on they are paid for."""
        self.lines[id] = lines
        self.accepted.update(list(bodies))  # a mapping would be taken for counts
        self.bodies |= bodies

    async def made(self, request: web.Request, batch: dict[str, Any]) -> web.Response:
        """The answer to a request that made a batch, if it is let through."""
        await self.step("create")
        if self.lost:
            self.lost -= 1
            request.transport.abort()
        return web.json_response(self.public(batch))

    def page(self, after: str | None) -> tuple[list[dict[str, Any]], bool]:
        """Newest first, in short pages, so that more than one is read; and whether there are more."""
        newest = list(reversed(self.batches.values()))
        start = next((i + 1 for i, batch in enumerate(newest) if batch["id"] == after), 0)
        return [self.public(batch) for batch in newest[start : start + 2]], start + 2 < len(newest)

    @staticmethod
    def public(batch: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in batch.items() if not name.startswith("_")}

    async def step(self, name: str) -> None:
        self.steps.append(name)
        await asyncio.to_thread(self.after, name)

    async def text(self, request: web.Request, rows: list[dict[str, Any]]) -> web.StreamResponse:
        """Rows in the order of no list, in pieces that end anywhere."""
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in reversed(rows)).encode()
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        response.content_length = len(body)
        await response.prepare(request)
        whole = len(body)
        if self.cut:
            self.cut, whole = self.cut - 1, len(body) // 2
        half = len(body) // 2
        for first, last in ((0, min(half, whole)), (half, whole)):
            for start in range(first, last, 65_521):
                await response.write(body[start : min(start + 65_521, last)])
            if first == 0:
                await self.step("half")
        if whole < len(body):
            request.transport.close()
        await response.write_eof()
        return response


class OpenAIBatchServer(BatchServer):
    """POST /v1/files, POST and GET /v1/batches, GET /v1/files/ID/content."""

    key = "sk-secret-0123456789abcdef"
    steps_of_a_run = ("upload", "before create", "create", "look", "look", "look", "results", "half")

    def __init__(self, answer: Answer, looks: int = 2) -> None:
        super().__init__(answer, looks)
        self.files: dict[str, bytes] = {}

    @property
    def model(self) -> str:
        return f"openai/mock?base_url={self.url}&batch=1&poll=0.05"

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/files", self._upload)
        router.add_get("/v1/files/{id}/content", self._content)
        router.add_post("/v1/batches", self._create)
        router.add_get("/v1/batches", self._list)
        router.add_get("/v1/batches/{id}", self._look)

    async def _upload(self, request: web.Request) -> web.Response:
        assert "Content-Length" in request.headers
        fields = form(request.headers["Content-Type"], await request.read())
        if (
            set(fields) - {"purpose", "file", "expires_after"}
            or fields.get("purpose") != b"batch"
            or "file" not in fields
        ):
            return error(400, "purpose and file are required")
        id = f"file-{len(self.files)}"
        self.files[id] = fields["file"]
        await self.step("upload")
        return web.json_response(
            {"id": id, "object": "file", "bytes": len(fields["file"]), "created_at": int(time.time()),
             "filename": "f.jsonl", "purpose": "batch", "status": "processed"}
        )  # fmt: skip

    async def _create(self, request: web.Request) -> web.Response:
        from openai.types.batch_create_params import BatchCreateParams

        self.keys.add(request.headers.get("Authorization"))
        if self.refuse:
            return self.refuse.pop(0)
        body = json.loads(await request.read())
        file = self.files.get(body.get("input_file_id"))
        fault = misfit(body, BatchCreateParams)
        if fault or file is None:
            return error(400, fault or "no such file")
        metadata = body.get("metadata") or {}
        if len(metadata) > 16 or any(len(k) > 64 or len(v) > 512 for k, v in metadata.items()):
            return error(400, "metadata is too long")
        await self.step("before create")
        id = f"batch_{len(self.batches)}"
        self.creates.append(body)
        lines = [json.loads(line) for line in file.splitlines()]
        faults = [*self._faults(lines, body["endpoint"]), *self.fault(lines)]
        self.batches[id] = {
            "id": id, "object": "batch", "endpoint": body["endpoint"], "input_file_id": body["input_file_id"],
            "completion_window": "24h", "status": "validating", "created_at": int(time.time()), "metadata": metadata,
            "output_file_id": None, "error_file_id": None, "errors": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0}, "_looks": 0, "_faults": faults,
        }  # fmt: skip
        self.lines[id] = lines
        if not faults:
            self.take(id, lines, {line["custom_id"]: line["body"] for line in lines})
        return await self.made(request, self.batches[id])

    def _faults(self, lines: list[dict[str, Any]], endpoint: str) -> list[dict[str, Any]]:
        found, seen = [], set()
        for number, line in enumerate(lines, 1):
            wrong = set(line) != {"custom_id", "method", "url", "body"} or line["method"] != "POST"
            wrong = wrong or line["url"] != endpoint or not REQUIRED.get(endpoint, {"model"}) <= set(line["body"])
            if wrong or line["custom_id"] in seen or len(line["custom_id"]) > 64:
                found.append({"code": "invalid_request", "message": "Malformed request", "line": number, "param": None})
            seen.add(line["custom_id"])
        return found if len(lines) <= self.most else [{"code": "too_many", "message": "Too many", "line": None}]

    async def _list(self, request: web.Request) -> web.Response:
        page, more = self.page(request.query.get("after"))
        return web.json_response({"object": "list", "data": page, "has_more": more})

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return error(404, "No such batch")
        await self.step("look")
        batch["_looks"] += 1
        if batch["_faults"]:
            batch |= {"status": "failed", "errors": {"object": "list", "data": batch["_faults"]}}
        elif batch["status"] in ("validating", "in_progress", "finalizing"):
            looks, lines = batch["_looks"], self.lines[batch["id"]]
            batch["status"] = "in_progress" if looks < self.looks else "finalizing" if looks == self.looks else "over"
            batch["request_counts"]["total"] = len(lines)
            if batch["status"] == "over":
                self._finish(batch, lines)
        return web.json_response(self.public(batch))

    def _finish(self, batch: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        good, bad = [], []
        for line in lines:
            row = self._worked(line)
            if self.end == "cancelled" and row["error"]:
                continue
            (good if row["error"] is None and row["response"]["status_code"] == 200 else bad).append(row)
        batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}
        batch["status"] = self.end or "completed"
        for kind, rows in (("output", good), ("error", bad)):
            if rows:
                batch[f"{kind}_file_id"] = file = f"file-{batch['id']}-{kind}"
                self.results[file] = rows

    def _worked(self, line: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = {"id": "batch_req", "custom_id": line["custom_id"], "response": None, "error": None}
        answer = self.answer(line["body"])
        if answer is None:
            why = "This request could not be executed before the completion window expired."
            return row | {"error": {"code": "batch_expired", "message": why}}
        if isinstance(answer, tuple):
            status, body = answer[0], {"error": {"message": answer[1], "type": "x", "param": None, "code": None}}
        else:
            status, body = 200, chat(answer)
        return row | {"response": {"status_code": status, "request_id": "r", "body": body}}

    async def _content(self, request: web.Request) -> web.StreamResponse:
        rows = self.results.get(request.match_info["id"])
        if rows is None:
            return error(404, "No such file")
        await self.step("results")
        return await self.text(request, rows)


def chat(answer: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "mock", "choices": [choice], "usage": usage}


def error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": "invalid_request_error"}}, status=status)


def form(kind: str, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart form, read by the standard library and not by whoever wrote it."""
    assert re.match(r"multipart/form-data; *boundary=", kind)
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
    return {name: part.get_payload(decode=True) for name, part in parts.items()}
