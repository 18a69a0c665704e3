"""Message batches on loopback as Anthropic offers them, strictly: see batch_server."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.batch_server import BatchServer
from tests.models.anthropic_server import KEY, body_fault, error, header_fault, message
from tests.models.typed_dicts import misfit


class AnthropicBatchServer(BatchServer):
    """POST and GET /v1/messages/batches, GET of one and of its results. `end`: `ended`, or `canceling` where somebody
    stopped it."""

    key = KEY
    most = 100_000
    steps_of_a_run = ("before create", "create", "look", "look", "look", "results", "half")

    @property
    def model(self) -> str:
        return f"anthropic/mock?base_url={self.root}&batch=1&poll=0.05"

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/messages/batches", self._create)
        router.add_get("/v1/messages/batches", self._list)
        router.add_get("/v1/messages/batches/{id}", self._look)
        router.add_get("/v1/messages/batches/{id}/results", self._results)

    async def _create(self, request: web.Request) -> web.Response:
        from anthropic.types.messages.batch_create_params import BatchCreateParams

        if fault := header_fault(request.headers):
            return web.json_response(error("authentication_error", fault), status=401)
        if self.refuse:
            return self.refuse.pop(0)
        body = json.loads(await request.read())
        lines = body.get("requests", [])
        ids = [line.get("custom_id") for line in lines]
        shapes = {"requests": [line | {"params": {"model": "m", "max_tokens": 1, "messages": []}} for line in lines]}
        fault = misfit(body | shapes, BatchCreateParams)
        if fault or len(set(ids)) < len(ids) or not all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", id) for id in ids):
            return web.json_response(error("invalid_request_error", fault or "custom_id"), status=400)
        await self.step("before create")
        self.creates.append(body)
        id = f"msgbatch_{len(self.batches)}"
        self.take(id, lines, {line["custom_id"]: line["params"] for line in lines})
        now = datetime.now(UTC)
        self.batches[id] = {
            "id": id, "type": "message_batch", "processing_status": "in_progress", "created_at": now.isoformat(),
            "expires_at": (now + timedelta(days=1)).isoformat(), "ended_at": None, "archived_at": None,
            "cancel_initiated_at": None, "results_url": None, "_looks": 0,
            "request_counts": {"processing": len(lines), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        }  # fmt: skip
        return await self.made(request, self.batches[id])

    async def _list(self, request: web.Request) -> web.Response:
        page, more = self.page(request.query.get("after_id"))
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
        return web.json_response({"data": page, "has_more": more} | ends)

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return web.json_response(error("not_found_error", "no such batch"), status=404)
        await self.step("look")
        batch["_looks"] += 1
        if batch["_looks"] > self.looks and batch["processing_status"] != "ended":
            rows = self.results[batch["id"]] = [self._worked(line) for line in self.lines[batch["id"]]]
            now, kinds = datetime.now(UTC).isoformat(), [row["result"]["type"] for row in rows]
            batch["request_counts"] = {
                "processing": 0,
                **{kind: kinds.count(kind) for kind in ("succeeded", "errored", "canceled", "expired")},
            }
            batch |= {
                "processing_status": "ended",
                "ended_at": now,
                "cancel_initiated_at": now if self.end == "cancelled" else None,
                "results_url": f"{self.url}/messages/batches/{batch['id']}/results",
            }
        return web.json_response(self.public(batch))

    def _worked(self, line: dict[str, Any]) -> dict[str, Any]:
        answer = self.answer(line["params"])
        fault = body_fault(line["params"], "2023-06-01")
        if fault:
            result: dict[str, Any] = {"type": "errored", "error": error("invalid_request_error", fault)}
        elif answer is None:
            result = {"type": "canceled" if self.end == "cancelled" else "expired"}
        elif isinstance(answer, tuple):
            kinds = {400: "invalid_request_error", 403: "permission_error", 404: "not_found_error", 500: "api_error"}
            result = {"type": "errored", "error": error(kinds[answer[0]], answer[1])}
        else:
            usage = {"input_tokens": 7, "output_tokens": 3}
            result = {"type": "succeeded", "message": message({"type": "text", "text": answer}, usage=usage)}
        return {"custom_id": line["custom_id"], "result": result}

    async def _results(self, request: web.Request) -> web.StreamResponse:
        await self.step("results")
        return await self.text(request, self.results[request.match_info["id"]])
