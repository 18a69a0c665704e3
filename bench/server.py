"""A chat server that answers after a fixed time: one process, a raw asyncio protocol, never the slow side.

`python bench/server.py PORT SECONDS` answers every POST with `ANSWER: 7`; GET /stats tells how many it answered.
"""

import asyncio
import json
import re
import sys

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
REPLY = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "ANSWER: 7"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 40, "completion_tokens": 4, "total_tokens": 44},
}


def http(body: object) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data)


ANSWER = http(REPLY)


class Connection(asyncio.Protocol):
    answered = 0

    def __init__(self, seconds: float) -> None:
        self.seconds, self.buffer = seconds, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end + 2)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < stop:
                return
            is_post, self.buffer = self.buffer.startswith(b"POST"), self.buffer[stop:]
            if is_post:
                asyncio.get_running_loop().call_later(self.seconds, self.answer)
            else:
                self.transport.write(http({"answered": Connection.answered}))

    def answer(self) -> None:
        Connection.answered += 1
        self.transport.write(ANSWER)


async def main(port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(seconds), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
