"""A server of a test, on loopback, in a thread with a loop of its own."""

import asyncio
import threading
from typing import Any


class Loopback:
    """Serves while the `with` lasts. `serve` binds, sets `port`, calls `up`, and returns once `stop` is set."""

    port: int

    def __init__(self) -> None:
        self._ready = threading.Event()

    def __enter__(self) -> Any:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self._thread.join(20)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def model(self) -> str:
        return f"openai/mock?base_url={self.url}"

    def up(self) -> None:
        """It listens: whoever waits for it goes on."""
        self._ready.set()

    async def serve(self) -> None:
        raise NotImplementedError

    async def _run(self) -> None:
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        await self.serve()
